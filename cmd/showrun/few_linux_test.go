package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fewShow hears its light, a deck and a gateway, which all are of its rig. Another name
// makes it look for them anew.
const fewShow = `local clock, show, signet = require "clock", require "show", require "signet"
local u = signet.sender{ mode = "open" }:universe(1)
signet.receiver{ mode = "open" }:universe(1):on("levels", function() show.log.info("light") end)
local dj = require "stagelinq".sink{ name = "%[1]s" }
clock.follow(dj:master())
dj:on("connected", function() show.log.info("deck for %[1]s") end)
local house = require "stagenet".console{ rate = #"%[1]s" }
house:on("mapped", function() show.log.info("gateway for %[1]s") end)
local lamp = require "stage".fixture{ name = "lamp", kind = "dimmer", at = house:gateway("box"):slot(1) }
local n = 0
clock.every(0.1, function() n = (n + 1) %% 256 u:set(1, n) lamp:set(n) end)`

// TestFewDescriptors runs a show on a rig with 64 descriptors, and strangers who connect to
// every TCP port it listens to and say nothing: the light goes on, showrun ctl is answered, and
// what the show connects to by itself is found, lost and found again.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	save := func(name string) {
		if err := os.WriteFile(file, fmt.Appendf(nil, fewShow, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save("one")
	run := exec.Command("sh", "-c", `ulimit -n 64 && exec "$@"`, "sh", "showrun", "run", "--rig", "--osc", "off", "--log-format", "json", file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	log := follow(t, run)
	awaitAll(t, log, "deck for one", "gateway for one")
	var crowd sync.WaitGroup
	defer crowd.Wait()
	over := make(chan struct{})
	defer close(over)
	ports := listening(t, run.Process.Pid)
	if len(ports) < 2 {
		t.Fatalf("it listens at %q", ports)
	}
	for range 20 {
		for _, address := range ports {
			crowd.Go(func() { stranger(address, over) })
		}
	}
	for range 20 {
		log.await(t, "light")
	}
	for _, name := range []string{"other", "one"} {
		save(name)
		awaitAll(t, log, "show reloaded", "deck for "+name, "gateway for "+name)
		log.await(t, "light")
	}
	ask := exec.Command("showrun", "ctl", "status")
	ask.Env = run.Env
	if out, err := ask.CombinedOutput(); err != nil || !strings.Contains(string(out), "pid ") {
		t.Errorf("showrun ctl: %v, %s", err, out)
	}
	for _, line := range log.all() {
		if strings.Contains(line, "too many open files") {
			t.Error(line)
		}
	}
}

// awaitAll waits for lines of a log, in whatever order.
func awaitAll(t *testing.T, l *logLines, lines ...string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for len(lines) > 0 {
		select {
		case e := <-l.new:
			lines = slices.DeleteFunc(lines, func(line string) bool { return line == e.Msg })
		case <-deadline:
			t.Fatalf("no %q in the log:\n%s", lines, strings.Join(slices.DeleteFunc(l.all(), func(line string) bool { return strings.HasSuffix(line, " light") }), "\n"))
		}
	}
}

// stranger connects and says nothing, again and again.
func stranger(address string, over <-chan struct{}) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-over:
			return
		case <-again.C:
		}
		c, err := net.Dial("tcp4", address)
		if err != nil {
			continue
		}
		gone := make(chan struct{})
		go func() { defer close(gone); io.Copy(io.Discard, c) }()
		select {
		case <-over:
		case <-gone:
		}
		c.Close()
		<-gone
	}
}

// listening are the TCP ports on loopback that a process listens to.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	own := map[string]bool{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, l := range links {
		to, _ := os.Readlink(l)
		own[to] = true
	}
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	row := regexp.MustCompile(`^ *\d+: [0-9A-F]{8}:([0-9A-F]{4}) \S+ 0A \S+ \S+ \S+ +\d+ +\d+ (\d+)`)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil || !own["socket:["+m[2]+"]"] {
			continue
		}
		var port int
		fmt.Sscanf(m[1], "%X", &port)
		addresses = append(addresses, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return addresses
}
