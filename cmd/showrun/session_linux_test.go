package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// apart has a command run apart from the terminal that the test may have, but not longer
// than the test.
func apart(cmd *exec.Cmd) {
	hearHangUp()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// hearHangUp has commands not ignore SIGHUP, though the test was started by nohup.
func hearHangUp() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) }
