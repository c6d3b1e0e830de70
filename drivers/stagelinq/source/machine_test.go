package source

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// play is a Source without sockets: what it wants is a line of text each.
type play struct {
	t      *testing.T
	source *Source
	now    time.Time
	lines  []string
	names  map[peer.ID]string
	full   bool // no more can be offered
	sent   []byte
	beats  int
}

// Dial implements peer.Streams.
func (p *play) Dial(id peer.ID, to netip.AddrPort) {
	p.names[id] = fmt.Sprint(to.Port())
	p.lines = append(p.lines, "dial "+to.String())
}

// Write implements peer.Streams.
func (p *play) Write(id peer.ID, b []byte) {
	p.sent = append(p.sent[:0], b...)
	p.lines = append(p.lines, fmt.Sprintf("%s: %d bytes", p.names[id], len(b)))
}

// Offer implements peer.Streams.
func (p *play) Offer(peer.ID, []byte) bool {
	p.beats++
	return !p.full
}

// Close implements peer.Streams.
func (p *play) Close(id peer.ID) { p.lines = append(p.lines, "close "+p.names[id]) }

func newPlay(t *testing.T) *play {
	t.Helper()
	p := &play{t: t, now: start, names: map[peer.ID]string{}}
	var err error
	if p.source, err = New(Config{Token: wire.Token{1}, Random: func() float64 { return 0.5 }}, start, p); err != nil {
		t.Fatal(err)
	}
	ports := map[string]uint16{}
	for i, name := range services {
		ports[name] = uint16(1000 + i)
	}
	p.source.SetPorts(ports)
	return p
}

func (p *play) wants(lines ...string) {
	p.t.Helper()
	if !slices.Equal(p.lines, lines) {
		p.t.Fatalf("after %v\n got %q\nwant %q", p.now.Sub(start), p.lines, lines)
	}
	p.lines = nil
}

// pass lets time pass, from deadline to deadline.
func (p *play) pass(d time.Duration) {
	p.t.Helper()
	end := p.now.Add(d)
	for {
		next := p.source.Deadline()
		if next.IsZero() || next.After(end) {
			p.now = end
			return
		}
		if next.After(p.now) {
			p.now = next
		}
		p.source.Step(p.now)
	}
}

// accept is a client that dials a service, "" for the main connection.
func (p *play) accept(service, name string) peer.ID {
	id := p.source.Accepted(p.now, service)
	p.names[id] = name
	p.source.Opened(p.now, id, 1)
	return id
}

// TestSourceIsAMachine: clients come, hear and go without a socket.
func TestSourceIsAMachine(t *testing.T) {
	p := newPlay(t)
	main := p.accept("", "main")
	p.wants("main: 20 bytes")
	p.source.Receive(p.now, main, wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: wire.Token{9}}))
	p.pass(listDelay - 1)
	p.wants()
	p.pass(1)
	p.wants("main: 242 bytes")
	p.pass(firstEcho)
	p.wants("main: 44 bytes")

	states := p.accept(wire.ServiceStateMap, "states")
	opening := append(hello(wire.ServiceStateMap), subscribe("/Engine/Deck1/PlayState", 0)...)
	p.source.Receive(p.now, states, opening[:30])
	p.source.Receive(p.now, states, opening[30:])
	p.wants("states: 114 bytes")
	p.source.Do(p.now, func(d *Player, now time.Time) {
		d.Load(1, grid, now)
		d.Play(1, now)
	})
	p.wants("states: 112 bytes")

	beats := p.accept(wire.ServiceBeatInfo, "beats")
	p.source.Receive(p.now, beats, wire.AppendBeatCommand(hello(wire.ServiceBeatInfo), wire.BeatStart))
	p.lines, p.beats = nil, 0
	p.pass(time.Second)
	if p.beats < 29 || p.beats > 31 {
		t.Errorf("%d beat messages in a second", p.beats)
	}
	p.full = true
	p.pass(time.Second)
	if st := p.source.Stats(); st.BeatsDropped < 29 || st.Clients != 2 || st.States != 1 || st.Beats != 1 {
		t.Errorf("%+v", st)
	}
	p.source.Receive(p.now, beats, wire.AppendBeatCommand(nil, wire.BeatStop))
	p.beats = 0
	p.pass(100 * time.Millisecond)
	if p.beats != 0 {
		t.Error("beats after a stop")
	}
	p.lines = nil
	p.source.Ended(p.now, states, peer.ErrUnread)
	p.source.Receive(p.now, main, []byte{0, 0, 0, 9})
	p.wants("close states", "close main")
	wrong := p.accept(wire.ServiceStateMap, "wrong")
	p.source.Receive(p.now, wrong, hello(wire.ServiceBeatInfo))
	p.accept(wire.ServiceStateMap, "silent")
	p.accept(wire.ServiceBroadcast, "other")
	p.pass(helloTimeout)
	p.wants("close wrong", "close silent")
	if st := p.source.Stats(); st.Refused != 3 || st.Clients != 1 {
		t.Errorf("%+v", st)
	}
	p.source.Leave()
	slices.Sort(p.lines)
	p.wants("close beats", "close other")
}

// TestSourceMachineFloods: a client whose states come faster than it takes them is
// closed.
func TestSourceMachineFloods(t *testing.T) {
	p := newPlay(t)
	states := p.accept(wire.ServiceStateMap, "states")
	p.source.Receive(p.now, states, append(hello(wire.ServiceStateMap), subscribe("/Engine/Deck1/PlayState", 0)...))
	p.lines = nil
	p.source.Do(p.now, func(d *Player, now time.Time) {
		d.Load(1, grid, now)
		for range maxPending {
			d.Play(1, now)
			d.Pause(1, now)
		}
	})
	p.wants("close states")
	if st := p.source.Stats(); st.Refused != 1 || st.Clients != 0 {
		t.Errorf("%+v", st)
	}
}

// TestSourceMachineCalls: a listener is dialled, and dialled again.
func TestSourceMachineCalls(t *testing.T) {
	p := newPlay(t)
	listener := wire.Announcement{Token: wire.Token{7}, Name: "listener", Software: "listener", Port: 500}
	hear := func() {
		p.source.Heard(discovery.Heard{Announcement: listener, Address: netip.MustParseAddr("10.0.0.8"), At: p.now})
	}
	id := func(name string) peer.ID {
		for id, known := range p.names {
			if known == name {
				return id
			}
		}
		return 0
	}
	hear()
	p.pass(discovery.DialDelay)
	p.wants("dial 10.0.0.8:500")
	main := id("500")
	p.source.Opened(p.now, main, 1)
	p.wants("500: 20 bytes")
	for _, name := range []string{wire.ServiceStateMap, "Other", wire.ServiceStateMap} {
		p.source.Receive(p.now, main, wire.AppendMessage(nil, wire.Message{ID: wire.IDAnnounce, Service: name, Port: 600}))
	}
	p.wants("dial 10.0.0.8:600")
	p.source.Opened(p.now, id("600"), 1)
	p.wants("600: 42 bytes")
	p.source.Receive(p.now, id("600"), subscribe("/Engine/DeckCount", 0))
	p.wants("600: 96 bytes")
	p.source.Ended(p.now, main, errors.New("gone"))
	p.wants("close 500", "close 600")
	hear()
	p.pass(visitBackoffFirst)
	p.wants("dial 10.0.0.8:500")
	p.pass(discovery.LossTimeout)
	p.wants("close 500")
}

// TestSourceReachesNobody: without Streams it lives all the same.
func TestSourceReachesNobody(t *testing.T) {
	s, err := New(Config{Token: wire.Token{1}}, start, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Do(start, func(p *Player, now time.Time) { p.Load(1, grid, now) })
	s.Accepted(start, wire.ServiceStateMap)
	s.Step(start.Add(time.Hour))
	if st := s.Stats(); st.Refused != 1 || !s.Deadline().IsZero() {
		t.Errorf("%+v", st)
	}
}
