package source

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ports counts the discovery ports given to tests.
var ports atomic.Int32

// freePort returns a UDP port nobody uses, below those the system gives out by
// itself, and different in each test process.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		port := 20000 + os.Getpid()%120*100 + int(ports.Add(1))%100
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero, Port: port})
		if err == nil {
			c.Close()
			return port
		}
	}
}

func newToken(t *testing.T) stagelinq.Token {
	t.Helper()
	token, err := stagelinq.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// run runs f until stop is called or the test ends.
func run(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// await reads from c until match accepts, and fails after ten seconds.
func await[T any](t *testing.T, what string, c <-chan T, match func(T) bool) T {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case v := <-c:
			if match(v) {
				return v
			}
		case <-deadline:
			t.Fatalf("no %s within 10 s", what)
		}
	}
}

// stage is a sink under test with its events on channels.
type stage struct {
	sink    *stagelinq.SinkConn
	devices chan stagelinq.DeviceEvent
	states  chan stagelinq.StateEvent
	beats   chan stagelinq.BeatEvent
}

func newStage(t *testing.T, port int, change func(*stagelinq.Config)) *stage {
	t.Helper()
	s := &stage{
		devices: make(chan stagelinq.DeviceEvent, 1000),
		states:  make(chan stagelinq.StateEvent, 100000),
		beats:   make(chan stagelinq.BeatEvent, 100000),
	}
	config := stagelinq.Config{
		Token: newToken(t), Interface: "lo", DiscoveryPort: port, States: stagelinq.DefaultStates(),
		OnDevice: func(e stagelinq.DeviceEvent) { s.devices <- e },
		OnState:  func(e stagelinq.StateEvent) { s.states <- e },
		OnBeat: func(e stagelinq.BeatEvent) {
			e.BeatInfo.Decks = append([]stagelinq.DeckBeat(nil), e.BeatInfo.Decks...)
			s.beats <- e
		},
	}
	if change != nil {
		change(&config)
	}
	var err error
	if s.sink, err = stagelinq.OpenSink(config); err != nil {
		t.Fatal(err)
	}
	return s
}

func newSource(t *testing.T, port int, change func(*Config)) *Conn {
	t.Helper()
	config := Config{Token: newToken(t), Interface: "lo", DiscoveryPort: port}
	if change != nil {
		change(&config)
	}
	s, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var testTrack = Track{Title: "Söng 𝄞", Artist: "A & B", BPM: 128, Anchor: 300 * time.Millisecond}

// mirror is what the sink knows of one unit's states.
type mirror map[string]any

// until takes states until ready accepts what is known.
func (m mirror) until(t *testing.T, s *stage, token stagelinq.Token, what string, ready func() bool) {
	t.Helper()
	await(t, what, s.states, func(e stagelinq.StateEvent) bool {
		if e.Device.Token == token {
			m[e.Path] = e.Value.Any()
		}
		return ready()
	})
}

func (s *stage) device(t *testing.T, kind stagelinq.DeviceKind) stagelinq.DeviceEvent {
	t.Helper()
	return await(t, kind.String(), s.devices, func(e stagelinq.DeviceEvent) bool { return e.Kind == kind })
}

func TestSinkReceivesStatesAndBeats(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	unit := newSource(t, port, nil)
	run(t, unit.Run)
	s := newStage(t, port, nil)
	run(t, s.sink.Run)
	s.device(t, stagelinq.Found)
	s.device(t, stagelinq.Connected)
	token := unit.config.Token

	known := mirror{}
	known.until(t, s, token, "initial states", func() bool {
		for _, path := range stagelinq.DefaultStates() {
			if _, ok := known[path]; !ok {
				return false
			}
		}
		return true
	})
	unit.Do(func(p *Player, now time.Time) {
		p.Load(1, testTrack, now)
		p.Play(1, now)
		p.Load(3, grid, now)
		p.SetPitch(3, 5, now)
		p.SeekBeat(3, 64, now)
	})
	known.until(t, s, token, "last change", func() bool {
		return known["/Engine/Deck3/Track/SongName"] == "T" && known["/Engine/Deck3/Speed"] != 0.5
	})
	unit.Do(func(p *Player, now time.Time) {
		for path, json := range p.States() {
			v, err := wire.ParseValue(json)
			if got, subscribed := known[path]; err != nil || subscribed && got != v.Any() {
				t.Errorf("%s: %v, want %s", path, got, json)
			}
		}
	})

	// Each message's clock and positions belong to one instant of the model.
	for range 20 {
		e := await(t, "beat", s.beats, func(e stagelinq.BeatEvent) bool { return e.BeatInfo.Decks[2].Beat != 0 })
		unit.Do(func(p *Player, _ time.Time) {
			want := p.BeatInfo(p.born.Add(time.Duration(e.BeatInfo.Clock)), nil)
			if !slices.Equal(want.Decks, e.BeatInfo.Decks) {
				t.Errorf("at %d ns: %+v, want %+v", e.BeatInfo.Clock, e.BeatInfo.Decks, want.Decks)
			}
		})
	}
}

// TestUnitRestarts runs one unit twice: it comes back on other ports with the
// same token, its tracks still loaded.
func TestUnitRestarts(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	unit := newSource(t, port, nil)
	stop := run(t, unit.Run)
	s := newStage(t, port, nil)
	run(t, s.sink.Run)
	s.device(t, stagelinq.Connected)
	stop()
	if e := s.device(t, stagelinq.Lost); e.Device.Token != unit.config.Token {
		t.Errorf("%+v", e)
	}
	unit.Do(func(p *Player, now time.Time) { p.Load(2, grid, now) })
	run(t, unit.Run)
	s.device(t, stagelinq.Connected)
	known := mirror{}
	known.until(t, s, unit.config.Token, "title", func() bool { return known["/Engine/Deck2/Track/SongName"] == "T" })
	await(t, "beat", s.beats, func(e stagelinq.BeatEvent) bool { return e.BeatInfo.Decks[1].Total > 0 })
}

func TestTwoUnits(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	s := newStage(t, port, nil)
	run(t, s.sink.Run)
	a := newSource(t, port, nil)
	b := newSource(t, port, func(c *Config) { c.Decks, c.Number = 2, 2 })
	run(t, a.Run)
	stopB := run(t, b.Run)
	s.device(t, stagelinq.Connected)
	s.device(t, stagelinq.Connected)
	for _, unit := range []*Conn{a, b} {
		title := unit.config.Name
		unit.Do(func(p *Player, now time.Time) { p.Load(1, Track{Title: title, BPM: 100}, now) })
	}
	of := map[stagelinq.Token]mirror{a.config.Token: {}, b.config.Token: {}}
	await(t, "both titles", s.states, func(e stagelinq.StateEvent) bool {
		of[e.Device.Token][e.Path] = e.Value.Any()
		const title, player = "/Engine/Deck1/Track/SongName", "/Client/Preferences/Player"
		ma, mb := of[a.config.Token], of[b.config.Token]
		return ma[title] == "prime4" && ma[player] == "1" && mb[title] == "sc6000" && mb[player] == "2"
	})
	for token, decks := range map[stagelinq.Token]int{a.config.Token: 4, b.config.Token: 2} {
		await(t, "beat", s.beats, func(e stagelinq.BeatEvent) bool {
			return e.Device.Token == token && len(e.BeatInfo.Decks) == decks
		})
	}
	if st := s.sink.Status(); len(st) != 2 || !st[0].Connected || !st[1].Connected || st[0].Device.Software != "JC11" || st[1].Device.Software != "JP13" {
		t.Errorf("%+v", st)
	}
	stopB()
	if e := s.device(t, stagelinq.Lost); e.Device.Token != b.config.Token {
		t.Errorf("%+v", e)
	}
	await(t, "beat of the other", s.beats, func(e stagelinq.BeatEvent) bool { return e.Device.Token == a.config.Token })
}

// TestListeningSink lets both sides dial: the doubled connections must not
// give doubled values.
func TestListeningSink(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	unit := newSource(t, port, nil)
	run(t, unit.Run)
	s := newStage(t, port, func(c *stagelinq.Config) { c.Listen = true })
	run(t, s.sink.Run)
	s.device(t, stagelinq.Connected)
	var clock uint64
	for range 30 {
		e := await(t, "beat", s.beats, func(stagelinq.BeatEvent) bool { return true })
		if e.BeatInfo.Clock <= clock {
			t.Errorf("clock %d after %d", e.BeatInfo.Clock, clock)
		}
		clock = e.BeatInfo.Clock
	}
}
