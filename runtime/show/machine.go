package show

import (
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
	"showrun/runtime/show/outlets"
)

// Config is what a machine is made of.
type Config struct {
	Name, File, Dir string // of the show, its file, and its folder, for people

	Rate      int           // frames a second; 0 stands for engine.DefaultRate
	Lookahead time.Duration // how far before its instant scheduled code runs
	Seed      uint64        // of math.random

	Budget       uint64        // instructions a task may run without waiting; 0 = the default
	Guard, Grace time.Duration // see script.Config; 0 = the defaults
	Memory       uint64        // bytes the process may hold, see script.Config; 0 = the default

	Bind    Bind
	Shipped fs.FS  // Lua that comes with the runtime; may be nil
	Tests   string // a file with tests, see script.Config; "" for none

	Now       func() time.Duration // show time: for what is reported, and stamps of what the machine notices by itself
	Stopwatch func() time.Duration // real time, for the guards
	Collect   func()               // begins to collect garbage, see script.Config; may be nil
	World     script.World         // what scripts ask of the world; Other is the machine's
	Log       *slog.Logger

	// Answer answers what scripts ask of devices of the live load, on the script loop, where it
	// knows better than the device; nil = nowhere. It must not wait.
	Answer func(AskDevice) (answer any, known bool)

	// Frames is shown every frame, on the engine loop; nil = nobody.
	Frames FrameSink
	// Record is told of every input, on the loop that took it, when its turn is over;
	// nil = nobody. It must not wait.
	Record func(input any)
	// Turned is told of the turns of the engine loop in place of Record, so that nothing is
	// allocated for them, with the frame that each made, which is only lent, or nil. If it is
	// nil, Record is told.
	Turned func(EngineTurn, *level.Frame)
	// Wake is called, from any goroutine, when the engine loop may have something to do
	// at once; nil if nothing sleeps. It must not wait.
	Wake func()
	// Failed is told of every error in a task or a handler, on the script loop or by the
	// loader; nil = nobody cares. It must not wait.
	Failed func(*script.Failure)
	// Changed is called, on the script loop, when the board or what is carried over has changed; nil = nobody
	// cares. It must not wait.
	Changed func()
}

// Machine is a show. See the package documentation for who may call what; a method that
// names no loop is for any goroutine.
type Machine struct {
	cfg      Config
	registry level.Registry
	number   atomic.Uint64 // of the last input
	plan     atomic.Pointer[beat.Plan]
	watched  atomic.Pointer[[]string] // tempo sources that scripts wait for
	counts   counts
	times    atomic.Pointer[script.Times] // of the live load
	tasks    atomic.Int64                 // unfinished ones of it
	bar      atomic.Int64                 // a beat.Micro
	inbox    *script.Inbox
	inputs   bag         // of the engine loop
	reports  bag         // from the engine loop to the inbox
	leaving  atomic.Bool // the script says goodbye
	errors   limiter
	undone   limiter                  // operations
	apart    atomic.Uint64            // operations that keep those on both sides of them apart
	disabled atomic.Pointer[[]string] // handlers of the live load
	board    atomic.Pointer[Board]
	carried  atomic.Pointer[Carried]
	pointing atomic.Pointer[pointing]
	marking  atomic.Bool   // somebody wants a Checkpoint
	changes  atomic.Uint64 // that a point has to have
	resumed  *Resumed      // nil if it is not; written before anything runs

	// Script loop only.
	master    float64     // where it is or goes
	dark      bool        // there is a blackout
	holds     []HeldLevel // in the order in which they came
	relit     bool        // these are not on the board yet
	live      *Load
	horizon   time.Duration  // up to which scheduled code has run
	lead      time.Duration  // how early the outputs of the live load want their frames
	waiting   []script.Event // that the last turn has taken and not delivered
	wakes     uint64         // of tasks of the live load, so far
	handed    uint64         // what went over to the engine loop, so far
	conducted uint64         // commands for the conductor among it
	noting    bool           // it is noted, for there is a Checkpoint
	named     int            // how many outputs are noted
	swapped   Swapped        // the live load, as it was swapped in
	goodbye   goodbye
	ended     script.Stats // of the loads before

	calling calling

	// Engine loop only.
	conductor *beat.Conductor
	engine    *engine.Engine
	turned    time.Duration // when its last turn was
	heard     uint64        // commands for the conductor, so far
	got       uint64        // what the script half has handed over, so far
	marked    *Checkpoint   // that is to be made at the end of the turn
	taken     []any
	outlets   outlets.Outlets
	wired     wiring
	lost      uint64          // orders
	absent    uint64          // orders
	held      bool            // machinery is
	refused   map[string]bool // devices of which that was logged
	bugs      map[string]*bugs
	paced     float64 // the tempo that devices know
}

// inboxLimit is how many events may wait for the script loop.
const inboxLimit = 4096

// New makes a machine that begins at show time 0.
func New(cfg Config) *Machine { return newMachine(cfg, 0) }

func newMachine(cfg Config, now time.Duration) *Machine {
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	if cfg.Failed == nil {
		cfg.Failed = func(*script.Failure) {}
	}
	cfg.Lookahead = ahead(cfg.Lookahead, cfg.Rate)
	m := &Machine{
		master: 255,
		cfg:    cfg, horizon: now, turned: now, refused: map[string]bool{}, bugs: map[string]*bugs{},
		inbox: script.NewInbox(inboxLimit), conductor: beat.NewConductor(now, 120),
	}
	m.engine = engine.New(engine.Config{Rate: cfg.Rate, Start: now, Registry: &m.registry})
	m.watched.Store(&[]string{})
	m.disabled.Store(&[]string{})
	m.board.Store(&Board{Master: m.master})
	m.plan.Store(m.conductor.Plan(0, now))
	m.engine.Retime(m.plan.Load().Course)
	m.outlets.Failed = m.bug
	m.outlets.Begin, m.outlets.End = func(name *string) { m.calling.begin(name, m.turned) }, m.calling.end
	return m
}

// ahead is how far ahead scheduled code runs at a frame rate. Where there are fewer frames than
// usual that is more than one period and an eighth: a frame is put on an instant only if that
// is known before the last frame but one ahead of it.
func ahead(lookahead time.Duration, rate int) time.Duration {
	if rate <= 0 || rate >= engine.DefaultRate {
		return lookahead
	}
	return max(lookahead, time.Second/time.Duration(rate)*9/8)
}

// Env is what devices reach of the machine; the shell adds the rest.
func (m *Machine) Env() device.Env {
	return device.Env{
		Now: m.cfg.Now,
		Observe: func(source string, o beat.Observation) {
			m.inputs.offer(Observed{source, o})
			m.cfg.Wake()
		},
		Alias: func(source, target string, at time.Duration) {
			m.inputs.put(Aliased{source, target, at})
			m.cfg.Wake()
		},
		Event: func(ev device.Event) bool {
			return m.Put(script.Event{Topic: ev.Topic, Key: ev.Key, Brief: ev.Brief, From: ev.From, At: ev.At, Value: ev.Value})
		},
		Log: m.cfg.Log,
	}
}

// Put takes an event for handlers of the script and reports whether there was room.
func (m *Machine) Put(ev script.Event) bool { return m.inbox.Put(ev) }

// Ready is signalled when the script loop may have something to do.
func (m *Machine) Ready() <-chan struct{} { return m.inbox.Ready() }

// Bar keeps machinery from what it was told up to now and is to do at an instant to
// come.
func (m *Machine) Bar() {
	m.inputs.put(Barred{})
	m.cfg.Wake()
}

// Hold keeps machinery from everything it was told, and is told until it is let go with
// false. Machines hold themselves at once. They may be let go before this is called: what
// they were told while they were held never reaches them.
func (m *Machine) Hold(on bool) {
	m.inputs.put(Held{on})
	m.cfg.Wake()
}

// Plan is the plan of the beat as it was published last.
func (m *Machine) Plan() *beat.Plan { return m.plan.Load() }

// Registry numbers the outputs.
func (m *Machine) Registry() *level.Registry { return &m.registry }

// Levels shows the present levels.
func (m *Machine) Levels() *engine.Reader { return m.engine.Reader() }

// next numbers an input.
func (m *Machine) next() uint64 { return m.number.Add(1) }

// record tells of an input.
func (m *Machine) record(input any) {
	if m.cfg.Record != nil {
		m.cfg.Record(input)
	}
}

// hand sends something to the engine half; script loop.
func (m *Machine) hand(h handed) {
	m.changes.Add(1)
	m.handed++
	h.number = m.handed
	m.noteGiven(h)
	m.inputs.put(h)
	m.cfg.Wake()
}

// submit takes a batch of the script.
func (m *Machine) submit(b engine.Batch) (conducted uint64) {
	m.watchLight(b)
	for _, c := range b.Commands {
		if _, ok := c.(engine.Conduct); ok {
			m.conducted++
		}
	}
	if m.goodbye.begun {
		m.play(b)
	}
	m.hand(handed{batch: b})
	return m.conducted
}

// ask answers what scripts ask of levels and devices.
func (m *Machine) ask(l *Load, question any) any {
	switch q := question.(type) {
	case AskLevel:
		return m.engine.Reader().Value(q.At)
	case AskHeld:
		return m.engine.Reader().Held(q.At)
	case AskDevice:
		if l == m.live {
			return m.askDevice(l, q)
		}
		return nil
	}
	panic(fmt.Sprintf("nobody answers %#v", question))
}

func (m *Machine) askDevice(l *Load, q AskDevice) any {
	if m.cfg.Answer != nil {
		if answer, known := m.cfg.Answer(q); known {
			return answer
		}
	}
	if d, ok := l.device(q.Key).(device.Answerer); ok {
		return d.Answer(q.Question)
	}
	return nil
}

// limiter lets so many things a second through. It is for the script loop and the
// loader, which may both report errors.
type limiter struct {
	window atomic.Int64 // the second that is counted
	passed atomic.Int64
	held   atomic.Uint64
}

const errorsPerSecond = 20

// allow reports whether one more is let through at now, and how many were not
// since the last that was.
func (l *limiter) allow(now time.Duration) (ok bool, held uint64) {
	if second := int64(now / time.Second); l.window.Swap(second) != second {
		l.passed.Store(0)
	}
	if l.passed.Add(1) > errorsPerSecond {
		l.held.Add(1)
		return false, 0
	}
	return true, l.held.Swap(0)
}
