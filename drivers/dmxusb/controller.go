package dmxusb

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"showrun/drivers/dmxusb/wire"
)

// Config describes what a widget is for.
type Config struct {
	Input bool // the widget receives DMX; otherwise it sends
	Rate  int  // frames a second to send at most, 1-44; 0 for MaxRate

	// OnLevels is told of levels the widget received, whenever a packet comes, and with none
	// when there was none for a second. Levels are lent.
	OnLevels func(levels []byte, at time.Time)
	// OnRDM is told of an RDM packet the widget received, from its start code on, or of the
	// bytes that answer a discovery request. They are lent. It may be nil.
	OnRDM func(packet []byte, at time.Time)
}

// MaxRate is how many frames a second a universe of 512 slots has at most: a widget takes no
// more.
const MaxRate = 44

// Times of the computer's side (section 7).
const (
	askInterval = time.Second            // between questions that are not answered
	refresh     = time.Second            // between frames while nothing changes
	lossTime    = time.Second            // without a packet, the input is lost (ANSI E1.11)
	cutTime     = 250 * time.Millisecond // after which a frame does not go on
	replyTime   = 50 * time.Millisecond  // for the answer to an RDM packet to come by the line and by USB
)

// A Controller is the computer's side of one widget. It is a machine: one goroutine at a time
// calls its methods, and instants are handed in.
type Controller struct {
	cfg    Config
	send   func([]byte) error
	reader wire.Reader
	out    []byte // buffer of what is sent

	levels []byte // to send, nil before the first
	fresh  bool   // and they were not sent yet
	silent bool   // the widget waits for an answer to RDM instead of sending
	sent   time.Time

	serial     *wire.Serial
	parameters *wire.Parameters
	asked      time.Time // when questions are to be repeated

	input [wire.Slots + 1]byte // that was received last, from the start code on
	heard time.Time            // when; zero while the input is lost
	read  time.Time            // when bytes came

	stats Stats
}

// Stats are the counters of a Controller.
type Stats struct {
	Sent, Received uint64 // DMX frames
	Skipped        uint64 // bytes that were part of no frame
	Bad            uint64 // frames whose data was not as it must be
	Lost           uint64 // times the widget said that it lost packets or bytes
}

func (s Stats) plus(t Stats) Stats {
	return Stats{s.Sent + t.Sent, s.Received + t.Received, s.Skipped + t.Skipped, s.Bad + t.Bad, s.Lost + t.Lost}
}

// New makes the computer's side of a widget that was plugged in at now. What it says is
// given to send from Step on; an error of that is Step's.
func New(cfg Config, now time.Time, send func([]byte) error) (*Controller, error) {
	if cfg.Rate < 0 || cfg.Rate > MaxRate {
		return nil, fmt.Errorf("dmxusb: the rate must be 1-%d frames a second, got %d", MaxRate, cfg.Rate)
	}
	if cfg.Rate == 0 {
		cfg.Rate = MaxRate
	}
	return &Controller{cfg: cfg, send: send, asked: now}, nil
}

// Serial is the number on the case of the widget; false before it has answered.
func (c *Controller) Serial() (wire.Serial, bool) {
	if c.serial == nil {
		return wire.Serial{}, false
	}
	return *c.serial, true
}

// Parameters are those of the widget; false before it has answered.
func (c *Controller) Parameters() (wire.Parameters, bool) {
	if c.parameters == nil {
		return wire.Parameters{}, false
	}
	return *c.parameters, true
}

// Stats gives the counters.
func (c *Controller) Stats() Stats {
	s := c.stats
	s.Skipped = c.reader.Skipped()
	return s
}

// SetLevels sets what is to be sent, up to 512 levels, which it copies. They leave at the
// next Step that the rate allows.
func (c *Controller) SetLevels(levels []byte) {
	levels = levels[:min(len(levels), wire.Slots)]
	if c.cfg.Input || c.levels != nil && slices.Equal(levels, c.levels) {
		return
	}
	c.levels, c.fresh = append(c.levels[:0], levels...), true
}

// errRDM answers a packet that is none of RDM.
var errRDM = errors.New("dmxusb: an RDM packet begins with its start code and has 26-257 bytes")

// SendRDM passes an RDM packet on to the widget, from its start code on. The answer comes to
// OnRDM. A Step follows: levels go on 50 ms later, when the answer has come.
func (c *Controller) SendRDM(packet []byte) error { return c.rdm(wire.SendRDM, packet) }

// DiscoverRDM is SendRDM for a discovery request, whose answers may collide.
func (c *Controller) DiscoverRDM(packet []byte) error { return c.rdm(wire.DiscoverRDM, packet) }

func (c *Controller) rdm(label wire.Label, packet []byte) error {
	if len(packet) < 26 || len(packet) > 257 || packet[0] != wire.RDMCode {
		return errRDM
	}
	c.silent = true
	return c.say(wire.AppendFrame(c.out[:0], label, packet...))
}

func (c *Controller) say(frame []byte) error {
	c.out = frame
	return c.send(frame)
}

// Deadline is when Step has something to do next.
func (c *Controller) Deadline() time.Time {
	next := c.asked
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if c.levels != nil {
		sooner(c.due())
	}
	if !c.heard.IsZero() {
		sooner(c.heard.Add(lossTime))
	}
	if c.reader.Pending() {
		sooner(c.read.Add(cutTime))
	}
	return next
}

// due is when levels are to be sent.
func (c *Controller) due() time.Time {
	if !c.fresh {
		return c.sent.Add(refresh)
	}
	return c.sent.Add(c.frameTime())
}

func (c *Controller) frameTime() time.Duration { return time.Second / time.Duration(c.cfg.Rate) }

// Step does what is due at now. An error says that the widget is gone.
func (c *Controller) Step(now time.Time) error {
	if c.reader.Pending() && !now.Before(c.read.Add(cutTime)) {
		c.reader.Restart(func(f wire.Frame) { c.frame(f, now) })
	}
	if !now.Before(c.heard.Add(lossTime)) {
		c.Lose(now)
	}
	if !c.asked.IsZero() && !now.Before(c.asked) {
		if err := c.ask(now); err != nil {
			return err
		}
	}
	if c.levels == nil {
		return nil
	}
	if c.silent { // levels make it send again
		c.silent, c.fresh, c.sent = false, true, now.Add(replyTime-c.frameTime())
	}
	if now.Before(c.due()) {
		return nil
	}
	c.sent, c.fresh = now, false
	c.stats.Sent++
	return c.say(wire.AppendLevels(c.out[:0], c.levels))
}

// Lose has the input be lost at now, if it is not yet: no packets come, or the widget is gone.
func (c *Controller) Lose(now time.Time) {
	if !c.heard.IsZero() {
		c.heard, c.input = time.Time{}, [wire.Slots + 1]byte{}
		c.tell(nil, now)
	}
}

// ask asks what is not known yet. A widget that receives is told so each time, since it
// forgets it with its power; it takes levels to send as the word that it sends.
func (c *Controller) ask(now time.Time) error {
	c.asked = now.Add(askInterval)
	b := c.out[:0]
	if c.serial == nil {
		b = wire.AppendFrame(b, wire.GetSerial)
	}
	if c.parameters == nil {
		b = wire.AppendFrame(b, wire.GetParameters, 0, 0)
	}
	if c.cfg.Input && c.heard.IsZero() {
		b = wire.AppendFrame(b, wire.ReceiveMode, 0)
	}
	if len(b) == 0 {
		c.asked = time.Time{}
		return nil
	}
	return c.say(b)
}

// Receive takes bytes from the port. It does not keep b.
func (c *Controller) Receive(now time.Time, b []byte) {
	c.read = now
	c.reader.Read(b, func(f wire.Frame) { c.frame(f, now) })
}

func (c *Controller) frame(f wire.Frame, now time.Time) {
	var err error
	switch f.Label {
	case wire.GetSerial:
		var s wire.Serial
		if s, err = wire.ParseSerial(f.Data); err == nil {
			c.serial = &s
		}
	case wire.GetParameters:
		var p wire.Parameters
		if p, err = wire.ParseParameters(f.Data); err == nil {
			c.parameters = &p
		}
	case wire.ReceivedDMX:
		err = c.received(f.Data, now)
	case wire.DMXChanged:
		var change wire.Change
		if change, err = wire.ParseChange(f.Data); err == nil {
			change.Apply(&c.input)
			c.take(c.input[1:], now)
		}
	}
	if err != nil {
		c.stats.Bad++
	}
}

// received takes a packet that the widget received. One with bytes missing is not shown.
func (c *Controller) received(data []byte, now time.Time) error {
	r, err := wire.ParseReceived(data)
	if err != nil {
		return err
	}
	if r.Overflow || r.Overrun {
		c.stats.Lost++
	}
	switch {
	case r.Overrun:
	case r.Code == wire.LevelsCode:
		copy(c.input[1:], r.Slots)
		c.take(r.Slots, now)
	case c.cfg.OnRDM != nil && wire.IsRDM(r.Code):
		c.cfg.OnRDM(data[1:], now)
	}
	return nil
}

// take notes that levels were received.
func (c *Controller) take(levels []byte, now time.Time) {
	if !c.cfg.Input {
		return
	}
	c.heard = now
	if c.asked.IsZero() {
		c.asked = now.Add(askInterval) // when it is lost, the widget may have lost its power
	}
	c.stats.Received++
	c.tell(levels, now)
}

func (c *Controller) tell(levels []byte, now time.Time) {
	if c.cfg.OnLevels != nil {
		c.cfg.OnLevels(levels, now)
	}
}
