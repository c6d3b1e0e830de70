//go:build !unix

package lan

import "errors"

// Local tells whether an error is about the network of this machine, not about a peer: it
// may be over at any moment, and trying again asks nothing of anybody.
func Local(err error) bool { return errors.Is(err, ErrAbsent) }
