package theater

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// slow is a network, or a log, that keeps whoever uses it until it is let go.
type slow struct {
	mu      sync.Mutex
	sent    []string
	entered chan struct{}
	release chan struct{}
	once    sync.Once
}

func newSlow() *slow { return &slow{entered: make(chan struct{}), release: make(chan struct{})} }

func (s *slow) wait() {
	s.once.Do(func() {
		close(s.entered)
		<-s.release
	})
}

func (s *slow) send(m osc.Message) error {
	s.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m.String())
	return nil
}

// meanwhile runs calls while another is kept, and fails if they are kept too.
func (s *slow) meanwhile(t *testing.T, first func(), calls ...func()) {
	t.Helper()
	var kept sync.WaitGroup
	kept.Go(first)
	<-s.entered
	free := make(chan struct{})
	go func() {
		defer close(free)
		for _, call := range calls {
			call()
		}
	}()
	select {
	case <-free:
	case <-time.After(10 * time.Second):
		t.Error("a call waits for another's message to leave")
	}
	close(s.release)
	kept.Wait()
	<-free
}

func (s *slow) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.sent, want) {
		t.Errorf("sent %q, want %q", s.sent, want)
	}
}

// TestValveNeverWaits: the safe action leaves right behind the message that is on its
// way, whoever asks for what in between.
func TestValveNeverWaits(t *testing.T) {
	s := newSlow()
	v, err := NewValve(ValveConfig{}, s.send)
	if err != nil {
		t.Fatal(err)
	}
	s.meanwhile(t, func() { v.Move(1, 50) },
		func() { v.Move(2, 60) },
		func() { v.Stats(); v.Deadline(); v.AtRest(); v.Step(epoch) },
		func() { v.Safe(epoch) },
		func() { v.Hold(epoch, true) },
		func() {
			if err := v.Empty(); err != ErrHeld {
				t.Errorf("after Hold: %v", err)
			}
		},
	)
	safe := []string{"/move 1 0", "/move 2 0", "/empty"}
	s.expect(t, slices.Concat([]string{"/move 1 50"}, safe, safe)...) // the second command came before, but is held
	if !v.AtRest() || v.Deadline() != epoch.Add(safePause) {
		t.Errorf("at rest %v, repeats at %v", v.AtRest(), v.Deadline())
	}
}

// TestMotionNeverWaits: a stop takes back what has not left, also in the middle of it,
// and who was told nothing of a refusal learns it by the end of the path.
func TestMotionNeverWaits(t *testing.T) {
	s := newSlow()
	m, err := NewMotion(MotionConfig{}, s.send)
	if err != nil {
		t.Fatal(err)
	}
	var ends []error
	done := func(e End) { ends = append(ends, e.Err) }
	s.meanwhile(t, func() { m.Spline(epoch, X, smooth(50), done) },
		func() { m.Tempo(epoch, Y, 120); m.Follow(epoch, Z, 1); m.Beat(epoch, 120) },
		func() {
			m.Pending(epoch, X)
			m.Stats()
			m.Deadline()
			m.Step(epoch)
			m.Stop(epoch, A)
			m.Safe(epoch)
		},
		func() {
			if err := m.Spline(epoch, Y, smooth(1), done); err != nil {
				t.Error(err)
			}
		},
		func() { m.Hold(epoch, true) },
	)
	s.expect(t, "/tempo x 60")
	if !slices.Equal(ends, []error{ErrStopped, ErrStopped}) {
		t.Errorf("ends %v", ends)
	}
}

// TestLightingNeverWaits: of levels that cannot leave the newest do.
func TestLightingNeverWaits(t *testing.T) {
	s := newSlow()
	l := NewLighting(LightingConfig{}, s.send)
	show := func(level byte) { l.Levels(epoch, Name("white"), []byte{level}) }
	s.meanwhile(t, func() { show(1) },
		func() { show(2); show(3) },
		func() { l.Fixture(Name("fan"), 7); l.Spline(Name("fan"), 1, 2, 3); l.Tempo(Name("fan"), 30) },
		func() { l.Stats(); l.Deadline(); l.Step(epoch) },
	)
	s.expect(t, "/tempo white 600", "/fixture white 3", "/fixture fan 7", "/spline fan 1 2 3", "/tempo fan 30")
	show(4)
	l.Step(epoch.Add(100 * ms))
	s.expect(t, "/tempo white 600", "/fixture white 3", "/fixture fan 7", "/spline fan 1 2 3", "/tempo fan 30",
		"/tempo white 600", "/fixture white 4")
}

// slowLog is a log that keeps whoever writes to it.
type slowLog struct{ *slow }

func (s slowLog) Enabled(context.Context, slog.Level) bool  { return true }
func (s slowLog) Handle(context.Context, slog.Record) error { s.wait(); return nil }
func (s slowLog) WithAttrs([]slog.Attr) slog.Handler        { return s }
func (s slowLog) WithGroup(string) slog.Handler             { return s }

// TestLogKeepsNobody: a full log keeps the one who writes to it, and no other.
func TestLogKeepsNobody(t *testing.T) {
	s := newSlow()
	v, err := NewValve(ValveConfig{Config: Config{Log: slog.New(slowLog{s})}}, func(osc.Message) error { return ErrUnsent })
	if err != nil {
		t.Fatal(err)
	}
	s.meanwhile(t, func() { v.Move(1, 1) }, func() { v.Move(1, 2); v.Safe(epoch); v.Hold(epoch, true); v.Step(epoch); v.AtRest() })
	if n := v.Stats().Unsent; n != 8 {
		t.Errorf("%d messages were tried, want 8", n)
	}
}

// TestEndIsLast: Run ends when what was asked for before it is sent, also by another.
func TestEndIsLast(t *testing.T) {
	s := newSlow()
	v, err := NewValve(ValveConfig{}, s.send)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var running sync.WaitGroup
	s.meanwhile(t, func() { v.Move(1, 50) }, func() { v.Safe(time.Now()) }, func() { running.Go(func() { v.Run(ctx) }) })
	running.Wait()
	s.expect(t, "/move 1 50", "/move 1 0", "/move 2 0", "/empty", "/empty", "/empty")
}

// running runs a device until the test ends, or the function it returns is called.
func running(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); group.Wait() }
	t.Cleanup(stop)
	return stop
}

// started waits until Run makes what is posted.
func started(l *link) {
	for up := false; !up; {
		<-time.After(time.Millisecond)
		l.see(func() { up = l.running })
	}
}

// TestCommandsWaitForNothing: while a device runs, not even the one who gives the first
// command waits for it to leave. A safe action takes back those that have not left.
func TestCommandsWaitForNothing(t *testing.T) {
	s := newSlow()
	v, err := NewValve(ValveConfig{}, s.send)
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, v.Run)
	started(v.link)
	s.meanwhile(t, func() { v.Move(1, 50) },
		func() {
			for range maxWaiting {
				v.Move(2, 60)
			}
			if err := v.Move(2, 60); err != ErrBusy {
				t.Errorf("one too many: %v", err)
			}
		},
		func() {
			if v.AtRest() {
				t.Error("at rest with commands to come")
			}
		},
		func() { v.Safe(time.Now()) },
	)
	stop()
	safe := []string{"/move 1 0", "/move 2 0", "/empty"}
	s.expect(t, slices.Concat([]string{"/move 1 50"}, safe, []string{"/empty", "/empty"})...)
	if !v.AtRest() {
		t.Error("not at rest after the safe action")
	}
}

// TestPathsWaitForNothing: what was posted is pending; a stop takes it back, and whoever
// waits for its end learns it.
func TestPathsWaitForNothing(t *testing.T) {
	s := newSlow()
	m, err := NewMotion(MotionConfig{}, s.send)
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 2)
	done := func(e End) { ends <- e.Err }
	stop := running(t, m.Run)
	started(m.link)
	s.meanwhile(t, func() { m.Tempo(epoch, X, 120) },
		func() { m.Spline(epoch, Y, smooth(3), done) },
		func() {
			if p := m.Pending(epoch, Y); p.Held != 3 {
				t.Errorf("pending %+v", p)
			}
		},
		func() { m.Safe(epoch); m.Spline(epoch, Z, smooth(1), nil) },
	)
	if err := <-ends; err != ErrStopped {
		t.Errorf("the path ended with %v", err)
	}
	stop()
	s.expect(t, "/tempo x 120", "/tempo z 60", "/spline z "+s.sent[2][len("/spline z "):])
	if p := m.Pending(epoch, Y); p != (Pending{}) {
		t.Errorf("pending %+v", p)
	}
}

// TestLevelsWaitForNothing: while a Lighting runs, levels are shown by its goroutine.
func TestLevelsWaitForNothing(t *testing.T) {
	s := newSlow()
	l := NewLighting(LightingConfig{}, s.send)
	stop := running(t, l.Run)
	started(l.link)
	s.meanwhile(t, func() { l.Levels(time.Now(), Name("white"), []byte{1}) },
		func() {
			l.Levels(time.Now(), Name("white"), []byte{2})
			l.Fixture(Name("fan"), 7)
			l.Beat(time.Now(), 120)
		},
	)
	stop()
	s.expect(t, "/tempo white 600", "/fixture white 2", "/fixture fan 7")
}
