package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHangUp closes the terminal of a show. That ends it in good order, unless it was
// started to go on; then a command ends it.
func TestHangUp(t *testing.T) {
	hearHangUp()
	for name, c := range map[string]struct {
		flags []string
		code  int
	}{
		"ends":    {nil, 129},
		"goes on": {[]string{"--detach"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runtimeFolder(t)
			file := filepath.Join(dir, "show.lua")
			told := filepath.Join(dir, "told")
			if err := os.WriteFile(file, []byte(`print "ready"`), 0o600); err != nil {
				t.Fatal(err)
			}
			p := sitDown(t)
			cmd := exec.Command("showrun", append(c.flags, "--osc", "off", "--state", told, file)...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			p.sees("show loaded")
			p.tty.Close()
			p.keys.Close()
			if c.code == 0 {
				for _, command := range []string{"status", "end"} {
					out, err := exec.Command("showrun", "ctl", command).CombinedOutput()
					if err != nil || !strings.HasPrefix(string(out), "showrun: ") {
						t.Errorf("%s: %v, %s", command, err, out)
					}
				}
			}
			ends(t, cmd, c.code)
		})
	}
}
