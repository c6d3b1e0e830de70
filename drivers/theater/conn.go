package theater

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"showrun/drivers/osc"
)

// The ports servers listen on by default. Further motion and valve servers follow
// on the next ones.
const (
	LightingPort = 20000
	MotionPort   = 21000
	ValvePort    = 23000
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

// Stats counts since the device was opened.
type Stats struct {
	Sent   uint64 // messages
	Unsent uint64 // messages the system refused
	// Unheard is how often the system said of what was sent before that no program
	// listens there, or that there is no such machine.
	Unheard uint64
}

// link is what a controller of any kind stands on: the way out, and the lock
// around its machine.
type link struct {
	kind string
	to   string // for the log
	log  *slog.Logger
	out  SendFunc
	lost func() uint64 // how often nobody took what was sent
	shut func() error  // closes the socket
	wake chan struct{} // the machine may have another deadline

	mu      sync.Mutex
	stats   Stats
	failing bool      // the last message was refused
	warned  time.Time // that nobody listens
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

// openLink sends through a socket of its own.
func openLink(kind string, cfg Config, port int) (*link, error) {
	if cfg.Host == "" {
		cfg.Host = "127.0.0.1"
	}
	if cfg.Port != 0 {
		port = cfg.Port
	}
	sender, err := osc.Dial(net.JoinHostPort(cfg.Host, strconv.Itoa(port)), cfg.Interface)
	if err != nil {
		return nil, fmt.Errorf("theater %s: %w", kind, err)
	}
	l := newLink(kind, cfg, sender.Send)
	l.to, l.shut = sender.To().String(), sender.Close
	l.lost = func() uint64 { return sender.Stats().Unheard }
	return l, nil
}

// send sends a message; mu is held.
func (l *link) send(m osc.Message) error {
	if l.closed {
		return net.ErrClosed
	}
	err := l.out(m)
	switch {
	case err != nil:
		l.stats.Unsent++
		if !l.failing {
			l.log.Warn("theater: cannot send", "device", l.kind, "to", l.to, "message", m.Address, "error", err)
		}
	default:
		l.stats.Sent++
		if l.failing {
			l.log.Info("theater: sending again", "device", l.kind, "to", l.to)
		}
	}
	l.failing = err != nil
	if n := l.lost(); n > l.stats.Unheard {
		l.stats.Unheard = n
		if now := time.Now(); now.Sub(l.warned) >= warnInterval {
			l.warned = now
			l.log.Warn("theater: nobody takes what is sent: is the server running?", "device", l.kind, "to", l.to)
		}
	}
	return err
}

// warnInterval is the time between two messages that nobody listens.
const warnInterval = 30 * time.Second

// close closes the socket; nothing is sent afterwards.
func (l *link) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.shut()
}

// alarm makes Run look at the deadline again.
func (l *link) alarm() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyhow
	}
}

// Run sends what is due until ctx ends, then closes the socket and returns nil.
func (l *Lighting) Run(ctx context.Context) error {
	defer l.link.close()
	l.link.run(ctx, l)
	return nil
}

// Run sends what is due and reports what is over until ctx ends, then closes the
// socket and returns nil. What is held back then is neither sent nor reported.
func (m *Motion) Run(ctx context.Context) error {
	defer m.link.close()
	m.link.run(ctx, m)
	return nil
}

// Run sends what is due until ctx ends, then closes the socket and returns nil. It
// performs no safe action by itself, but one that was performed just before is sent as
// often as it has to be.
func (v *Valve) Run(ctx context.Context) error {
	defer v.link.close()
	v.link.run(ctx, v)
	for range safeRepeats {
		if next := v.Deadline(); !next.IsZero() {
			<-time.After(time.Until(next))
			v.Step(time.Now())
		}
	}
	return nil
}

// Close closes the socket of a Lighting that does not run.
func (l *Lighting) Close() error { return l.link.close() }

// Close closes the socket of a Motion that does not run.
func (m *Motion) Close() error { return m.link.close() }

// Close closes the socket of a Valve that does not run.
func (v *Valve) Close() error { return v.link.close() }

// machine is a controller of any kind.
type machine interface {
	Step(now time.Time)
	Deadline() time.Time
}

// run steps a machine at its deadlines until ctx ends.
func (l *link) run(ctx context.Context, m machine) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
			m.Step(time.Now())
		}
		if next := m.Deadline(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}
