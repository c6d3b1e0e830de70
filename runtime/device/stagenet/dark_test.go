package stagenet

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// strip is a gateway of six channels that notes every value it is sent.
type strip struct {
	peer  link.Peer
	send  [][]byte
	lease string
	got   []string // "SN1=200", since it was looked at last
}

func (s *strip) Receive(_ time.Time, b []byte) {
	var m struct {
		Type, LeaseID, StageNetAddress string
		Value                          int
	}
	if err := json.Unmarshal(b, &m); err != nil {
		panic(err)
	}
	switch m.Type {
	case "LEASE_RESP":
		s.lease = m.LeaseID
	case "DATA_PKT":
		s.got = append(s.got, fmt.Sprintf("%s=%d", m.StageNetAddress, m.Value))
	}
}

func (s *strip) Write(time.Time) time.Time {
	for _, b := range s.send {
		s.peer.Send(b)
	}
	s.send = nil
	return time.Time{}
}

func (s *strip) Finish(time.Time)     {}
func (s *strip) End(time.Time, error) {}

// mapped lets SN1 to SN6 be channels.
func (s *strip) mapped(channels ...int) {
	var list []wire.Mapping
	for i, channel := range channels {
		list = append(list, wire.Mapping{Address: AddressName(i + 1), HardwareType: "DMX", Channel: channel})
	}
	s.send = append(s.send, wire.AppendMappingUpdate(nil, s.lease, list))
	s.peer.Wake()
}

// evening is a console with the kept lease of a strip, frame by frame.
type evening struct {
	*Console
	now  time.Duration
	wire *link.Memory
	box  *strip
}

func newEvening(t *testing.T, d *ConsoleDecl) *evening {
	e := &evening{}
	e.Console = newConsole(d, device.Env{
		Since: func(at time.Time) time.Duration { return at.Sub(epoch) }, Time: epoch.Add,
		Event: func(device.Event) bool { return true }, Log: slog.New(slog.DiscardHandler),
	})
	lease := stagenet.Lease{GatewayID: "strip", ID: "kept", Addresses: []stagenet.Address{1, 2, 3, 4, 5, 6}}
	if err := e.drive(stagenet.Config{Saved: []stagenet.Lease{lease}}); err != nil {
		t.Fatal(err)
	}
	e.Adopt(d)
	return e
}

// plug connects the strip anew.
func (e *evening) plug() {
	if e.wire != nil {
		e.wire.Close(epoch.Add(e.now))
	}
	join := func(p link.Peer) link.Handler { return e.driver.Connect(p, nil) }
	e.wire = link.Connect(epoch.Add(e.now), "console", "strip", join, func(p link.Peer) link.Handler {
		e.box = &strip{peer: p, send: [][]byte{wire.AppendLeaseRequest(nil, "strip", 6)}}
		p.Wake()
		return e.box
	})
	e.step()
}

func (e *evening) step() {
	for range 10 {
		e.wire.Step(epoch.Add(e.now))
	}
}

// frame delivers levels by output, and returns what the strip was sent up to then.
func (e *evening) frame(levels ...[]byte) []string {
	e.now += time.Second / 40
	if e.wire != nil {
		e.step()
	}
	e.deliver(&level.Frame{At: e.now, Levels: levels})
	if e.wire == nil {
		return nil
	}
	e.step()
	got := e.box.got
	e.box.got = nil
	return got
}

// TestNoAddressIsDarkBeforeItsLevel: after a restart of the console with a kept lease,
// after a gateway came back, and when it maps its addresses anew, the first value that an
// address gets is its level, for what is patched by place and for what is by channel.
func TestNoAddressIsDarkBeforeItsLevel(t *testing.T) {
	d := &ConsoleDecl{Rate: 44, Gateways: []*GatewayDecl{{ID: "strip", Levels: []Levels{
		{Output: 0, Slots: 6, Used: 2}, {Type: "DMX", Output: 1, Slots: 6, Used: 5},
	}}}}
	slots, channels := []byte{200, 50, 0, 0, 0, 0}, []byte{0, 0, 0, 0, 100, 0}
	e := newEvening(t, d)
	first := func(want ...string) {
		t.Helper()
		var got []string
		for range 4 {
			got = append(got, e.frame(slots, channels)...)
		}
		var lit []string
		for _, v := range got {
			if v[len(v)-2:] != "=0" || slices.ContainsFunc(want, func(w string) bool { return w[:3] == v[:3] && w != v }) {
				lit = append(lit, v)
			}
		}
		if !slices.Equal(lit, want) {
			t.Errorf("sent %q, want of those with a level %q", got, want)
		}
	}
	for range 3 {
		e.frame(slots, channels) // the strip has yet to come
	}
	e.plug()
	e.box.mapped(1, 2, 3, 4, 5, 6)
	first("SN1=200", "SN2=50", "SN5=100")
	// It comes back, and the show has gone on meanwhile.
	e.plug()
	slots, channels = []byte{201, 50, 0, 0, 0, 0}, []byte{0, 0, 0, 0, 101, 0}
	e.box.mapped(1, 2, 3, 4, 5, 6)
	first("SN1=201", "SN2=50", "SN5=101")
	// Its addresses are other channels from now on.
	e.box.mapped(1, 2, 5, 4, 3, 6)
	first("SN1=201", "SN2=50", "SN3=101")
}
