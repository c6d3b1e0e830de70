package midi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/midi"
	"showrun/drivers/midi/raw"
	"showrun/drivers/midi/session"
	"showrun/drivers/midi/tempo"
	"showrun/drivers/midi/timecode"
	"showrun/drivers/midi/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
)

// PortDecl declares a port: one of this computer by Name, or a session of RTP-MIDI by one
// of Session, Host and Offer. What a show uses as an input and as an output is one port.
type PortDecl struct {
	Name      string // pattern of the name of a port of this computer
	Session   string // pattern of the name of a session on the network
	Host      string // name or address of the machine of a session
	Offer     string // name of a session that others may join
	Port      int    // of Host or Offer
	Interface string // "" = what the host was told, else a name or address

	// Freewheel is how long the timecode goes on without a word, and Sends the rate of the
	// one that is sent, nil for none. They are not part of the key.
	Freewheel time.Duration
	Sends     *TimecodeRate
}

// Key implements device.Declaration.
func (d *PortDecl) Key() string {
	return fmt.Sprintf("midi port %q session %q host %q offer %q port %d on %q", d.Name, d.Session, d.Host, d.Offer, d.Port, d.Interface)
}

// String implements device.Declaration.
func (d *PortDecl) String() string { return "midi " + d.Title() }

// Title names the port for people.
func (d *PortDecl) Title() string {
	switch {
	case d.Name != "":
		return fmt.Sprintf("port %q", d.Name)
	case d.Session != "":
		return fmt.Sprintf("session %q", d.Session)
	case d.Offer != "":
		return fmt.Sprintf("session %q of this show", d.Offer)
	}
	return "session at " + d.address()
}

// address is the host:port of a session to join; "" if it is none.
func (d *PortDecl) address() string {
	if d.Host == "" {
		return ""
	}
	return net.JoinHostPort(d.Host, strconv.Itoa(d.Port))
}

// Topic is the topic of an event of Events.
func (d *PortDecl) Topic(event string) string { return d.Key() + " " + event }

// TimecodeTopic is the topic of an event of TimecodeEvents; it carries a TimecodeEvent.
func (d *PortDecl) TimecodeTopic(event string) string { return d.Key() + " timecode " + event }

// ShowTopic is the topic of an event of ShowEvents.
func (d *PortDecl) ShowTopic(event string) string { return d.Key() + " show control " + event }

// ClockKey names the tempo source that is the clock of the port.
func (d *PortDecl) ClockKey() string { return d.Key() + " clock" }

// driver is what a port is made of.
type driver interface {
	Run(ctx context.Context) error
	Send(list ...wire.Message) error
	Close() error
}

// outbox is how many messages may wait to be sent.
const outbox = 1024

// Port joins a port to the runtime. OnMessage is called by the driver, on one goroutine at
// a time, or by whoever plays its part in virtual time.
type Port struct {
	decl *PortDecl
	env  device.Env
	out  chan wire.Message

	mu     sync.Mutex // of the driver; no loop takes it
	driver driver     // nil in virtual time, and between two
	tally  online.Tally

	here      atomic.Bool              // there is somebody at the other end
	freewheel atomic.Int64             // of the declaration that is live
	standing  atomic.Pointer[Standing] // of the timecode
	wake      chan struct{}            // the deadline of the timecode is another
	lost      atomic.Uint64            // events that scripts had no room for
	dropped   atomic.Uint64            // messages there was no room for
	unsent    atomic.Uint64            // that could not be sent

	tape tape // that is sent

	hearing sync.Mutex // of what follows; no loop takes it
	code    *timecode.Reader
	tempo   tempo.Reader
	stamped time.Duration // stamp of the last pulse
	stands  int           // pulses whose stamp did not move
}

// noClock is how many pulses in a row of one stamp show that the stamps are of no clock.
const noClock = 3

// Open implements device.Declaration. With a rig it is a session with the rig, whatever the
// port is: nothing leaves for a real machine.
func (d *PortDecl) Open(env device.Env) (device.Device, error) {
	p := newPort(d, env)
	if _, err := p.open(); err != nil {
		return nil, err
	}
	return p, nil
}

// OpenVirtual implements device.Declaration: nothing is heard unless somebody calls
// OnMessage.
func (d *PortDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return &virtualPort{newPort(d, env)}, nil
}

func newPort(d *PortDecl, env device.Env) *Port {
	p := &Port{decl: d, env: env, out: make(chan wire.Message, outbox), wake: make(chan struct{}, 1), tape: newTape()}
	p.standing.Store(&Standing{})
	p.tally.Replace(p.counts, func() { p.become(nil) })
	p.code = timecode.New(d.Freewheel, p.onTimecode)
	return p
}

// open returns the driver, a new one if there is none.
func (p *Port) open() (driver, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.driver != nil {
		return p.driver, nil
	}
	d, err := p.dial()
	if err != nil {
		return nil, err
	}
	p.driver = d
	return d, nil
}

func (p *Port) dial() (driver, error) {
	d := p.decl
	if r := rigOf(p.env); r != nil {
		join, err := r.session(d)
		if err != nil {
			return nil, err
		}
		return p.network(midi.Config{Name: "showrun", Interface: p.env.NetworkInterface(""), Join: join})
	}
	if d.Name != "" {
		conn, err := raw.Open(raw.Config{Name: d.Name, Log: p.env.Log, OnMessage: func(m wire.Message, at time.Time) { p.OnMessage(m, at, 0) }}, midi.Like)
		switch {
		case errors.Is(err, raw.ErrSystem):
			return nil, err
		case err != nil:
			return nil, device.Missing(err)
		}
		p.here.Store(true)
		p.env.Log.Info("midi: port found", "name", conn.Port().Name, "card", conn.Port().Card)
		return conn, nil
	}
	cfg := midi.Config{
		Name: cmp.Or(d.Offer, "showrun"), Interface: p.env.NetworkInterface(d.Interface),
		Host: d.Offer != "", Join: d.address(), Find: d.Session,
	}
	if cfg.Host { // who joins may be on any: many may, and the host on the same machine
		cfg.Port = d.Port
	}
	return p.network(cfg)
}

// network opens a session.
func (p *Port) network(cfg midi.Config) (driver, error) {
	cfg.Log = p.env.Log
	cfg.OnMessage = func(r session.Received) { p.OnMessage(r.Message, r.At, r.Stamp) }
	conn, err := midi.Open(cfg)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Loops implements device.Device.
func (p *Port) Loops() []func(context.Context) error {
	return []func(context.Context) error{p.run, p.send, p.step, p.play}
}

// run hears until ctx ends or the driver fails.
func (p *Port) run(ctx context.Context) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	err = d.Run(ctx)
	p.tally.Replace(p.counts, func() { p.become(nil) })
	p.here.Store(false)
	return err
}

// become has another driver, or none.
func (p *Port) become(d driver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.driver = d
}

// current is the driver, nil while there is none.
func (p *Port) current() driver {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.driver
}

// send sends what scripts send, until ctx ends. What comes while there is no driver is
// gone.
func (p *Port) send(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-p.out:
			if d := p.current(); d == nil || d.Send(m) != nil {
				p.unsent.Add(1)
			}
		}
	}
}

// step lets the timecode run on without messages, until ctx ends.
func (p *Port) step(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next := p.deadline(); next.IsZero() {
			timer.Reset(time.Hour)
		} else {
			timer.Reset(max(p.env.Since(next)-p.env.Now(), 0))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		case now := <-timer.C:
			p.stepTo(now)
		}
	}
}

func (p *Port) deadline() time.Time {
	p.hearing.Lock()
	defer p.hearing.Unlock()
	return p.code.Deadline()
}

func (p *Port) stepTo(now time.Time) {
	p.hearing.Lock()
	defer p.hearing.Unlock()
	p.code.Step(now)
}

// Take implements device.Taker.
func (p *Port) Take(at time.Duration, message any) {
	switch m := message.(type) {
	case MoveTimecode:
		p.tape.move(m.Move, at)
	case Message:
		select {
		case p.out <- m.wire():
		default:
			p.dropped.Add(1)
		}
	}
}

// Adopt implements device.Adopter.
func (p *Port) Adopt(decl device.Declaration) {
	d := decl.(*PortDecl)
	p.freewheel.Store(int64(d.Freewheel))
	p.tape.adopt(d.Sends)
}

// OnMessage takes a message that arrived at an instant. The stamp is that of its sender on
// a clock of its own; 0 if it has none.
func (p *Port) OnMessage(m wire.Message, at time.Time, stamp time.Duration) {
	p.hearing.Lock()
	defer p.hearing.Unlock()
	p.beat(m, at, stamp)
	before := p.code.Deadline()
	p.code.SetFreewheel(cmp.Or(time.Duration(p.freewheel.Load()), timecode.DefaultFreewheel))
	p.code.Receive(m, at)
	if !p.code.Deadline().Equal(before) {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	if s, ok := wire.ParseShowControl(m.Data); m.Kind == wire.Sysex && ok {
		c := showControlOf(s)
		p.event(p.decl.ShowTopic(c.Command), "", false, at, c)
	}
	told, ok := messageOf(m)
	if !ok {
		return
	}
	topic, key := p.decl.Topic(string(told.Kind)), ""
	switch told.Kind {
	case CC, Pressure, KeyPressure:
		key = fmt.Sprint(topic, " ", told.Channel, " ", told.Number)
	case PitchBend:
		key = fmt.Sprint(topic, " ", told.Channel)
	}
	p.event(topic, key, key != "", at, told)
}

// beat takes what a message says of the clock.
func (p *Port) beat(m wire.Message, at time.Time, stamp time.Duration) {
	is, ok := p.tempo.Receive(m)
	if !ok {
		return
	}
	o := beat.Observation{Arrival: p.env.Since(at), Beat: is.Beat, Halt: is.Halt}
	if stamp > 0 && stamp <= p.stamped && p.stands < noClock {
		p.stands++
	} else if p.stands < noClock {
		p.stands = 0
	}
	p.stamped = stamp
	if stamp > 0 && p.stands < noClock {
		o.Clock = uint64(stamp)
	} else {
		o.Clock, o.Pulses = is.Pulses*uint64(time.Second)/48, true
	}
	p.env.Observe(p.decl.ClockKey(), o)
}

// changes are the events that tell of them.
var changes = map[timecode.Change]string{timecode.Found: "found", timecode.Frame: "frame", timecode.Lost: "lost"}

// onTimecode takes a change of the timecode.
func (p *Port) onTimecode(e timecode.Event) {
	at := p.env.Since(e.At)
	is := Timecode{Rate: TimecodeRate(e.Rate), Frame: e.Number, At: at, Running: e.Running}
	p.standing.Store(&Standing{is, true})
	topic, key := p.decl.TimecodeTopic(changes[e.Change]), ""
	if e.Change == timecode.Frame {
		key = topic
	}
	p.event(topic, key, false, e.At, TimecodeEvent{is, e.Jump})
}

func (p *Port) event(topic, key string, brief bool, at time.Time, value any) {
	if !p.env.Event(device.Event{Topic: topic, Key: key, Brief: brief, From: p.decl.Key(), At: p.env.Since(at), Value: value}) {
		p.lost.Add(1)
	}
}

// Answer implements device.Answerer.
func (p *Port) Answer(question any) any {
	q, ok := question.(TimecodeOf)
	switch {
	case !ok:
		return nil
	case q.Sent:
		return p.tape.standing()
	}
	return *p.standing.Load()
}

// SourceName implements device.Source.
func (p *Port) SourceName(source string) string {
	if source == p.decl.ClockKey() {
		return "MIDI clock of " + p.decl.Title()
	}
	return ""
}

// WaitsFor implements device.Waiter.
func (p *Port) WaitsFor() []string {
	if p.decl.Offer != "" || p.here.Load() {
		return nil
	}
	if c, ok := p.current().(*midi.Conn); ok && len(c.Peers()) > 0 {
		return nil
	}
	return []string{"MIDI " + p.decl.Title()}
}

// Counts implements device.Counted.
func (p *Port) Counts() []device.Count {
	list := p.tally.Sum(p.counts)
	list[0].N += p.unsent.Load() + p.dropped.Load()
	return append(list, device.Count{Name: "events_lost", What: "events lost: the script was too slow", N: p.lost.Load()})
}

// counts are those of the driver, if there is one.
func (p *Port) counts() []device.Count {
	var st session.Stats
	var ignored uint64
	switch c := p.current().(type) {
	case *midi.Conn:
		st = c.Stats()
	case *raw.Conn:
		ignored = c.Ignored()
	}
	return []device.Count{
		{Name: "messages_not_sent", What: "messages not sent", N: st.Dropped},
		{Name: "packets_lost", What: "packets lost on the way", N: st.Lost},
		{Name: "messages_repaired", What: "messages repaired", N: st.Repaired},
		{Name: "packets_refused", What: "packets refused", N: st.Malformed + st.Foreign + st.Late + st.BrokenCommands + st.BrokenJournals},
		{Name: "invitations_refused", What: "invitations refused", N: st.Refused},
		{Name: "commands_unknown", What: "commands of sessions that are not known", N: st.ControlsUnknown},
		{Name: "bytes_ignored", What: "bytes that belong to no message", N: ignored},
	}
}

// Close closes a port whose loops never ran.
func (p *Port) Close() error {
	if d := p.current(); d != nil {
		return d.Close()
	}
	return nil
}

// virtualPort is a Port in virtual time.
type virtualPort struct{ *Port }

// Loops implements device.Device.
func (virtualPort) Loops() []func(context.Context) error { return nil }

// Take implements device.Taker: messages that are sent are seen as orders only.
func (p *virtualPort) Take(at time.Duration, message any) {
	if m, ok := message.(MoveTimecode); ok {
		p.tape.move(m.Move, at)
	}
}

// Next implements device.Stepper.
func (p *virtualPort) Next() time.Duration {
	if d := p.deadline(); !d.IsZero() {
		return p.env.Since(d)
	}
	return beat.Never
}

// Step implements device.Stepper.
func (p *virtualPort) Step(now time.Duration) { p.stepTo(p.env.Time(now)) }
