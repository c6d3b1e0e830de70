package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var soakLine = regexp.MustCompile(`(?m)^ *\S+  #\d+ (.*?)(?: under .*)?: well after (\S+)$`)

// TestSoak has every fault of a soak happen once, every other one under a load, in a
// namespace of its own. It must hold, and recover as the page of faults says.
func TestSoak(t *testing.T) {
	needsPlug(t)
	binary := filepath.Join(t.TempDir(), "showrun")
	sh(t, "go", "build", "-o", binary, ".")
	out, err := exec.Command("ip", "netns", "exec", quietHouse(t), binary, "soak", "--each", "--rest", "2s", "--for", "4m", "--seed", "1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), " recordings replayed: ") {
		t.Errorf("nothing was replayed:\n%s", out)
	}
	seen := map[string]bool{}
	for _, m := range soakLine.FindAllStringSubmatch(string(out), -1) {
		took, err := time.ParseDuration(m[2])
		if err != nil {
			t.Fatal(err)
		}
		seen["soak: "+m[1]] = true
		recovered(t, "soak: "+m[1], took)
	}
	for _, f := range faults {
		if strings.HasPrefix(f.tried, "soak: ") && !seen[f.tried] {
			t.Errorf("the soak has not tried %q:\n%s", f.tried, out)
		}
	}
	t.Logf("%s", out)
}

// TestSoakEnds: the first signal ends a soak in good order, with its verdict, and nothing of
// it goes on.
func TestSoakEnds(t *testing.T) {
	needsPlug(t)
	binary := filepath.Join(t.TempDir(), "showrun")
	sh(t, "go", "build", "-o", binary, ".")
	house := quietHouse(t)
	soak := exec.Command("ip", "netns", "exec", house, binary, "soak", "--for", "5m", "--only", "message", "--rest", "1s")
	out, err := soak.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	inBackground(t, soak)
	var text strings.Builder
	told := false // once: the second signal ends it at once, without a verdict
	for b := make([]byte, 4096); ; {
		n, err := out.Read(b)
		text.Write(b[:n])
		if err != nil {
			break
		}
		if !told && strings.Contains(text.String(), "#1 message") {
			told = true
			soak.Process.Signal(syscall.SIGINT)
		}
	}
	soak.Wait() // its code tells
	if code := soak.ProcessState.ExitCode(); code != 130 || !strings.Contains(text.String(), "HELD: ") {
		t.Errorf("ended with %d, want 130:\n%s", code, text.String())
	}
	if left, _ := exec.Command("ip", "netns", "pids", house).Output(); len(left) > 0 {
		t.Errorf("processes are left: %s", left)
	}
}

// quietHouse is a network namespace in which there is nothing but loopback.
func quietHouse(t *testing.T) string {
	t.Helper()
	space := "showrun-soak-" + strconv.Itoa(syscall.Getpid())
	sh(t, "ip", "netns", "add", space)
	t.Cleanup(func() { sh(t, "ip", "netns", "del", space) })
	sh(t, "ip", "-n", space, "link", "set", "lo", "up", "multicast", "on")
	sh(t, "ip", "-n", space, "route", "add", "224.0.0.0/4", "dev", "lo")
	return space
}
