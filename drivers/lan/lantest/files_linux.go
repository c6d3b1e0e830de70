package lantest

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// alone names the test that a process is for.
const alone = "SHOWRUN_ALONE"

// Alone reports whether a test has a process to itself, so that nobody else is short of what
// it takes away. If not, it runs the test in one, whose failure is that of the test.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(alone) == t.Name() {
		return true
	}
	c := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), alone+"="+t.Name())
	if b, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	return false
}

// NoFiles takes every file that is not open yet away from the process.
func NoFiles(t *testing.T) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
}
