package consoletest

import (
	"os/exec"
	"syscall"
)

// apart has a command run apart from the terminal that the test may have, but not longer
// than the test.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
