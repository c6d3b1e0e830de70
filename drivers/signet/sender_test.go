package signet_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
)

// TestSenderOnTheWire drives every method of a Sender and watches with a
// Receiver.
func TestSenderOnTheWire(t *testing.T) {
	port := testPort(1)
	type levels struct {
		universe int
		first    byte
		driven   bool
	}
	seen := make(chan levels, 1000)
	previews := make(chan byte, 1000)
	labels := make(chan receiver.Timecode, 1000)
	var r *receiver.Conn
	r, err := receiver.Open(receiver.Config{
		Keys: root.Keys(), Interface: "127.0.0.1", Port: port,
		OnLevels: func(u int, l []byte, p receiver.Packet) {
			_, driven := r.Level(u, 1)
			seen <- levels{u, append(l, 0)[0], driven}
		},
		OnPreview:  func(_ int, l []byte, _ receiver.Packet) { previews <- l[0] },
		OnTimecode: func(_ int, _ receiver.TimecodeChange, tc receiver.Timecode, _ bool) { labels <- tc },
	})
	if err != nil {
		t.Fatal(err)
	}
	group := netip.MustParseAddr("239.7.7.7")
	if err := errorsOf(r.Subscribe(1), r.Subscribe(2), r.SubscribePreview(1), r.SubscribeTimecode(3)); err != nil {
		t.Fatal(err)
	}
	defer run(t, r.Run)()

	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: port, Sync: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	if err := errorsOf(
		s.Join(1, signet.UniverseOptions{}), s.Join(1, signet.UniverseOptions{Preview: true}),
		s.Join(2, signet.UniverseOptions{Multicast: group}),
	); err != nil {
		t.Fatal(err)
	}
	until := func(what string, holds func(levels) bool) {
		t.Helper()
		for timeout := time.After(10 * time.Second); ; {
			select {
			case l := <-seen:
				if holds(l) {
					return
				}
			case <-timeout:
				t.Fatalf("%s never came; %v", what, r.Stats())
			}
		}
	}
	s.SetLevels(1, []byte{5})
	s.SetLevels(2, []byte{6})
	s.SetPreview(1, []byte{7})
	s.SetLevels(0, nil)
	s.SetLevels(99, []byte{1})
	until("universe 1", func(l levels) bool { return l == levels{1, 5, true} })
	until("universe 2, on a group only its announcement tells", func(l levels) bool { return l == levels{2, 6, true} })
	if got := <-previews; got != 7 {
		t.Errorf("preview %d", got)
	}
	if err := s.SetPriority(1, []byte{0}); err != nil {
		t.Fatal(err)
	}
	until("priority 0", func(l levels) bool { return l.universe == 1 && !l.driven })
	if errorsOf(s.SetPriority(9, []byte{1})) == nil || s.SetPriority(0, nil) == nil || s.SetPriority(1, []byte{201}) == nil || s.Leave(9) == nil {
		t.Error("methods take what is not there")
	}

	tc, err := s.Timecode(3, wire.Rate50)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Timecode(0, wire.Rate50); err == nil {
		t.Error("timecode stream 0")
	}
	if _, err := s.Timecode(1, 99); err == nil {
		t.Error("timecode rate 99")
	}
	label := func(what string, holds func(receiver.Timecode) bool) {
		t.Helper()
		for timeout := time.After(10 * time.Second); ; {
			select {
			case l := <-labels:
				if holds(l) {
					return
				}
			case <-timeout:
				t.Fatalf("%s never came", what)
			}
		}
	}
	label("the frozen label", func(l receiver.Timecode) bool { return l.Label == wire.Timecode{Rate: wire.Rate50} })
	tc.Locate(50, time.Now())
	label("the label located", func(l receiver.Timecode) bool { return l.Label.Seconds == 1 && l.Label.Frames == 0 })
	tc.Start(100, time.Now())
	label("a later label", func(l receiver.Timecode) bool { return l.Label.Frame() > 103 })
	if !tc.Running() || tc.Rate() != wire.Rate50 || tc.Label(time.Now()).Frame() < 103 {
		t.Errorf("at %v", tc.Label(time.Now()))
	}
	at := time.Now()
	tc.Stop(at)
	if frame := tc.Frame(at.Add(time.Hour)); tc.Running() || frame != tc.Frame(at) {
		t.Errorf("stopped at %d", frame)
	}
	s.CloseTimecode(3)
	label("the loss of the stream", func(l receiver.Timecode) bool { return l.State == receiver.TimecodeLost })

	if err := s.Leave(2); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := s.Flush(time.Now()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("flush after the end: %v", err)
	}
	until("the loss of the stream", func(l levels) bool { return l.universe == 1 && l.first == 0 && !l.driven && len(r.Sources(1)) == 0 })
	if d := r.Directory(); len(d) != 0 {
		t.Errorf("still announced: %v", d)
	}
	if stats := s.Stats(); stats.Errors != 0 || stats.Session != 1 || s.TUID() != legit || s.Forget(ignore) {
		t.Errorf("stats %+v", stats)
	}
}

// TestUnreachableAddress: a packet that cannot be sent is told, counted and
// tried again; others leave as ever.
func TestUnreachableAddress(t *testing.T) {
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: testPort(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	nowhere := netip.MustParseAddrPort("192.0.2.1:5683") // not from a loopback address
	if err := errorsOf(
		s.Join(1, signet.UniverseOptions{}), s.Join(2, signet.UniverseOptions{Unicast: []netip.AddrPort{nowhere}}), s.Join(3, signet.UniverseOptions{}),
	); err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= 3; u++ {
		s.SetLevels(u, []byte{1})
	}
	now := time.Now()
	n, err := s.Flush(now)
	if n != 3 || err == nil { // two universes and the announcement
		t.Errorf("%d packets, %v", n, err)
	}
	if _, err := s.Flush(now.Add(2 * time.Second / 44)); err == nil {
		t.Error("not tried again")
	}
	if stats := s.Stats(); stats.Errors != 2 || stats.Packets != 5 || stats.Universes != 3 {
		t.Errorf("stats %+v", stats)
	}
	if signet.GroupOf(110).String() != "239.254.0.1" {
		t.Error("group of universe 110")
	}
}
