package lan

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestCouldNotAsk: a process that has no file left cannot ask, which is not the same as
// an interface that is not there. It runs by itself, so that nobody else is short.
func TestCouldNotAsk(t *testing.T) {
	if os.Getenv("SHOWRUN_ALONE") != t.Name() {
		c := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
		c.Env = append(os.Environ(), "SHOWRUN_ALONE="+t.Name())
		if b, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, b)
		}
		return
	}
	lo, err := Find("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(Find("nowhere7")), second(Select("", 0)), lo.Check(lo.Asked)} {
		if !errors.Is(err, syscall.EMFILE) || errors.Is(err, ErrAbsent) {
			t.Error(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
