package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// unpluggedShow tells of every beat, and of what becomes of the deck.
const unpluggedShow = `
local clock, show = require "clock", require "show"
local dj = require "stagelinq".sink{}
local u = require "signet".sender{ key = { env = "SHOW_PASSPHRASE" } }:universe(1)
clock.follow(dj:master())
clock.on_beat(1, function(beat)
  u:set(1, beat.in_bar == 1 and 255 or 100)
  show.log.info("beat %d", beat.number)
end)
clock.on("lost", function() show.log.info("clock lost") end)
clock.on("found", function() show.log.info("clock found") end)
clock.on("jump", function() show.log.info("clock jump") end)
for _, e in ipairs{ "found", "connected", "lost" } do
  dj:on(e, function(d) show.log.info("deck %s", e) end)
end
dj:subscribe("/Engine/Deck1/Track/SongName", function(v) show.log.info("track %s", v) end)
`

// entry is a line of the show's log.
type entry struct {
	Time time.Time
	Msg  string
}

// TestPulledPlug takes the network away from under a show for 20 s, in two network
// namespaces, and gives it back: the beat runs on, the script hears of it, and no
// beat comes twice. How long it took is printed.
func TestPulledPlug(t *testing.T) {
	needsPlug(t)
	dir := t.TempDir()
	binary, show := filepath.Join(dir, "showrun"), filepath.Join(dir, "show.lua")
	sh(t, "go", "build", "-o", binary, ".")
	if err := os.WriteFile(show, []byte(unpluggedShow), 0o600); err != nil {
		t.Fatal(err)
	}
	deckSpace, showSpace := plug(t)
	inBackground(t, exec.Command("ip", "netns", "exec", deckSpace, binary, "deck", "--bpm", "120", "--play"))
	run := exec.Command("ip", "netns", "exec", showSpace, binary, "run", "--log-format", "json", "--state", filepath.Join(dir, "state"), show)
	run.Env = append(os.Environ(), "SHOW_PASSPHRASE=Ge2p$E$4*A")
	lines := follow(t, run)

	await := func(what string) entry { t.Helper(); return lines.await(t, what) }
	await("deck connected")
	await("beat 12")
	sh(t, "ip", "-n", deckSpace, "link", "set", "deck", "down")
	pulled := time.Now()
	t.Logf("clock lost %v after the plug was pulled", await("clock lost").Time.Sub(pulled).Round(time.Millisecond))
	t.Logf("deck lost %v after", await("deck lost").Time.Sub(pulled).Round(time.Millisecond))
	<-time.After(time.Until(pulled.Add(20 * time.Second)))
	sh(t, "ip", "-n", deckSpace, "link", "set", "deck", "up")
	back := time.Now()
	t.Logf("deck connected %v after the plug was back", await("deck connected").Time.Sub(back).Round(time.Millisecond))
	recovered(t, "TestPulledPlug", await("clock found").Time.Sub(back))
	<-time.After(3 * time.Second)
	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	checkBeats(t, lines.entries(), pulled, back)
}

// showIn starts shows in network namespaces.
func showIn(t *testing.T) func(space, end, text string, flags ...string) (*logLines, *exec.Cmd) {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "showrun")
	sh(t, "go", "build", "-o", binary, ".")
	return func(space, end, text string, flags ...string) (*logLines, *exec.Cmd) {
		t.Helper()
		show := filepath.Join(dir, end+".lua")
		if err := os.WriteFile(show, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"netns", "exec", space, binary, "run", "--osc", "off", "--log-format", "json",
			"--interface", end, "--state", filepath.Join(dir, end), show}
		run := exec.Command("ip", append(args, flags...)...)
		run.Env = append(os.Environ(), "SHOW_PASSPHRASE=Ge2p$E$4*A")
		return follow(t, run), run
	}
}

// TestReplugged takes the network interface itself away, as an adapter does that is
// pulled and plugged in again: to the system it is another one. Levels arrive again.
func TestReplugged(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	desk, show := plug(t)
	heard, _ := start(desk, "deck", `local show = require "show"
local r = require "signet".receiver{ key = { env = "SHOW_PASSPHRASE" } }
r:universe(1):on("levels", function(_, source) show.log.info(source and "levels" or "silence") end)`)
	start(show, "show", `local u = require "signet".sender{ key = { env = "SHOW_PASSPHRASE" } }:universe(1)
local n = 0
require "clock".every(0.2, function() n = n % 255 + 1; u:set(1, n) end)`)
	heard.await(t, "levels")
	sh(t, "ip", "-n", show, "link", "del", "show")
	pulled := time.Now()
	t.Logf("silence %v after the interface had gone", heard.await(t, "silence").Time.Sub(pulled).Round(time.Millisecond))
	cable(t, desk, show)
	back := time.Now()
	recovered(t, "TestReplugged", heard.await(t, "levels").Time.Sub(back))
}

// TestRenumbered gives the network interface another address, as a new lease does: OSC,
// and with it machinery, is sent from that.
func TestRenumbered(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	desk, show := plug(t)
	heard, _ := start(desk, "deck", `local show = require "show"
require "osc".receiver{ port = 9000, interface = "deck" }:on("/n", function() show.log.info("heard") end)
show.on("start", function() show.log.info("listening") end)`)
	heard.await(t, "listening")
	sent, _ := start(show, "show", `local clock, show = require "clock", require "show"
local s = require "osc".sender{ host = "10.91.7.1", port = 9000 }
clock.every(0.1, function() s:send("/n", 1) show.log.info("sent") end)`)
	heard.await(t, "heard")
	sh(t, "ip", "-n", show, "addr", "del", "10.91.7.2/24", "dev", "show")
	for range 5 {
		sent.await(t, "sent") // into the void
	}
	drained := len(heard.entries())
	sh(t, "ip", "-n", show, "addr", "add", "10.91.7.77/24", "brd", "+", "dev", "show")
	back := time.Now()
	for len(heard.entries()) < drained+5 {
		heard.await(t, "heard")
	}
	recovered(t, "TestRenumbered", heard.entries()[drained].Time.Sub(back))
}

// TestLeftOpenWithoutNetwork kills a show with a valve open and starts the next one
// without a network: the valve is vented once the network is back, whether that show
// names the valve or not.
func TestLeftOpenWithoutNetwork(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	desk, show := plug(t)
	valve, _ := start(desk, "deck", `local show = require "show"
local r = require "osc".receiver{ port = 23000, interface = "deck" }
r:on("/move", function(_, joint, pwm) show.log.info("move %d %d", joint, pwm) end)
r:on("/empty", function() show.log.info("vented") end)
show.on("start", function() show.log.info("listening") end)`)
	valve.await(t, "listening")
	opened := `local valve = require "theater".valve{ host = "10.91.7.1" }
if %s then require "show".on("start", function() valve:move(1, 50) end) end`
	for _, next := range []string{"", fmt.Sprintf(opened, "false")} {
		_, run := start(show, "show", fmt.Sprintf(opened, "true"))
		valve.await(t, "move 1 50")
		run.Process.Kill()
		run.Wait()
		sh(t, "ip", "-n", show, "link", "set", "show", "down")
		log, run := start(show, "show", next)
		log.await(t, "the last run ended without making a machine safe, and it cannot be done now")
		log.await(t, "show loaded")
		if n := len(valve.new); n > 0 {
			t.Errorf("%d messages at the valve: %v", n, valve.all())
		}
		sh(t, "ip", "-n", show, "link", "set", "show", "up")
		back := time.Now()
		recovered(t, "TestLeftOpenWithoutNetwork", valve.await(t, "vented").Time.Sub(back))
		run.Process.Signal(syscall.SIGTERM)
		run.Wait()
		for len(valve.new) > 0 {
			<-valve.new // what is repeated
		}
	}
}

// needsPlug skips a test where it cannot have network namespaces.
func needsPlug(t *testing.T) {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("set SHOWRUN_PEERS=1 to run it: needs root, two network namespaces and half a minute")
	}
	if _, err := exec.LookPath("ip"); err != nil || os.Getuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("needs root and ip: %v", err)
		}
		t.Skipf("needs root and ip: %v", err)
	}
}

// checkBeats checks that from the fourth beat on each follows the one before, and
// that they went on while the plug was out.
func checkBeats(t *testing.T, entries []entry, pulled, back time.Time) {
	t.Helper()
	before, dark, jumps := 0, 0, 0
	for _, e := range entries {
		number, isBeat := strings.CutPrefix(e.Msg, "beat ")
		switch n, err := strconv.Atoi(number); {
		case e.Msg == "clock jump":
			jumps++
		case !isBeat || err != nil:
		case n < 4: // the clock is still finding the deck
		default:
			if before != 0 && n != before+1 {
				t.Errorf("beat %d after beat %d", n, before)
			}
			before = n
			if e.Time.After(pulled) && e.Time.Before(back) {
				dark++
			}
		}
	}
	t.Logf("%d beats while the plug was out, %d jumps of the beat in all", dark, jumps)
	if dark < 38 || dark > 42 {
		t.Errorf("%d beats in 20 s at 120 BPM", dark)
	}
}

// plug makes two network namespaces joined by a cable whose ends are called deck
// and show.
func plug(t *testing.T) (deckSpace, showSpace string) {
	t.Helper()
	id := strconv.Itoa(os.Getpid())
	spaces := map[string]string{"deck": "showrun-plug-d" + id, "show": "showrun-plug-s" + id}
	for _, space := range spaces {
		sh(t, "ip", "netns", "add", space)
		t.Cleanup(func() { sh(t, "ip", "netns", "del", space) })
	}
	cable(t, spaces["deck"], spaces["show"])
	return spaces["deck"], spaces["show"]
}

// cable joins the two.
func cable(t *testing.T, deckSpace, showSpace string) {
	t.Helper()
	sh(t, "ip", "link", "add", "deck", "netns", deckSpace, "type", "veth", "peer", "name", "show", "netns", showSpace)
	address(t, deckSpace, "deck", 1)
	address(t, showSpace, "show", 2)
}

// address gives an end its address, the n-th of the network.
func address(t *testing.T, space, end string, n int) {
	t.Helper()
	sh(t, "ip", "-n", space, "addr", "add", fmt.Sprintf("10.91.7.%d/24", n), "brd", "+", "dev", end)
	sh(t, "ip", "-n", space, "link", "set", "lo", "up")
	sh(t, "ip", "-n", space, "link", "set", end, "up")
	sh(t, "ip", "-n", space, "route", "add", "224.0.0.0/4", "dev", end)
}

func sh(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// inBackground starts a command that is ended with the test.
func inBackground(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
}

// logLines are the lines of a show's log as they come.
type logLines struct {
	new  chan entry
	kept chan []entry // holds what has come so far
}

func (l *logLines) entries() []entry {
	e := <-l.kept
	l.kept <- e
	return e
}

// await waits for a line of the log.
func (l *logLines) await(t *testing.T, what string) entry {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case e := <-l.new:
			if e.Msg == what {
				return e
			}
		case <-deadline:
			t.Fatalf("no %q in the log:\n%s", what, strings.Join(l.all(), "\n"))
		}
	}
}

func (l *logLines) all() []string {
	var texts []string
	for _, e := range l.entries() {
		texts = append(texts, e.Time.Format("15:04:05.000 ")+e.Msg)
	}
	return texts
}

// follow starts a show and reads its log.
func follow(t *testing.T, c *exec.Cmd) *logLines {
	t.Helper()
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	inBackground(t, c)
	l := &logLines{new: make(chan entry, 10_000), kept: make(chan []entry, 1)}
	l.kept <- nil
	go func() {
		for s := bufio.NewScanner(pipe); s.Scan(); {
			var e entry
			if json.Unmarshal(s.Bytes(), &e) == nil {
				l.kept <- append(<-l.kept, e)
				l.new <- e
			}
		}
	}()
	return l
}
