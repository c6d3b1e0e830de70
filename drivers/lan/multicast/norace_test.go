//go:build !race

package multicast

const raced = false
