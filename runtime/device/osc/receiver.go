package osc

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	All       []string // those of which it wants every message
}

// Key implements device.Declaration.
func (d *ReceiverDecl) Key() string { return fmt.Sprintf("osc receiver on port %d", d.Port) }

// String implements device.Declaration.
func (d *ReceiverDecl) String() string { return fmt.Sprintf("osc.receiver %d", d.Port) }

// Topic is the topic of messages whose address matches a pattern; it carries a
// Message. While the script is behind, it gets only the newest of an address and a
// sender.
func (d *ReceiverDecl) Topic(pattern string) string { return d.Key() + " " + pattern }

// AllTopic is the topic of every message whose address matches a pattern.
func (d *ReceiverDecl) AllTopic(pattern string) string { return d.Key() + " all " + pattern }

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

// ParseTarget reads an address that may have the port of a receiver in front, as in
// ":8000/door"; the port is 0 without one.
func ParseTarget(text string) (port int, address string, err error) {
	rest, named := strings.CutPrefix(text, ":")
	if !named {
		return 0, text, nil
	}
	digits, _, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return 0, "", fmt.Errorf("a port in front of an address is 1-65535, as in :8000/door, got %q", text)
	}
	return int(n), rest[len(digits):], nil
}

// Receivers are those among devices that listen to a port, or to any if it is 0.
func Receivers(opened []device.Opened, port int) (list []*Receiver) {
	for _, o := range opened {
		d, _ := o.Declaration.(*ReceiverDecl)
		r, ok := o.Device.(*Receiver)
		if ok && (port == 0 || d != nil && d.Port == port) {
			list = append(list, r)
		}
	}
	return list
}

// Orders a Receiver takes.
type (
	// Listen adds a handler for a pattern, or for all messages that match it.
	Listen struct {
		Pattern string
		All     bool
	}
	// Leave takes one back.
	Leave Listen
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

	// Of the engine loop, which replaces and does not change them.
	patterns atomic.Pointer[[]listened]
	network  atomic.Pointer[string] // where the driver is to listen

	move atomic.Pointer[context.CancelFunc] // makes run look where that is

	mu     sync.Mutex // of the driver; no loop takes it
	driver *wire.Conn // nil in virtual time, and between two
	on     string     // the network it listens on

	lost atomic.Uint64 // messages that scripts had no room for

	// Of OnMessage.
	told   uint64 // of the lost, when that was logged
	logged time.Time
}

// listened is what is listened to and how many handlers it has.
type listened struct {
	Listen
	handlers int
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	if _, err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// OpenVirtual implements device.Declaration: nothing is heard unless somebody calls
// OnMessage.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return newReceiver(d, env), nil
}

func newReceiver(d *ReceiverDecl, env device.Env) *Receiver {
	r := &Receiver{decl: d, env: env}
	r.patterns.Store(&[]listened{})
	r.network.Store(&d.Interface)
	return r
}

// Adopt implements device.Adopter: from here on the patterns of this declaration
// are listened to, on its network interface.
func (r *Receiver) Adopt(decl device.Declaration) {
	d := decl.(*ReceiverDecl)
	var patterns []listened
	for _, p := range d.Patterns {
		patterns = add(patterns, Listen{p, false})
	}
	for _, p := range d.All {
		patterns = add(patterns, Listen{p, true})
	}
	r.patterns.Store(&patterns)
	if before := r.network.Swap(&d.Interface); *before == d.Interface {
		return
	}
	if move := r.move.Load(); move != nil {
		(*move)()
	}
}

// Take implements device.Taker.
func (r *Receiver) Take(_ time.Duration, message any) {
	patterns := slices.Clone(*r.patterns.Load())
	switch m := message.(type) {
	case Listen:
		patterns = add(patterns, m)
	case Leave:
		patterns = leave(patterns, Listen(m))
	}
	r.patterns.Store(&patterns)
}

// add adds a handler.
func add(list []listened, what Listen) []listened {
	if i := find(list, what); i >= 0 {
		list[i].handlers++
		return list
	}
	return append(list, listened{what, 1})
}

func find(list []listened, what Listen) int {
	return slices.IndexFunc(list, func(l listened) bool { return l.Listen == what })
}

// leave takes a handler back.
func leave(list []listened, what Listen) []listened {
	i := find(list, what)
	if i < 0 {
		return list
	}
	if list[i].handlers--; list[i].handlers == 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Hear takes a message in virtual time, as one from a sender on this machine.
func (r *Receiver) Hear(m Message, at time.Time) {
	r.OnMessage(m.wire(), wire.Immediately, netip.AddrPort{}, at)
}

// OnMessage takes a message from the driver, or from whoever plays its part in
// virtual time. It belongs to the instant of its tag if that is at most a second
// ahead, else to that of its arrival.
func (r *Receiver) OnMessage(m wire.Message, when wire.TimeTag, from netip.AddrPort, at time.Time) {
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
	for _, l := range *r.patterns.Load() {
		if !wire.Meets(l.Pattern, m.Address) {
			continue
		}
		ev := device.Event{Topic: r.decl.AllTopic(l.Pattern), From: r.decl.Key(), At: r.env.Since(instant), Value: Message(m)}
		if !l.All {
			ev.Topic = r.decl.Topic(l.Pattern)
			ev.Key, ev.Brief = fmt.Sprint(ev.Topic, " ", m.Address, " ", from), true
		}
		if !r.env.Event(ev) {
			r.lost.Add(1)
		}
	}
	r.report(at)
}

// report logs dropped messages.
func (r *Receiver) report(at time.Time) {
	if lost := r.lost.Load(); lost > r.told && (r.logged.IsZero() || at.Sub(r.logged) >= logEvery) {
		r.env.Log.Warn("osc: messages dropped, the script does not take them as fast as they come", "port", r.decl.Port, "dropped", lost-r.told)
		r.logged, r.told = at, lost
	}
}

// Counts implements device.Counted. What the driver counted begins anew when it listens
// elsewhere.
func (r *Receiver) Counts() []device.Count {
	r.mu.Lock()
	var st wire.Stats
	if r.driver != nil {
		st = r.driver.Stats()
	}
	r.mu.Unlock()
	return []device.Count{
		{Name: "messages_lost", What: "messages lost: the script was too slow", N: r.lost.Load()},
		{Name: "datagrams_refused", What: "datagrams refused", N: st.Refused()},
		{Name: "read_errors", What: "errors of reading", N: st.ReadErrors},
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
		here, move := context.WithCancel(ctx)
		r.move.Store(&move) // before it is looked at where to listen
		err := r.stay(here)
		move()
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// stay listens until ctx ends, which gives nil.
func (r *Receiver) stay(ctx context.Context) error {
	conn, err := r.open()
	if err != nil {
		return err
	}
	err = conn.Run(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.driver = nil
	return err
}

// open returns the driver, a new one if it was closed or listens elsewhere.
func (r *Receiver) open() (conn *wire.Conn, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	on := *r.network.Load()
	if r.driver != nil && r.on != on {
		r.driver.Close()
		r.driver = nil
	}
	if r.driver == nil {
		r.driver, err = wire.Listen(wire.Config{Interface: on, Port: r.decl.Port, Handler: r.OnMessage, Log: r.env.Log})
		r.on = on
	}
	return r.driver, err
}
