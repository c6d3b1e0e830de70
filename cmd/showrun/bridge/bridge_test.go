package bridge

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan"
	"showrun/drivers/signet/key"
	"showrun/drivers/stagenet/gateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what is sure to happen.
const patience = 30 * time.Second

// freePort is a UDP port that nobody has.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// house is an installation on loopback, with a key and ports of its own.
func house(t *testing.T, universes int) Env {
	t.Helper()
	k0, err := key.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Env{
		Name: "bridge", Universes: universes, Interface: "127.0.0.1", Rate: 200, StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		FindKey: func(string) (key.Transfer, error) { return key.Transfer{HasK0: true, K0: k0}, nil },
		ArtNet:  &artnet.Ports{},
		Ports:   map[string]int{"signet": freePort(t), "sacn": freePort(t), "artnet": freePort(t)},
	}
}

// run runs something until the test ends or the function it returns is called.
func run(t *testing.T, what func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := what(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// heard is the levels of a universe.
type heard struct {
	universe int
	levels   []byte
}

// TestEveryProtocolCarriesLevels from a Sink to a Source of the same protocol, the second of
// two universes from the one named on.
func TestEveryProtocolCarriesLevels(t *testing.T) {
	for _, k := range kinds() {
		if k.hear == nil || k.name == "dmxusb" { // which takes a terminal
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			e, text := house(t, 2), k.name+":7"
			got := make(chan heard, 10000)
			source := must[Source](t)(must[Address](t)(ParseSource(text, 2)).Hear(e, func(u int, levels []byte, _ time.Time) {
				got <- heard{u, bytes.Clone(levels)}
			}))
			run(t, source.Run)
			e.Name = "other"
			sink := must[Sink](t)(must[Address](t)(ParseSink(text, 2)).Open(e))
			t.Cleanup(func() { sink.Close() })
			run(t, sink.Run)
			tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					sink.Show(1, []byte{0, 9, 8}, time.Now())
				case h := <-got:
					if h.universe == 1 && len(h.levels) > 2 && bytes.Equal(h.levels[:3], []byte{0, 9, 8}) {
						return
					}
				case <-late:
					t.Fatal("the levels do not come")
				}
			}
		})
	}
}

// TestUniversesThatComeTogetherLeaveTogether shows 512 universes one after the other: they are
// sent in a few bursts, what the rate held back is looked for, and the last levels leave at the
// end.
func TestUniversesThatComeTogetherLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var flushes atomic.Int32
		b := newBurst(Env{Rate: 50, Log: slog.New(slog.DiscardHandler)}, func(ctx context.Context) error { <-ctx.Done(); return nil },
			func(time.Time) error { flushes.Add(1); return nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		<-time.After(time.Second)
		synctest.Wait()
		before := flushes.Load()
		for range 512 {
			b.come()
		}
		synctest.Wait()
		if n := flushes.Load() - before; n != 1 {
			t.Errorf("%d bursts at once, want 1", n)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if n := flushes.Load() - before; n != 1+looks && n != 2+looks {
			t.Errorf("%d bursts in all", n)
		}
		before = flushes.Load()
		cancel()
		if err := <-ended; err != nil || flushes.Load() == before {
			t.Errorf("%v, %d bursts at the end", err, flushes.Load()-before)
		}
	})
}

// recorder is a Sink that remembers.
type recorder struct {
	mu     sync.Mutex
	shown  []string
	failed error
}

func (r *recorder) Show(universe int, levels []byte, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, fmt.Sprintf("%d: %v of %d", universe, levels[:min(2, len(levels))], len(levels)))
}

func (r *recorder) Run(ctx context.Context) error {
	if r.failed != nil {
		return r.failed
	}
	<-ctx.Done()
	return nil
}
func (r *recorder) Close() error { return nil }

func (r *recorder) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.shown, want) {
		t.Errorf("shown %q, want %q", r.shown, want)
	}
	r.shown = nil
}

// TestWhatIsLostIsHeldOrDark as the bridge was told.
func TestWhatIsLostIsHeldOrDark(t *testing.T) {
	r := &recorder{}
	for lost, want := range map[string][]string{
		Hold: {"0: [1 2] of 2"}, Blackout: {"0: [1 2] of 2", "0: [0 0] of 512"},
	} {
		through := &Through{To: r, Lost: lost}
		through.Hear(0, []byte{1, 2}, time.Time{})
		through.Hear(0, nil, time.Time{})
		r.want(t, want...)
		if through.Packets() != 1 || through.Losses() != 1 {
			t.Errorf("%s: %d packets, %d losses", lost, through.Packets(), through.Losses())
		}
	}
	Endpoints{r}.Output(2, []byte{5})
	Endpoints{r}.Output(2, nil)
	r.want(t, "1: [5] of 1", "1: [0 0] of 512")
}

// TestArtNetThatStopsIsLost: its node holds the levels and says nothing, so the bridge is told
// apart from them.
func TestArtNetThatStopsIsLost(t *testing.T) {
	r := &recorder{}
	through := &Through{To: r, Lost: Blackout}
	n := must[*node.Node](t)(node.New(nodeOf(7, Env{Universes: 2}, through.Hear), netip.MustParseAddr("10.0.0.1"), nil))
	now := time.Unix(1000, 0)
	desk := netip.MustParseAddrPort("10.0.0.2:6454")
	n.Receive(now, wire.AppendDmx(nil, wire.Dmx{Address: 8, Levels: []byte{1, 2}}), desk)
	n.Step(n.Deadline())
	r.want(t, "1: [1 2] of 2", "1: [0 0] of 512")
	n.Receive(now, wire.AppendProgram(nil, wire.Program{Command: wire.CommandClear | 1}), desk)
	r.want(t, "1: [0 0] of 2")
	if through.Losses() != 1 {
		t.Errorf("%d losses", through.Losses())
	}
}

// TestChannelsOfAGatewayAreUniverses: what comes at once leaves at once, and the last values
// leave at the end.
func TestChannelsOfAGatewayAreUniverses(t *testing.T) {
	channels := append(gateway.Channels("DMX", 512, 2), gateway.Channels("ANALOG", 0, 4)...)
	if n := UniversesOf(channels); n != 2 {
		t.Fatalf("%d universes, want 2", n)
	}
	r := &recorder{}
	c := NewChannels(r, 2, 1)
	c.Set(gateway.Channel{HardwareType: "ANALOG", Number: 1}, 99)
	c.Set(gateway.Channel{HardwareType: "DMX", Number: 513}, 1)
	c.Set(gateway.Channel{HardwareType: "DMX", Number: 514}, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.want(t, "1: [1 2] of 512")
}

// source is one of a test.
type source func(context.Context) error

func (s source) Run(ctx context.Context) error { return s(ctx) }
func (s source) Close() error                  { return nil }

// TestBothSidesOutliveTheirNetwork: they are opened again when it is back, a Source is lost with
// it, and a Sink shows the newest levels then. What is wrong in itself ends them.
func TestBothSidesOutliveTheirNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 0
		opened, failures := 0, []error{lan.ErrAbsent, lan.ErrAbsent, nil}
		gone := source(func(context.Context) error { return fmt.Errorf("a cable: %w", lan.ErrAbsent) })
		runs := source(func(ctx context.Context) error { <-ctx.Done(); return nil })
		s := &lastingSource[Source]{gone, func() (Source, error) {
			opened++
			return runs, failures[opened-1]
		}, func(time.Time) { lost++ }, slog.New(slog.DiscardHandler)}
		first, second := &recorder{failed: lan.ErrAbsent}, &recorder{}
		sink := &lastingSink{open: func() (Sink, error) { return second, nil }, log: s.log, now: first, newest: make([][]byte, 3)}
		sink.Show(1, []byte{1}, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, s, sink) }()
		synctest.Wait()
		sink.Show(1, []byte{2, 3}, time.Now())
		<-time.After(10 * time.Second)
		synctest.Wait()
		sink.Show(2, []byte{4}, time.Now())
		first.want(t, "1: [1] of 1")
		second.want(t, "1: [2 3] of 2", "2: [4] of 1")
		if cancel(); <-ended != nil || opened != 3 || lost != 1 {
			t.Errorf("opened %d times, lost %d times", opened, lost)
		}
		broken := errors.New("broken")
		s.Source, s.open = gone, func() (Source, error) { return nil, broken }
		if err := s.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("a wrong setting: %v", err)
		}
		if err := errors.Join((&lastingSink{}).Close(), sink.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestServeEndsWithEither of its sides, and tells why.
func TestServeEndsWithEither(t *testing.T) {
	broken := errors.New("broken")
	waits := source(func(ctx context.Context) error { <-ctx.Done(); return nil })
	if err := Serve(t.Context(), waits, &recorder{failed: broken}); !errors.Is(err, broken) {
		t.Errorf("a sink that fails: %v", err)
	}
	if err := Serve(t.Context(), source(func(context.Context) error { return broken }), &recorder{}); !errors.Is(err, broken) {
		t.Errorf("a source that fails: %v", err)
	}
}

// TestFileHasEachChange and nothing twice, no faster than the rate, and the last.
func TestFileHasEachChange(t *testing.T) {
	e := house(t, 2)
	e.Rate = 1
	file := filepath.Join(t.TempDir(), "levels.txt")
	sink := must[Sink](t)(must[Address](t)(ParseSink("file:"+file, 2)).Open(e))
	sink.Show(0, []byte{0, 7, 0}, time.Time{})
	sink.Show(1, make([]byte, 512), time.Time{})
	sink.Show(1, []byte{1}, time.Time{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errors.Join(sink.Run(ctx), sink.Close()); err != nil {
		t.Fatal(err)
	}
	text := string(must[[]byte](t)(os.ReadFile(file)))
	for line, want := range map[int]string{0: " 1 0 7", 1: " 2 1"} {
		if lines := strings.Split(text, "\n"); len(lines) != 3 || !strings.HasSuffix(lines[line], want) {
			t.Errorf("written\n%s", text)
		}
	}
	e.Stdout = brokenPipe{}
	sink = must[Sink](t)(must[Address](t)(ParseSink("file", 2)).Open(e))
	sink.Show(0, []byte{1}, time.Time{})
	if err := sink.Run(ctx); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("nobody reads: %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestLoopsAreSeen: universes in common of one protocol, or the same widget.
func TestLoopsAreSeen(t *testing.T) {
	for pair, want := range map[string]bool{
		"sacn:1 sacn:4": true, "sacn:1 sacn:5": false, "sacn:1 signet:1": false, "artnet:3 artnet:0": true,
	} {
		from, to, _ := strings.Cut(pair, " ")
		a, b := must[Address](t)(ParseSource(from, 4)), must[Address](t)(ParseSink(to, 4))
		if Loops(a, b, 4) != want {
			t.Errorf("%s: %t", pair, !want)
		}
	}
	a := must[Address](t)(ParseSource("dmxusb:EN1", 1))
	if !Loops(a, a, 1) {
		t.Error("a widget that feeds itself is not seen")
	}
}

// TestUniversesAreRead in runs and lists.
func TestUniversesAreRead(t *testing.T) {
	if list, err := ParseUniverses("1-3,7"); err != nil || !slices.Equal(list, []int{1, 2, 3, 7}) {
		t.Errorf("got %v, %v", list, err)
	}
	for _, text := range []string{"", "0", "64000", "3-1", "a", "1-", "1,,2", "1-513"} {
		if _, err := ParseUniverses(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
