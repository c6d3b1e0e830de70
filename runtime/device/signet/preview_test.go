package signet

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// TestPreviewIsHeard: a Receiver hears the preview of a universe apart from its levels, and
// no longer when a reload does not want it any more, while the levels go on.
func TestPreviewIsHeard(t *testing.T) {
	const port = 15731
	env, _, events := sigNetEnv(t, port)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: append(streams(1), universe.Stream{Number: 1, Preview: true})}
	r := open[*onlineReceiver](t, decl, env)
	r.Adopt(decl)
	runDevice(t, r)
	s := runSigNetSender(t, senderA, port)
	for _, preview := range []bool{false, true} {
		o := options(universe.Universe{Number: 1, Preview: preview}, 5683, false)
		if err := s.Join(1, o); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(topic string, first byte) universe.Levels {
		t.Helper()
		for deadline := time.Now().Add(eventPatience); ; {
			s.SetLevels(1, []byte{10})
			s.SetPreview(1, []byte{first, 20, 30})
			if _, err := s.Flush(time.Now()); err != nil {
				t.Fatal(err)
			}
			select {
			case ev := <-events:
				if ev.Topic == topic {
					return ev.Value.(universe.Levels)
				}
			case <-time.After(20 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				t.Fatalf("no event %q", topic)
			}
		}
	}
	v := hear(universe.Topic(decl, universe.Stream{Number: 1, Preview: true}), 40)
	if !bytes.HasPrefix(v.Levels, []byte{40, 20, 30}) || v.Source != senderA.String() || v.Universe != 1 {
		t.Errorf("heard %+v", v)
	}
	if got := ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 2, Preview: true}); got != (universe.SlotLevel{Level: 20, Driven: true}) {
		t.Errorf("slot 2 of the preview is %+v", got)
	}
	hear(universe.Topic(decl, universe.Stream{Number: 1, Preview: true}), 41)
	if got := ask[[]byte](r, universe.LevelsOf{Universe: 1}); len(got) == 0 || got[0] != 10 {
		t.Errorf("levels %v", got)
	}
	r.Adopt(&ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1)})
	if got := ask[[]byte](r, universe.LevelsOf{Universe: 1, Preview: true}); got != nil {
		t.Errorf("preview %v after it is left", got)
	}
	if got := ask[[]byte](r, universe.LevelsOf{Universe: 1}); len(got) == 0 || got[0] != 10 {
		t.Errorf("levels %v after the preview is left", got)
	}
}

// TestUnicastReachesTheAddressOnly: a universe with addresses is sent to those, and not to
// its group; with a rig it is sent to the group, where the rig listens.
func TestUnicastReachesTheAddressOnly(t *testing.T) {
	one, two := netip.MustParseAddrPort("10.0.0.5:5683"), netip.MustParseAddrPort("10.0.0.6:6000")
	u := universe.Universe{Number: 1, Unicast: "10.0.0.5\n10.0.0.6:6000"}
	if o := options(u, 5683, false); len(o.Unicast) != 2 || o.Unicast[0] != one || o.Unicast[1] != two {
		t.Errorf("sent to %v", o.Unicast)
	}
	if o := options(u, 5683, true); len(o.Unicast) != 0 {
		t.Errorf("with a rig sent to %v", o.Unicast)
	}
	for _, text := range []string{"", "10.0.0", "::1", "239.1.2.3", "255.255.255.255", "0.0.0.0", "10.0.0.5:0", "node.local"} {
		if to, err := universe.ParseUnicast(text, 5683); err == nil {
			t.Errorf("%q is taken as %v", text, to)
		}
	}

	lamp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9)})
	if err != nil {
		t.Skip(err)
	}
	defer lamp.Close()
	env, _, events := sigNetEnv(t, 15732)
	listen := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(7, 8)}
	r := open[*onlineReceiver](t, listen, env)
	r.Adopt(listen)
	runDevice(t, r)
	decl := &SenderDecl{Scope: "local", Mode: "secure", Rate: 44, Endpoint: 1, Universes: []universe.Universe{
		{Number: 7, Output: 0, Unicast: lamp.LocalAddr().String()}, {Number: 8, Output: 0},
	}}
	s := open[*onlineSender](t, decl, env)
	s.Adopt(decl)
	runDevice(t, s)
	s.Publish(&level.Frame{At: env.Now(), Levels: [][]byte{{1, 2}}})
	lamp.SetReadDeadline(time.Now().Add(eventPatience))
	packet := make([]byte, 2000)
	n, err := lamp.Read(packet)
	if err != nil || !bytes.Contains(packet[:n], []byte("\x017")) {
		t.Fatalf("%v, got % x", err, packet[:n])
	}
	nextEvent(t, events, universe.Topic(listen, universe.Stream{Number: 8}))
	if got := ask[[]byte](r, universe.LevelsOf{Universe: 7}); got != nil {
		t.Errorf("the group has %v", got)
	}
}
