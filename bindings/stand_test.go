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

	"showrun/bindings/module"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/rig"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	lookahead = 50 * time.Millisecond
	rate      = 100 // frames a second, so that every 10 ms there is one
)

// prelude stands on line 1 before the text of every show.
const prelude = `local clock, stage, show, signet, stagelinq = require "clock", require "stage", require "show", require "signet", require "stagelinq" ` +
	`local net = signet.sender{} local one = net:universe(1) `

// stand runs shows on a virtual clock: a real generation, a real engine, a real
// beat clock, and the rig's deck if a test asks for it. What the host does with
// threads is done here step by step.
type stand struct {
	t         *testing.T
	clock     *clock.Virtual
	registry  level.Registry
	engine    *engine.Engine
	conductor *beat.Conductor
	line      beat.Timeline // as the engine knows it
	inbox     *script.Inbox
	devices   map[string]device.Device
	sinks     map[string]*devlinq.Sink
	deck      *rig.Deck
	batches   []engine.Batch

	show *Show
	gen  *script.Generation

	levels   [][]byte // of the last frame
	orders   []string // executed, with their instants
	log      []string // "0.500 text", with the level before it unless it is INFO
	at       []string // where each line of log was written
	failures []string
	disabled int
}

func newStand(t *testing.T) *stand {
	s := &stand{
		t: t, clock: clock.NewVirtual(), conductor: beat.NewConductor(0, 120),
		inbox: script.NewInbox(1000), devices: map[string]device.Device{}, sinks: map[string]*devlinq.Sink{},
	}
	s.engine = engine.New(engine.Config{Rate: rate, Registry: &s.registry})
	t.Cleanup(func() {
		if s.gen != nil {
			s.gen.End()
		}
	})
	return s
}

// load makes the next generation of the files live, in place of the one before.
func (s *stand) load(files map[string]string) error {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	number, state := 1, plain.Table(nil)
	var err error
	if s.gen != nil {
		number = s.gen.Number() + 1
		if state, err = s.show.State(); err != nil {
			return err
		}
	}
	next := New(Env{
		Env: module.Env{
			Registry: &s.registry, Levels: s.engine.Reader(), Tempo: standTempo{s},
			Device: func(key string) device.Device { return s.devices[key] },
		},
		Name: "stand", File: "show.lua", Dir: "stand", State: state,
	})
	stopwatch := clock.NewReal()
	gen, err := script.Load(context.Background(), script.Config{
		Show: fsys, Main: "show.lua", Modules: next.Modules(), Number: number, Seed: 1,
		Lookahead: lookahead, Timeline: s.conductor.Timeline(),
		Now: s.clock.Now, At: s.clock.Now(), Stopwatch: stopwatch.Now,
		Oracle: script.Live(script.World{Wall: func() time.Time { return s.clock.Time(s.clock.Now()) }, Clock: stopwatch.Now}, nil),
		Guard:  time.Minute, // for slow machines
		Submit: func(b engine.Batch) { s.batches = append(s.batches, b) },
		Failed: s.failed, Log: slog.New(standLog{s}),
	})
	if err != nil {
		return err
	}
	if s.gen != nil {
		s.gen.Deliver(script.Event{Topic: TopicUnload, At: s.clock.Now()})
		newest, _ := s.show.State()
		made, err := next.State()
		if err != nil {
			gen.End()
			return err
		}
		next.SetState(gen.L, plain.Merge(state, made, newest))
		s.gen.End()
	}
	topic := TopicStart
	if s.gen != nil {
		topic = TopicReload
	}
	s.gen, s.show = gen, next
	for _, d := range next.Devices {
		s.open(d)
	}
	gen.SetTimeline(s.conductor.Timeline(), s.clock.Now())
	gen.Start(s.clock.Now())
	gen.Deliver(script.Event{Topic: topic, At: s.clock.Now()})
	return nil
}

// open opens a device as a run in virtual time does; one that is open stays.
func (s *stand) open(decl device.Declaration) {
	s.t.Helper()
	if s.devices[decl.Key()] == nil {
		d, err := decl.OpenVirtual(device.Env{
			Now: s.clock.Now, Since: s.clock.Since, Time: s.clock.Time,
			Observe: func(source string, o beat.Observation) { s.report(s.conductor.Observe(source, o)) },
			Alias:   s.conductor.Alias,
			Event: func(ev device.Event) {
				s.inbox.Put(script.Event{Topic: ev.Topic, Key: ev.Key, At: ev.At, Value: ev.Value})
			},
			Log: slog.New(standLog{s}),
		})
		if err != nil {
			s.t.Fatal(err)
		}
		s.devices[decl.Key()] = d
		if sink, ok := d.(*devlinq.Sink); ok {
			s.sinks[decl.Key()] = sink
		}
	}
	if d, ok := s.devices[decl.Key()].(device.Adopter); ok {
		d.Adopt(decl)
	}
	if d, ok := decl.(device.Outputs); ok {
		for _, o := range d.Outputs() {
			s.engine.Use(o)
		}
	}
}

// play connects the rig's deck to every sink; it plays as master from here on.
func (s *stand) play(bpm float64) {
	now := s.clock.Time(s.clock.Now())
	s.deck = rig.NewDeck(bpm, now)
	for _, sink := range s.sinks {
		s.deck.Connect(sink, now)
	}
}

// silence takes the deck away without a word.
func (s *stand) silence() { s.deck = nil }

// run goes from deadline to deadline, up to and with the instant given.
func (s *stand) run(until time.Duration) {
	s.t.Helper()
	for {
		next := min(s.gen.Next(), s.conductor.Next(), s.engine.Next())
		if s.deck != nil {
			next = min(next, s.clock.Since(s.deck.Next()))
		}
		for _, d := range s.steppers() {
			next = min(next, d.Next())
		}
		select {
		case <-s.inbox.Ready():
			next = s.clock.Now()
		default:
		}
		if next > until {
			s.clock.Set(until)
			return
		}
		s.clock.Set(next)
		s.step(s.clock.Now())
	}
}

func (s *stand) step(now time.Duration) {
	s.t.Helper()
	if s.deck != nil {
		s.deck.Step(s.clock.Time(now))
	}
	for _, d := range s.steppers() {
		d.Step(now)
	}
	s.report(s.conductor.Step(now))
	s.gen.SetTimeline(s.conductor.Timeline(), now)
	for _, source := range s.gen.Sources() {
		s.gen.SetSourceTimeline(source, s.timeline(source), now)
	}
	for _, ev := range s.inbox.Take(nil) {
		if err := s.gen.Deliver(ev); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := s.gen.Step(now); err != nil {
		s.t.Fatal(err)
	}
	if line := s.conductor.Timeline(); line != s.line {
		s.line = line
		s.engine.Retime(line)
		bpm := line.BPM
		if line.Stopped {
			bpm = 0
		}
		for _, d := range s.devices {
			if d, ok := d.(device.Paced); ok {
				d.Tempo(now, bpm)
			}
		}
	}
	for _, b := range s.batches {
		s.engine.Submit(b)
	}
	s.batches = nil
	s.engine.Pass(now)
	for _, o := range s.engine.Orders(now) {
		if d, ok := s.devices[o.Device].(device.Taker); ok {
			d.Take(o.At, o.Message)
		}
		s.orders = append(s.orders, fmt.Sprintf("%.3f %+v", o.At.Seconds(), o.Message))
	}
	if f := s.engine.Step(now); f != nil {
		s.levels = s.levels[:0]
		for _, l := range f.Levels {
			s.levels = append(s.levels, append([]byte(nil), l...))
		}
	}
}

// steppers are the devices of the live load that have instants of their own.
func (s *stand) steppers() (list []device.Stepper) {
	for _, d := range s.show.Devices {
		if d, ok := s.devices[d.Key()].(device.Stepper); ok {
			list = append(list, d)
		}
	}
	return list
}

// timeline is that of a tempo source; one that was not heard stands still.
func (s *stand) timeline(source string) beat.Timeline {
	if f := s.conductor.Follower(s.conductor.Resolve(source)); f != nil {
		return f.Timeline()
	}
	return beat.Timeline{Stopped: true}
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
	for _, sink := range s.sinks {
		sink.OnState(stagelinq.StateEvent{Device: unit, Path: path, Value: v, At: s.clock.Time(s.clock.Now())})
	}
}

var changeTopics = map[beat.Kind]string{
	beat.Lost: TopicLost, beat.Found: TopicFound, beat.Tempo: TopicTempo, beat.Jump: TopicJump,
}

func (s *stand) report(changes []beat.Change) {
	for _, c := range changes {
		if topic := changeTopics[c.Kind]; topic != "" {
			s.inbox.Put(script.Event{Topic: topic, At: c.At, Value: c.BPM})
		}
	}
}

func (s *stand) failed(f *script.Failure) {
	s.failures = append(s.failures, f.Error())
	if f.Disabled != "" {
		s.disabled++
	}
	s.inbox.Put(script.Event{Topic: TopicError, At: s.clock.Now(), Value: f.Message})
}

// standTempo is the beat clock as scripts drive it.
type standTempo struct{ s *stand }

// moved makes the stand look at the timeline again.
func (t standTempo) moved(err error) (beat.Timeline, error) {
	t.s.inbox.Put(script.Event{Topic: "stand/timeline", Key: "stand/timeline"})
	return t.s.conductor.Timeline(), err
}

func (t standTempo) SetTempo(bpm float64, at time.Duration) (beat.Timeline, error) {
	return t.moved(t.s.conductor.SetTempo(bpm, at))
}

func (t standTempo) Nudge(b beat.Micro, at time.Duration) (beat.Timeline, error) {
	return t.moved(t.s.conductor.Nudge(b, at))
}

func (t standTempo) Tap(at time.Duration) (beat.Timeline, error) {
	return t.moved(t.s.conductor.Tap(at))
}

func (t standTempo) Follow(source string, at time.Duration) beat.Timeline {
	t.s.conductor.Follow(source, at)
	tl, _ := t.moved(nil)
	return tl
}

func (t standTempo) BPM() float64 { return t.s.conductor.Tempo() }

func (t standTempo) Position(source string, at time.Duration) (beat.Micro, bool) {
	tl := t.s.timeline(source)
	return tl.At(at), tl.Epoch != 0
}

// standLog keeps what a show logs, with the logical instant it was logged at.
type standLog struct{ s *stand }

func (l standLog) Enabled(context.Context, slog.Level) bool { return true }

func (l standLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "slow script" {
		return nil // that depends on the machine
	}
	text, instant := r.Message, time.Duration(0)
	if r.Level != slog.LevelInfo {
		text = r.Level.String() + " " + text
	}
	if l.s.gen != nil {
		instant = l.s.gen.Instant()
	}
	l.s.log = append(l.s.log, fmt.Sprintf("%.3f %s", instant.Seconds(), text))
	at := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "at" {
			at = a.Value.String()
		}
		return true
	})
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
