//go:build !unix

package host

import "os"

var reloadSignals []os.Signal
