package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// keepingShow sends light and, from its second version on, is another Sender, which has
// to be kept.
const keepingShow = `
local u = require "signet".sender{ endpoint = %d }:universe(1)
local show = require "show"
local n = 0
require "clock".every(0.1, function() n = n %% 255 + 1; u:set(1, n); show.log.info("light") end)`

// TestFullDisk runs a show whose state is on a disk that is full, or read only, when it has
// something to keep: that is said once, the light goes on, and the first signal ends it.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts disks")
	}
	dir := t.TempDir()
	binary, state := filepath.Join(dir, "showrun"), filepath.Join(dir, "state")
	sh(t, "go", "build", "-o", binary, ".")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(pid string) *exec.Cmd{
		"full": func(pid string) *exec.Cmd {
			return exec.Command("sh", "-c", "cat /dev/zero > /proc/"+pid+"/root"+state+"/zeros; true")
		},
		"read only": func(pid string) *exec.Cmd {
			return exec.Command("nsenter", "-t", pid, "-m", "mount", "-o", "remount,ro", state)
		},
	} {
		t.Run(name, func(t *testing.T) {
			show := filepath.Join(t.TempDir(), "show.lua")
			save := func(version int) {
				t.Helper()
				if err := os.WriteFile(show, fmt.Appendf(nil, keepingShow, version), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			save(1)
			run := exec.Command("unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=256k tmpfs "$1" && exec "$2" --rig --black-box 0 --osc off --log-format json --state "$1" "$3"`,
				"sh", state, binary, show)
			lines := follow(t, run)
			lines.await(t, "light")
			if out, err := spoil(strconv.Itoa(run.Process.Pid)).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			save(2)
			lines.await(t, "the state cannot be written: the show goes on, but what it has to remember is lost if it ends now; "+
				"make room there, or start with a folder that can be written: --state")
			lines.await(t, "light")
			save(3)
			lines.await(t, "show reloaded")
			lines.await(t, "light")
			if err := run.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			lines.await(t, "show ended")
			run.Wait() // its code tells
			if code := run.ProcessState.ExitCode(); code != 130 {
				t.Errorf("ended with %v, want 130", run.ProcessState)
			}
		})
	}
}
