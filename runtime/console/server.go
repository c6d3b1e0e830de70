package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Config says what a console is of.
type Config struct {
	View    View
	Do      Do
	Verbs   []Verb // what Do does
	Show    string
	Version string
	Rate    int // frames a second
	Started time.Time
	Log     *slog.Logger
	// Tokens gives the tokens of who comes from elsewhere. It is asked once, and only if
	// somebody can.
	Tokens func() (Tokens, error)
}

// A Verb is a command as people write it: what may come after its name, what it does, and
// of how many words at least and at most.
type Verb struct {
	Name, Takes, Short string
	Least, Most        int
}

// Server is the console of a show.
type Server struct {
	Config
	hall     *hall
	tokens   Tokens
	loopback bool     // nobody else reaches it
	names    []string // of this machine
	cookie   string
	port     uint16

	refused  refusals
	requests *measure
	wrong    *measure
	sampler  *sampler
	pages    map[string]file
	routes   map[string]route
	buffers  sync.Pool // of WebSockets
	kept     keeper
	visits   sync.WaitGroup
}

// morePorts is how many ports are tried after one that is taken.
const morePorts = 10

// Listen opens the port of a console. If it is taken by another program, one of the next
// ones will do. Only loopback addresses are reached without a token.
func Listen(address string, c Config) (*Server, error) {
	l, err := listen(address)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	s, err := newServer(l, c)
	if err != nil {
		l.Close()
		return nil, err
	}
	return s, nil
}

func listen(address string) (net.Listener, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address must be one such as 127.0.0.1:7780 or 0.0.0.0:7780, got %q", address)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the port must be 0-65535, got %q", text)
	}
	last := min(port+morePorts, 1<<16-1)
	if port == 0 {
		last = 0 // any port is free
	}
	for ; ; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.FormatUint(port, 10)))
		if err == nil || port == last || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
}

func newServer(l net.Listener, c Config) (*Server, error) {
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	s := &Server{
		Config: c, loopback: at.Addr().IsLoopback(), names: ownNames(), port: at.Port(),
		cookie:   fmt.Sprintf("showrun-%d", at.Port()), // cookies are of a host, with all its ports
		requests: newMeasure(requestRate, requestBurst), wrong: newMeasure(wrongRate, wrongBurst),
	}
	if !s.loopback {
		if s.tokens, err = c.Tokens(); err != nil {
			return nil, err
		}
	}
	s.hall = &hall{Listener: l, refused: &s.refused}
	s.sampler = newSampler(c.View, s.refused.drops, s.survive)
	if s.pages, err = readPages(); err != nil {
		return nil, err
	}
	s.routes = s.api()
	return s, nil
}

// Address is where the console listens.
func (s *Server) Address() net.Addr { return s.hall.Addr() }

// OnlyHere tells whether nobody else than this machine reaches the console.
func (s *Server) OnlyHere() bool { return s.loopback }

// Refused is how often the console did not do what somebody asked.
func (s *Server) Refused() uint64 { return s.refused.sum() }

// survive is deferred by goroutines of the console: a fault of it does not end the show.
func (s *Server) survive() {
	if bug := recover(); bug != nil {
		s.Log.Error("the console has a fault; the show goes on", "error", bug, "stack", string(debug.Stack()))
	}
}

// Run serves until ctx ends, and closes everything before it returns.
func (s *Server) Run(ctx context.Context) error {
	h := &http.Server{
		Handler: s, ConnContext: enter, ConnState: s.hall.watch, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
	}
	stop := context.AfterFunc(ctx, func() {
		h.Close()
		s.hall.clear()
	})
	defer stop()
	err := h.Serve(s.hall)
	s.sampler.end()
	s.visits.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
