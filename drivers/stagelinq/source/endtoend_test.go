package source

import (
	"context"
	"crypto/rand"
	"math"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// freePort returns a UDP port nobody uses, so that tests do not meet real
// units or each other.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
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
	sink    *stagelinq.Sink
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
	if s.sink, err = stagelinq.NewSink(config); err != nil {
		t.Fatal(err)
	}
	return s
}

func newSource(t *testing.T, port int, change func(*Config)) *Source {
	t.Helper()
	config := Config{Token: newToken(t), Interface: "lo", DiscoveryPort: port}
	if change != nil {
		change(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var testTrack = Track{Title: "Söng 𝄞", Artist: "A & B", BPM: 128, Anchor: 300 * time.Millisecond}

func TestSinkReceivesStatesAndBeats(t *testing.T) {
	port := freePort(t)
	unit := newSource(t, port, nil)
	run(t, unit.Run)
	s := newStage(t, port, nil)
	run(t, s.sink.Run)

	kind := func(k stagelinq.DeviceKind) func(stagelinq.DeviceEvent) bool {
		return func(e stagelinq.DeviceEvent) bool { return e.Kind == k }
	}
	await(t, "found", s.devices, kind(stagelinq.Found))
	await(t, "connected", s.devices, kind(stagelinq.Connected))
	unit.Do(func(p *Player, now time.Time) {
		p.Load(1, testTrack, now)
		p.Play(1, now)
	})
	title := ""
	playing := false
	await(t, "title and play state", s.states, func(e stagelinq.StateEvent) bool {
		switch e.Path {
		case "/Engine/Deck1/Track/SongName":
			title = e.Value.Text
		case "/Engine/Deck1/PlayState":
			playing = e.Value.Bool
		}
		return title == testTrack.Title && playing
	})
	var clock, beat float64
	for range 10 {
		e := await(t, "beat", s.beats, func(e stagelinq.BeatEvent) bool { return e.BeatInfo.Decks[0].BPM == 128 })
		c, b := float64(e.BeatInfo.Clock)/1e9, e.BeatInfo.Decks[0].Beat
		if clock != 0 && math.Abs((b-beat)-(c-clock)*128/60) > 1e-6 {
			t.Errorf("%g beats in %g s", b-beat, c-clock)
		}
		clock, beat = c, b
	}
}
