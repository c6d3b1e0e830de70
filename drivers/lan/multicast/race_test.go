//go:build race

package multicast

// raced: the race detector makes the socket code allocate.
const raced = true
