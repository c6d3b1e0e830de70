package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/osc"
)

// A Machine is a server without its socket: a Lighting, Motion or Valve.
type Machine interface {
	// Receive takes a message that arrived at now and is to be executed at an
	// instant; the zero Time means at once.
	Receive(now time.Time, m osc.Message, at time.Time) error
	// Step does what is due at now.
	Step(now time.Time) error
	// Deadline is when Step has something to do; the zero Time means not before the
	// next message.
	Deadline() time.Time
}

// Config describes a Server. Machine is required.
type Config struct {
	// Name is what the log and errors call it, such as "lighting".
	Name string
	// Machine belongs to the Server from now on. Its sinks and callbacks are called
	// one at a time with the Server locked: they must return fast and not call the
	// Server.
	Machine Machine
	// Interface is the name or address of the network interface to listen on, or
	// 0.0.0.0 for all of them; "" means loopback.
	Interface string
	Port      int          // 0 lets the system choose
	Log       *slog.Logger // nil for none
}

// Server is a Machine with a socket. Its methods are safe from any goroutine.
type Server struct {
	cfg  Config
	conn *osc.Conn
	wake chan struct{} // the Machine may have another deadline

	mu     sync.Mutex
	last   time.Time // the Machine was told of last
	logged [reasons]lan.Seldom
}

// Listen opens the socket of a Server. Run must be called for messages to be
// executed; Close ends a Server that never ran.
func Listen(cfg Config) (*Server, error) {
	if cfg.Machine == nil {
		return nil, errors.New("theater server: no Machine given")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("server", cfg.Name)
	s := &Server{cfg: cfg, wake: make(chan struct{}, 1)}
	conn, err := osc.Listen(osc.Config{Interface: cfg.Interface, Port: cfg.Port, Handler: s.take, Log: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("%s server: %w", cfg.Name, err)
	}
	s.conn = conn
	return s, nil
}

// Addr is where the Server listens.
func (s *Server) Addr() netip.AddrPort { return s.conn.Addr() }

// Received counts what came in by the socket.
func (s *Server) Received() osc.Stats { return s.conn.Stats() }

// Do runs f with the Server locked, after what is due, to ask its Machine. f must
// return fast and not call the Server.
func (s *Server) Do(f func(now time.Time)) {
	s.mu.Lock()
	now := s.now(time.Now())
	lines := s.lines(s.cfg.Machine.Step(now), now)
	f(now)
	s.mu.Unlock()
	s.log(lines)
}

// Run executes messages until ctx ends, then closes the socket and returns nil.
// Call it once.
func (s *Server) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read := make(chan error, 1)
	go func() { read <- s.conn.Run(ctx) }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case err := <-read:
			if err != nil {
				err = fmt.Errorf("%s server: %w", s.cfg.Name, err)
			}
			return err
		case <-s.wake:
		case <-timer.C:
		}
		if wait, ok := s.step(); ok {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
	}
}

// step does what is due and says how long to wait for the next deadline, if there
// is one.
func (s *Server) step() (wait time.Duration, ok bool) {
	s.mu.Lock()
	now := s.now(time.Now())
	lines := s.lines(s.cfg.Machine.Step(now), now)
	next := s.cfg.Machine.Deadline()
	s.mu.Unlock()
	s.log(lines)
	return next.Sub(now), !next.IsZero()
}

// take implements osc.Handler.
func (s *Server) take(m osc.Message, when osc.TimeTag, from netip.AddrPort, at time.Time) {
	s.mu.Lock()
	now := s.now(at)
	lines := s.lines(s.cfg.Machine.Receive(now, m, when.Time()), now, "from", from)
	s.mu.Unlock()
	s.log(lines)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// now is an instant to tell the Machine, with mu held: for it, time does not go
// back because a message was read before the lock was free.
func (s *Server) now(t time.Time) time.Time {
	if t.Before(s.last) {
		return s.last
	}
	s.last = t
	return t
}

// logInterval is how often a message dropped for the same reason is logged.
const logInterval = 10 * time.Second

// lines are the log lines about refusals, each the arguments of one, with mu held.
func (s *Server) lines(err error, now time.Time, where ...any) (lines [][]any) {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			lines = append(lines, s.lines(e, now, where...)...)
		}
		return lines
	}
	var r *Refusal
	if !errors.As(err, &r) {
		return nil
	}
	held, ok := s.logged[r.Reason].Allow(now, logInterval)
	if !ok {
		return nil
	}
	args := append([]any{"reason", r.Text}, where...)
	if held > 0 {
		args = append(args, "more", held)
	}
	return [][]any{args}
}

// log writes lines, without mu: nobody waits for a log to ask the Machine.
func (s *Server) log(lines [][]any) {
	for _, args := range lines {
		s.cfg.Log.Warn("theater: message dropped", args...)
	}
}

// Close closes the socket of a Server that does not run.
func (s *Server) Close() error { return s.conn.Close() }
