package theater

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"showrun/drivers/osc"
)

// Config says where a server is.
type Config struct {
	Host      string       // name or address, looked up once; "" for 127.0.0.1
	Port      int          // 0 for the default of the kind of server
	Interface string       // name or address of the network interface to send by; "" for the system's choice
	Log       *slog.Logger // nil for none
}

// SendFunc sends a message. It must not wait and not call the device it sends for.
type SendFunc func(osc.Message) error

// Stats counts since the device was made.
type Stats struct {
	Sent   uint64 // messages
	Unsent uint64 // messages the system refused
	// Unheard is how often the system said of what was sent before that no program
	// listens there, or that there is no such machine.
	Unheard uint64
}

// link is what a controller of any kind stands on: the way out, and the order in which
// its machine is changed. The lock is held for as long as a change takes to think, never
// while a message leaves or a line is logged. So whoever finds it taken by a change that
// is sending does not wait: the change is left to the goroutine that sends, which makes
// it next. While Run is at it, that is the one that sends: whoever gives a command has it
// made by Run, and waits for nothing. Only safe actions leave on the goroutine of whoever
// asks for them; they take back the commands before that have not left.
type link struct {
	kind string
	to   string // for the log
	log  *slog.Logger
	out  SendFunc
	lost func() uint64 // how often nobody took what was sent, in all
	shut func() error  // closes the socket
	wake chan struct{} // the machine may have another deadline

	overtaken atomic.Uint64 // safe actions so far

	mu      sync.Mutex
	running bool     // Run makes the changes that post leaves
	busy    bool     // a change is being made; the machine belongs to its goroutine
	waiting []left   // that are left to it, or to Run
	after   []func() // what is to be said when the machine is free again
	stats   Stats
	failing bool // the last message was refused
	closed  bool
}

// newLink sends through a function.
func newLink(kind string, cfg Config, out SendFunc) *link {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &link{
		kind: kind, log: cfg.Log, out: out, lost: func() uint64 { return 0 },
		shut: func() error { return nil }, wake: make(chan struct{}, 1),
	}
}

// change is something done to the machine.
type change func(timing)

// timing tells a change how it comes.
type timing int

const (
	direct    timing = iota // whoever asked for it waits
	late                    // who asked has gone on meanwhile
	overtaken               // late, and a safe action was asked for meanwhile
)

// left is a change that is left to another goroutine.
type left struct {
	change change
	safes  uint64 // safe actions before it
}

// maxWaiting is how many changes may be left to Run.
const maxWaiting = 4096

// do makes a change of the machine, after those before it. It reports whether that is
// done; if not, the goroutine that is at it now does it next.
func (l *link) do(c change) (done bool) {
	l.mu.Lock()
	if l.busy {
		l.leave(c)
		l.mu.Unlock()
		return false
	}
	l.busy = true
	l.catchUp()
	c(direct)
	l.catchUp()
	after := l.after
	l.busy, l.after = false, nil
	l.mu.Unlock()
	l.alarm()
	for _, say := range after {
		say()
	}
	return true
}

// leave leaves a change to another goroutine, with mu held.
func (l *link) leave(c change) { l.waiting = append(l.waiting, left{c, l.overtaken.Load()}) }

// catchUp makes the changes that were left, with mu held.
func (l *link) catchUp() {
	for len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		how := late
		if next.safes != l.overtaken.Load() {
			how = overtaken
		}
		next.change(how)
	}
	l.waiting = nil
}

// post is do for a caller that must not wait: while Run is running, that makes the
// change. note is called with mu held when the change is sure to be made; it may be nil.
func (l *link) post(note func(), c change) (done bool) {
	l.mu.Lock()
	if note != nil {
		note()
	}
	if !l.running {
		l.mu.Unlock()
		return l.do(c)
	}
	l.leave(c)
	l.mu.Unlock()
	l.alarm()
	return false
}

// full tells whether so many changes wait for Run that no more are taken.
func (l *link) full() (full bool) {
	l.see(func() {
		if full = len(l.waiting) >= maxWaiting; !full {
			return
		}
		l.stats.Unsent++
		if !l.failing {
			l.warn("theater: commands are dropped, too many wait", "device", l.kind, "to", l.to)
		}
		l.failing = true
	})
	return full
}

// makePosted makes the changes that post has left, on the goroutine of Run.
func (l *link) makePosted() {
	posted := false
	l.see(func() { posted = len(l.waiting) > 0 && !l.busy })
	if posted {
		l.do(func(timing) {})
	}
}

// overtake makes a safe action. The commands that were given before and are not made yet
// are taken back.
func (l *link) overtake(c change) (done bool) {
	l.overtaken.Add(1)
	return l.do(c)
}

// try is post for a command that may fail. One that is left to another goroutine cannot
// tell any more. The error is ErrBusy if too many wait.
func (l *link) try(note func(), c func(timing) error) error {
	if l.full() {
		return ErrBusy
	}
	var err error
	if l.post(note, func(t timing) { err = c(t) }) {
		return err
	}
	return nil
}

// finish waits until all changes before are made, and f is.
func (l *link) finish(f func()) {
	done := make(chan struct{})
	l.do(func(timing) { f(); close(done) })
	<-done
}

// see looks at the machine.
func (l *link) see(look func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	look()
}

// say has something told when the machine is free again; in a change.
func (l *link) say(f func()) { l.after = append(l.after, f) }

// warn logs when the machine is free again; in a change.
func (l *link) warn(text string, args ...any) { l.say(func() { l.log.Warn(text, args...) }) }

// send sends a message, in a change. The lock is free meanwhile.
func (l *link) send(m osc.Message) error {
	if l.closed {
		return net.ErrClosed
	}
	l.mu.Unlock()
	err := l.out(m)
	unheard := l.lost()
	l.mu.Lock()
	l.stats.Unheard = unheard
	switch {
	case err != nil:
		l.stats.Unsent++
		if !l.failing {
			l.warn("theater: cannot send", "device", l.kind, "to", l.to, "message", m.Address, "error", err)
		}
	default:
		l.stats.Sent++
		if l.failing {
			l.say(func() { l.log.Info("theater: sending again", "device", l.kind, "to", l.to) })
		}
	}
	l.failing = err != nil
	return err
}

// close closes the socket; nothing is sent afterwards.
func (l *link) close() error {
	l.finish(func() { l.closed = true })
	return l.shut()
}

// alarm makes Run look at the deadline again.
func (l *link) alarm() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyhow
	}
}
