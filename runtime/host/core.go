package host

import (
	"sync"
	"sync/atomic"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/host/folder"
	"showrun/runtime/host/outlets"
	"showrun/runtime/host/tempo"
	"showrun/runtime/level"
	"showrun/runtime/script"
)

// core is what a live run and a virtual one have in common: the show's state
// and how its parts are joined. Time is passed in.
type core struct {
	opts     Options
	show     folder.Folder
	clock    clock.Clock
	registry level.Registry
	inbox    *script.Inbox
	tempo    *tempo.Tempo
	batches  batchQueue
	engine   *engine.Engine
	devices  liveDevices
	// forget is told of devices that were opened and never used, keep of those that a
	// load declares once it is live.
	forget func(key string, d device.Device)
	keep   func(device.Declaration) error

	// Script loop only.
	live      *load
	horizon   time.Duration // up to which scheduled code has run
	lead      time.Duration // how early the outputs of the live load want their frames
	events    []script.Event
	timeline  beat.Timeline // as the engine last saw it; engine loop only
	outputs   atomic.Pointer[[]device.Output]
	outlets   outlets.Outlets // engine loop only
	frames    FrameSink
	frameStat frameStats

	// holding is held while machinery is held or released, so that all of it ends up as
	// held says. Whoever has it waits for nobody else.
	holding sync.Mutex

	errors limiter // of messages about errors

	files        atomic.Pointer[folder.Files] // of the live load
	generation   atomic.Int64                 // its number
	rewired      atomic.Bool                  // devices have changed since the engine loop looked
	deaf         atomic.Bool                  // OSC commands are not heard
	held         atomic.Bool                  // machinery, by an emergency stop; changed with holding
	wakes        atomic.Uint64                // of the script loop
	reloadErrors atomic.Uint64                // since the last good load
}

// inboxLimit is how many events may wait for the script loop.
const inboxLimit = 4096

func newCore(opts Options, show folder.Folder, clk clock.Clock) *core {
	c := &core{opts: opts, show: show, clock: clk, inbox: script.NewInbox(inboxLimit), frames: opts.Frames}
	c.forget = func(string, device.Device) {}
	c.keep = func(device.Declaration) error { return nil }
	c.batches.barred = -1
	now := clk.Now()
	c.tempo = tempo.New(c.inbox, now)
	c.engine = engine.New(engine.Config{Rate: opts.Rate, Start: now, Registry: &c.registry})
	c.outputs.Store(&[]device.Output{})
	return c
}

// env is what devices reach of the host.
func (c *core) env() device.Env {
	return device.Env{
		Since:   c.clock.Since,
		Time:    c.clock.Time,
		Now:     c.clock.Now,
		Observe: c.tempo.Observe,
		Alias:   c.tempo.Alias,
		Event: func(ev device.Event) {
			c.inbox.Put(script.Event{Topic: ev.Topic, Key: ev.Key, At: ev.At, Value: ev.Value})
		},
		Ports: c.opts.Ports,
		Log:   c.opts.Log,
	}
}

// scriptStep does what is due on the script loop.
func (c *core) scriptStep(now time.Duration) error {
	c.wakes.Add(1)
	c.tempo.Step(now)
	gen := c.live.gen
	gen.SetTimeline(c.tempo.Timeline(), now)
	sources := gen.Sources()
	for i, tl := range c.tempo.Watch(sources, now) {
		gen.SetSourceTimeline(sources[i], tl, now)
	}
	c.events = c.inbox.Take(c.events[:0])
	for _, ev := range c.events {
		if err := gen.Deliver(ev); err != nil {
			return err
		}
	}
	_, err := gen.Step(now)
	c.horizon = max(c.horizon, now+c.lead+c.opts.Lookahead)
	return err
}

// scriptNext is when scriptStep has to run again if no event comes.
func (c *core) scriptNext() time.Duration {
	return min(c.live.gen.Next(), c.tempo.Next())
}

// engineStep does what is due on the engine loop, which wanted to wake at the
// instant wanted: orders go to their devices, frames to every output.
func (c *core) engineStep(wanted, now time.Duration) {
	c.engine.Pass(now)
	c.engineTake()
	for _, o := range c.engine.Orders(now) {
		if d, ok := c.devices.get(o.Device).(device.Taker); ok {
			d.Take(o.At, o.Message)
		}
		if s, ok := c.frames.(OrderSink); ok {
			s.Order(o)
		}
	}
	c.outlets.Step(now)
	lead := c.outlets.Use(c.outputs.Load(), now)
	if c.engine.NextFrame() > now {
		return // there is none, or a batch that has just come in moved it
	}
	c.engine.Lead(lead)
	f := c.engine.Step(now)
	if f == nil {
		return
	}
	c.outlets.Frame(f, now)
	if c.frames != nil {
		c.frames.Frame(f)
	}
	c.frameStat.add(now - wanted)
}

// engineNext is when engineStep has something to do.
func (c *core) engineNext() time.Duration { return min(c.engine.Next(), c.outlets.Next()) }

// engineTake hands the engine what has come in since the last time.
func (c *core) engineTake() {
	if tl := c.tempo.Timeline(); tl != c.timeline {
		c.timeline = tl
		c.engine.Retime(tl)
		c.pace()
	}
	batches, outputs, barred := c.batches.take()
	for _, o := range outputs {
		c.engine.Use(o)
	}
	if c.rewired.Swap(false) {
		c.pace() // some may be new
	}
	for i, b := range batches {
		if i == barred {
			c.withdraw()
		}
		c.engine.Submit(b)
	}
	if len(batches) == barred {
		c.withdraw()
	}
}

// withdraw drops what machinery has been told for instants to come.
func (c *core) withdraw() {
	n := 0
	c.engine.Withdraw(func(o engine.Order) bool {
		m, ok := c.devices.get(o.Device).(device.Machinery)
		if ok {
			m.Drop(o.Message)
			n++
		}
		return ok
	})
	if n > 0 {
		c.opts.Log.Warn("machinery was stopped or released: commands that waited for their instant are dropped", "commands", n)
	}
}

// pace tells the devices that go by it the tempo the engine knows.
func (c *core) pace() {
	bpm := c.timeline.BPM
	if c.timeline.Stopped {
		bpm = 0
	}
	c.devices.mu.Lock()
	defer c.devices.mu.Unlock()
	for _, d := range c.devices.inOrder {
		if p, ok := d.(device.Paced); ok {
			p.Tempo(c.clock.Now(), bpm)
		}
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
	barred        int // how many of the queue came before bar was called last; -1 if it was not
}

func (q *batchQueue) put(b engine.Batch) {
	q.mu.Lock()
	q.queue = append(q.queue, b)
	q.mu.Unlock()
}

// bar keeps machinery from what it is told in the batches put so far, also if the
// engine has them already and waits for their instants.
func (q *batchQueue) bar() {
	q.mu.Lock()
	q.barred = len(q.queue)
	q.mu.Unlock()
}

// use puts an output into every frame from the next one on, also when nothing is
// done with it.
func (q *batchQueue) use(o level.Output) {
	q.mu.Lock()
	q.outputs = append(q.outputs, o)
	q.mu.Unlock()
}

// take returns what waits; the batches are good until the next take. Machinery is not
// told what is in the first barred ones, -1 for none, or came before.
func (q *batchQueue) take() (batches []engine.Batch, outputs []level.Output, barred int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batches, outputs, barred = q.queue, q.outputs, q.barred
	clear(q.before)
	q.queue, q.before = q.before[:0], batches
	q.outputs, q.barred = nil, -1
	return batches, outputs, barred
}

// liveDevices are the devices of the live load.
type liveDevices struct {
	mu      sync.Mutex
	byKey   map[string]device.Device
	inOrder []device.Device // of declaration
}

// set changes them and returns those before.
func (l *liveDevices) set(byKey map[string]device.Device, inOrder []device.Device) (before map[string]device.Device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.byKey
	l.byKey, l.inOrder = byKey, inOrder
	return before
}

// get returns a device, nil if none of that key is live; any goroutine.
func (l *liveDevices) get(key string) device.Device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byKey[key]
}

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

// OrderSink is a FrameSink that is shown orders as well.
type OrderSink interface {
	Order(engine.DueOrder)
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
