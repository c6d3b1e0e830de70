package lan

import (
	"errors"
	"syscall"
	"testing"

	"showrun/drivers/lan/lantest"
)

// TestCouldNotAsk: a process that has no file left cannot ask, which is not the same as
// an interface that is not there. It runs by itself, so that nobody else is short.
func TestCouldNotAsk(t *testing.T) {
	if !lantest.Alone(t) {
		return
	}
	lo, err := Find("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	lantest.NoFiles(t)
	for _, err := range []error{second(Find("nowhere7")), second(Select("", 0)), lo.Check(lo.Asked)} {
		if !errors.Is(err, syscall.EMFILE) || errors.Is(err, ErrAbsent) {
			t.Error(err)
		}
	}
}
