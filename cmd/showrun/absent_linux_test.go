package main

import (
	"testing"
	"time"
)

// TestNoAddressYet starts a show on a network interface that has no address yet, as before
// the answer of a DHCP server, with a device of every kind. It loads, says what it waits for,
// and all of them work once the address is there. How long that took is printed.
func TestNoAddressYet(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	desk, show := plug(t)
	heard, _ := start(desk, "deck", `local show = require "show"
require "signet".receiver{ key = { env = "SHOW_PASSPHRASE" } }:universe(1):on("levels", function() show.log.info("levels") end)
local osc = require "osc"
osc.receiver{ port = 9000, interface = "deck" }:on("/n", function() show.log.info("message") end)
osc.receiver{ port = 23000, interface = "deck" }:on("/move", function() show.log.info("valve moved") end)
local back = osc.sender{ host = "10.91.7.2", port = 9001 }
require "clock".every(0.1, function() back:send("/back") end)
show.on("start", function() show.log.info("listening") end)`)
	heard.await(t, "listening")
	sh(t, "ip", "-n", show, "addr", "del", "10.91.7.2/24", "dev", "show")
	log, _ := start(show, "show", `local clock, show, signet, osc = require "clock", require "show", require "signet", require "osc"
local key = { env = "SHOW_PASSPHRASE" }
local u = signet.sender{ key = key }:universe(1)
signet.receiver{ key = key }:universe(2)
signet.manager{ key = key }
require "stagelinq".sink{ interface = "show" }
require "stagenet".console{}
local s = osc.sender{ host = "10.91.7.1", port = 9000 }
osc.receiver{ port = 9001, interface = "show" }:on("/back", function() show.log.info("answered") end)
local valve = require "theater".valve{ host = "10.91.7.1" }
require "theater".lighting{ host = "10.91.7.1" }:fixture(1, 0.5)
clock.every(0.1, function() u:set(1, math.random(255)) s:send("/n", 1) valve:move(1, 50) end)`)
	log.await(t, "a device is not there: the show goes on without it until it is")
	log.await(t, "show loaded")
	sh(t, "ip", "-n", show, "addr", "add", "10.91.7.2/24", "brd", "+", "dev", "show")
	there := time.Now()
	for _, what := range []string{"levels", "message", "valve moved"} {
		recovered(t, "TestNoAddressYet", heard.await(t, what).Time.Sub(there))
	}
	log.await(t, "answered")
}
