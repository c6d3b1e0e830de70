package bindings

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/device/sacn"
)

// TestSACN: what a script says of streaming ACN is declared, set and ordered as for Sig-Net.
func TestSACN(t *testing.T) {
	s := live(t, `local sacn = require "sacn"
		local acn = sacn.sender{ name = "front", interface = "lo", rate = 30, priority = 120, sync = 7000, unicast = { "10.0.0.5", "10.0.0.6:6000" }, latency = "20ms" }
		local u, p = acn:universe(7, { priority = 0 }), acn:universe(7, { preview = true })
		u:set(1, 70) u:fade(2, 200, 2) p:set(1, 9)
		clock.after(0.5, function() u:priority(90) p:leave() end)
		local rx = sacn.receiver{ interface = "lo" }
		rx:universe(3) rx:universe(3, { preview = true })
		print(acn, u, u == acn:universe(7), u == p, p.preview, rx == sacn.receiver{ interface = "lo" }, rx:universe(3).number)`)
	s.wantLog("0.000 sacn.sender front\tsacn.universe 7\ttrue\tfalse\ttrue\ttrue\t3")
	// Frames leave 20 ms early, and the fade is further then.
	s.wantLevels("1s 1/1=70 1/2=102 2/1=9")
	wantLines(t, "orders", s.orders, []string{"0.500 {Universe:7 Priority:[90]}", "0.500 {Universe:7 Preview:true}"})
	d := s.show.Devices()[1].(*sacn.SenderDecl)
	got := fmt.Sprintf("%s %v %d %d %d %q %v %d", d.Name, d.Interface, d.Rate, d.Priority, d.Sync, d.Unicast, d.Latency, len(d.Universes))
	if want := `front lo 30 120 7000 "10.0.0.5\n10.0.0.6:6000" 20ms 2`; got != want || d.Lead() <= 20*time.Millisecond {
		t.Errorf("declared %s, want %s", got, want)
	}
	s.reload(`local acn = require "sacn".sender{ name = "front", interface = "lo" } print(acn:universe(7):get(1))`)
	s.run(2 * time.Second)
	s.wantLog("0.000 sacn.sender front\tsacn.universe 7\ttrue\tfalse\ttrue\ttrue\t3", "1.000 70")
}

// TestSACNMistakes: what is wrong is told.
func TestSACNMistakes(t *testing.T) {
	for code, want := range map[string]string{
		`sacn.sender{ scope = "x" }`:                             `sacn.sender: unknown option 'scope'; it takes interface, rate, priority, name, cid, sync, unicast and latency`,
		`sacn.sender{ priority = 201 }`:                          `sacn.sender: priority must be 0-200, got 201`,
		`sacn.sender{ sync = 64000 }`:                            `sacn.sender: sync must be 0-63999, got 64000`,
		`sacn.sender{ cid = "x" }`:                               `sacn.sender: cid must be a UUID such as "5a7ab3a0-3fa4-4b71-9b1c-6d2c3a7d0a10", got "x"`,
		`sacn.sender{ name = string.rep("x", 64) }`:              `sacn.sender: name must be at most 63 bytes long, got 64`,
		`sacn.sender{ unicast = "239.1.2.3" }`:                   `sacn.sender: unicast must be the IPv4 address of a device such as "10.0.0.5", or a list of those, got "239.1.2.3"`,
		`sacn.sender{} sacn.sender{ rate = 30 }`:                 `sacn.sender: "showrun" is declared with other options already, and receivers could not tell the two senders apart; give one of them another name`,
		`sacn.sender{}:universe(64000)`:                          `sacn.sender:universe: universe number must be 1-63999, got 64000`,
		`sacn.sender{}:universe(1, { multicast = "239.1.2.3" })`: `sacn.sender:universe: unknown option 'multicast'; it takes priority, unicast and preview`,
		`sacn.receiver{}:universe(1):on("level", print)`:         `sacn.receiver.universe:on: the event must be "levels", got "level"`,
	} {
		wantLoadError(t, "\nlocal sacn = require \"sacn\" "+code, "show.lua:2: "+want)
	}
}
