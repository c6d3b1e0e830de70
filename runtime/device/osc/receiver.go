package osc

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device"
)

// ReceiverDecl declares a port that is listened to.
type ReceiverDecl struct {
	Port int

	// Interface is a name or an address, 0.0.0.0 for all. It is not part of the key,
	// and neither are the patterns: a reload may change them on the live device.
	Interface string
	Patterns  []string // that the show listens to from the start
}

// Key implements device.Declaration.
func (d *ReceiverDecl) Key() string { return fmt.Sprintf("osc receiver on port %d", d.Port) }

// String implements device.Declaration.
func (d *ReceiverDecl) String() string { return fmt.Sprintf("osc.receiver %d", d.Port) }

// Topic is the topic of messages whose address matches a pattern; it carries a
// Message.
func (d *ReceiverDecl) Topic(pattern string) string { return d.Key() + " " + pattern }

// CheckPattern tells whether something can match an address pattern.
func CheckPattern(pattern string) error {
	const longest = 255
	if !strings.HasPrefix(pattern, "/") || len(pattern) > longest {
		return fmt.Errorf("an address pattern begins with / and has at most %d characters", longest)
	}
	for rest := pattern; ; {
		i := strings.IndexAny(rest, "[{")
		if i < 0 {
			return nil
		}
		closing := map[byte]string{'[': "]", '{': "}"}[rest[i]]
		_, after, closed := strings.Cut(rest[i:], closing)
		if !closed {
			return fmt.Errorf("the %c is not closed", rest[i])
		}
		rest = after
	}
}

// Orders a Receiver takes.
type (
	// Listen adds a handler for a pattern.
	Listen struct{ Pattern string }
	// Leave takes one back.
	Leave struct{ Pattern string }
)

const (
	// logEvery is how often dropped messages are logged.
	logEvery = 10 * time.Second
	// maxAhead is how far ahead of its arrival a message may be executed. A tag
	// beyond that comes from a clock that is wrong.
	maxAhead = time.Second
)

// Receiver listens to a port and tells scripts what matches their patterns.
type Receiver struct {
	decl *ReceiverDecl
	env  device.Env

	mu        sync.Mutex
	driver    *wire.Conn // nil in virtual time, and between two
	onNetwork string     // where the driver listens, or is to
	moved     bool       // the driver was closed because that changed
	patterns  []listened

	dropped uint64 // since that was logged
	logged  time.Time
}

// listened is a pattern and how many handlers it has.
type listened struct {
	pattern  string
	handlers int
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r := &Receiver{decl: d, env: env, onNetwork: d.Interface}
	_, err := r.open()
	return r, err
}

// OpenVirtual implements device.Declaration: nothing is heard unless somebody calls
// OnMessage.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return &Receiver{decl: d, env: env, onNetwork: d.Interface}, nil
}

func (r *Receiver) listen() (*wire.Conn, error) {
	return wire.Listen(wire.Config{Interface: r.onNetwork, Port: r.decl.Port, Handler: r.OnMessage, Log: r.env.Log})
}

// Adopt implements device.Adopter: from here on the patterns of this declaration
// are listened to, on its network interface.
func (r *Receiver) Adopt(decl device.Declaration) {
	d := decl.(*ReceiverDecl)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.patterns = nil
	for _, p := range d.Patterns {
		r.add(p)
	}
	if d.Interface != r.onNetwork {
		r.onNetwork, r.moved = d.Interface, true
		if r.driver != nil {
			r.driver.Close() // run opens another
		}
	}
}

// Take implements device.Taker.
func (r *Receiver) Take(_ time.Duration, message any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch m := message.(type) {
	case Listen:
		r.add(m.Pattern)
	case Leave:
		r.leave(m.Pattern)
	}
}

// add adds a handler with mu held.
func (r *Receiver) add(pattern string) {
	if i := r.find(pattern); i >= 0 {
		r.patterns[i].handlers++
		return
	}
	r.patterns = append(r.patterns, listened{pattern, 1})
}

func (r *Receiver) find(pattern string) int {
	return slices.IndexFunc(r.patterns, func(l listened) bool { return l.pattern == pattern })
}

// leave takes a handler back with mu held.
func (r *Receiver) leave(pattern string) {
	i := r.find(pattern)
	if i < 0 {
		return
	}
	if r.patterns[i].handlers--; r.patterns[i].handlers == 0 {
		r.patterns = slices.Delete(r.patterns, i, i+1)
	}
}

// OnMessage takes a message from the driver, or from whoever plays its part in
// virtual time. It belongs to the instant of its tag if that is at most a second
// ahead, else to that of its arrival.
func (r *Receiver) OnMessage(m wire.Message, when wire.TimeTag, _ netip.AddrPort, at time.Time) {
	instant := at
	if ahead := when.Time().Sub(at); ahead > 0 && ahead <= maxAhead {
		instant = when.Time()
	}
	for i, a := range m.Args {
		switch a := a.(type) {
		case wire.TimeTag:
			m.Args[i] = a.Time()
		case nil:
			m.Args[i] = Nil{}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.patterns {
		if !wire.Match(l.pattern, m.Address) {
			continue
		}
		if !r.env.Event(device.Event{
			Topic: r.decl.Topic(l.pattern), From: r.decl.Key(), At: r.env.Since(instant), Value: Message(m),
		}) {
			r.dropped++
		}
	}
	r.report(at)
}

// report logs dropped messages.
func (r *Receiver) report(at time.Time) {
	if r.dropped > 0 && (r.logged.IsZero() || at.Sub(r.logged) >= logEvery) {
		r.env.Log.Warn("osc: messages dropped, the script does not take them as fast as they come", "port", r.decl.Port, "dropped", r.dropped)
		r.logged, r.dropped = at, 0
	}
}

// Close closes a Receiver whose loops never ran.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.driver == nil {
		return nil
	}
	return r.driver.Close()
}

// Loops implements device.Device.
func (r *Receiver) Loops() []func(context.Context) error {
	return []func(context.Context) error{r.run}
}

// run listens until ctx ends, on another network interface when that has changed.
func (r *Receiver) run(ctx context.Context) error {
	for {
		conn, err := r.open()
		if err != nil {
			return err
		}
		err = conn.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		r.mu.Lock()
		moved := r.moved
		r.driver = nil
		r.mu.Unlock()
		if !moved {
			return err
		}
	}
}

// open returns the driver, a new one if it was closed.
func (r *Receiver) open() (conn *wire.Conn, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.driver == nil {
		r.driver, err = r.listen()
		r.moved = false
	}
	return r.driver, err
}
