package theater

import (
	"log/slog"
	"net"
	"sync"

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
// it next. How many may wait there is bounded by how long a datagram takes to leave.
type link struct {
	kind string
	to   string // for the log
	log  *slog.Logger
	out  SendFunc
	lost func() uint64 // how often nobody took what was sent, in all
	shut func() error  // closes the socket
	wake chan struct{} // the machine may have another deadline

	mu      sync.Mutex
	busy    bool     // a change is being made; the machine belongs to its goroutine
	waiting []change // that are left to it
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

// change is something done to the machine. late tells that whoever asked for it has
// gone on meanwhile.
type change func(late bool)

// do makes a change of the machine, after those before it. It reports whether that is
// done; if not, the goroutine that is at it now does it next.
func (l *link) do(c change) (done bool) {
	l.mu.Lock()
	if l.busy {
		l.waiting = append(l.waiting, c)
		l.mu.Unlock()
		return false
	}
	l.busy = true
	c(false)
	for len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		next(true)
	}
	after := l.after
	l.busy, l.waiting, l.after = false, nil, nil
	l.mu.Unlock()
	l.alarm()
	for _, say := range after {
		say()
	}
	return true
}

// try is do for a change that may fail. One that is left to another goroutine cannot
// tell any more.
func (l *link) try(f func() error) error {
	var err error
	if l.do(func(bool) { err = f() }) {
		return err
	}
	return nil
}

// finish waits until all changes before are made, and f is.
func (l *link) finish(f func()) {
	done := make(chan struct{})
	l.do(func(bool) { f(); close(done) })
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
