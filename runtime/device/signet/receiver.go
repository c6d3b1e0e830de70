package signet

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
)

// ReceiverDecl declares a Sig-Net Receiver. It is a device of its own: only its
// own packets are ignored, so it also hears the Senders of the same show, as every
// other device on the network does. A show that listens to a console on a universe
// it sends as well finds its own levels in the merge; Source tells them apart.
type ReceiverDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFrom   KeyRef
	Mode      string // "secure", or "open": unsigned packets only
	Label     string

	// Universes (1-63999) and Timecodes (streams, 1-255) are those the show listens to. They
	// are not part of the key: a reload may change them on the live device.
	Universes []universe.Stream
	Timecodes []int
}

// Key implements device.Declaration.
func (d *ReceiverDecl) Key() string {
	return fmt.Sprintf("signet receiver scope %q on %q key %v mode %s label %q", d.Scope, d.Interface, d.KeyFrom, d.Mode, d.Label)
}

// String implements device.Declaration.
func (d *ReceiverDecl) String() string {
	if d.Label != "" {
		return fmt.Sprintf("signet.receiver %q", d.Label)
	}
	return fmt.Sprintf("signet.receiver (scope %s)", d.Scope)
}

// identity names what keeps its TUID: the same Receiver in the next run, and no other
// of the load.
func (d *ReceiverDecl) identity(iface string) string {
	return fmt.Sprintf("%s on %s", d.Key(), iface)
}

// TimecodeEvents are the events a Receiver reports of a timecode stream: "frame"
// for another label or when it stops, "found" before the first "frame", "lost"
// when no packet comes any more.
var TimecodeEvents = []string{"frame", "lost", "found"}

// TimecodeTopic is the topic of an event of TimecodeEvents; it carries a
// TimecodeEvent.
func (d *ReceiverDecl) TimecodeTopic(stream int, event string) string {
	return fmt.Sprintf("%s timecode %d %s", d.Key(), stream, event)
}

// TimecodeEvent is where a timecode stands at an event.
type TimecodeEvent struct {
	Timecode
	Position string // hh:mm:ss:ff, with ; before the frames of a drop rate
	Jump     bool   // the label does not follow the one before
}

// Receiver joins a Sig-Net Receiver to the runtime. The On functions are called by the
// driver, on one goroutine at a time, or by whoever plays its part in virtual time; what
// scripts ask for is published there.
type Receiver struct {
	*universe.Receiver[signet.SenderID]
	decl *ReceiverDecl
	env  device.Env

	driver    atomic.Pointer[receiver.Receiver]
	tuid      atomic.Pointer[signet.TUID]
	timecodes atomic.Pointer[heardTimecodes]

	driven []bool // of OnLevels
	tally  online.Tally
}

// onlineReceiver is a Receiver on the network, and virtualReceiver one in virtual time.
// To listen to more takes the system its time, so the first does it on a goroutine.
type (
	onlineReceiver struct {
		*Receiver
		*online.Device
	}
	virtualReceiver struct {
		*Receiver
		online.Stepped
	}
)

// ear is a Receiver of the driver, as universe.Ear.
type ear struct{ *receiver.Receiver }

// Subscribe implements universe.Ear.
func (e ear) Subscribe(s universe.Stream) error {
	if s.Preview {
		return e.SubscribePreview(s.Number)
	}
	return e.Receiver.Subscribe(s.Number)
}

// Unsubscribe implements universe.Ear.
func (e ear) Unsubscribe(s universe.Stream) {
	if s.Preview {
		e.UnsubscribePreview(s.Number)
	} else {
		e.Receiver.Unsubscribe(s.Number)
	}
}

// heardTimecodes are the streams a show listens to, by number. They are replaced, not
// changed.
type heardTimecodes map[int]*heardTimecode

// heardTimecode is a stream as it was heard last.
type heardTimecode struct {
	state atomic.Pointer[Standing]
	label string
	at    time.Time // of the last packet
}

func newHeardTimecode() *heardTimecode {
	t := &heardTimecode{}
	t.state.Store(&Standing{})
	return t
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	cfg := r.config()
	if !cfg.Open {
		var err error
		if cfg.Keys, err = keysOf(env, d.KeyFrom); err != nil {
			return nil, err
		}
	}
	cfg.Sessions = Sessions{env.Store}
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := openNamed(env.Store, d.identity(cfg.Interface), func(t signet.TUID) (*receiver.Conn, error) {
			cfg.TUID = t
			r.tuid.Store(&t)
			return receiver.Open(cfg)
		})
		if err != nil {
			return nil, err
		}
		r.use(conn.Receiver)
		return conn, nil
	}, r.lost)
	if err != nil {
		return nil, err
	}
	return &onlineReceiver{r, o}, nil
}

// OpenVirtual implements device.Declaration. Nothing is heard unless somebody calls the
// On functions.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	cfg := r.config()
	cfg.Open = true
	var err error
	if cfg.TUID, cfg.Rand, err = virtualIdentity(d.Key()); err != nil {
		return nil, err
	}
	driver, err := receiver.New(cfg, env.Time(env.Now()), nil)
	if err != nil {
		return nil, err
	}
	r.use(driver)
	return &virtualReceiver{r, online.Stepped{Protocol: protocol, Env: env, Machine: driver}}, nil
}

func newReceiver(d *ReceiverDecl, env device.Env) *Receiver {
	r := &Receiver{decl: d, env: env}
	r.timecodes.Store(&heardTimecodes{})
	r.Receiver = universe.NewReceiver(universe.ReceiverConfig[signet.SenderID]{
		Protocol: protocol, Env: env, Declaration: d,
		Winner: r.winner, Name: signet.SenderID.String, Also: r.subscribeTimecodes,
	})
	return r
}

// config is what of the declaration the driver has to know.
func (r *Receiver) config() receiver.Config {
	d := r.decl
	return receiver.Config{
		Scope: d.Scope, Open: d.Mode == "open", Interface: network(r.env, d.Interface), Port: r.env.Ports[protocol],
		Label: d.Label, OnLevels: r.OnLevels, OnPreview: r.OnPreview, OnTimecode: r.OnTimecode, Log: r.env.Log,
	}
}

// Adopt implements device.Adopter: what is new is listened to, universes no longer
// wanted are left, and what stays goes on. Timecode is always followed on: all
// streams are in one group, and a load that wants one again finds it where it is.
func (r *Receiver) Adopt(decl device.Declaration) {
	d := decl.(*ReceiverDecl)
	next := maps.Clone(*r.timecodes.Load())
	for _, n := range d.Timecodes {
		if next[n] == nil {
			next[n] = newHeardTimecode()
		}
	}
	r.timecodes.Store(&next)
	r.Receiver.Adopt(d.Universes)
}

// Adopt implements device.Adopter: it is listened when it returns.
func (r *virtualReceiver) Adopt(decl device.Declaration) {
	r.Receiver.Adopt(decl)
	r.CatchUp()
}

// Loops implements device.Device.
func (r *onlineReceiver) Loops() []func(context.Context) error {
	return append(r.Device.Loops(), r.Follow)
}

// use makes a driver listen from now on.
func (r *Receiver) use(driver *receiver.Receiver) {
	r.Use(ear{driver})
	r.tally.Replace(r.counts, func() { r.driver.Store(driver) })
}

// subscribeTimecodes makes a driver follow the timecodes that are wanted.
func (r *Receiver) subscribeTimecodes(e universe.Ear) {
	for n := range *r.timecodes.Load() {
		if err := e.(ear).SubscribeTimecode(n); err != nil {
			r.env.Log.Error("signet: timecode not listened to", "stream", n, "error", err)
		}
	}
}

// OnLevels takes the levels of a universe after a packet or another change.
func (r *Receiver) OnLevels(number int, levels []byte, p receiver.Packet) {
	if r.driven = r.driver.Load().Driven(r.driven[:0], number); len(r.driven) != len(levels) {
		r.driven = r.driven[:0] // it was not the driver who heard them
	}
	r.Receiver.OnLevels(universe.Stream{Number: number}, levels, r.driven, p.Sender, p.At)
}

// OnPreview takes the levels of a preview.
func (r *Receiver) OnPreview(number int, levels []byte, p receiver.Packet) {
	r.Receiver.OnLevels(universe.Stream{Number: number, Preview: true}, levels, nil, p.Sender, p.At)
}

// winner is the Sender that wins most slots of a universe, or the one that was heard if
// the driver knows of none.
func (r *Receiver) winner(universe int, heard signet.SenderID) signet.SenderID {
	sources := r.driver.Load().Sources(universe)
	if len(sources) == 0 {
		return heard
	}
	var best signet.SenderID
	most := 0
	for _, s := range sources {
		if s.Wins > most {
			best, most = s.ID, s.Wins
		}
	}
	return best
}

// OnTimecode takes a change of a timecode stream. The position runs on between
// packets once one label has followed another: a single label may be that of a
// timecode that stands.
func (r *Receiver) OnTimecode(stream int, change receiver.TimecodeChange, t receiver.Timecode, jump bool) {
	s := (*r.timecodes.Load())[stream]
	if s == nil {
		return
	}
	at := r.env.Since(t.At)
	if change == receiver.TimecodeVanish || change == receiver.TimecodePause && t.At.Equal(s.at) {
		at = r.env.Now() // no packet says so
	}
	s.at, s.label = t.At, t.Label.String()
	s.state.Store(&Standing{Known: true, Timecode: Timecode{
		Rate: TimecodeRate(t.Label.Rate), Frame: t.Label.Frame(), At: r.env.Since(t.At),
		Running: change == receiver.TimecodeFrame && !jump,
	}})
	switch change {
	case receiver.TimecodeFound:
		r.tellTimecode(stream, "found", s, at, jump)
		r.tellTimecode(stream, "frame", s, at, jump)
	case receiver.TimecodeVanish:
		r.tellTimecode(stream, "lost", s, at, false)
	default:
		r.tellTimecode(stream, "frame", s, at, jump)
	}
}

func (r *Receiver) tellTimecode(stream int, event string, s *heardTimecode, at time.Duration, jump bool) {
	topic, key := r.decl.TimecodeTopic(stream, event), ""
	if event == "frame" {
		key = topic
	}
	r.env.Event(device.Event{
		Topic: topic, Key: key, From: r.decl.Key(), At: at,
		Value: TimecodeEvent{Timecode: s.state.Load().Timecode, Position: s.label, Jump: jump},
	})
}

// lost forgets what was heard by a driver that failed. A timecode stands where it was.
func (r *Receiver) lost() {
	r.Lost()
	for n, t := range *r.timecodes.Load() {
		if state := *t.state.Load(); state.Known {
			state.Running = false
			t.state.Store(&state)
			r.tellTimecode(n, "lost", t, r.env.Now(), false)
		}
	}
}

// Answer implements device.Answerer.
func (r *Receiver) Answer(question any) any {
	q, ok := question.(TimecodeOf)
	if !ok {
		return r.Receiver.Answer(question)
	}
	if t := (*r.timecodes.Load())[q.Stream]; t != nil {
		return *t.state.Load()
	}
	return Standing{}
}
