package theater

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/osc"
)

// The ports servers listen on by default. Further motion and valve servers follow
// on the next ones.
const (
	LightingPort = 20000
	MotionPort   = 21000
	ValvePort    = 23000
)

// OpenLighting makes a Lighting with a socket, which Run closes. It sends nothing
// yet.
func OpenLighting(cfg LightingConfig) (*Lighting, error) {
	l := NewLighting(cfg, nil)
	if err := l.link.open(cfg.Config, LightingPort); err != nil {
		return nil, err
	}
	return l, nil
}

// OpenMotion makes a Motion with a socket, which Run closes. It sends nothing yet.
func OpenMotion(cfg MotionConfig) (*Motion, error) {
	m, err := NewMotion(cfg, nil)
	if err != nil {
		return nil, err
	}
	if err := m.link.open(cfg.Config, MotionPort); err != nil {
		return nil, err
	}
	return m, nil
}

// OpenValve makes a Valve with a socket, which Run closes. It sends nothing yet.
func OpenValve(cfg ValveConfig) (*Valve, error) {
	v, err := NewValve(cfg, nil)
	if err != nil {
		return nil, err
	}
	if err := v.link.open(cfg.Config, ValvePort); err != nil {
		return nil, err
	}
	return v, nil
}

// open makes the link send through a socket of its own.
func (l *link) open(cfg Config, port int) error {
	if cfg.Host == "" {
		cfg.Host = "127.0.0.1"
	}
	if cfg.Port != 0 {
		port = cfg.Port
	}
	sender, err := osc.Dial(net.JoinHostPort(cfg.Host, strconv.Itoa(port)), cfg.Interface)
	if err != nil {
		return fmt.Errorf("theater %s: %w", l.kind, err)
	}
	l.to, l.shut = sender.To().String(), sender.Close
	l.lost = func() uint64 { return sender.Stats().Unheard }
	var unheard uint64
	var told lan.Seldom
	l.out = func(m osc.Message) error {
		err := sender.Send(m)
		if n := l.lost(); n > unheard {
			unheard = n
			if _, ok := told.Allow(time.Now(), warnInterval); ok {
				l.log.Warn("theater: nobody takes what is sent: is the server running?", "device", l.kind, "to", l.to)
			}
		}
		return err
	}
	return nil
}

// warnInterval is the time between two messages that nobody listens.
const warnInterval = 30 * time.Second

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
		v.link.finish(func() {})
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
	l.see(func() { l.running = true })
	defer l.see(func() { l.running = false })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			l.makePosted()
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
