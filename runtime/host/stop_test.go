package host

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"

	"showrun/runtime/device"
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
	if !h.isCommand([]byte(oscRelease), from) || h.strangers.Load() < 1002 {
		t.Error("a release is no command, or strangers are not counted")
	}
}
