package discovery

import (
	"net/netip"
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

var (
	start = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	here  = netip.MustParseAddr("169.254.1.1")
	there = netip.MustParseAddr("169.254.1.2")
)

func howdy(token byte, port uint16) wire.Announcement {
	return wire.Announcement{Token: wire.Token{token}, Name: "sc6000", Software: "JP13", Port: port}
}

func exit(token byte) wire.Announcement {
	a := howdy(token, 0)
	a.Exit = true
	return a
}

// step is one datagram, or with token 0 a look at what expires.
func TestTable(t *testing.T) {
	type step struct {
		at      time.Duration
		in      wire.Announcement
		from    netip.Addr
		change  Change
		port    uint16 // of the unit after the step
		address netip.Addr
	}
	const s = time.Second
	for name, steps := range map[string][]step{
		"stays while it announces": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{1 * s, howdy(1, 100), here, Unchanged, 100, here},
			{6 * s, howdy(1, 100), here, Unchanged, 100, here},
		},
		"reboot gives a new port": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{1 * s, howdy(1, 200), here, Moved, 200, here},
			{2 * s, howdy(1, 200), here, Unchanged, 200, here},
		},
		"exit and return": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{1 * s, exit(1), here, Left, 0, netip.Addr{}},
			{1 * s, exit(1), here, Unchanged, 0, netip.Addr{}},
			{2 * s, howdy(1, 100), here, Appeared, 100, here},
		},
		"two networks at once": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{0, howdy(1, 100), there, Unchanged, 100, here},
			{1 * s, howdy(1, 100), here, Unchanged, 100, here},
			{1 * s, howdy(1, 100), there, Unchanged, 100, here},
		},
		"first network fails": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{1 * s, howdy(1, 100), there, Unchanged, 100, here},
			{5 * s, howdy(1, 100), there, Unchanged, 100, here},
			{6 * s, howdy(1, 100), there, Moved, 100, there},
			{6 * s, howdy(1, 100), here, Unchanged, 100, there},
		},
		"new address and port together": {
			{0, howdy(1, 100), here, Appeared, 100, here},
			{1 * s, howdy(1, 200), there, Moved, 200, there},
		},
		"exit from a stranger": {
			{0, exit(1), here, Unchanged, 0, netip.Addr{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var table Table
			for i, step := range steps {
				_, change, _ := table.Heard(step.in, step.from, start.Add(step.at))
				u, _ := table.Unit(step.in.Token)
				if change != step.change || u.Port != step.port || u.Address != step.address {
					t.Errorf("step %d: change %d, port %d, address %v", i, change, u.Port, u.Address)
				}
			}
		})
	}
}

func TestTableExpiry(t *testing.T) {
	var table Table
	if !table.Deadline().IsZero() {
		t.Error("an empty table has a deadline")
	}
	table.Heard(howdy(1, 100), here, start)
	table.Heard(howdy(2, 100), there, start.Add(time.Second))
	if got := table.Deadline(); !got.Equal(start.Add(LossTimeout)) {
		t.Errorf("deadline %v", got.Sub(start))
	}
	if u, ok := table.Expire(start.Add(LossTimeout - 1)); ok {
		t.Errorf("expired early: %+v", u)
	}
	if u, ok := table.Expire(start.Add(LossTimeout)); !ok || u.Token != (wire.Token{1}) {
		t.Errorf("expired %+v, %v", u, ok)
	}
	if _, ok := table.Expire(start.Add(LossTimeout)); ok {
		t.Error("a unit heard later expired too")
	}
	if _, change, _ := table.Heard(howdy(1, 100), here, start.Add(10*time.Second)); change != Appeared {
		t.Errorf("back after a loss: change %d", change)
	}
}

// stranger is a unit with a token of its own.
func stranger(n int) wire.Announcement {
	a := howdy(0, 1)
	a.Token = wire.Token{byte(n), byte(n >> 8), 1}
	return a
}

func TestOneAddressHasAShareOfTheTable(t *testing.T) {
	var table Table
	for i := range 10 * MaxUnits {
		table.Heard(stranger(i), here, start)
	}
	if len(table.units) != MaxPerAddress {
		t.Errorf("%d units of one address, want %d", len(table.units), MaxPerAddress)
	}
	if _, change, _ := table.Heard(howdy(1, 100), there, start); change != Appeared {
		t.Errorf("a unit at another address: change %d", change)
	}
	if _, change, _ := table.Heard(stranger(5000), here, start.Add(Patience-1)); change != Refused {
		t.Errorf("one more: change %d", change)
	}
	if _, change, evicted := table.Heard(stranger(5000), here, start.Add(Patience)); change != Appeared || evicted.IsZero() {
		t.Errorf("one more after a while: change %d, evicted %v", change, evicted)
	}
}

// TestStrangersMakeRoom fills the table with units nobody can connect to, each from an
// address of its own. The one that is connected keeps its place, and a new one gets one.
func TestStrangersMakeRoom(t *testing.T) {
	var table Table
	table.Heard(howdy(1, 100), here, start.Add(-time.Second)) // the oldest
	table.Hold(wire.Token{1}, true)
	flood := func(at time.Time) {
		for i := range MaxUnits {
			table.Heard(stranger(i), netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), at)
		}
	}
	flood(start)
	if _, change, _ := table.Heard(howdy(2, 100), there, start.Add(time.Second)); change != Refused {
		t.Fatalf("the table is not full: change %d", change)
	}
	flood(start.Add(2 * time.Second))
	_, change, evicted := table.Heard(howdy(2, 100), there, start.Add(2*time.Second))
	if change != Appeared || evicted.IsZero() || evicted == (wire.Token{1}) {
		t.Errorf("change %d, evicted %v", change, evicted)
	}
	if len(table.units) != MaxUnits {
		t.Errorf("%d units held", len(table.units))
	}
}

// TestHeldUnitsAreNotForgedAway: while a unit is connected neither an EXIT nor a HOWDY
// from elsewhere moves it. When the connection is over both count.
func TestHeldUnitsAreNotForgedAway(t *testing.T) {
	var table Table
	table.Heard(howdy(1, 100), here, start)
	table.Hold(wire.Token{1}, true)
	for _, forged := range []struct {
		a    wire.Announcement
		from netip.Addr
	}{{exit(1), here}, {exit(1), there}, {howdy(1, 200), here}, {howdy(1, 200), there}, {howdy(1, 100), there}} {
		u, change, _ := table.Heard(forged.a, forged.from, start.Add(time.Second))
		if change != Unchanged || u.Port != 100 || u.Address != here {
			t.Errorf("%+v from %v: change %d, now %v port %d", forged.a, forged.from, change, u.Address, u.Port)
		}
	}
	if !table.Hold(wire.Token{1}, false) {
		t.Error("a unit that said goodbye and closed its connection has not left")
	}
	table.Heard(howdy(1, 100), here, start.Add(time.Second))
	table.Hold(wire.Token{1}, true)
	table.Hold(wire.Token{1}, false)
	if _, change, _ := table.Heard(howdy(1, 200), here, start.Add(time.Second)); change != Moved {
		t.Errorf("restarted: change %d", change)
	}
}

func TestSoftwareNames(t *testing.T) {
	for name, decks := range map[string]int{
		"JC11": 4, "JC11S": 4, "JC16": 2, "JP07": 2, "JP08": 2, "JP11": 2, "JP11S": 2, "JP13": 2, "JP14": 2,
		"JP20": 2, "JP21": 4, "NH08": 2, "NH08S": 2, "NH09": 2, "NH10": 2,
		"JM08": 0, "JM10": 0, "JC20": 0, "SSS0": 0, "OfflineAnalyzer": 0, "Offline Analyzer": 0,
		"SoundSwitch": 0, "Resolume Arena": 0, "nowplaying": 0, "": 0,
	} {
		if Decks(name) != decks || IsPlayer(name) != (decks > 0) {
			t.Errorf("%s: %d decks, player %v", name, Decks(name), IsPlayer(name))
		}
	}
	for name, want := range map[string]bool{
		"JC11": true, "JC99": true, "NH11": true, "JP07": true, "": true, "JM08": false, "JC20": false, "SSS0": false, "OfflineAnalyzer": false,
		"Offline Analyzer": false, "offlineAnalyser2": false, "SoundSwitch 2": false, "Resolume Arena": false, "nowplaying": false, "showrun": false,
	} {
		if MayPlay(name) != want {
			t.Errorf("%q may play: %v", name, !want)
		}
	}
	for _, name := range []string{"JC11", "JM08", "JC20", "SSS0", "OfflineAnalyzer"} {
		if !IsHardware(name) {
			t.Errorf("%s is hardware", name)
		}
	}
	if IsHardware("Resolume Arena") || !IsMixer("JM10") || IsMixer("JC11") || !IsAnalyzer("Offline Analyzer") {
		t.Error("kinds of software names")
	}
}
