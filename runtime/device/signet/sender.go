// Package signet joins the Sig-Net driver to a show: Senders, Receivers and the read
// side of a Manager.
package signet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// SenderDecl declares a Sig-Net Sender.
type SenderDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFrom   device.KeyRef
	Label     string
	Endpoint  int           // 1-0xff00
	Rate      int           // packets a second of a universe at most
	Mode      string        // "secure", "open" or "both"
	Sync      bool          // a sync packet makes frames visible
	Latency   time.Duration // of what hangs on the network: frames leave so much earlier

	// Universes and Timecodes are not part of the key: a reload may change them on
	// the live device.
	Universes []Universe
	Timecodes []TimecodeStream
}

// Universe is a universe and the levels it shows.
type Universe struct {
	Number    int
	Output    level.Output
	Preview   bool       // for visualisers, not for the rig
	Priority  []byte     // nil, one for all slots, or 512
	Multicast netip.Addr // invalid for the usual group
}

func (u Universe) options() signet.UniverseOptions {
	return signet.UniverseOptions{Priority: u.Priority, Multicast: u.Multicast, Preview: u.Preview}
}

// stream names a stream of packets.
type stream struct {
	number  int
	preview bool
}

func (u Universe) stream() stream { return stream{u.Number, u.Preview} }

// is tells whether two are the same stream of packets.
func (u Universe) is(v Universe) bool { return u.stream() == v.stream() }

// byStream finds universes: there may be a thousand, and the engine waits.
func byStream(list []Universe) map[stream]Universe {
	m := make(map[stream]Universe, len(list))
	for _, u := range list {
		m[u.stream()] = u
	}
	return m
}

// equal tells whether two are declared alike.
func (u Universe) equal(v Universe) bool {
	return u.is(v) && u.Output == v.Output && u.Multicast == v.Multicast && bytes.Equal(u.Priority, v.Priority)
}

// TimecodeStream is a timecode a Sender sends.
type TimecodeStream struct {
	Number int // 1-255
	Rate   TimecodeRate
}

// Orders a Sender takes.
type (
	// SetPriority changes the priority of a universe: one value, or 512; 0-200.
	SetPriority struct {
		Universe int
		Priority []byte
	}
	// LeaveUniverse ends a universe until the next load declares it again.
	LeaveUniverse struct {
		Universe int
		Preview  bool
	}
	// MoveTimecode changes a timecode.
	MoveTimecode struct {
		Stream int
		Move   TimecodeMove
	}
)

// Key implements device.Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("%s rate %d label %q key %v mode %s sync %t latency %v",
		d.Lane(), d.Rate, d.Label, d.KeyFrom, d.Mode, d.Sync, d.Latency)
}

// Lane names what no two Senders of a load may share: receivers know a Sender by it,
// and it is theirs over reloads that change other options.
func (d *SenderDecl) Lane() string {
	return fmt.Sprintf("signet sender scope %q on %q endpoint %d", d.Scope, d.Interface, d.Endpoint)
}

// String implements device.Declaration.
func (d *SenderDecl) String() string {
	if d.Label != "" {
		return fmt.Sprintf("signet.sender %q", d.Label)
	}
	return fmt.Sprintf("signet.sender (scope %s)", d.Scope)
}

// Outputs implements device.Outputs.
func (d *SenderDecl) Outputs() []level.Output {
	var list []level.Output
	for _, u := range d.Universes {
		list = append(list, u.Output)
	}
	return list
}

// identity names what keeps its TUID: the same Sender in the next run. No two of a load
// have the same one, also if one names the interface the other gets from the host.
func (d *SenderDecl) identity(iface string) string {
	return fmt.Sprintf("%s on %s", d.Lane(), iface)
}

// Sender puts universes on the network.
type Sender struct {
	decl *SenderDecl
	env  device.Env
	keys signet.Keys

	lastError string // engine loop only
	broken    bool   // the driver is to be replaced; run only

	// mu guards what follows. It is never held for long, so the engine may wait
	// for it.
	mu        sync.Mutex
	driver    *signet.SenderConn // nil in virtual time
	universes []Universe         // that are sent
	declared  []Universe
	timecodes map[int]*timecode
}

// timecode is one stream of a Sender.
type timecode struct {
	state  Timecode
	driver *signet.Timecode // nil in virtual time
}

// Open implements device.Declaration.
func (d *SenderDecl) Open(env device.Env) (device.Device, error) {
	s := &Sender{decl: d, env: env, timecodes: map[int]*timecode{}}
	var err error
	if d.Mode != "open" {
		if s.keys, err = env.Keys(d.KeyFrom); err != nil {
			return nil, err
		}
	}
	if s.driver, err = s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenVirtual implements device.Declaration.
func (d *SenderDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return &Sender{decl: d, env: env, timecodes: map[int]*timecode{}}, nil
}

func (s *Sender) open() (*signet.SenderConn, error) {
	d := s.decl
	iface := s.env.NetworkInterface(d.Interface)
	modes := map[string]signet.Mode{"secure": signet.Secure, "open": signet.Open, "both": signet.Both}
	cfg := signet.SenderConfig{
		Scope: d.Scope, Keys: s.keys, Sessions: device.Sessions{Store: s.env.Store}, Interface: iface, Port: s.env.Ports.SigNet,
		Endpoint: uint16(d.Endpoint), Rate: d.Rate, Mode: modes[d.Mode],
		// Without its keep-alive receivers stop waiting for the sync while nothing moves,
		// and show the next change when its levels come, too early.
		Sync: d.Sync, SyncKeepalive: d.Sync, Label: d.Label, Log: s.env.Log,
	}
	return openNamed(s.env, d.identity(iface), func(t signet.TUID) (*signet.SenderConn, error) {
		cfg.TUID = t
		return signet.OpenSender(cfg)
	})
}

// Adopt implements device.Adopter: universes that are new are joined, those no longer
// wanted left, and likewise the timecodes. What is declared as before stays as it
// is, with what orders have made of it.
func (s *Sender) Adopt(decl device.Declaration) {
	d := decl.(*SenderDecl)
	s.mu.Lock()
	defer s.mu.Unlock()
	now, declared := byStream(s.universes), byStream(s.declared)
	var sent []Universe
	for _, u := range d.Universes {
		have, ok := now[u.stream()]
		if ok && u.equal(declared[u.stream()]) {
			sent = append(sent, have) // with the priority it has now
			continue
		}
		s.join(u)
		sent = append(sent, u)
	}
	wanted := byStream(sent)
	for _, u := range s.universes {
		if _, ok := wanted[u.stream()]; !ok {
			s.leave(u)
		}
	}
	s.universes, s.declared = sent, slices.Clone(d.Universes)
	stays := map[int]bool{}
	for _, t := range d.Timecodes {
		stays[t.Number] = true
		if have := s.timecodes[t.Number]; have == nil || have.state.Rate != t.Rate {
			s.timecodes[t.Number] = &timecode{state: Timecode{Rate: t.Rate}}
			s.openTimecode(s.driver, t.Number)
		}
	}
	for n := range s.timecodes {
		if !stays[n] {
			delete(s.timecodes, n)
			if s.driver != nil {
				s.driver.CloseTimecode(n)
			}
		}
	}
}

func (s *Sender) join(u Universe) {
	if s.driver == nil {
		return
	}
	if err := s.driver.Join(u.Number, u.options()); err != nil {
		s.env.Log.Error("signet: universe not joined", "universe", u.Number, "error", err)
	}
}

func (s *Sender) leave(u Universe) {
	if s.driver == nil {
		return
	}
	leave := s.driver.Leave
	if u.Preview {
		leave = s.driver.LeavePreview
	}
	if err := leave(u.Number); err != nil {
		s.env.Log.Warn("signet: universe not left", "universe", u.Number, "error", err)
	}
}

// openTimecode makes a driver send a timecode as it stands.
func (s *Sender) openTimecode(driver *signet.SenderConn, number int) {
	if driver == nil {
		return
	}
	t := s.timecodes[number]
	var err error
	if t.driver, err = driver.Timecode(number, wire.TimecodeRate(t.state.Rate)); err != nil {
		s.env.Log.Error("signet: timecode not sent", "stream", number, "error", err)
		return
	}
	t.move(s.env)
}

// move tells the driver of the present state.
func (t *timecode) move(env device.Env) {
	at := env.Time(t.state.At)
	switch {
	case t.driver == nil:
	case t.state.Running:
		t.driver.Start(t.state.Frame, at)
	default:
		t.driver.Stop(at)
		t.driver.Locate(t.state.Frame, at)
	}
}

// Take implements device.Taker.
func (s *Sender) Take(at time.Duration, message any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m := message.(type) {
	case SetPriority:
		for i := range s.universes {
			if u := &s.universes[i]; u.is(Universe{Number: m.Universe}) {
				u.Priority = m.Priority
				if s.driver == nil {
					return
				}
				if err := s.driver.SetPriority(m.Universe, m.Priority); err != nil {
					s.env.Log.Error("signet: priority not set", "universe", m.Universe, "error", err)
				}
			}
		}
	case LeaveUniverse:
		gone := Universe{Number: m.Universe, Preview: m.Preview}
		if i := slices.IndexFunc(s.universes, gone.is); i >= 0 {
			s.leave(s.universes[i])
			s.universes = slices.Delete(s.universes, i, i+1)
		}
	case MoveTimecode:
		if t := s.timecodes[m.Stream]; t != nil {
			t.state = t.state.Moved(m.Move, at)
			t.move(s.env)
		}
	}
}

// Timecode returns the state of a stream; false if it is not sent.
func (s *Sender) Timecode(number int) (Timecode, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.timecodes[number]
	if t == nil {
		return Timecode{}, false
	}
	return t.state, true
}

// releaseMargin is how long before a sync the levels leave: the 5 ms a receiver may
// need, and the time it takes to send many universes.
const releaseMargin = wire.SyncSettle + 3*time.Millisecond

// Lead implements device.Early.
func (s *Sender) Lead() time.Duration {
	if s.decl.Sync {
		return s.decl.Latency + releaseMargin
	}
	return s.decl.Latency
}

// ReleaseLead implements device.Releaser.
func (s *Sender) ReleaseLead() time.Duration { return s.decl.Latency }

// Publish implements device.Output. The packets leave on the engine's thread, in one
// burst that does not wait: handing them to a goroutine costs milliseconds when
// the processors are busy.
func (s *Sender) Publish(f *level.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driver == nil {
		return
	}
	for _, u := range s.universes {
		levels := f.Slots(u.Output)
		switch {
		case levels == nil:
		case u.Preview:
			s.driver.SetPreview(u.Number, levels)
		default:
			s.driver.SetLevels(u.Number, levels)
		}
	}
	// The frame's own instant, not the time it got here: frames are never too close
	// to one another, and one that came late must not hold back the next.
	visible := s.env.Time(f.At - s.decl.Latency)
	s.failing(s.driver.FlushFor(s.env.Time(s.env.Now()), visible))
}

// Release implements device.Releaser.
func (s *Sender) Release(at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driver != nil && s.decl.Sync {
		s.failing(s.driver.Release(s.env.Time(at - s.decl.Latency)))
	}
}

// Universes implements device.Output.
func (s *Sender) Universes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.universes)
}

// Close closes a Sender whose loops never ran.
func (s *Sender) Close() error {
	if s.driver == nil {
		return nil
	}
	return s.driver.Close()
}

// Loops implements device.Device.
func (s *Sender) Loops() []func(context.Context) error {
	if s.driver == nil {
		return nil
	}
	return []func(context.Context) error{s.run}
}

// run runs the driver. One that fails is closed for good, so another takes its
// place at the next call, with a new session and, if those were spent, a new TUID.
func (s *Sender) run(ctx context.Context) error {
	if s.broken {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	driver := s.driver
	s.mu.Unlock()
	err := driver.Run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	s.broken = true
	return err
}

// reopen puts another driver in the place of one that failed.
func (s *Sender) reopen() error {
	next, err := s.open()
	if err != nil {
		return err
	}
	s.broken = false
	s.mu.Lock()
	defer s.mu.Unlock()
	s.driver = next
	for _, u := range s.universes {
		s.join(u)
	}
	for n := range s.timecodes {
		s.openTimecode(next, n)
	}
	return nil
}

// failing logs an error of sending once, until another comes; engine loop only. A
// driver that was closed has been replaced or is about to be, which others tell.
func (s *Sender) failing(_ int, err error) {
	if err == nil || errors.Is(err, net.ErrClosed) {
		return
	}
	if text := err.Error(); text != s.lastError {
		s.lastError = text
		s.env.Log.Error("signet: not sent", "error", err)
	}
}
