package signet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/runtime/device"
)

// ReceiverDecl declares a Sig-Net Receiver. It is a device of its own: only its
// own packets are ignored, so it also hears the Senders of the same show, as every
// other device on the network does. A show that listens to a console on a universe
// it sends as well finds its own levels in the merge; Source tells them apart.
type ReceiverDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFrom   device.KeyRef
	Mode      string // "secure", or "open": unsigned packets only
	Label     string

	// Universes (1-63999) and Timecodes (streams, 1-255) are those the show listens
	// to. They are not part of the key: a reload may change them on the live device.
	Universes []int
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

// LevelsTopic is the topic of the levels of a universe; it carries Levels.
func (d *ReceiverDecl) LevelsTopic(universe int) string {
	return fmt.Sprintf("%s levels %d", d.Key(), universe)
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

// Levels are the levels of a universe after the merge, up to the last slot any
// source sends; slots nobody drives are 0. They belong to whoever gets them. There
// are none when the last source has gone.
type Levels struct {
	Universe int
	Levels   []byte
	// Source is the Sender that wins most slots, as TUID/endpoint such as
	// "7FF0:A1B2C3D4/1"; "" if nobody drives any.
	Source string
}

// TimecodeEvent is where a timecode stands at an event.
type TimecodeEvent struct {
	Timecode
	Position string // hh:mm:ss:ff, with ; before the frames of a drop rate
	Jump     bool   // the label does not follow the one before
}

// Receiver joins a Sig-Net Receiver to the runtime. What it has heard is kept for
// scripts to ask for. The On functions are called by the driver, or by whoever
// plays its part in virtual time; they are safe from any goroutine.
type Receiver struct {
	decl *ReceiverDecl
	env  device.Env
	keys signet.Keys

	broken bool // the driver is to be replaced; run only

	mu        sync.Mutex
	driver    *receiver.Conn // nil in virtual time
	universes map[int]*heardUniverse
	timecodes map[int]*heardTimecode
}

// heardUniverse is a universe as scripts were told last.
type heardUniverse struct {
	levels []byte // never written to
	source signet.SenderID
}

// heardTimecode is a stream as scripts were told last.
type heardTimecode struct {
	heard bool // ever
	state Timecode
	label string
	at    time.Time // of the last packet
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	var err error
	if d.Mode != "open" {
		if r.keys, err = env.Keys(d.KeyFrom); err != nil {
			return nil, err
		}
	}
	if r.driver, err = r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// OpenVirtual implements device.Declaration: nothing is heard unless somebody calls
// the On functions.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return newReceiver(d, env), nil
}

func newReceiver(d *ReceiverDecl, env device.Env) *Receiver {
	return &Receiver{decl: d, env: env, universes: map[int]*heardUniverse{}, timecodes: map[int]*heardTimecode{}}
}

// open opens a driver, under a new TUID if the session numbers of the old one are
// spent.
func (r *Receiver) open() (*receiver.Conn, error) {
	d := r.decl
	iface := r.env.NetworkInterface(d.Interface)
	cfg := receiver.Config{
		Scope: d.Scope, Keys: r.keys, Open: d.Mode == "open", Sessions: device.Sessions{Store: r.env.Store}, Interface: iface,
		Port: r.env.Ports.SigNet, Label: d.Label, OnLevels: r.OnLevels, OnTimecode: r.OnTimecode, Log: r.env.Log,
	}
	return openNamed(r.env, d.identity(iface), func(t signet.TUID) (*receiver.Conn, error) {
		cfg.TUID = t
		return receiver.Open(cfg)
	})
}

// openNamed opens a device with the TUID kept under a name. Should its session
// numbers be spent, it gets another.
func openNamed[T any](env device.Env, name string, open func(signet.TUID) (T, error)) (T, error) {
	tuid, err := env.TUID(name, false)
	if err != nil {
		return *new(T), err
	}
	driver, err := open(tuid)
	if !errors.Is(err, signet.ErrSessionsSpent) {
		return driver, err
	}
	if tuid, err = env.TUID(name, true); err != nil {
		return driver, err
	}
	return open(tuid)
}

// Adopt implements device.Adopter: what is new is listened to, universes no longer
// wanted are left, and what stays goes on. Timecode is always followed on: all
// streams are in one group, and a load that wants one again finds it where it is.
func (r *Receiver) Adopt(decl device.Declaration) {
	d := decl.(*ReceiverDecl)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range d.Universes {
		if r.universes[n] == nil {
			r.universes[n] = &heardUniverse{}
			r.subscribe(n)
		}
	}
	for n := range r.universes {
		if !slices.Contains(d.Universes, n) {
			delete(r.universes, n)
			if r.driver != nil {
				r.driver.Unsubscribe(n)
			}
		}
	}
	for _, n := range d.Timecodes {
		if r.timecodes[n] == nil {
			r.timecodes[n] = &heardTimecode{}
			r.subscribeTimecode(n)
		}
	}
}

func (r *Receiver) subscribe(universe int) {
	if r.driver == nil {
		return
	}
	if err := r.driver.Subscribe(universe); err != nil {
		r.env.Log.Error("signet: universe not listened to", "universe", universe, "error", err)
	}
}

func (r *Receiver) subscribeTimecode(stream int) {
	if r.driver == nil {
		return
	}
	if err := r.driver.SubscribeTimecode(stream); err != nil {
		r.env.Log.Error("signet: timecode not listened to", "stream", stream, "error", err)
	}
}

// OnLevels takes the levels of a universe after a packet or another change. Scripts
// are told if they, or where they come from, are not what they were.
func (r *Receiver) OnLevels(universe int, levels []byte, p receiver.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.universes[universe]
	if u == nil {
		return // no longer wanted
	}
	same := bytes.Equal(levels, u.levels)
	if same && p.Sender == u.source {
		return
	}
	source := r.winner(universe, p.Sender)
	if same && source == u.source {
		return
	}
	u.levels, u.source = slices.Clone(levels), source
	r.tellLevels(universe, u, r.env.Since(p.At))
}

// winner is the Sender that wins most slots of a universe. In virtual time it is
// the one that was heard.
func (r *Receiver) winner(universe int, heard signet.SenderID) signet.SenderID {
	if r.driver == nil {
		return heard
	}
	var best signet.SenderID
	most := 0
	for _, s := range r.driver.Sources(universe) {
		if s.Wins > most {
			best, most = s.ID, s.Wins
		}
	}
	return best
}

func (r *Receiver) tellLevels(universe int, u *heardUniverse, at time.Duration) {
	ev := Levels{Universe: universe, Levels: slices.Clone(u.levels)}
	if u.source != (signet.SenderID{}) {
		ev.Source = u.source.String()
	}
	topic := r.decl.LevelsTopic(universe)
	r.env.Event(device.Event{Topic: topic, Key: topic, At: at, Value: ev})
}

// OnTimecode takes a change of a timecode stream. The position runs on between
// packets once one label has followed another: a single label may be that of a
// timecode that stands.
func (r *Receiver) OnTimecode(stream int, change receiver.TimecodeChange, t receiver.Timecode, jump bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.timecodes[stream]
	if s == nil {
		return
	}
	at := r.env.Since(t.At)
	if change == receiver.TimecodeVanish || change == receiver.TimecodePause && t.At.Equal(s.at) {
		at = r.env.Now() // no packet says so
	}
	s.heard, s.at, s.label = true, t.At, t.Label.String()
	s.state = Timecode{
		Rate: TimecodeRate(t.Label.Rate), Frame: t.Label.Frame(), At: r.env.Since(t.At),
		Running: change == receiver.TimecodeFrame && !jump,
	}
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
		Topic: topic, Key: key, At: at, Value: TimecodeEvent{Timecode: s.state, Position: s.label, Jump: jump},
	})
}

// Levels returns the levels of a universe after the merge, up to the last slot any
// source sends.
func (r *Receiver) Levels(universe int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.universes[universe]; u != nil {
		return slices.Clone(u.levels)
	}
	return nil
}

// Level returns the level of a slot (1-512) after the merge, and whether any source
// drives it.
func (r *Receiver) Level(universe, slot int) (level byte, driven bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.universes[universe]
	switch {
	case u == nil:
		return 0, false
	case r.driver != nil:
		return r.driver.Level(universe, slot)
	case slot < 1 || slot > len(u.levels):
		return 0, false
	}
	return u.levels[slot-1], true
}

// Timecode returns where a stream stands; one that was lost stands where it was.
// It is false if the stream was never heard.
func (r *Receiver) Timecode(stream int) (Timecode, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.timecodes[stream]; s != nil && s.heard {
		return s.state, true
	}
	return Timecode{}, false
}

// Close closes a Receiver whose loops never ran.
func (r *Receiver) Close() error {
	if r.driver == nil {
		return nil
	}
	return r.driver.Close()
}

// Loops implements device.Device.
func (r *Receiver) Loops() []func(context.Context) error {
	if r.driver == nil {
		return nil
	}
	return []func(context.Context) error{r.run}
}

// run runs the driver. One that fails is closed for good and another takes its
// place at the next call, which has heard nothing yet.
func (r *Receiver) run(ctx context.Context) error {
	if r.broken {
		if err := r.reopen(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	driver := r.driver
	r.mu.Unlock()
	err := driver.Run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	r.broken = true
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, u := range r.universes {
		if len(u.levels) > 0 {
			u.levels, u.source = nil, signet.SenderID{}
			r.tellLevels(n, u, r.env.Now())
		}
	}
	for n, s := range r.timecodes {
		if s.heard {
			s.state.Running = false
			r.tellTimecode(n, "lost", s, r.env.Now(), false)
		}
	}
	return err
}

// reopen puts another driver in the place of one that failed.
func (r *Receiver) reopen() error {
	next, err := r.open()
	if err != nil {
		return err
	}
	r.broken = false
	r.mu.Lock()
	defer r.mu.Unlock()
	r.driver = next
	for n := range r.universes {
		r.subscribe(n)
	}
	for n := range r.timecodes {
		r.subscribeTimecode(n)
	}
	return nil
}
