package signet_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
)

// A machine is any role without its sockets.
type machine interface {
	Receive(now time.Time, b []byte, from netip.AddrPort)
	Step(now time.Time) error
	Deadline() time.Time
	Groups() []netip.Addr
}

// An ether carries packets between machines in virtual time.
type ether struct {
	t        *testing.T
	now      time.Time
	machines []machine
	waiting  []carried
}

type carried struct {
	from  int
	group netip.Addr
	bytes []byte
}

// add joins a machine; open gets the function that sends for it.
func (e *ether) add(open func(send func(to netip.AddrPort, b []byte)) (machine, error)) {
	e.t.Helper()
	from := len(e.machines)
	m, err := open(func(to netip.AddrPort, b []byte) {
		e.waiting = append(e.waiting, carried{from, to.Addr(), bytes.Clone(b)})
	})
	if err != nil {
		e.t.Fatal(err)
	}
	e.machines = append(e.machines, m)
}

// deliver hands on what was sent.
func (e *ether) deliver() {
	for len(e.waiting) > 0 {
		p := e.waiting[0]
		e.waiting = e.waiting[1:]
		for i, m := range e.machines {
			if i != p.from && slices.Contains(m.Groups(), p.group) {
				m.Receive(e.now, p.bytes, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(p.from)}), 5683))
			}
		}
	}
}

// run lets time pass, from deadline to deadline.
func (e *ether) run(d time.Duration) {
	e.t.Helper()
	for end := e.now.Add(d); ; {
		e.deliver()
		next := end
		for _, m := range e.machines {
			if at := m.Deadline(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if !next.Before(end) {
			e.now = end
			return
		}
		if next.After(e.now) {
			e.now = next
		}
		for _, m := range e.machines {
			if at := m.Deadline(); at.IsZero() || at.After(e.now) {
				continue
			}
			if err := m.Step(e.now); err != nil {
				e.t.Fatal(err)
			}
		}
	}
}

// TestRolesWithoutSockets: every role is a plain object that lives in virtual time.
func TestRolesWithoutSockets(t *testing.T) {
	e := &ether{t: t, now: time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)}
	lamp := signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0x21}
	boss := signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0x22}
	chance := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	var (
		s  *signet.Sender
		n  *node.Node
		r  *receiver.Receiver
		mg *manager.Manager
	)
	e.add(func(send func(netip.AddrPort, []byte)) (machine, error) {
		var err error
		s, err = signet.NewSender(signet.SenderConfig{TUID: legit, Keys: root.Keys(), Rand: chance()}, e.now,
			func(now time.Time, packets []signet.Packet, _ func(int, error)) (int, time.Time) {
				for _, p := range packets {
					send(p.To.AddrPort, p.Bytes)
				}
				return len(packets), now
			})
		return s, err
	})
	single := func(send func(netip.AddrPort, []byte)) func(time.Time, netip.AddrPort, []byte) error {
		return func(_ time.Time, to netip.AddrPort, b []byte) error {
			send(to, b)
			return nil
		}
	}
	e.add(func(send func(netip.AddrPort, []byte)) (machine, error) {
		var err error
		n, err = node.New(node.Config{TUID: lamp, Keys: root.NodeKeys(lamp), Universes: []int{7}, Label: "Wash", Rand: chance()}, e.now, single(send))
		return n, err
	})
	e.add(func(send func(netip.AddrPort, []byte)) (machine, error) {
		var err error
		r, err = receiver.New(receiver.Config{Keys: root.Keys()}, e.now, single(send))
		return r, err
	})
	e.add(func(send func(netip.AddrPort, []byte)) (machine, error) {
		var err error
		mg, err = manager.New(manager.Config{TUID: boss, Keys: root.Keys(), Rand: chance()}, e.now, single(send))
		return mg, err
	})
	if err := errorsOf(s.Join(7, signet.UniverseOptions{}), r.Subscribe(7), r.SubscribeTimecode(1)); err != nil {
		t.Fatal(err)
	}
	tc, err := s.Timecode(1, wire.Rate25)
	if err != nil {
		t.Fatal(err)
	}
	tc.Start(0, e.now)
	s.SetLevels(7, []byte{5, 6})
	if sent, err := s.Flush(e.now); err != nil || sent == 0 {
		t.Errorf("%d packets, %v", sent, err)
	}
	e.run(20 * time.Second)

	if got := n.Output(1); len(got) != 512 || got[0] != 5 || got[1] != 6 {
		t.Errorf("node shows % x", got)
	}
	if level, driven := r.Level(7, 2); level != 6 || !driven {
		t.Errorf("receiver: level %d, driven %v", level, driven)
	}
	if at := r.Timecode(1); at.State != receiver.TimecodeRunning || at.Label.Seconds < 19 {
		t.Errorf("timecode %v %v", at.State, at.Label)
	}
	names := map[signet.TUID]string{}
	for _, found := range mg.Nodes() {
		names[found.TUID] = found.Label()
	}
	if len(names) != 2 || names[lamp] != "Wash" {
		t.Errorf("manager knows %v", names)
	}
	if n.Stats().Lost || s.Stats().Lost || len(n.Stats().Drops)+len(r.Stats().Drops) > 0 {
		t.Errorf("node %+v, sender %+v, receiver %+v", n.Stats(), s.Stats(), r.Stats())
	}
	// A Sender that sends nowhere works like any other.
	quiet, err := signet.NewSender(signet.SenderConfig{TUID: ignore, Keys: root.Keys()}, e.now, nil)
	if err != nil || quiet.Join(1, signet.UniverseOptions{}) != nil {
		t.Fatal(err)
	}
	quiet.SetLevels(1, []byte{1})
	if sent, err := quiet.Flush(e.now); sent != 2 || err != nil {
		t.Errorf("%d packets, %v", sent, err)
	}
}
