package stagenet

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showrun/drivers/stagenet/gateway"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// night is a console in virtual time.
type night struct {
	*virtualConsole
	now  time.Duration
	said []string
}

func newNight(t *testing.T, d *ConsoleDecl) *night {
	t.Helper()
	n := &night{}
	c, err := d.OpenVirtual(device.Env{
		Now:   func() time.Duration { return n.now },
		Since: func(at time.Time) time.Duration { return at.Sub(epoch) },
		Time:  epoch.Add,
		Event: func(e device.Event) bool {
			n.said = append(n.said, fmt.Sprintf("%v %s %s", e.At, e.Topic, e.Value.(Gateway).ID))
			return true
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	n.virtualConsole = c.(*virtualConsole)
	n.Adopt(d)
	return n
}

// until goes on from deadline to deadline.
func (n *night) until(at time.Duration) {
	for n.Next() <= at {
		n.now = max(n.now, n.Next())
		n.Step(n.now)
	}
	n.now = at
}

// frame publishes levels by output.
func (n *night) frame(levels ...[]byte) {
	n.Publish(&level.Frame{At: n.now, Levels: levels})
	n.until(n.now)
}

// TestVirtual: in virtual time the gateways that a show names are there at once.
func TestVirtual(t *testing.T) {
	n := newNight(t, &ConsoleDecl{Gateways: []*GatewayDecl{{ID: "b", Levels: []Levels{{Slots: 512}}}}})
	n.until(time.Second)
	n.Adopt(&ConsoleDecl{Gateways: []*GatewayDecl{{ID: "a", Levels: []Levels{{Type: "MIDI", Slots: 512}}}, {ID: "b"}}})
	if len(n.Loops()) != 0 || n.Universes() != 2 {
		t.Errorf("%d loops, %d gateways", len(n.Loops()), n.Universes())
	}
	want := []string{
		`0s stagenet "" found b`, `0s stagenet "" leased b`, `0s stagenet "" mapped b`,
		`1s stagenet "" found a`, `1s stagenet "" leased a`, `1s stagenet "" mapped a`,
	}
	if diff := cmp.Diff(want, n.said); diff != "" {
		t.Error(diff)
	}
	list := ask[[]Gateway](n, GatewaysOf{})
	if len(list) != 2 || list[0].ID != "a" || list[0].Lease.ID != "lease_002" || list[0].Lease.Addresses[0] != 513 {
		t.Errorf("gateways %+v", list)
	}
	if a := list[0]; a.Type != "MIDI" || a.Version != "1.0" || a.Address != "rig" {
		t.Errorf("gateway %s is %q %q at %q", a.ID, a.Type, a.Version, a.Address)
	}
	if g := ask[Gateway](n, GatewayOf{ID: "b"}); !g.Connected || len(g.Lease.Mappings) != 512 {
		t.Errorf("gateway %+v", g)
	}
	if g := ask[Gateway](n, GatewayOf{ID: "c"}); g.ID != "" {
		t.Error("a gateway from nowhere")
	}
	if p := ask[Place](n, PlaceOf{514}); p != (Place{"a", 1, Mapping{514, "MIDI", 1}}) {
		t.Errorf("place %+v", p)
	}
	if ask[Place](n, PlaceOf{1025}) != (Place{}) {
		t.Error("nobody holds SN1025")
	}
}

// TestVirtualLevels: what a show sends is shown by a gateway in virtual time, a gateway
// that is to have more channels gets them, and an order acts from its instant on.
func TestVirtualLevels(t *testing.T) {
	d := &ConsoleDecl{Rate: 44, Gateways: []*GatewayDecl{{ID: "box", Levels: []Levels{{Type: "DMX", Output: 0, Slots: 512}}}}}
	n := newNight(t, d)
	shows := func(want ...byte) {
		t.Helper()
		if got := n.boxes["box"].levels.Values(nil, gateway.Channels("DMX", 1, len(want))); !slices.Equal(got, want) {
			t.Errorf("at %v shows %v, want %v", n.now, got, want)
		}
	}
	n.frame([]byte{10, 20})
	shows(10, 20, 0)
	n.Take(100*time.Millisecond, Use{Address: 3, At: level.Address{Output: 1, Slot: 1}})
	n.until(50 * time.Millisecond)
	n.frame([]byte{10, 21}, []byte{99})
	shows(10, 21, 0)
	n.until(100 * time.Millisecond)
	n.frame([]byte{10, 21}, []byte{99})
	shows(10, 21, 99)
	d.Gateways[0].Levels[0].Slots = 1024
	n.Adopt(d)
	if p := ask[Place](n, PlaceOf{1024}); p.Channel.Channel != 1024 {
		t.Errorf("SN1024 is %+v", p)
	}
}
