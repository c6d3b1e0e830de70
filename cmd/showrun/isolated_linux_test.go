package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestNothingLeavesTheRig: a show that names real interfaces, hosts and gateways for a device
// of every kind sends nothing on the network while it runs on a rig, nor on another network
// of this computer, where something real may listen.
func TestNothingLeavesTheRig(t *testing.T) {
	needsPlug(t)
	desk, show := plug(t)
	for _, space := range []string{desk, show} { // nothing but what is sent counts
		sh(t, "ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
	}
	sh(t, "ip", "-n", show, "route", "add", "default", "via", "10.91.7.1")
	start := showIn(t)
	real, _ := start(show, "real", `local show, osc = require "show", require "osc"
for _, port in ipairs{ 9000, 20000, 21000, 23000 } do
  osc.receiver{ port = port, interface = "lo" }:on("/*", function(a) show.log.info("something came") end)
end
show.on("start", function() show.log.info("listening") end)`)
	real.await(t, "listening")
	before := sentBy(t, show)
	log, run := start(show, "show", `local clock, show, signet, osc, theater = require "clock", require "show", require "signet", require "osc", require "theater"
for _, interface in ipairs{ "show", "10.91.7.2" } do
  signet.sender{ interface = interface, mode = "open", endpoint = #interface }:universe(1):set(1, 255)
  signet.receiver{ interface = interface }:universe(2)
  signet.manager{ interface = interface }
  require "stagelinq".sink{ interface = interface, name = interface }
  require "stagenet".console{ interface = interface, gateways = { "ws://10.91.7.1:4000" } }
end
local all = {}
for _, host in ipairs{ "10.91.7.1", "127.0.0.1" } do
  table.insert(all, osc.sender{ host = host, port = 9000 })
  local valve, motion, lighting = theater.valve{ host = host }, theater.motion{ host = host }, theater.lighting{ host = host }
  clock.every(0.1, function() valve:move(1, 50) lighting:fixture(1, 0.5) end)
  show.on("start", function() motion:spline("x", { 0, 10 }) end)
end
local n = 0
clock.every(0.1, function()
  for _, s in ipairs(all) do s:send("/n", 1) end
  n = n + 1
  if n == 20 then show.log.info("two seconds") end
end)`, "--rig")
	log.await(t, "two seconds")
	run.Process.Signal(syscall.SIGTERM)
	run.Wait()
	if after := sentBy(t, show); after != before {
		t.Errorf("packets sent on the network: %s before, %s after", before, after)
	}
	for _, e := range real.entries() {
		if e.Msg == "something came" {
			t.Fatal("something was sent to a port that the show names on this computer")
		}
	}
}

// sentBy is how many packets the show's end of the cable has sent.
func sentBy(t *testing.T, space string) string {
	t.Helper()
	out, err := exec.Command("ip", "netns", "exec", space, "cat", "/sys/class/net/show/statistics/tx_packets").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
