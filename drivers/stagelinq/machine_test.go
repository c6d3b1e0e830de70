package stagelinq

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// play is a Sink without sockets: what it wants and tells is a line of text each.
type play struct {
	t     *testing.T
	sink  *Sink
	now   time.Time
	lines []string
	ids   map[string]peer.ID // by port
}

// port is what a connection is called here.
func (p *play) port(id peer.ID) string {
	for port, known := range p.ids {
		if known == id {
			return port
		}
	}
	return "nothing"
}

// Dial implements Network.
func (p *play) Dial(id peer.ID, to netip.AddrPort) {
	p.ids[fmt.Sprint(to.Port())] = id
	p.lines = append(p.lines, "dial "+to.String())
}

// Write implements Network.
func (p *play) Write(id peer.ID, b []byte) {
	p.lines = append(p.lines, fmt.Sprintf("write to %s: %d bytes", p.port(id), len(b)))
}

// Offer implements Network.
func (p *play) Offer(peer.ID, []byte) bool { return true }

// Close implements Network.
func (p *play) Close(id peer.ID) {
	p.lines = append(p.lines, "close "+p.port(id))
	delete(p.ids, p.port(id))
}

// AnnounceNow implements Network.
func (p *play) AnnounceNow() { p.lines = append(p.lines, "howdy") }

var unitIdentity = wire.Announcement{Token: Token{5}, Name: "unit", Software: "JP13", Version: "1.0.0", Port: 1000}

func newPlay(t *testing.T, change func(*Config)) *play {
	t.Helper()
	p := &play{t: t, now: time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC), ids: map[string]peer.ID{}}
	config := Config{
		Token: Token{1}, States: []string{"/a"}, Random: func() float64 { return 0.5 },
		OnDevice: func(e DeviceEvent) { p.lines = append(p.lines, strings.TrimSpace(e.Kind.String()+" "+e.Reason)) },
		OnState:  func(e StateEvent) { p.lines = append(p.lines, fmt.Sprint("state ", e.Path, " ", e.Value.Any())) },
		OnBeat:   func(e BeatEvent) { p.lines = append(p.lines, fmt.Sprint("beat ", e.BeatInfo.Decks[0].Beat)) },
	}
	if change != nil {
		change(&config)
	}
	var err error
	if p.sink, err = NewSink(config, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// wants fails unless exactly these lines were written since the last call.
func (p *play) wants(lines ...string) {
	p.t.Helper()
	if !slices.Equal(p.lines, lines) {
		p.t.Fatalf("at %v\n got %q\nwant %q", p.now.Format("05.000"), p.lines, lines)
	}
	p.lines = nil
}

// pass lets time pass, from deadline to deadline.
func (p *play) pass(d time.Duration) {
	p.t.Helper()
	end := p.now.Add(d)
	for steps := 0; ; steps++ {
		next := p.sink.Deadline()
		if next.IsZero() || next.After(end) {
			p.now = end
			return
		}
		if steps > 1000 {
			p.t.Fatal("the deadline does not move on")
		}
		if next.After(p.now) {
			p.now = next
		}
		p.sink.Step(p.now)
	}
}

func (p *play) hear(a wire.Announcement) {
	p.sink.Heard(discovery.Heard{Announcement: a, Address: netip.MustParseAddr("10.0.0.9"), At: p.now})
}

func (p *play) opened(port string) { p.sink.Opened(p.now, p.ids[port], 4000) }

func (p *play) receive(port string, pieces ...[]byte) {
	for _, b := range pieces {
		p.sink.Receive(p.now, p.ids[port], b)
	}
}

func announced(k service, port uint16) []byte {
	return wire.AppendMessage(nil, wire.Message{ID: wire.IDAnnounce, Token: unitIdentity.Token, Service: k.String(), Port: port})
}

// connected brings a sink to where it receives from the unit.
func connected(t *testing.T) *play {
	t.Helper()
	p := newPlay(t, nil)
	p.hear(unitIdentity)
	p.wants("found", "howdy")
	p.pass(discovery.DialDelay)
	p.wants("dial 10.0.0.9:1000")
	p.opened("1000")
	p.wants("write to 1000: 20 bytes")
	list := append(announced(stateMap, 2000), announced(beatInfo, 3000)...)
	p.receive("1000", list[:7], list[7:60], list[60:])
	p.wants("dial 10.0.0.9:2000", "dial 10.0.0.9:3000")
	p.opened("2000")
	p.wants("write to 2000: 42 bytes", "connected", "write to 2000: 24 bytes")
	p.opened("3000")
	p.wants("write to 3000: 42 bytes", "write to 3000: 8 bytes")
	return p
}

// TestSinkIsAMachine: a whole session without a socket.
func TestSinkIsAMachine(t *testing.T) {
	p := connected(t)
	frame := emit("/a", `{"state":true,"type":1}`)
	p.receive("2000", frame[:3], frame[3:20], append(frame[20:], frame[:1]...))
	p.wants("state /a true")
	beat := wire.AppendBeatInfo(nil, BeatInfo{Decks: []DeckBeat{{Beat: 4.5}}})
	p.receive("3000", beat, beat[:30], beat[30:])
	p.wants("beat 4.5", "beat 4.5")
	p.sink.Subscribe("/b")
	p.pass(0)
	p.wants("write to 2000: 24 bytes")
	p.pass(echoPeriod)
	p.wants("write to 1000: 44 bytes")
	if list := p.sink.Status(); len(list) != 1 || !list[0].Connected || list[0].Stage != "connected" {
		t.Errorf("%+v", list)
	}
	p.hear(unitIdentity)
	p.pass(beatSilence - echoPeriod) // no beat: that connection is dead and dialled again
	p.wants("close 3000", "write to 1000: 44 bytes")
	p.pass(serviceBackoffFirst)
	p.wants("dial 10.0.0.9:3000")
	exit := unitIdentity
	exit.Exit = true
	p.hear(exit)
	p.hear(unitIdentity) // so the EXIT was not its own
	p.wants()
	p.hear(exit)
	p.wants()
	p.opened("3000")
	p.wants("write to 3000: 42 bytes", "write to 3000: 8 bytes")
	p.pass(2500 * time.Millisecond)
	p.wants("write to 1000: 44 bytes", "close 1000", "close 2000", "close 3000", "lost unit left")
	p.sink.Receive(p.now, 2, frame) // late
	p.pass(time.Hour)
	p.wants()
	if !p.sink.Deadline().IsZero() || len(p.sink.Devices()) != 0 {
		t.Error("something is left")
	}
}

func TestSinkMachineStartsOver(t *testing.T) {
	p := connected(t)
	p.sink.Ended(p.now, p.ids["1000"], errors.New("gone"))
	p.wants("close 1000", "close 2000", "close 3000", "lost main connection: gone")
	p.pass(mainBackoffFirst)
	p.wants("dial 10.0.0.9:1000")
	p.pass(discovery.LossTimeout)
	p.wants("close 1000")
	if len(p.sink.Devices()) != 0 {
		t.Error("a unit that is not heard stays")
	}
}

func TestSinkMachineRestartAndLeave(t *testing.T) {
	p := connected(t)
	moved := unitIdentity
	moved.Port = 1001
	p.hear(moved)
	p.hear(unitIdentity)
	p.wants() // it is where it was
	for range 3 {
		p.pass(time.Second)
		p.hear(moved)
	}
	p.wants("write to 1000: 44 bytes", "close 3000", "write to 1000: 44 bytes", "close 1000", "close 2000", "lost unit restarted", "howdy")
	p.pass(discovery.DialDelay)
	p.wants("dial 10.0.0.9:1001")
	p.sink.Leave(p.now)
	p.wants("close 1001")
	p.pass(time.Hour)
	p.wants()
}

// TestSinkBelievesAnExitWhenTheConnectionEnds: not before, and then at once.
func TestSinkBelievesAnExitWhenTheConnectionEnds(t *testing.T) {
	p := connected(t)
	exit := unitIdentity
	exit.Exit = true
	p.hear(exit)
	p.wants()
	p.sink.Ended(p.now, p.ids["2000"], errors.New("gone"))
	p.wants("close 2000")
	p.sink.Ended(p.now, p.ids["3000"], errors.New("gone"))
	p.wants("close 3000", "close 1000", "lost unit left")
}

// TestSinkMachineIsDialled: a mixer opens a service before it is heard; one that is never
// heard, or says nothing, is closed.
func TestSinkMachineIsDialled(t *testing.T) {
	p := newPlay(t, func(c *Config) { c.Listen = true })
	p.sink.SetPorts(map[string]uint16{wire.ServiceStateMap: 7000})
	p.ids["main"] = p.sink.Accepted(p.now, "")
	p.receive("main", wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: Token{5}}))
	p.wants("write to main: 42 bytes")
	mixer := unitIdentity
	mixer.Software = "JM08"
	p.ids["early"] = p.sink.Accepted(p.now, wire.ServiceStateMap)
	p.ids["silent"] = p.sink.Accepted(p.now, wire.ServiceBeatInfo)
	p.ids["stranger"] = p.sink.Accepted(p.now, wire.ServiceStateMap)
	p.receive("early", announced(stateMap, 1), emit("/a", `{"type":0,"value":2}`))
	p.receive("stranger", wire.AppendMessage(nil, wire.Message{ID: wire.IDAnnounce, Token: Token{9}, Service: wire.ServiceStateMap}))
	p.wants()
	p.hear(mixer)
	p.wants("found", "howdy", "connected", "state /a 2", "write to early: 24 bytes")
	p.pass(helloTimeout)
	p.wants("close silent")
	p.hear(mixer)
	p.pass(parkTime - helloTimeout)
	p.wants("close stranger")
	p.sink.Ended(p.now, p.ids["early"], errors.New("gone"))
	p.wants("close early", "lost StateMap: gone")
	if st := p.sink.Stats(); st.Refused != 2 || st.Connects != 1 || st.States != 1 {
		t.Errorf("%+v", st)
	}
}

// TestSinkReachesNobody: without a Network it lives all the same.
func TestSinkReachesNobody(t *testing.T) {
	s, err := NewSink(Config{Token: Token{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	s.Heard(discovery.Heard{Announcement: unitIdentity, At: now})
	for range 10 {
		if now = s.Deadline(); now.IsZero() {
			break
		}
		s.Step(now)
	}
	if len(s.Devices()) != 0 {
		t.Error("a unit that is not heard stays")
	}
}
