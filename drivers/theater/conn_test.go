package theater

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/osc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRunEndsSafely: a safe action is repeated although the device ends at once.
func TestRunEndsSafely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		v, err := NewValve(ValveConfig{Safe: SafeEmpty}, func(m osc.Message) error {
			if m.Address == "/empty" {
				at = append(at, time.Since(start))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		v.Safe(start)
		if err := v.Run(ctx); err != nil {
			t.Error(err)
		}
		if want := []time.Duration{0, 20 * time.Millisecond, 40 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("vented at %v, want %v", at, want)
		}
		if err := v.Empty(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Run: %v", err)
		}
	})
}

// TestRunPaces: Run calls Step at every deadline, and at once after a command.
func TestRunPaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := firmware{tempo: 60}
		m, err := NewMotion(MotionConfig{}, func(m osc.Message) error {
			device.take(t, time.Now(), m)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx) }()
		<-time.After(time.Hour) // nothing happens for a long while
		start := time.Now()
		if err := m.Tempo(time.Now(), X, 240); err != nil {
			t.Error(err)
		}
		done := make(chan End)
		if err := m.Spline(time.Now(), X, smooth(200), func(e End) { done <- e }); err != nil {
			t.Error(err)
		}
		e := <-done
		if want := start.Add(50 * time.Second); !e.At.Equal(want) || !time.Now().Equal(want) || e.Err != nil {
			t.Errorf("ends %+v at %v, want %v", e, time.Now(), want)
		}
		if len(device.moves) != 200 || device.stood != 0 || device.cut != 0 {
			t.Errorf("%d segments, %d cut, stood %v", len(device.moves), device.cut, device.stood)
		}
		m.Spline(time.Now(), X, smooth(200), func(e End) { t.Errorf("reported after Run: %+v", e) })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := m.Spline(time.Now(), X, smooth(1), nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Run: %v", err)
		}
	})
}

// TestRunFollows: a tempo that came too soon leaves half a second after the last.
func TestRunFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := make(chan time.Time, 10)
		l := NewLighting(LightingConfig{}, func(osc.Message) error {
			sent <- time.Now()
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Run(ctx) }()
		l.Follow(time.Now(), Name("white"), 1)
		l.Beat(time.Now(), 120)
		l.Beat(time.Now(), 130)
		if first, second := <-sent, <-sent; second.Sub(first) != followEvery {
			t.Errorf("%v apart", second.Sub(first))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestLogsOnce: when the network goes and when it is back, not in between.
func TestLogsOnce(t *testing.T) {
	var log bytes.Buffer
	refuse := errors.New("network is unreachable")
	broken := refuse
	v, err := NewValve(ValveConfig{Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}, func(osc.Message) error { return broken })
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := v.Move(1, 1); !errors.Is(err, refuse) {
			t.Error(err)
		}
	}
	broken = nil
	for range 100 {
		v.Move(1, 1)
	}
	text := log.String()
	if strings.Count(text, "\n") != 2 || !strings.Contains(text, "cannot send") || !strings.Contains(text, "sending again") {
		t.Errorf("logged %s", text)
	}
	if got := v.Stats(); got != (Stats{Sent: 100, Unsent: 100}) {
		t.Errorf("counts %+v", got)
	}
}

// TestOpen: the default place is this machine and the port of the kind; what
// cannot be found is said.
func TestOpen(t *testing.T) {
	l, err := OpenLighting(LightingConfig{})
	if err != nil || l.link.to != "127.0.0.1:20000" {
		t.Fatal(l, err)
	}
	m, err := OpenMotion(MotionConfig{Config: Config{Host: "localhost", Port: 21003}})
	if err != nil || m.link.to != "127.0.0.1:21003" {
		t.Fatal(m, err)
	}
	v, err := OpenValve(ValveConfig{Config: Config{Host: "::1"}})
	if err == nil && v.link.to != "[::1]:23000" {
		t.Error(v.link.to)
	}
	for _, c := range []interface{ Close() error }{l, m} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err == nil {
		v.Close()
	}
	for want, err := range map[string]error{
		`theater lighting: osc: address "no such host:20000": host "no such host": expected a name or an address`: second(OpenLighting(LightingConfig{Config: Config{Host: "no such host"}})),
		`port "70000": expected a number from 0 to 65535`:                                                         second(OpenMotion(MotionConfig{Config: Config{Port: 70000}})),
		`no interface has this name`: second(OpenValve(ValveConfig{Config: Config{Host: "192.0.2.1", Interface: "no such card"}})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestFromAnyGoroutine: everything at once, for the race detector.
func TestFromAnyGoroutine(t *testing.T) {
	send := func(osc.Message) error { return nil }
	m, err := NewMotion(MotionConfig{}, send)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewValve(ValveConfig{}, send)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLighting(LightingConfig{}, send)
	ctx, stop := context.WithCancel(t.Context())
	var running, calling sync.WaitGroup
	running.Go(func() { m.Run(ctx) })
	running.Go(func() { v.Run(ctx) })
	running.Go(func() { l.Run(ctx) })
	for g := range 4 {
		calling.Go(func() {
			axis := Axis(g)
			for n := range 50 {
				now := time.Now()
				m.Tempo(now, axis, MaxTempo)
				m.Spline(now, axis, smooth(30), func(e End) { m.Pending(now, e.Axis) })
				m.Follow(now, axis, 1)
				m.Beat(now, float64(100+n))
				m.Hold(now, n%10 == 0)
				m.Stop(now, axis)
				m.Safe(now)
				m.Stats()
				v.Move(1, 0)
				v.Hold(now, n%10 == 0)
				v.Safe(now)
				l.Fixture(Name("white"), 1)
				l.Levels(now, Number(g), []byte{byte(n)})
				l.Follow(now, Number(g), 1)
				l.Beat(now, float64(100+n))
			}
		})
	}
	calling.Wait()
	stop()
	running.Wait()
}
