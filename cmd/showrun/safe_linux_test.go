package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// TestKilledWithAValveOpen kills a show outright while a valve is open: the next
// one makes it safe before it does anything else.
func TestKilledWithAValveOpen(t *testing.T) {
	t.Parallel()
	valve, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer valve.Close()
	// next returns the next n messages at the valve.
	next := func(n int) (list []string) {
		t.Helper()
		b := make([]byte, 1500)
		valve.SetReadDeadline(time.Now().Add(30 * time.Second))
		for len(list) < n {
			size, err := valve.Read(b)
			if err != nil {
				t.Fatalf("%v after %q", err, list)
			}
			packet, err := osc.Parse(nil, b[:size])
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range packet {
				list = append(list, strings.TrimSpace(fmt.Sprintln(append([]any{e.Address}, e.Args...)...)))
			}
		}
		return list
	}
	dir := t.TempDir()
	show := filepath.Join(dir, "show.lua")
	text := fmt.Sprintf(`local valve = require "theater".valve{ port = %d }
require "show".on("start", function() valve:move(1, 50) end)
`, valve.LocalAddr().(*net.UDPAddr).Port)
	if err := os.WriteFile(show, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(flags ...string) (*exec.Cmd, *logLines) {
		run := exec.Command("showrun", append([]string{"run", "--osc", "off", "--log-format", "json", "--reload", "off", "--state", filepath.Join(dir, "state"), show}, flags...)...)
		return run, follow(t, run)
	}
	safe := []string{"/move 1 0", "/move 2 0", "/empty", "/empty", "/empty"} // vented three times, for datagrams get lost
	want := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}

	run, _ := start()
	want("at first", next(1), "/move 1 50")
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	run, lines := start("--fresh")
	want("after the kill", next(6), append(slices.Clone(safe), "/move 1 50")...)
	lines.await(t, "the last run ended without making a machine safe; it is done now")
	// A show that ends in good order leaves nothing to be done by the next.
	if err := run.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	want("at the end", next(5), safe...)
	run.Wait()
	run, _ = start()
	want("after an end in good order", next(1), "/move 1 50")
	run.Process.Signal(os.Interrupt)
	want("at the end", next(5), safe...)
	run.Wait()
}
