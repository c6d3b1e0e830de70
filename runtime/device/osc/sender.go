// Package osc joins Open Sound Control to a show: messages that scripts send to
// other programs, and messages of others that scripts listen to.
package osc

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device"
)

// Message is a message, heard or to be sent. Arguments are int32, int64, float32,
// string, []byte, bool or Nil; of one that was heard also float64, and time.Time for a
// time tag.
type Message struct {
	Address string
	Args    []any
}

// Nil is an argument without a value.
type Nil struct{}

func (Nil) String() string { return "nil" }

// Protocol is OSC for a show.
func Protocol() device.Protocol {
	return device.Protocol{Name: "osc", Values: []any{
		Message{}, Nil{}, Listen{}, Leave{}, int32(0), int64(0), float32(0), []byte{}, time.Time{},
	}}
}

// wire is the message as the driver has it.
func (m Message) wire() wire.Message {
	w := wire.Message{Address: m.Address, Args: slices.Clone(m.Args)}
	for i, a := range w.Args {
		if a == (Nil{}) {
			w.Args[i] = nil
		}
	}
	return w
}

// Check tells whether the message can be sent: it has a good address, no zero byte
// in a text, and fits into a datagram.
func (m Message) Check() error {
	_, err := wire.AppendMessage(nil, m.wire())
	return err
}

// maxExact is up to where every whole number has a float64.
const maxExact = 1 << 53

// Number is a number as an argument: whole ones are int32, or int64 if they need
// it, others float32. It is false for one that none of them holds.
func Number(n float64) (arg any, ok bool) {
	if arg, ok = Whole(n); ok {
		return arg, true
	}
	return Float(n)
}

// Whole is a whole number as an int32, or an int64 if it is too large for that.
func Whole(n float64) (arg any, ok bool) {
	switch {
	case n != math.Trunc(n) || math.Abs(n) > maxExact:
		return nil, false
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return int32(n), true
	}
	return int64(n), true
}

// Float is a finite number as a float32.
func Float(n float64) (arg any, ok bool) {
	if !(math.Abs(n) <= math.MaxFloat32) {
		return nil, false
	}
	return float32(n), true
}

// SenderDecl declares where messages are sent to.
type SenderDecl struct {
	Host      string // name or address
	Port      int
	Interface string // "" = what the host was told, else a name or address
}

func (d *SenderDecl) address() string { return net.JoinHostPort(d.Host, strconv.Itoa(d.Port)) }

// Key implements device.Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("osc sender to %s on %q", d.address(), d.Interface)
}

// String implements device.Declaration.
func (d *SenderDecl) String() string { return "osc.sender " + d.address() }

// Sender sends messages as they come due.
type Sender struct {
	decl    *SenderDecl
	env     device.Env
	driver  *wire.Sender
	failure atomic.Pointer[failure] // the last one, nil before

	told told // the loop that reports only
}

// failure is a message that was not sent.
type failure struct {
	number uint64 // how many there were with it
	err    error
}

// told is what people were told.
type told struct {
	failures, sent, unheard, dropped uint64
	failing                          bool // and not yet of sending again
	warned                           time.Duration
}

const (
	// reportInterval is how often it is looked whether there is something to tell.
	reportInterval = 500 * time.Millisecond
	// warnInterval is the time between two messages that nobody listens.
	warnInterval = 30 * time.Second
)

// Open implements device.Declaration.
//
// With a rig nothing is sent: who listens may be a real machine, also on this computer.
func (d *SenderDecl) Open(env device.Env) (device.Device, error) {
	if env.Rigs != nil {
		env.Log.Info("osc: on a rig messages are not sent", "to", d.address())
		return device.Silent{}, nil
	}
	driver, err := wire.Dial(d.address(), env.NetworkInterface(d.Interface))
	if err != nil {
		return nil, err
	}
	return &Sender{decl: d, env: env, driver: driver}, nil
}

// OpenVirtual implements device.Declaration: messages are seen as orders only.
func (d *SenderDecl) OpenVirtual(device.Env) (device.Device, error) { return device.Silent{}, nil }

// Take implements device.Taker. The message leaves at once, on the engine's thread, if
// the system takes it without a wait, else right after on another.
func (s *Sender) Take(_ time.Duration, message any) {
	if m, ok := message.(Message); ok {
		if err := s.driver.Post(m.wire()); err != nil {
			s.failed(err)
		}
	}
}

// failed notes a message that was not sent.
func (s *Sender) failed(err error) {
	for {
		last := s.failure.Load()
		next := failure{1, err}
		if last != nil {
			next.number = last.number + 1
		}
		if s.failure.CompareAndSwap(last, &next) {
			return
		}
	}
}

// report tells people when messages are not sent, when they are again, and when nobody
// takes them.
func (s *Sender) report() {
	last, to, log := s.failure.Load(), s.decl.address(), s.env.Log
	if last == nil {
		last = &failure{}
	}
	st, t := s.driver.Stats(), &s.told
	failed := last.number > t.failures
	switch {
	case failed && !t.failing:
		log.Error("osc: not sent", "to", to, "error", last.err)
		t.failing = true
	case !failed && t.failing && st.Sent > t.sent:
		log.Info("osc: sending again", "to", to)
		t.failing = false
	}
	if st.Dropped > t.dropped {
		log.Warn("osc: messages dropped, the network does not take them as fast as they come", "to", to, "dropped", st.Dropped-t.dropped)
	}
	if now := s.env.Now(); st.Unheard > t.unheard && (t.warned == 0 || now-t.warned >= warnInterval) {
		log.Warn("osc: nobody takes what is sent: does a program listen there?", "to", to)
		t.warned = now
	}
	t.failures, t.sent, t.unheard, t.dropped = last.number, st.Sent, st.Unheard, st.Dropped
}

// Counts implements device.Counted.
func (s *Sender) Counts() []device.Count {
	st, refused := s.driver.Stats(), uint64(0)
	if last := s.failure.Load(); last != nil {
		refused = last.number
	}
	return []device.Count{
		{Name: "messages_dropped", What: "messages dropped, the network being slow", N: st.Dropped},
		{Name: "messages_not_sent", What: "messages not sent", N: refused},
		{Name: "messages_unheard", What: "times nobody took what was sent", N: st.Unheard},
	}
}

// Close closes a Sender whose loops never ran.
func (s *Sender) Close() error { return s.driver.Close() }

// Loops implements device.Device.
func (s *Sender) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.send, s.watch}
}

// send sends what has to wait, until ctx ends.
func (s *Sender) send(ctx context.Context) error { return s.driver.Run(ctx, s.failed) }

// watch reports until ctx ends.
func (s *Sender) watch(ctx context.Context) error {
	tick := time.NewTicker(reportInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		s.report()
	}
	return nil
}
