package dmxusb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/dmxusb/wire"
)

// LinkConfig describes a widget and where it is. Its functions are called by one goroutine at
// a time.
type LinkConfig struct {
	Config
	// Port is the name of a port, or a serial number: that of the USB device or the one on the
	// case. "" means the first widget that answers.
	Port  string
	Ports Ports // nil for SystemPorts
	Log   *slog.Logger
}

// A Link keeps a widget: it looks for it as long as it is not there, also after it was
// unplugged, and gives it the newest levels when it comes. Its methods may be called from any
// goroutine; SetLevels from one at a time.
type Link struct {
	cfg    LinkConfig
	levels *mailbox
	wake   chan struct{} // there are levels
	rdm    chan []byte

	online atomic.Pointer[Online]
	stats  atomic.Pointer[Stats]

	before Stats // of earlier Controllers; Run only
	said   string
}

// Online is a widget that is there.
type Online struct {
	Port       string
	Serial     string // on its case; "" as long as it has not answered
	Parameters wire.Parameters
}

// Times of a Link.
const (
	retryInterval = time.Second
	answerTime    = 1500 * time.Millisecond // for a widget to say which it is
	leaveTime     = 500 * time.Millisecond  // for the last frame to leave
)

// NewLink makes a Link. Nothing is looked for before Run.
func NewLink(cfg LinkConfig) (*Link, error) {
	if _, err := New(cfg.Config, time.Time{}, nil); err != nil {
		return nil, err
	}
	if cfg.Ports == nil {
		cfg.Ports = SystemPorts{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Link{cfg: cfg, levels: newMailbox(), wake: make(chan struct{}, 1), rdm: make(chan []byte, 16)}
	l.stats.Store(&Stats{})
	return l, nil
}

// SetLevels sets what is to be sent, up to 512 levels, which it copies. It waits for nobody.
func (l *Link) SetLevels(levels []byte) {
	l.levels.put(levels)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// errFull answers RDM that comes faster than the widget takes it.
var errFull = errors.New("dmxusb: too many RDM packets wait for the widget")

// SendRDM has an RDM packet be sent, which it copies. It waits for nobody.
func (l *Link) SendRDM(packet []byte) error {
	select {
	case l.rdm <- slices.Clone(packet):
		return nil
	default:
		return errFull
	}
}

// Online is the widget, nil as long as it is not there or has not answered.
func (l *Link) Online() *Online { return l.online.Load() }

// Stats gives the counters since the Link was made.
func (l *Link) Stats() Stats { return *l.stats.Load() }

// String names the widget for people.
func (l *Link) String() string { return Name(l.cfg.Port) }

// Name names the widget at a port, or of a number, for people.
func Name(port string) string {
	if port == "" {
		return "DMX USB widget"
	}
	return "DMX USB widget " + port
}

// Run keeps the widget until ctx ends, and has the last levels leave.
func (l *Link) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := l.once(ctx)
		if ctx.Err() != nil {
			break
		}
		if text := err.Error(); text != l.said {
			l.said = text
			l.cfg.Log.Warn("dmxusb: the widget is not there, it is looked for", "widget", l.String(), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryInterval):
		}
	}
	return nil
}

// errNotIt tells that a port leads to another widget, or to none.
var errNotIt = errors.New("no widget answers that it is the one")

// once finds the widget and keeps it until it is gone.
func (l *Link) once(ctx context.Context) error {
	list, err := candidates(l.cfg.Ports, l.cfg.Port)
	if err != nil {
		return err
	}
	err = errors.New("no serial port looks like one")
	var taken error // of the first port that may be it and cannot be opened
	for _, c := range list {
		port, failed := l.cfg.Ports.Open(c.name)
		switch {
		case failed == nil:
			failed = l.keep(ctx, c, port)
		case c.ask: // another program may have it, or another Link: the next may be it
			taken = cmp.Or(taken, failed)
			continue
		}
		if err = failed; ctx.Err() != nil || !c.ask || !errors.Is(err, errNotIt) {
			return err
		}
	}
	return cmp.Or(taken, err)
}

// keep talks with what is at a port, which it closes. A write may hang in the system; at the
// end that is not waited for.
func (l *Link) keep(ctx context.Context, at candidate, port io.ReadWriteCloser) error {
	heard, over := make(chan []byte, 64), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() { read(port, heard, over) })
	ended := make(chan error, 1)
	go func() { ended <- l.talk(ctx, at, port, heard) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		select {
		case err = <-ended:
		case <-time.After(leaveTime):
			if p, ok := port.(interface{ ResetOutputBuffer() error }); ok {
				_ = p.ResetOutputBuffer()
			}
		}
	}
	close(over)
	port.Close()
	reading.Wait()
	if l.online.Swap(nil) != nil {
		l.said = ""
	}
	return err
}

// read hands on what comes from a port until that ends.
func read(port io.Reader, to chan<- []byte, over <-chan struct{}) {
	defer close(to)
	b := make([]byte, 4096)
	for {
		n, err := port.Read(b)
		if err != nil {
			return
		}
		select {
		case to <- slices.Clone(b[:n]):
		case <-over:
			return
		}
	}
}

// errGone tells that a port has ended.
var errGone = errors.New("it was unplugged")

// talk is the computer's side of a port, until ctx or the port ends.
func (l *Link) talk(ctx context.Context, at candidate, port io.Writer, heard <-chan []byte) error {
	send := func(b []byte) error { _, err := port.Write(b); return err }
	if at.ask {
		if err := l.identify(ctx, send, heard); err != nil {
			return err
		}
	}
	c, err := New(l.cfg.Config, time.Now(), send)
	if err != nil {
		return err
	}
	defer func() {
		c.Lose(time.Now())
		l.before = l.Stats()
	}()
	if l.levels.take(); len(l.levels.last()) > 0 {
		c.SetLevels(l.levels.last())
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return l.leave(c, port)
		case b, ok := <-heard:
			if !ok {
				return errGone
			}
			c.Receive(time.Now(), b)
		case <-l.wake:
			if levels, ok := l.levels.take(); ok {
				c.SetLevels(levels)
			}
		case packet := <-l.rdm:
			if err := c.SendRDM(packet); err != nil {
				l.cfg.Log.Warn("dmxusb: RDM not sent", "error", err)
			}
		case <-timer.C:
		}
		if err := c.Step(time.Now()); err != nil {
			return err
		}
		l.note(at, c)
		timer.Reset(cmp.Or(untilDeadline(c), time.Hour))
	}
}

// untilDeadline is how long until a Controller has something to do, 0 for never.
func untilDeadline(c *Controller) time.Duration {
	next := c.Deadline()
	if next.IsZero() {
		return 0
	}
	return max(time.Until(next), 1)
}

// leave sends the last levels, whatever the rate.
func (l *Link) leave(c *Controller, port io.Writer) error {
	if l.cfg.Input {
		return nil
	}
	if levels, ok := l.levels.take(); ok {
		c.SetLevels(levels)
	}
	err := c.Step(time.Now().Add(refresh))
	if p, ok := port.(interface{ Drain() error }); ok && err == nil {
		err = p.Drain()
	}
	return err
}

// note publishes how a Controller stands.
func (l *Link) note(at candidate, c *Controller) {
	s := l.before.plus(c.Stats())
	l.stats.Store(&s)
	number, known := c.Serial()
	if !known || l.online.Load() != nil {
		return
	}
	p, _ := c.Parameters()
	l.online.Store(&Online{at.name, number.String(), p})
	l.cfg.Log.Info("dmxusb: the widget is there", "port", at.name, "serial", number)
}

// identify asks what is at a port whether it is the one looked for.
func (l *Link) identify(ctx context.Context, send func([]byte) error, heard <-chan []byte) error {
	number, err := ask(ctx, send, heard)
	switch {
	case err != nil:
		return err
	case l.cfg.Port != "" && !number.Is(l.cfg.Port):
		return errNotIt
	}
	return nil
}

// Ask asks what is at a port for the number on its case, for up to 1.5 s. Only a port that
// may be that of a widget is to be asked: others may be machines.
func Ask(ctx context.Context, ports Ports, name string) (wire.Serial, error) {
	port, err := ports.Open(name)
	if err != nil {
		return wire.Serial{}, err
	}
	heard, over := make(chan []byte, 64), make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() { read(port, heard, over) })
	defer reading.Wait()
	defer port.Close()
	defer close(over)
	return ask(ctx, func(b []byte) error { _, err := port.Write(b); return err }, heard)
}

// ask asks a widget for its number.
func ask(ctx context.Context, send func([]byte) error, heard <-chan []byte) (wire.Serial, error) {
	c, err := New(Config{}, time.Now(), send)
	if err != nil {
		return wire.Serial{}, err
	}
	late := time.NewTimer(answerTime)
	defer late.Stop()
	for {
		if err := c.Step(time.Now()); err != nil {
			return wire.Serial{}, err
		}
		select {
		case <-ctx.Done():
			return wire.Serial{}, ctx.Err()
		case b, ok := <-heard:
			if !ok {
				return wire.Serial{}, fmt.Errorf("%w: %w", errNotIt, errGone)
			}
			c.Receive(time.Now(), b)
		case <-late.C:
			return wire.Serial{}, errNotIt
		}
		if s, ok := c.Serial(); ok {
			return s, nil
		}
	}
}
