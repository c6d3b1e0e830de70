package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// awayShow sends by everything there is, so fast that its light shows when it is back.
const awayShow = `local clock, show = require "clock", require "show"
local u = require "signet".sender{ key = { env = "SHOW_PASSPHRASE" } }:universe(1)
local s = require "osc".sender{ host = "10.91.7.1", port = 9000 }
local gateways = require "stagenet".console{}
local booth = gateways:gateway("booth")
local lamp = booth:slot(1)
local dj = require "stagelinq".sink{}
dj:on("connected", function() show.log.info("deck connected") end)
gateways:on("mapped", function() show.log.info("mapped") end)
local n = 0
clock.every(0.1, function()
  n = n % 255 + 1
  u:set(1, n)
  s:send("/n", n)
end)`

// TestAddressAwayAndBack takes the address of the show away for longer than any back-off
// and gives it back: everything arrives again well within two seconds. The times are
// printed.
func TestAddressAwayAndBack(t *testing.T) {
	needsPlug(t)
	for _, away := range []time.Duration{3 * time.Second, 25 * time.Second} {
		t.Run(away.String(), func(t *testing.T) { addressAwayAndBack(t, away) })
	}
}

func addressAwayAndBack(t *testing.T, away time.Duration) {
	start := showIn(t)
	desk, show := plug(t)
	binary := filepath.Join(t.TempDir(), "showrun")
	sh(t, "go", "build", "-o", binary, ".")
	inBackground(t, exec.Command("ip", "netns", "exec", desk, binary, "gateway", "--id", "booth", "--map", "DMX:1-4", "--interface", "deck"))
	inBackground(t, exec.Command("ip", "netns", "exec", desk, binary, "deck", "--interface", "deck"))
	heard, _ := start(desk, "deck", `local show = require "show"
require "osc".receiver{ port = 9000, interface = "deck" }:on("/n", function() show.log.info("osc") end)
require "signet".receiver{ key = { env = "SHOW_PASSPHRASE" } }:universe(1):on("levels", function(_, source) if source then show.log.info("light") end end)`)
	sent, _ := start(show, "show", awayShow)
	for _, what := range []string{"osc", "light"} {
		heard.await(t, what)
	}
	for _, what := range []string{"mapped", "deck connected"} {
		sent.await(t, what)
	}
	sh(t, "ip", "-n", show, "addr", "del", "10.91.7.2/24", "dev", "show")
	<-time.After(away)
	sh(t, "ip", "-n", show, "addr", "add", "10.91.7.2/24", "brd", "+", "dev", "show")
	sh(t, "ip", "-n", show, "route", "replace", "224.0.0.0/4", "dev", "show")
	back := time.Now()
	<-time.After(8 * time.Second)
	for what, lines := range map[string]*logLines{"osc": heard, "light": heard, "mapped": sent, "deck connected": sent} {
		first := ""
		for _, e := range lines.entries() {
			if e.Msg == what && e.Time.After(back) {
				took := e.Time.Sub(back).Round(time.Millisecond)
				first = fmt.Sprint(took)
				limit := 2 * time.Second
				if what == "deck connected" {
					limit += time.Second // it has to announce itself first
				}
				if took > limit {
					t.Errorf("%s only %v after the address was back", what, took)
				}
				break
			}
		}
		t.Logf("%s %s after the address was back", what, first)
		if kept := away < 5*time.Second && what == "deck connected"; first == "" && !kept {
			t.Errorf("no %s after the address was back\n%s", what, strings.Join(lines.all(), "\n"))
		}
	}
}
