package main

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mischiefDesk hears what the show sends and tells of it: levels, messages, the valve.
const mischiefDesk = `local show, osc = require "show", require "osc"
local last = 0
require "signet".receiver{ key = { env = "SHOW_PASSPHRASE" } }:universe(1):on("levels", function(levels, source)
  if source == nil then show.log.info("light lost") end
  if source and levels[1] ~= last then last = levels[1] show.log.info("light %d", last) end
end)
osc.receiver{ port = 9000, interface = "deck" }:on("/n", function(_, n) show.log.info("message %d", n) end)
osc.receiver{ port = 23000, interface = "deck" }:on("/empty", function() show.log.info("vented") end)
show.on("start", function() show.log.info("listening") end)`

// mischiefShow counts on all that is sent, and stops its valve when it is told to.
const mischiefShow = `local clock, show, osc = require "clock", require "show", require "osc"
local dj = require "stagelinq".sink{ interface = "show" }
local u = require "signet".sender{ key = { env = "SHOW_PASSPHRASE" } }:universe(1)
local house = require "stagenet".console{ gateways = { "ws://10.91.7.1:4000" } }
local s = osc.sender{ host = "10.91.7.1", port = 9000 }
local valve = require "theater".valve{ host = "10.91.7.1" }
clock.follow(dj:master())
dj:on("connected", function() show.log.info("deck connected") end)
clock.on_beat(1, function(beat) show.log.info("beat %d", beat.number) end)
house:on("mapped", function() show.log.info("gateway mapped") end)
house:on("lost", function() show.log.info("gateway lost") end)
local n = 0
clock.every(0.1, function()
  n = n % 250 + 1
  u:set(1, n)
  house:set("SN1", n, { pending = true })
  s:send("/n", n)
  if n % 20 == 0 then valve:move(1, 50) end
  if n % 20 == 10 then valve:empty() end
end)`

// TestMischief lets the network between a show and all it has to do with lose frames, carry
// them twice, in another order and late: the beat, the light, messages and gateways go on
// all the while, light never goes back, and everything is as before afterwards.
func TestMischief(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	deskSpace, showSpace, hub := badPlug(t)
	desk, _ := start(deskSpace, "deck", mischiefDesk)
	desk.await(t, "listening")
	for _, peer := range [][]string{
		{"deck", "--bpm", "120", "--play", "--interface", "deck"},
		{"gateway", "--addresses", "4", "--interface", "deck"},
	} {
		inBackground(t, exec.Command("ip", append([]string{"netns", "exec", deskSpace, "showrun"}, peer...)...))
	}
	log, _ := start(showSpace, "show", mischiefShow)
	log.await(t, "gateway mapped")
	log.await(t, "deck connected")
	for _, c := range []struct {
		name string
		does mischief
	}{
		{"a tenth lost", mischief{lost: 100}},
		{"a third twice", mischief{twice: 333}},
		{"a third late, in another order", mischief{late: 333, delay: 15 * time.Millisecond}},
		{"all of it", mischief{lost: 50, twice: 200, late: 200, delay: 40 * time.Millisecond}},
		{"nothing", mischief{}},
	} {
		began := time.Now()
		hub.do(c.does)
		before := len(log.entries())
		counts(t, log, "beat ", 10, true)
		counts(t, desk, "light ", 15, false)
		counts(t, desk, "message ", 15, false)
		desk.await(t, "vented")
		t.Logf("%s: all go on, seen after %v; frames %v", c.name, time.Since(began).Round(time.Millisecond), hub.do(c.does))
		for _, e := range log.entries()[before:] {
			if e.Msg == "gateway lost" {
				t.Errorf("%s: the gateway was lost", c.name)
			}
		}
	}
}

// counts awaits n lines that begin with a word and then a number, which rises, and if exact
// by one each.
func counts(t *testing.T, l *logLines, word string, n int, exact bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for last, seen := 0, 0; seen < n; {
		select {
		case e := <-l.new:
			number, is := strings.CutPrefix(e.Msg, word)
			if !is {
				continue
			}
			v, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			if seen > 0 && exact && v != last+1 {
				t.Errorf("%s%d after %d", word, v, last)
			}
			if ahead := (v - last + 250) % 250; seen > 0 && !exact && (ahead == 0 || ahead > 125) && word == "light " {
				t.Errorf("%s%d after %d", word, v, last)
			}
			last, seen = v, seen+1
		case <-deadline:
			t.Fatalf("only %d of %d lines %q in the log:\n%s", seen, n, word, strings.Join(l.all(), "\n"))
		}
	}
}
