//go:build unix

package lantest

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Measuring skips unless SHOWRUN_MEASURE=1; SHOWRUN_MEASURE_SECONDS is the length of a run,
// 10 by default.
func Measuring(t *testing.T) time.Duration {
	t.Helper()
	if os.Getenv("SHOWRUN_MEASURE") != "1" {
		t.Skip("measures; set SHOWRUN_MEASURE=1 to run it")
	}
	seconds, err := strconv.Atoi(os.Getenv("SHOWRUN_MEASURE_SECONDS"))
	if err != nil {
		seconds = 10
	}
	return time.Duration(seconds) * time.Second
}

// CPU is the processor time this process has used.
func CPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
