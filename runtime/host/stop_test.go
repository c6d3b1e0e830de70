package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/show"
)

// press is machinery that counts what it is told.
type press struct {
	holds, releases atomic.Int64
	moving          atomic.Bool
}

func (m *press) Loops() []func(context.Context) error { return nil }
func (m *press) Safe()                                {}
func (m *press) Drop(any)                             {}
func (m *press) AtRest() bool                         { return !m.moving.Load() }
func (m *press) Hold(on bool) {
	if on {
		m.holds.Add(1)
	} else {
		m.releases.Add(1)
	}
}

// TestRepeatedStops: of many stops in a row a machine that has stopped hears few; one that
// could not be told hears each. After a release the first stop counts at once.
func TestRepeatedStops(t *testing.T) {
	h, err := newHost(Options{Show: "../../examples/first-light"})
	if err != nil {
		t.Fatal(err)
	}
	told, deaf := &press{}, &press{}
	deaf.moving.Store(true)
	h.machines.Store(&[]device.Machinery{told, deaf})
	const stops = 1000
	began := h.clock.Now()
	for range stops {
		if n, untold := h.EmergencyStop("a test"); n != 2 || untold != 1 {
			t.Fatalf("%d machines, %d not told", n, untold)
		}
	}
	most := 1 + int64((h.clock.Now()-began)/stopPause)
	if n := told.holds.Load(); n < 1 || n > most {
		t.Errorf("a machine that has stopped heard %d of %d stops", n, stops)
	}
	if n := deaf.holds.Load(); n != stops {
		t.Errorf("a machine that could not be told was told %d times in %d stops", n, stops)
	}
	before := told.holds.Load()
	h.Release("a test")
	if h.EmergencyStop("a test"); told.holds.Load() != before+1 || !h.Status().Held {
		t.Error("a stop after a release does nothing")
	}
}

// TestWhatIsAStop among addresses.
func TestWhatIsAStop(t *testing.T) {
	h, err := newHost(Options{Show: "../../examples/first-light"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		oscStop: true, "/SHOWRUN/Stop": true, "/showrun/s*": true, "/*/stop": true, "/{lights,showrun}/stop": true,
		oscRelease: false, "/showrun/stop/now": false, "/stop": false, "": false, "/*": false,
	} {
		if got := isStop([]byte(address)); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
	h.strange = 1 << 62 // the log is for others
	for _, address := range []string{"/go", "/showrun/release*"} {
		if h.isCommand([]byte(address), netip.AddrPort{}) {
			t.Errorf("%q is a command", address)
		}
	}
	from := netip.MustParseAddrPort("127.0.0.1:9")
	address := []byte("/lights/1/level")
	if n := testing.AllocsPerRun(1000, func() { h.isCommand(address, from) }); n > 0 {
		t.Errorf("%v allocations for what is no command", n)
	}
	if !h.isCommand([]byte(oscRelease), from) {
		t.Error("a release is no command")
	}
}

// panics is machinery in which everything is a bug.
type panics struct{}

func (panics) Loops() []func(context.Context) error { return nil }
func (panics) Safe()                                { panic("a bug in Safe") }
func (panics) Drop(any)                             { panic("a bug in Drop") }
func (panics) AtRest() bool                         { panic("a bug in AtRest") }
func (panics) Hold(bool)                            { panic("a bug in Hold") }

// TestABugInOneMachine keeps no stop and no release from the others, now or later.
func TestABugInOneMachine(t *testing.T) {
	h, err := newHost(Options{Show: "../../examples/first-light"})
	if err != nil {
		t.Fatal(err)
	}
	other := &press{}
	h.machines.Store(&[]device.Machinery{panics{}, other})
	if n, untold := h.EmergencyStop("a test"); n != 2 || untold != 1 || other.holds.Load() != 1 {
		t.Errorf("%d machines, %d not told, the other held %d times", n, untold, other.holds.Load())
	}
	if h.Release("a test"); other.releases.Load() != 1 || h.Status().Held {
		t.Error("not released")
	}
	h.makeAllSafe()
	if h.Halt(); other.holds.Load() != 2 {
		t.Error("not halted")
	}
	h.reach(nil)
	if n := len(*h.machines.Load()); n != 0 || other.holds.Load() != 3 {
		t.Errorf("%d machines within reach", n)
	}
}

// TestADeviceThatDoesNotEnd: a load that needs what it holds, such as a port, does not wait
// for it, and goes live without that device.
func TestADeviceThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "show.lua")
		save(t, file, `require "theater".valve{ port = 9 }`)
		h, err := newHost(Options{Show: file})
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		h.over = over
		files := h.folder.Open()
		defer files.Close()
		load, err := h.show.Prepare(t.Context(), files, show.First())
		if err != nil {
			t.Fatal(err)
		}
		defer load.End()
		key := load.Declarations()[0].Key()
		h.ending[key] = &liveDevice{gone: make(chan struct{})}
		began := time.Now()
		all, err := h.open(t.Context(), load)
		if took := time.Since(began); err != nil || took > openTime {
			t.Fatalf("%v after %v", err, took)
		}
		if d := all[key]; d.device != nil || d.missing != errSlow {
			t.Errorf("the device is %+v", d)
		}
		close(over)
	})
}

// TestTheEndDoesNotWait for ever for a device that does not end.
func TestTheEndDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := newHost(Options{Show: "../../examples/first-light"})
		if err != nil {
			t.Fatal(err)
		}
		end := make(chan struct{})
		h.wg.Go(func() { <-end })
		began := time.Now()
		if h.waitForAll(); time.Since(began) != endTime {
			t.Errorf("ended after %v", time.Since(began))
		}
		close(end)
	})
}

// TestDropsAreTold in the log once a minute while there are any, and in the status.
func TestDropsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unlogged atomic.Uint64
		log := newLines()
		h, err := newHost(Options{Show: "../../examples/first-light", Log: log.logger(), Unlogged: unlogged.Load})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan struct{})
		go func() { defer close(told); h.tellDrops(ctx) }()
		synctest.Wait()
		h.repeated.Add(3)
		unlogged.Store(7)
		<-time.After(3*time.Minute + time.Second)
		h.repeated.Add(2)
		<-time.After(time.Minute)
		cancel()
		<-told
		text := log.String()
		for _, want := range []string{"in the last minute: 3 stops came right after another one, 7 log lines dropped", "in the last minute: 2 stops came right after another one"} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%q is not told once:\n%s", want, text)
			}
		}
		if s := h.Status().String(); strings.Count(text, "in the last") != 2 || !strings.Contains(s, "5 stops came") || !strings.Contains(s, "7 log lines dropped") {
			t.Errorf("the status is %s, the log\n%s", s, text)
		}
	})
}

// TestEveryDropHasAReader: each counter is in the status and in what is told every minute,
// those of devices too.
func TestEveryDropHasAReader(t *testing.T) {
	s := Status{Dropped: 101, Repeated: 102, Strangers: 103, Unlogged: 104, Counts: show.Counts{
		Late: 105, Skipped: 106, Refused: 107, Full: 108, Unknown: 109, Lost: 110, Absent: 111, Merged: 112, Frames: 113,
	}, Broken: 114, StuckTimes: 116, Devices: []drop{{n: 115, what: "states not kept", of: "a sink"}}}
	minute := s.since(Status{})
	for n := 101; n <= 116; n++ {
		for _, text := range []string{s.String(), minute} {
			if !strings.Contains(" "+text, fmt.Sprintf(" %d ", n)) {
				t.Errorf("%d is not in %s", n, text)
			}
		}
	}
	names := map[string]bool{}
	for _, d := range (Status{}).drops() {
		if d.name == "" || names[d.name] || strings.Trim(d.name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%q cannot be the name of a metric for %s", d.name, d.what)
		}
		names[d.name] = true
	}
	if text := s.since(s); text != "" {
		t.Errorf("nothing new is told as %s", text)
	}
	before := s
	before.Devices = []drop{{n: 200, what: "states not kept", of: "a sink"}, {n: 7, what: "leases refused", of: "a console"}}
	if text := s.since(before); text != "a sink: 115 states not kept" {
		t.Errorf("a counter that began anew is told as %q", text)
	}
}

// TestEveryDeviceCounts: each kind of device tells what it drops.
func TestEveryDeviceCounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`local signet, theater, osc = require "signet", require "theater", require "osc"
signet.sender{}:universe(1)
signet.receiver{}:universe(1)
signet.manager{}
require "stagelinq".sink{}
require "stagenet".console{}
osc.receiver{ port = %d }
theater.lighting{}
theater.motion{}
theater.valve{}`, freePorts(t)["signet"]))
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "show loaded", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, o := range h.live.Opened() {
		if c, ok := o.Device.(device.Counted); !ok || len(c.Counts()) == 0 && !strings.Contains(o.Declaration.String(), "signet.manager") {
			t.Errorf("%v counts nothing", o.Declaration)
		}
	}
}

// TestStrangersAtThePortOfCommands are counted, also those that are no messages at all.
func TestStrangersAtThePortOfCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "")
	h, _ := runLive(t, Options{Show: file, OSC: "127.0.0.1:0", Log: newLines().logger()})
	for h.ear.Load() == nil {
		<-time.After(time.Millisecond)
	}
	c, err := net.Dial("udp4", h.ear.Load().Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, datagram := range []string{"/showrun/other\x00\x00,\x00\x00\x00", "/showrun/no end", "/showrun/release\x00\x00\x00\x00,\x00\x00"} {
		if _, err := c.Write([]byte(datagram)); err != nil {
			t.Fatal(err)
		}
	}
	for s := h.Status(); s.Strangers < 2 || s.Broken < 1; s = h.Status() {
		<-time.After(time.Millisecond)
	}
}
