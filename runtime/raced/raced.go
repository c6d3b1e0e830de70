// Package raced tells tests whether the race detector looks on. What runs on one goroutine
// has nothing for it to find and takes ten times as long: such tests go through all of their
// random cases without it, and with it through as many as show that nothing is shared. The
// flag -thorough of a test that imports this package has it go through all of them anyway.
package raced

import "flag"

var thorough = flag.Bool("thorough", false, "go through all cases under the race detector as well")

// Of is all, or some under the race detector. It is for tests.
func Of[N any](all, some N) N {
	if on && !*thorough {
		return some
	}
	return all
}
