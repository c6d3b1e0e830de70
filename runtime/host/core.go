package host

import (
	"sync"
	"sync/atomic"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
)

// core is what a live run and a virtual one have in common: the show's state
// and how its parts are joined. Time is passed in.
type core struct {
	opts     Options
	show     showFolder
	clock    clock.Clock
	registry level.Registry
	inbox    *script.Inbox
	tempo    *tempo
	batches  batchQueue
	engine   *engine.Engine
	players  players
	slice    time.Duration // see script.Config.Slice

	// Script loop only.
	live      *load
	horizon   time.Duration // up to which scheduled code has run
	events    []script.Event
	timeline  beat.Timeline // as the engine last saw it; engine loop only
	outputs   atomic.Pointer[[]device.Output]
	frames    FrameSink
	frameStat frameStats

	errors limiter // of messages about errors

	generation   atomic.Int64  // of the live load
	wakes        atomic.Uint64 // of the script loop
	reloadErrors atomic.Uint64
}

// inboxLimit is how many events may wait for the script loop.
const inboxLimit = 4096

func newCore(opts Options, show showFolder, clk clock.Clock) *core {
	c := &core{opts: opts, show: show, clock: clk, inbox: script.NewInbox(inboxLimit), frames: opts.Frames}
	now := clk.Now()
	c.tempo = newTempo(c.inbox, now)
	c.engine = engine.New(engine.Config{Rate: opts.Rate, Start: now, Registry: &c.registry})
	c.outputs.Store(&[]device.Output{})
	return c
}

// env is what devices reach of the host.
func (c *core) env() device.Env {
	return device.Env{
		Since:   c.clock.Since,
		Observe: c.tempo.Observe,
		Alias:   c.tempo.Alias,
		Event: func(ev device.Event) {
			c.inbox.Put(script.Event{Topic: ev.Topic, Key: ev.Key, At: ev.At, Value: ev.Value})
		},
	}
}

// scriptStep does what is due on the script loop.
func (c *core) scriptStep(now time.Duration) error {
	c.wakes.Add(1)
	c.tempo.step(now)
	gen := c.live.gen
	gen.SetTimeline(c.tempo.Timeline(), now)
	sources := gen.Sources()
	for i, tl := range c.tempo.watch(sources, now) {
		gen.SetSourceTimeline(sources[i], tl, now)
	}
	c.events = c.inbox.Take(c.events[:0])
	for _, ev := range c.events {
		if err := gen.Deliver(ev); err != nil {
			return err
		}
	}
	err := gen.Step(now)
	c.horizon = max(c.horizon, now+c.opts.Lookahead)
	return err
}

// scriptNext is when scriptStep has to run again if no event comes.
func (c *core) scriptNext() time.Duration {
	return min(c.live.gen.Next(), c.tempo.next())
}

// engineStep does what is due on the engine loop, which wanted to wake at the
// instant wanted. Frames go to every output.
func (c *core) engineStep(wanted, now time.Duration) {
	c.engine.Pass(now)
	c.engineTake()
	if c.engine.Next() > now {
		return // a batch that has just come in moved the frame
	}
	f := c.engine.Step(now)
	if f == nil {
		return
	}
	for _, o := range *c.outputs.Load() {
		o.Publish(f)
	}
	if c.frames != nil {
		c.frames.Frame(f)
	}
	c.frameStat.add(now - wanted)
}

// engineTake hands the engine what has come in since the last time.
func (c *core) engineTake() {
	if tl := c.tempo.Timeline(); tl != c.timeline {
		c.timeline = tl
		c.engine.Retime(tl)
	}
	batches, outputs := c.batches.take()
	for _, o := range outputs {
		c.engine.Use(o)
	}
	for _, b := range batches {
		c.engine.Submit(b)
	}
}

// batchQueue carries batches from the script loop to the engine loop, and which
// outputs are in use. It is not bounded here: a script makes batches no faster
// than its budget allows, and the engine takes them at every frame and bounds its
// own queue.
type batchQueue struct {
	mu            sync.Mutex
	queue, before []engine.Batch
	outputs       []level.Output
}

func (q *batchQueue) put(b engine.Batch) {
	q.mu.Lock()
	q.queue = append(q.queue, b)
	q.mu.Unlock()
}

// use puts an output into every frame from the next one on, also when nothing is
// done with it.
func (q *batchQueue) use(o level.Output) {
	q.mu.Lock()
	q.outputs = append(q.outputs, o)
	q.mu.Unlock()
}

// take returns what waits; the batches are good until the next take.
func (q *batchQueue) take() ([]engine.Batch, []level.Output) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batches, outputs := q.queue, q.outputs
	clear(q.before)
	q.queue, q.before = q.before[:0], batches
	q.outputs = nil
	return batches, outputs
}

// players answers what scripts ask about StageLinQ; see bindings.Players.
type players struct {
	mu    sync.Mutex
	sinks map[string]*device.Sink
}

func (p *players) set(sinks map[string]*device.Sink) {
	p.mu.Lock()
	p.sinks = sinks
	p.mu.Unlock()
}

func (p *players) sink(key string) *device.Sink {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sinks[key]
}

// Devices implements bindings.Players.
func (p *players) Devices(sink string) []device.Player {
	if s := p.sink(sink); s != nil {
		return s.Players()
	}
	return nil
}

// State implements bindings.Players.
func (p *players) State(sink, token, path string) (any, bool) {
	if s := p.sink(sink); s != nil {
		return s.State(token, path)
	}
	return nil, false
}

// Deck implements bindings.Players.
func (p *players) Deck(sink, token string, n int) (device.Deck, bool) {
	if s := p.sink(sink); s != nil {
		return s.Deck(token, n)
	}
	return device.Deck{}, false
}

// Known implements bindings.Players.
func (p *players) Known(sink, path string) []device.StateChange {
	if s := p.sink(sink); s != nil {
		return s.Known(path)
	}
	return nil
}

// Subscribe implements bindings.Players.
func (p *players) Subscribe(sink, path string) {
	if s := p.sink(sink); s != nil {
		s.Subscribe(path)
	}
}

var _ bindings.Players = (*players)(nil)

// frameStats watches how late frames come; the engine loop adds, anybody reads.
type frameStats struct {
	mu     sync.Mutex
	frames uint64
	recent [256]time.Duration
	worst  time.Duration
}

func (s *frameStats) add(late time.Duration) {
	s.mu.Lock()
	s.recent[s.frames%uint64(len(s.recent))] = late
	s.frames++
	s.worst = max(s.worst, late)
	s.mu.Unlock()
}

// FrameSink is shown every frame. The frame is only lent for the call.
type FrameSink interface {
	Frame(*level.Frame)
}

// limiter lets so many things a second through. It is for the script loop and the
// loader, which may both report errors.
type limiter struct {
	mu      sync.Mutex
	since   time.Duration
	passed  int
	stopped uint64
}

const errorsPerSecond = 20

// allow reports whether one more is let through at now, and how many were not
// since the last that was.
func (l *limiter) allow(now time.Duration) (ok bool, stopped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now-l.since >= time.Second {
		l.since, l.passed = now, 0
	}
	if l.passed >= errorsPerSecond {
		l.stopped++
		return false, 0
	}
	l.passed++
	stopped, l.stopped = l.stopped, 0
	return true, stopped
}
