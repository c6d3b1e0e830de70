package bindings

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/device"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/script"
	"showrun/runtime/show"
	"showrun/scripts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	lookahead = 50 * time.Millisecond
	rate      = 100 // frames a second, so that every 10 ms there is one
)

// prelude stands on line 1 before the text of every show.
const prelude = `local clock, stage, show, signet, stagelinq = require "clock", require "stage", require "show", require "signet", require "stagelinq" ` +
	`local net = signet.sender{} local one = net:universe(1) `

// stand runs shows in virtual time, with the rig's player if a test asks for it.
type stand struct {
	t       *testing.T
	virtual *rehearse.Run
	player  *devlinq.VirtualRig

	bound *Show // by the last load
	show  *Show // that is live

	levels   [][]byte // of the last frame
	orders   []string // executed, with their instants
	log      []string // "0.500 text", with the level before it unless it is INFO
	at       []string // where each line of log was written
	failures []string
	disabled int
}

func newStand(t *testing.T) *stand {
	t.Helper()
	return newStandOf(t, "show.lua", New, lookahead)
}

// newStandOf makes a stand for scripts with other modules.
func newStandOf(t *testing.T, file string, bind show.Bind, lookahead time.Duration) *stand {
	t.Helper()
	s := &stand{t: t}
	var err error
	s.virtual, err = rehearse.New(rehearse.Options{
		Name: "stand", File: file, Dir: "stand", Rate: rate, Lookahead: lookahead,
		Bind: func(scene show.Scene) show.Bindings {
			b := bind(scene)
			s.bound = b.(*Show)
			return b
		},
		Shipped: scripts.Files(), Frames: s, Log: slog.New(standLog{s}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.virtual.Close)
	return s
}

// Frame implements show.FrameSink.
func (s *stand) Frame(f *level.Frame) {
	s.levels = s.levels[:0]
	for _, l := range f.Levels {
		s.levels = append(s.levels, append([]byte(nil), l...))
	}
}

// Order implements show.OrderSink.
func (s *stand) Order(o engine.DueOrder) {
	s.orders = append(s.orders, fmt.Sprintf("%.3f %+v", o.At.Seconds(), o.Message))
}

// load makes the next generation of the files live, in place of the one before.
func (s *stand) load(files map[string]string) error {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	err := s.virtual.Load(context.Background(), fsys)
	if err == nil {
		s.show = s.bound
	}
	return err
}

// now is the show time, time the date at a show time.
func (s *stand) now() time.Duration              { return s.virtual.Now() }
func (s *stand) time(at time.Duration) time.Time { return s.virtual.Time(at) }
func (s *stand) device(key string) device.Device { return s.virtual.Device(key) }
func (s *stand) deliver(ev script.Event)         { s.show.G.Deliver(ev) }

// play has every sink hear the rig's player; it plays as master from here on.
func (s *stand) play(bpm float64) {
	s.silence()
	s.player = devlinq.NewVirtualRig(s.virtual.RigEnv(), bpm, s.now())
	s.virtual.Bring(s.player)
}

// silence takes the player away without a word.
func (s *stand) silence() {
	if s.player != nil {
		s.virtual.Dismiss(s.player)
	}
}

// run goes from deadline to deadline, up to and with the instant given.
func (s *stand) run(until time.Duration) {
	s.t.Helper()
	if err := s.virtual.Until(context.Background(), until); err != nil {
		s.t.Fatal(err)
	}
}

// tell lets a player tell a state: the rig's deck, or another one called name.
func (s *stand) tell(name, path, json string) {
	s.t.Helper()
	v, err := wire.ParseValue(json)
	if err != nil {
		s.t.Fatal(err)
	}
	token := stagelinq.Token{0x0f, 6: 0x40, 8: 0x80}
	if name != "rigdeck" {
		token = stagelinq.Token{0x0e}
	}
	unit := stagelinq.Device{Token: token, Name: name, Software: "JC11", Version: "1.0"}
	for _, sink := range rehearse.Devices[*devlinq.Sink](s.virtual) {
		sink.OnState(stagelinq.StateEvent{Device: unit, Path: path, Value: v, At: s.time(s.now())})
	}
}

// standLog keeps what a show logs, with the logical instant it was logged at.
type standLog struct{ s *stand }

func (l standLog) Enabled(context.Context, slog.Level) bool { return true }

func (l standLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "slow script" {
		return nil // that depends on the machine
	}
	text, instant := r.Message, time.Duration(0)
	at, failed := "", false
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "at":
			at = a.Value.String()
		case "task":
			failed, text = true, strings.TrimPrefix(a.Value.String()+": "+text, ": ")
		case "disabled":
			l.s.disabled++
		}
		return true
	})
	if strings.HasPrefix(text, "stagenet: ") && r.Level < slog.LevelWarn {
		return nil // of a device, about itself
	}
	if failed {
		l.s.failures = append(l.s.failures, text)
		return nil
	}
	if r.Level != slog.LevelInfo {
		text = r.Level.String() + " " + text
	}
	if b := l.s.bound; b != nil && b.G != nil {
		instant = b.G.Instant()
	}
	l.s.log = append(l.s.log, fmt.Sprintf("%.3f %s", instant.Seconds(), text))
	l.s.at = append(l.s.at, at)
	return nil
}

func (l standLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l standLog) WithGroup(string) slog.Handler      { return l }

// live loads one show and starts it at 0.
func live(t *testing.T, text string) *stand {
	t.Helper()
	s := newStand(t)
	if err := s.load(map[string]string{"show.lua": prelude + text}); err != nil {
		t.Fatal(err)
	}
	return s
}

// level returns what the last frame has on a slot: "12", or "1/12" for a slot of
// output 1.
func (s *stand) level(slot string) int {
	s.t.Helper()
	output, n := 0, 0
	if _, err := fmt.Sscanf(slot, "%d/%d", &output, &n); err != nil {
		output = 0
		if _, err := fmt.Sscan(slot, &n); err != nil {
			s.t.Fatalf("slot %q", slot)
		}
	}
	if output >= len(s.levels) || n > len(s.levels[output]) {
		return -1
	}
	return int(s.levels[output][n-1])
}

// wantLevels runs until an instant and compares levels, as in "500ms 1=255 2=0".
func (s *stand) wantLevels(probe string) {
	s.t.Helper()
	fields := strings.Fields(probe)
	at, err := time.ParseDuration(fields[0])
	if err != nil {
		s.t.Fatal(err)
	}
	s.run(at)
	got := fields[:1:1]
	for _, f := range fields[1:] {
		slot, _, _ := strings.Cut(f, "=")
		got = append(got, fmt.Sprintf("%s=%d", slot, s.level(slot)))
	}
	if text := strings.Join(got, " "); text != probe {
		s.t.Errorf("levels %s\n  want %s\nfailures: %v", text, probe, s.failures)
	}
}

func (s *stand) wantLog(want ...string) {
	s.t.Helper()
	wantLines(s.t, "log", s.log, want)
	if len(s.failures) > 0 {
		s.t.Logf("failures: %q", s.failures)
	}
}

func (s *stand) wantFailures(want ...string) {
	s.t.Helper()
	wantLines(s.t, "failures", s.failures, want)
}

func wantLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("%s:\n%s\nwant:\n%s", what, a, b)
	}
}

// wantLoadError loads a show that must not load, for a reason that begins with
// want.
func wantLoadError(t *testing.T, text, want string) {
	t.Helper()
	s := newStand(t)
	err := s.load(map[string]string{"show.lua": prelude + text})
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%s\nraised %v\n  want %s", strings.TrimSpace(text), err, want)
	}
}
