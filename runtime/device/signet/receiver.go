package signet

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
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
	KeyFrom   KeyRef
	Mode      string // "secure", or "open": unsigned packets only
	Label     string

	// Universes and Previews (1-63999) and Timecodes (streams, 1-255) are those the show
	// listens to. They are not part of the key: a reload may change them on the live device.
	Universes []int
	Previews  []int
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

// PreviewTopic is the topic of the preview of a universe; it carries Levels.
func (d *ReceiverDecl) PreviewTopic(universe int) string {
	return fmt.Sprintf("%s preview %d", d.Key(), universe)
}

func (d *ReceiverDecl) topic(s stream) string {
	if s.preview {
		return d.PreviewTopic(s.number)
	}
	return d.LevelsTopic(s.number)
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
// source sends; slots nobody drives are 0. Nobody writes to them. There are none when the last source has gone.
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

// Receiver joins a Sig-Net Receiver to the runtime. The On functions are called by the
// driver, on one goroutine at a time, or by whoever plays its part in virtual time; what
// scripts ask for is published there.
type Receiver struct {
	decl *ReceiverDecl
	env  device.Env

	driver atomic.Pointer[receiver.Receiver]
	tuid   atomic.Pointer[signet.TUID]
	wanted atomic.Pointer[wanted]
	news   chan struct{} // that is another than it was

	mu   sync.Mutex // of who tells the driver; no loop takes it
	told *wanted    // what the driver was told

	driven []bool // of OnLevels
}

// onlineReceiver is a Receiver on the network, and virtualReceiver one in virtual time.
// To listen to more takes the system its time, so the first does it on a goroutine.
type (
	onlineReceiver struct {
		*Receiver
		*online
	}
	virtualReceiver struct {
		*Receiver
		stepped
	}
)

// wanted is what a show listens to. It is replaced, not changed.
type wanted struct {
	universes map[stream]*heardUniverse
	timecodes map[int]*heardTimecode
}

// heardUniverse is a universe as it was heard last.
type heardUniverse struct {
	heard  atomic.Pointer[heardLevels]
	untold bool // there was no room to tell scripts
}

// heardLevels are levels after the merge. They are not changed.
type heardLevels struct {
	levels []byte
	driven []bool // slots that any source drives; nil for all that have a level
	source signet.SenderID
}

// heardTimecode is a stream as it was heard last.
type heardTimecode struct {
	state atomic.Pointer[Standing]
	label string
	at    time.Time // of the last packet
}

func newHeardUniverse() *heardUniverse {
	u := &heardUniverse{}
	u.heard.Store(&heardLevels{})
	return u
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
	o, err := goOnline(func() (connection, error) {
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
	return &virtualReceiver{r, stepped{env: env, machine: driver}}, nil
}

func newReceiver(d *ReceiverDecl, env device.Env) *Receiver {
	r := &Receiver{decl: d, env: env, news: make(chan struct{}, 1)}
	r.wanted.Store(&wanted{})
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
	before := r.wanted.Load()
	next := &wanted{universes: map[stream]*heardUniverse{}, timecodes: maps.Clone(before.timecodes)}
	if next.timecodes == nil {
		next.timecodes = map[int]*heardTimecode{}
	}
	listen := func(s stream) {
		if next.universes[s] = before.universes[s]; next.universes[s] == nil {
			next.universes[s] = newHeardUniverse()
		}
	}
	for _, n := range d.Universes {
		listen(stream{number: n})
	}
	for _, n := range d.Previews {
		listen(stream{number: n, preview: true})
	}
	for _, n := range d.Timecodes {
		if next.timecodes[n] == nil {
			next.timecodes[n] = newHeardTimecode()
		}
	}
	r.wanted.Store(next)
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// Adopt implements device.Adopter: it is listened when it returns.
func (r *virtualReceiver) Adopt(decl device.Declaration) {
	r.Receiver.Adopt(decl)
	r.catchUp()
}

// Loops implements device.Device.
func (r *onlineReceiver) Loops() []func(context.Context) error {
	return append(r.online.Loops(), r.follow)
}

// follow makes the driver listen to what is wanted, whenever that is another.
func (r *Receiver) follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.news:
			r.catchUp()
		}
	}
}

// catchUp makes the driver listen to what is wanted.
func (r *Receiver) catchUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	driver, now := r.driver.Load(), r.wanted.Load()
	for s := range r.told.universes {
		switch {
		case now.universes[s] != nil:
		case s.preview:
			driver.UnsubscribePreview(s.number)
		default:
			driver.Unsubscribe(s.number)
		}
	}
	r.subscribe(driver, now)
}

// use makes a driver listen from now on.
func (r *Receiver) use(driver *receiver.Receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subscribe(driver, r.wanted.Load())
	r.driver.Store(driver)
}

// subscribe makes a driver listen to what is wanted, with mu held; what it listens to goes
// on.
func (r *Receiver) subscribe(driver *receiver.Receiver, w *wanted) {
	r.told = w
	for s := range w.universes {
		listen := driver.Subscribe
		if s.preview {
			listen = driver.SubscribePreview
		}
		if err := listen(s.number); err != nil {
			r.env.Log.Error("signet: universe not listened to", "universe", s.number, "preview", s.preview, "error", err)
		}
	}
	for n := range w.timecodes {
		if err := driver.SubscribeTimecode(n); err != nil {
			r.env.Log.Error("signet: timecode not listened to", "stream", n, "error", err)
		}
	}
}

// OnLevels takes the levels of a universe after a packet or another change. Scripts
// are told if they, or where they come from, are not what they were.
func (r *Receiver) OnLevels(universe int, levels []byte, p receiver.Packet) {
	u := r.wanted.Load().universes[stream{number: universe}]
	if u == nil {
		return // no longer wanted
	}
	driver, before := r.driver.Load(), u.heard.Load()
	if r.driven = driver.Driven(r.driven[:0], universe); len(r.driven) != len(levels) {
		r.driven = r.driven[:0] // it was not the driver who heard them
	}
	same := bytes.Equal(levels, before.levels)
	source := before.source
	if !same || p.Sender != source {
		source = winner(driver, universe, p.Sender)
	}
	tell := !same || source != before.source || u.untold
	if !tell && slices.Equal(r.driven, before.driven) {
		return
	}
	now := &heardLevels{slices.Clone(levels), slices.Clone(r.driven), source}
	u.heard.Store(now)
	if tell {
		u.untold = !r.tellLevels(stream{number: universe}, now, r.env.Since(p.At))
	}
}

// OnPreview takes the levels of a preview, which is not merged: those of the last packet
// count, whoever sent it.
func (r *Receiver) OnPreview(universe int, levels []byte, p receiver.Packet) {
	s := stream{number: universe, preview: true}
	u := r.wanted.Load().universes[s]
	if u == nil {
		return // no longer wanted
	}
	if before := u.heard.Load(); bytes.Equal(levels, before.levels) && p.Sender == before.source && !u.untold {
		return
	}
	now := &heardLevels{levels: slices.Clone(levels), driven: slices.Repeat([]bool{true}, len(levels)), source: p.Sender}
	u.heard.Store(now)
	u.untold = !r.tellLevels(s, now, r.env.Since(p.At))
}

// winner is the Sender that wins most slots of a universe, or the one that was heard if
// the driver knows of none.
func winner(driver *receiver.Receiver, universe int, heard signet.SenderID) signet.SenderID {
	sources := driver.Sources(universe)
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

func (r *Receiver) tellLevels(s stream, u *heardLevels, at time.Duration) (room bool) {
	ev := Levels{Universe: s.number, Levels: u.levels}
	if u.source != (signet.SenderID{}) {
		ev.Source = u.source.String()
	}
	topic := r.decl.topic(s)
	return r.env.Event(device.Event{Topic: topic, Key: topic, From: r.decl.Key(), At: at, Value: ev})
}

// OnTimecode takes a change of a timecode stream. The position runs on between
// packets once one label has followed another: a single label may be that of a
// timecode that stands.
func (r *Receiver) OnTimecode(stream int, change receiver.TimecodeChange, t receiver.Timecode, jump bool) {
	s := r.wanted.Load().timecodes[stream]
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
	w := r.wanted.Load()
	for n, u := range w.universes {
		if len(u.heard.Load().levels) > 0 {
			u.heard.Store(&heardLevels{})
			u.untold = !r.tellLevels(n, u.heard.Load(), r.env.Now())
		}
	}
	for n, t := range w.timecodes {
		if state := *t.state.Load(); state.Known {
			state.Running = false
			t.state.Store(&state)
			r.tellTimecode(n, "lost", t, r.env.Now(), false)
		}
	}
}

// Answer implements device.Answerer.
func (r *Receiver) Answer(question any) any {
	w := r.wanted.Load()
	switch q := question.(type) {
	case LevelOf:
		if u := w.universes[stream{q.Universe, q.Preview}]; u != nil {
			return u.heard.Load().slot(q.Slot)
		}
		return SlotLevel{}
	case LevelsOf:
		if u := w.universes[stream{q.Universe, q.Preview}]; u != nil {
			return u.heard.Load().levels
		}
		return []byte(nil)
	case TimecodeOf:
		if t := w.timecodes[q.Stream]; t != nil {
			return *t.state.Load()
		}
		return Standing{}
	}
	return nil
}

// slot is the level of a slot, counted from 1.
func (h *heardLevels) slot(n int) SlotLevel {
	if n < 1 || n > len(h.levels) {
		return SlotLevel{}
	}
	return SlotLevel{h.levels[n-1], len(h.driven) == 0 || h.driven[n-1]}
}
