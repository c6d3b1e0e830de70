package theater

import (
	"errors"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// desk is a Lighting whose messages are kept, at an instant that a test moves.
type desk struct {
	*Lighting
	t      *testing.T
	now    time.Time
	sent   []string
	broken error
}

func newDesk(t *testing.T, cfg LightingConfig) *desk {
	d := &desk{t: t, now: epoch}
	d.Lighting = NewLighting(cfg, func(m osc.Message) error {
		if d.broken == nil {
			d.sent = append(d.sent, m.String())
		}
		return d.broken
	})
	return d
}

func (d *desk) until(at time.Duration) {
	d.t.Helper()
	until(d.t, d, &d.now, at, 10_000)
}

func (d *desk) expect(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.sent, want) {
		d.t.Errorf("at %v sent\n\t%s\nwant\n\t%s", d.now.Sub(epoch), strings.Join(d.sent, "\n\t"), strings.Join(want, "\n\t"))
	}
	d.sent = nil
}

func (d *desk) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Error(err)
	}
}

// TestLightingExamples sends every example of the protocol's publication.
func TestLightingExamples(t *testing.T) {
	d := newDesk(t, LightingConfig{Channels: map[ID]int{Name("rgba1"): 4, Name("white"): 1, Number(0): 1}})
	d.do(d.Fixture(Name("white"), 255))
	d.do(d.Fixture(Name("rgba1"), 255, 255, 255, 0))
	d.do(d.Fixture(Name("fan"), 128))
	d.do(d.Fixture(Number(0), 128))
	d.do(d.Spline(Name("white"), 0, 255, 255))
	d.do(d.Spline(Name("white"), 255, 180, 180, 180, 0, 0))
	d.do(d.Spline(Name("rgba1"), 0, 0, 0, 0, 255, 255, 255, 0, 255, 255, 255, 0))
	d.do(d.Tempo(Name("white"), 60))
	d.do(d.Tempo(Name("white"), 30))
	d.do(d.Tempo(Name("rgba1"), 120))
	d.expect(
		"/fixture white 255",
		"/fixture rgba1 255 255 255 0",
		"/fixture fan 128",
		"/fixture 0 128",
		"/spline white 0 255 255",
		"/spline white 255 180 180 180 0 0",
		"/spline rgba1 0 0 0 0 255 255 255 0 255 255 255 0",
		"/tempo white 60",
		"/tempo white 30",
		"/tempo rgba1 120",
	)
	if got := d.Stats(); got != (Stats{Sent: 10}) {
		t.Errorf("counts %+v", got)
	}
}

// TestNumbersOnTheWire: integral ones as i, others as f; names as s, numbers as i.
func TestNumbersOnTheWire(t *testing.T) {
	var got []any
	l := NewLighting(LightingConfig{}, func(m osc.Message) error {
		got = append(got, m.Args...)
		return nil
	})
	l.Spline(Name("8"), 1, 0.5, -3e9)
	l.Fixture(Number(8), 255, 0.25)
	l.Tempo(Number(8), 59.5)
	want := []any{"8", int32(1), float32(0.5), float32(-3e9), int32(8), int32(255), float32(0.25), int32(8), float32(59.5)}
	if !slices.Equal(got, want) {
		t.Errorf("sent %#v", got)
	}
}

func TestLightingArguments(t *testing.T) {
	d := newDesk(t, LightingConfig{Channels: map[ID]int{Name("rgba1"): 4, Name("white"): 1}})
	for want, err := range map[string]error{
		"/fixture fan: 0 levels, expected one per channel":                              d.Fixture(Name("fan")),
		"/fixture rgba1: 3 levels, expected one for each of its channels":               d.Fixture(Name("rgba1"), 1, 2, 3),
		"/fixture white: 2 levels, expected one for its one channel":                    d.Fixture(Name("white"), 1, 2),
		"/fixture fan: level 2 is 255.5, expected 0 to 255":                             d.Fixture(Name("fan"), 1, 255.5),
		"/fixture fan: level 1 is -1":                                                   d.Fixture(Name("fan"), -1),
		"/fixture fan: level 1 is NaN":                                                  d.Fixture(Name("fan"), math.NaN()),
		"/spline fan: 4 knots, expected a multiple of 3: three per channel and segment": d.Spline(Name("fan"), 1, 2, 3, 4),
		"/spline rgba1: 9 knots, expected a multiple of 12":                             d.Spline(Name("rgba1"), make([]float64, 9)...),
		"/spline white: 0 knots":                                                        d.Spline(Name("white")),
		"/spline white: number 3 is +Inf":                                               d.Spline(Name("white"), 0, 0, math.Inf(1)),
		"/tempo white 0":                                                                d.Tempo(Name("white"), 0),
		"/tempo 7 NaN":                                                                  d.Tempo(Number(7), math.NaN()),
		"-2 segments per beat":                                                          d.Follow(d.now, Name("white"), -2),
		"fixture -1: numbers start at 0":                                                d.Fixture(Number(-5), 1),
		`fixture "a\x00b": a name has no zero byte`:                                     d.Spline(Name("a\x00b"), 1, 2, 3),
		`fixture "\x00": a name`:                                                        d.Tempo(Name("\x00"), 60),
		`fixture "\x00b": a name`:                                                       d.Follow(d.now, Name("\x00b"), 1),
		"fixture -1: numbers":                                                           d.Levels(d.now, Number(-1), []byte{1}),
		"/fixture white: 3 levels":                                                      d.Levels(d.now, Name("white"), []byte{1, 2, 3}),
	} {
		if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	d.expect()
	d.Close()
	if err := d.Fixture(Name("fan"), 1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestLightingFollows: more than half a percent, at most twice a second.
func TestLightingFollows(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	d.Beat(d.now, 128)
	d.do(d.Follow(d.now, Name("white"), 2))
	d.do(d.Follow(d.now, Number(7), 0.25))
	d.expect("/tempo white 256", "/tempo 7 32")
	d.Beat(d.now, 128.6) // 0.47 %
	d.Beat(d.now, 0)     // the deck stands
	d.Beat(d.now, -5)
	d.Beat(d.now, math.NaN())
	d.Beat(d.now, math.Inf(1))
	d.until(time.Minute)
	d.expect()
	d.Beat(d.now, 130)
	d.expect("/tempo white 260", "/tempo 7 32.5")
	for i := range 100 { // a slide over a second
		d.until(time.Minute + time.Duration(i)*10*ms)
		d.Beat(d.now, 130+float64(i)/10)
	}
	d.until(2 * time.Minute)
	d.expect("/tempo white 269.8", "/tempo 7 33.725", "/tempo white 279.8", "/tempo 7 34.975")
	d.do(d.Tempo(Name("white"), 60))
	d.do(d.Follow(d.now, Number(7), 0))
	d.Beat(d.now, 90)
	d.until(3 * time.Minute)
	d.expect("/tempo white 60")
	d.do(d.Follow(d.now, Name("white"), 1e4))
	d.Beat(d.now, 1e9)
	d.until(4 * time.Minute)
	d.expect("/tempo white 60000")
}

// TestFollowRefused: what the system refuses is sent with the next chance.
func TestFollowRefused(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	d.do(d.Follow(d.now, Name("white"), 1))
	d.broken = errors.New("network is unreachable")
	d.Beat(d.now, 120)
	d.until(400 * ms)
	d.broken = nil
	d.expect()
	d.until(500 * ms)
	d.expect("/tempo white 120")
}

// TestLevels: the newest ones are sent whenever the change before must be over.
func TestLevels(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	frame := func(at time.Duration, levels ...byte) {
		d.until(at)
		d.do(d.Levels(d.now, Name("rgba1"), levels))
	}
	frame(0, 0, 0, 0, 0)
	d.expect("/tempo rgba1 600", "/fixture rgba1 0 0 0 0")
	for i := range 8 { // a fade
		frame(time.Duration(20+i*20)*ms, byte(i), 0, 0, 255)
	}
	d.expect("/tempo rgba1 600", "/fixture rgba1 3 0 0 255")
	d.until(900 * ms)
	d.expect("/tempo rgba1 600", "/fixture rgba1 7 0 0 255")
	frame(950*ms, 7, 0, 0, 255) // the same
	d.until(1199 * ms)
	d.expect()
	d.until(1200 * ms) // once more, in case it was lost
	d.expect("/tempo rgba1 600", "/fixture rgba1 7 0 0 255")
	d.until(time.Hour)
	d.expect()
	if !d.Deadline().IsZero() {
		t.Error("there is more to come")
	}
	d.do(d.Tempo(Name("rgba1"), 60))
	frame(time.Hour+ms, 1, 1, 1, 1)
	frame(time.Hour+2*ms, 2, 2, 2, 2)
	d.until(time.Hour + time.Second)
	d.expect("/tempo rgba1 60", "/tempo rgba1 60", "/fixture rgba1 1 1 1 1")
	d.until(time.Hour + 1001*ms)
	d.expect("/tempo rgba1 60", "/fixture rgba1 2 2 2 2")
}

func TestLevelsRefused(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	d.broken = errors.New("network is unreachable")
	levels := []byte{5}
	d.do(d.Levels(d.now, Number(3), levels))
	levels[0] = 6 // the caller's again
	d.until(100 * ms)
	d.broken = nil
	d.until(125 * ms)
	d.expect("/tempo 3 600", "/fixture 3 5")
	d.broken = errors.New("network is unreachable")
	d.do(d.Levels(d.now, Number(3), levels))
	d.until(400 * ms)
	d.broken = nil
	d.until(420 * ms)
	d.expect("/tempo 3 600", "/fixture 3 6")
}

// TestManyFixturesRefused: as long as the network takes nothing one fixture tries for
// all.
func TestManyFixturesRefused(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	d.broken = errors.New("network is unreachable")
	for i := range 50 {
		d.do(d.Levels(d.now, Number(i), []byte{5}))
	}
	d.until(time.Second)
	if tries := d.Stats().Unsent; tries > uint64(2+time.Second/retry) {
		t.Errorf("%d tries in a second", tries)
	}
	d.broken = nil
	d.until(3 * time.Second)
	if len(d.sent) != 200 { // and once more
		t.Errorf("%d messages, want 200", len(d.sent))
	}
}

// TestLevelsThatStay: a frame that changes nothing costs no memory.
func TestLevelsThatStay(t *testing.T) {
	d := newDesk(t, LightingConfig{})
	id, levels := Name("rgba1"), []byte{1, 2, 3, 4}
	d.do(d.Levels(d.now, id, levels))
	if n := testing.AllocsPerRun(100, func() { d.Levels(d.now, id, levels) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
