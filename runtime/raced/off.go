//go:build !race

package raced

// on: the race detector looks on.
const on = false
