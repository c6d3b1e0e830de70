package signet

import (
	"cmp"
	"sync/atomic"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
)

// Sender puts universes and timecode on the network.
type Sender struct {
	*universe.Sender
	decl *SenderDecl
	env  device.Env
	keys signet.Keys // zero in open mode

	tally online.Tally
}

// onlineSender is a Sender on the network, and virtualSender one in virtual time.
type (
	onlineSender struct {
		*Sender
		*online.Device
	}
	virtualSender struct {
		*Sender
		online.Stepped
	}
)

// driver is a Sender of the driver, as universe.Driver.
type driver struct {
	*signet.Sender
	port int
	rig  bool
}

// Join implements universe.Driver.
func (d *driver) Join(u universe.Universe) error {
	return d.Sender.Join(u.Number, options(u, cmp.Or(d.port, wire.Port), d.rig))
}

// Leave implements universe.Driver.
func (d *driver) Leave(s universe.Stream) error {
	if s.Preview {
		return d.LeavePreview(s.Number)
	}
	return d.Sender.Leave(s.Number)
}

// SetLevels implements universe.Driver.
func (d *driver) SetLevels(s universe.Stream, levels []byte) {
	if s.Preview {
		d.SetPreview(s.Number, levels)
	} else {
		d.Sender.SetLevels(s.Number, levels)
	}
}

// timecode is one stream of a Sender.
type timecode struct {
	number int
	state  atomic.Pointer[Timecode] // as orders have left it
	driver atomic.Pointer[signet.Timecode]
}

// timecodes are those of a Sender, by number: what it sends besides universes.
type timecodes map[int]*timecode

func newSender(d *SenderDecl, env device.Env) *Sender {
	s := &Sender{decl: d, env: env}
	s.Sender = universe.NewSender(universe.Config{
		Protocol: protocol, Env: env, Latency: d.Latency, Sync: d.Sync, Tell: s.tell,
	})
	return s
}

// use makes a driver send from now on.
func (s *Sender) use(d *signet.Sender) {
	s.tally.Replace(s.counts, func() { s.Use(&driver{d, s.env.Ports[protocol], rigOf(s.env) != nil}) })
}

// sender is the driver that orders go to.
func (s *Sender) sender() *signet.Sender { return s.Driver().(*driver).Sender }

// timecodes are those that are sent.
func (s *Sender) timecodes() timecodes {
	t, _ := s.Besides().(timecodes)
	return t
}

// Adopt implements device.Adopter: universes that are new are joined, those no longer
// wanted left, and likewise the timecodes. What is declared as before stays as it
// is, with what orders have made of it.
func (s *Sender) Adopt(decl device.Declaration) {
	d := decl.(*SenderDecl)
	before, next := s.timecodes(), timecodes{}
	for _, declared := range d.Timecodes {
		t := before[declared.Number]
		if t == nil || t.state.Load().Rate != declared.Rate {
			t = &timecode{number: declared.Number}
			t.state.Store(&Timecode{Rate: declared.Rate})
		}
		next[declared.Number] = t
	}
	s.Sender.Adopt(d.Universes, next)
}

// tell makes a driver that sends some timecodes send others.
func (s *Sender) tell(d universe.Driver, sent, wanted any) {
	before, _ := sent.(timecodes)
	now, _ := wanted.(timecodes)
	sender := d.(*driver).Sender
	for n, t := range now {
		if before[n] != t {
			s.open(sender, t)
		}
	}
	for n := range before {
		if now[n] == nil {
			sender.CloseTimecode(n)
		}
	}
}

// open makes a driver send a timecode as it stands.
func (s *Sender) open(driver *signet.Sender, t *timecode) {
	stream, err := driver.Timecode(t.number, wire.TimecodeRate(t.state.Load().Rate))
	if err != nil {
		s.env.Log.Error("signet: timecode not sent", "stream", t.number, "error", err)
		return
	}
	t.driver.Store(stream)
	t.tell(s.env)
}

// tell tells the driver of the state that was ordered last.
func (t *timecode) tell(env device.Env) {
	driver := t.driver.Load()
	if driver == nil {
		return
	}
	for state := t.state.Load(); ; {
		at := env.Time(state.At)
		if state.Running {
			driver.Start(state.Frame, at)
		} else {
			driver.Stop(at)
			driver.Locate(state.Frame, at)
		}
		last := state
		if state = t.state.Load(); state == last {
			return
		}
	}
}

// Take implements device.Taker.
func (s *Sender) Take(at time.Duration, message any) {
	m, ok := message.(MoveTimecode)
	if !ok {
		s.Sender.Take(at, message)
		return
	}
	if t := s.timecodes()[m.Stream]; t != nil {
		state := t.state.Load().Moved(m.Move, at)
		t.state.Store(&state)
		t.tell(s.env)
	}
}

// Answer implements device.Answerer.
func (s *Sender) Answer(question any) any {
	if q, ok := question.(TimecodeOf); ok {
		if t := s.timecodes()[q.Stream]; t != nil {
			return Standing{*t.state.Load(), true}
		}
		return Standing{}
	}
	return nil
}
