package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// rigShow tells what it hears: decks, and the levels of universe 1, which it sends itself.
// They change once a second, from the first of two to the other.
const rigShow = `local clock, show, signet = require "clock", require "show", require "signet"
local dj = require "stagelinq".sink{}
clock.follow(dj:master())
dj:on("connected", function() show.log.info("deck") end)
local u = signet.sender{ mode = "open", endpoint = %[1]d }:universe(1)
local level = %[1]d
u:set(1, level)
signet.receiver{ mode = "open" }:universe(1):on("levels", function(levels) show.log.info("level %%d", levels[1] or 0) end)
clock.every(1, function() level = 2 * %[1]d + 1 - level u:set(1, level) show.log.info("second") end)
clock.on_beat(1, function() show.log.info("beat") end)`

// TestTwoRigs runs two shows on rigs of their own at the same time: each has its deck and
// hears the light of its own, and nothing of the other's.
func TestTwoRigs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var logs []*logLines
	for _, level := range []int{10, 20} {
		show := filepath.Join(dir, fmt.Sprintf("rig%d.lua", level))
		if err := os.WriteFile(show, fmt.Appendf(nil, rigShow, level), 0o600); err != nil {
			t.Fatal(err)
		}
		run := exec.Command("showrun", "run", "--rig", "--osc", "off", "--log-format", "json", show)
		run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
		logs = append(logs, follow(t, run))
	}
	for _, l := range logs { // both are up from here on
		l.await(t, "deck")
	}
	for _, l := range logs {
		for range 4 { // an announcement of each deck comes every second
			l.await(t, "second")
			l.await(t, "beat")
		}
	}
	for i, own := range []int{10, 20} {
		said := map[string]int{}
		for _, e := range logs[i].entries() {
			if e.Msg == "deck" || strings.HasPrefix(e.Msg, "level ") {
				said[e.Msg]++
			}
		}
		first, other := said[fmt.Sprintf("level %d", own)], said[fmt.Sprintf("level %d", own+1)]
		if said["deck"] != 1 || first == 0 || other == 0 || len(said) != 3+min(1, said["level 0"]) {
			t.Errorf("the rig with levels %d and %d heard %v", own, own+1, said)
		}
	}
}
