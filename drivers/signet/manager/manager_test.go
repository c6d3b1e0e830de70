package manager

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/signet"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	root  = signet.K0{1, 2, 3}
	own   = signet.TUID{0x7F, 0xF0, 0xC0, 0xFF, 0xEE, 0x01}
	other = signet.TUID{0x7F, 0xF0, 0xC0, 0xFF, 0xEE, 0x02}
	lamp  = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xA}
	here  = netip.MustParseAddrPort("10.0.0.1:9")
	there = netip.MustParseAddrPort("10.0.0.2:9")
)

// A bench is a Manager without sockets.
type bench struct {
	t      testing.TB
	m      *machine
	now    time.Time
	voices map[signet.TUID]*device.Voice
	events []string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	cfg := Config{TUID: own, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Rand: rand.New(rand.NewPCG(1, 2))}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	m, err := newMachine(cfg, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, m: m, now: epoch, voices: make(map[signet.TUID]*device.Voice)}
}

func (b *bench) voice(tuid signet.TUID) *device.Voice {
	b.t.Helper()
	v := b.voices[tuid]
	if v == nil {
		var err error
		if v, err = device.NewVoice(device.VoiceConfig{TUID: tuid, Keys: root.Keys()}); err != nil {
			b.t.Fatal(err)
		}
		b.voices[tuid] = v
	}
	return v
}

func (b *bench) note(events []Event) {
	for _, e := range events {
		b.events = append(b.events, fmt.Sprintf("%v %v%v", e.Kind, e.Node.TUID, e.Beacon.TUID)[:len(e.Kind.String())+13])
	}
}

func (b *bench) expect(want ...string) {
	b.t.Helper()
	if strings.Join(b.events, "|") != strings.Join(want, "|") {
		b.t.Fatalf("at %v: events %q, want %q", b.now.Sub(epoch), b.events, want)
	}
	b.events = nil
}

func (b *bench) raw(raw []byte, from netip.AddrPort) { b.note(b.m.receive(nil, raw, from, b.now)) }

func (b *bench) send(tuid signet.TUID, r wire.Resource, payload []byte) {
	b.t.Helper()
	raw, err := b.voice(tuid).Append(nil, r, r.Number, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	b.raw(raw, here)
}

// tell is a device's packet about an endpoint: its change count, then TIDs and
// values.
func (b *bench) tell(tuid signet.TUID, kind wire.Kind, endpoint, count uint16, tlvs ...any) {
	b.t.Helper()
	payload := wire.AppendPollReply(nil, wire.PollReply{TUID: tuid, SoemCode: 1, ChangeCount: count})
	for i := 0; i < len(tlvs); i += 2 {
		payload = wire.AppendTLV(payload, tlvs[i].(wire.TID), []byte(tlvs[i+1].(string)))
	}
	b.send(tuid, wire.Resource{Kind: kind, TUID: tuid, Number: endpoint}, payload)
}

// after moves time on, stepping at every deadline, and gives the polls sent.
func (b *bench) after(d time.Duration) []string {
	b.t.Helper()
	var polls []string
	end := b.now.Add(d)
	for {
		if next := b.m.deadline(); !next.After(end) {
			if next.After(b.now) {
				b.now = next
			}
		} else {
			b.now = end
		}
		b.note(b.m.step(nil, b.now, func(r wire.Resource, payload []byte) {}, func(p wire.Poll) {
			text := "all"
			if p.Low == p.High {
				text = p.Low.String()
			}
			polls = append(polls, fmt.Sprintf("%s level %d", text, p.Level))
		}))
		if b.now.Equal(end) {
			return polls
		}
	}
}

func (b *bench) polled(got []string, want ...string) {
	b.t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		b.t.Fatalf("at %v: polls %q, want %q", b.now.Sub(epoch), got, want)
	}
}

func TestPolling(t *testing.T) {
	b := newBench(t)
	b.polled(b.after(10499*time.Millisecond), []string{}...)
	b.polled(b.after(time.Millisecond), "all level 2")
	b.polled(b.after(2999 * time.Millisecond))
	b.polled(b.after(501*time.Millisecond), "all level 0") // 3 s and a random 0 to 500 ms
	if !b.m.active || b.m.polls != 2 {
		t.Error("not active")
	}
	poll := wire.AppendPoll(nil, wire.Poll{Manager: other, High: everyone})
	for range 5 { // while another Manager polls, we do not
		b.polled(b.after(2500 * time.Millisecond))
		b.send(other, wire.Resource{Kind: wire.KindPoll}, poll)
	}
	if b.m.active || b.m.snooped != 5 {
		t.Errorf("snooped %d", b.m.snooped)
	}
	b.polled(b.after(10500*time.Millisecond - 1))
	b.polled(b.after(500*time.Millisecond+1), "all level 0")
	b.m.refresh, b.m.urgent = true, true
	b.polled(b.after(0), "all level 2")
	b.expect()
}

func TestFollowUp(t *testing.T) {
	b := newBench(t)
	b.after(10500 * time.Millisecond)
	b.tell(lamp, wire.KindNode, 0, 4, wire.TIDEndpointCount, "\x00\x01")
	b.expect("found " + lamp.String())
	b.polled(b.after(time.Second), lamp.String()+" level 2")
	b.tell(lamp, wire.KindNode, 0, 4, wire.TIDSupportedTIDs, "\x00\x02", wire.TIDDeviceLabel, "Wash", wire.TIDRoleCapability, "\x00\x00\x00\x01", wire.TIDModelName, "Par", wire.TIDFirmwareVersion, "\x00\x00\x00\x011.2")
	b.expect("changed " + lamp.String())
	b.tell(lamp, wire.KindNode, 1, 4, wire.TIDEPUniverse, "\x00\x07", wire.TIDEPLabel, "Left", wire.TIDEPDirection, "\x01", wire.TIDEPStatus, "\x00\x00\x00\x09")
	b.tell(lamp, wire.KindNode, 1, 4, wire.TIDEPUniverse, "\x00\x07")
	b.expect("changed " + lamp.String()) // the same again is no news
	b.polled(b.after(1900 * time.Millisecond))
	n := b.m.table.list()[0]
	e := n.Endpoint(1)
	if n.Label() != "Wash" || n.Model() != "Par" || n.Firmware() != "1.2" || n.Roles() != 1 || n.DataEndpoints() != 1 || n.Address != here ||
		e == nil || e.Universe() != 7 || e.Label() != "Left" || e.Direction() != 1 || e.Status() != 9 || n.Endpoint(2) != nil {
		t.Errorf("node %+v", n)
	}
	b.tell(lamp, wire.KindNode, 0, 4, wire.TIDSecurityEvent, "\x00\x01\x00\x00\x00\x01\x00", wire.TIDSecurityEvent, "\x00\x02\x00\x00\x00\x09\x00")
	b.tell(lamp, wire.KindNode, 0, 4, wire.TIDSecurityEvent, "\x00\x01\x00\x00\x00\x02\x00", wire.TIDSecurityEvent, "\x00")
	b.expect("changed "+lamp.String(), "changed "+lamp.String())
	if e := b.m.table.list()[0].Events; len(e) != 2 || e[0].Count != 2 || e[1].Count != 9 {
		t.Errorf("events %+v", e)
	}
	// The change count differs, also by wrapping: fetched again, five times at
	// most while nothing comes.
	b.tell(lamp, wire.KindNode, 0, 3)
	b.expect("changed " + lamp.String())
	var fetched int
	for range 12 {
		b.tell(lamp, wire.KindNode, 0, 3)
		fetched += strings.Count(strings.Join(b.after(3*time.Second), "|"), lamp.String())
	}
	if fetched != maxFetches {
		t.Errorf("fetched %d times", fetched)
	}
	b.tell(lamp, wire.KindNode, 0, 5)
	if got := b.after(wire.PollBackoff); !slices.Contains(got, lamp.String()+" level 2") {
		t.Errorf("not fetched again: %v", got)
	}
}

func TestLostDevices(t *testing.T) {
	b := newBench(t)
	b.tell(lamp, wire.KindNode, 0, 0, wire.TIDDeviceLabel, "x")
	b.expect("found " + lamp.String())
	b.after(20 * time.Second) // three polls without an answer, and time to answer the third
	b.expect()
	b.after(3 * time.Second)
	b.expect("lost " + lamp.String())
	if b.m.table.list()[0].Online {
		t.Error("still online")
	}
	b.tell(lamp, wire.KindNode, 0, 0)
	b.expect("found " + lamp.String())
	b.tell(lamp, wire.KindNodeLost, 0, 0)
	b.tell(lamp, wire.KindNodeLost, 0, 0)
	b.expect("unreachable " + lamp.String())
	b.tell(lamp, wire.KindNode, 0, 0)
	if b.m.table.list()[0].Unreachable {
		t.Error("still unreachable")
	}
	// Another Manager's polls count as well.
	poll := wire.AppendPoll(nil, wire.Poll{Manager: other, High: everyone})
	for range 4 {
		b.send(other, wire.Resource{Kind: wire.KindPoll}, poll)
	}
	b.expect("lost " + lamp.String())
	b.m.table.remove(lamp)
	if len(b.m.table.list()) != 0 {
		t.Error("not removed")
	}
}

func TestForeignWords(t *testing.T) {
	b := newBench(t)
	// A device may speak for itself only.
	payload := wire.AppendPollReply(nil, wire.PollReply{TUID: lamp})
	b.send(other, wire.Resource{Kind: wire.KindNode, TUID: lamp}, payload)
	b.expect()
	// Our own TUID from elsewhere.
	b.tell(own, wire.KindNode, 0, 0)
	b.tell(own, wire.KindNode, 0, 0)
	b.expect("duplicate " + own.String())
	raw, err := b.m.voice.Append(nil, wire.Resource{Kind: wire.KindPoll}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !device.IsEcho(raw, 9, 9, own) || device.IsEcho(raw, 9, 8, own) || device.IsEcho(raw, 9, 9, other) || device.IsEcho(nil, 9, 9, own) {
		t.Error("echoes")
	}
}

func TestBeacons(t *testing.T) {
	b := newBench(t)
	beacon := func() []byte {
		payload := wire.AppendPollReply(nil, wire.PollReply{TUID: lamp})
		payload = wire.AppendLabel(payload, wire.TIDDeviceLabel, "New")
		return b.voice(lamp).AppendBeacon(nil, wire.AppendTLV(payload, wire.TIDEndpointCount, []byte{0, 2}))
	}
	b.raw(beacon(), here)
	b.raw(beacon(), here)
	b.expect("beacon " + "000000000000"[:12])
	if l := b.m.beacons.list(); len(l) != 1 || l[0].Label != "New" || l[0].Endpoints != 2 || !l[0].Conformant || l[0].Spoofed {
		t.Errorf("beacons %+v", l)
	}
	b.after(20 * time.Second)
	b.raw(beacon(), there)
	b.expect("beacon spoof " + "000000000000")
	b.after(30*time.Second - 1)
	b.expect()
	b.after(1)
	b.expect("beacon lost " + "000000000000")
	b.raw(beacon(), here)
	b.tell(lamp, wire.KindNode, 0, 0)
	b.raw(beacon(), here) // hidden once it is known
	b.expect("beacon 000000000000", "found "+lamp.String())
	strange := func(n int, from netip.AddrPort) {
		id := signet.TUID{1, 1, 1, 1, byte(n >> 8), byte(n)}
		v := b.voice(id)
		b.raw(v.AppendBeacon(nil, wire.AppendPollReply(nil, wire.PollReply{TUID: id})), from)
	}
	for i := range 2 * MaxBeacons {
		strange(i, here)
	}
	if n := len(b.m.beacons.heard); n != MaxBeaconsFrom {
		t.Errorf("%d beacons of one address kept", n)
	}
	for i := range 2 * MaxBeacons {
		strange(1000+i, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}), 5683))
	}
	if n := len(b.m.beacons.heard); n != MaxBeacons {
		t.Errorf("%d beacons kept", n)
	}
	b.after(beaconPatience)
	strange(5000, netip.AddrPortFrom(netip.MustParseAddr("10.7.7.7"), 5683))
	if b.m.beacons.heard[signet.TUID{1, 1, 1, 1, 5000 >> 8, 5000 & 0xff}] == nil || len(b.m.beacons.heard) != MaxBeacons {
		t.Error("a new device does not get the place of the one heard longest ago")
	}
}

func TestConfigRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no TUID":     {Keys: root.Keys(), Sessions: &signet.MemorySessions{}},
		"no keys":     {TUID: own, Sessions: &signet.MemorySessions{}},
		"no sessions": {TUID: own, Keys: root.Keys()},
		"scope":       {TUID: own, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Scope: "/"},
		"interface":   {TUID: own, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "nowhere7"},
	} {
		if _, err := Open(cfg); err == nil {
			t.Errorf("%s taken", name)
		}
	}
}

// TestLoopback watches a real Node and a real Sender over the loopback
// interface: they are found, their configuration fetched, a change followed.
func TestLoopback(t *testing.T) {
	port := testPort(20)
	events := make(chan Event, 1000)
	m, err := Open(Config{
		TUID: own, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "lo", Port: port,
		Listen: time.Millisecond, Label: "Desk", OnEvent: func(e Event) { events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{TUID: lamp, Keys: root.NodeKeys(lamp), Interface: "lo", Port: port, Universes: []int{7, 8}, Label: "Wash"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: other, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "lo", Port: port, Label: "Show",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 3)
	for _, run := range []func(context.Context) error{m.Run, n.Run, s.Run} {
		go func() { done <- run(ctx) }()
	}
	until := func(what string, holds func(list []Node) bool) {
		t.Helper()
		timeout := time.After(15 * time.Second)
		for !holds(m.Nodes()) {
			select {
			case <-events:
			case <-timeout:
				t.Fatalf("%s: %+v", what, m.Nodes())
			}
		}
	}
	find := func(list []Node, id signet.TUID) *Node {
		if i := slices.IndexFunc(list, func(n Node) bool { return n.TUID == id }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	until("the Node's configuration", func(list []Node) bool {
		n := find(list, lamp)
		return n != nil && n.Label() == "Wash" && n.Endpoint(2) != nil && n.Endpoint(2).Universe() == 8
	})
	until("the Sender's configuration", func(list []Node) bool {
		n := find(list, other)
		return n != nil && n.Label() == "Show" && n.Roles()&device.RoleSender != 0
	})
	if err := n.SetUniverse(time.Now(), 2, 9); err != nil {
		t.Fatal(err)
	}
	until("a change at the Node", func(list []Node) bool { return find(list, lamp).Endpoint(2).Universe() == 9 })
	if s := m.Stats(); !s.Active || s.Polls == 0 || len(s.Drops) > 0 || len(m.Beacons()) != 0 {
		t.Errorf("stats %+v", s)
	}
	m.Remove(lamp)
	m.Refresh()
	until("the Node after a refresh", func(list []Node) bool { return find(list, lamp) != nil })
	cancel()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// FuzzReceive feeds a Manager signed packets of any payload.
func FuzzReceive(f *testing.F) {
	f.Add(byte(wire.KindNode), uint16(0), wire.AppendPollReply(nil, wire.PollReply{TUID: lamp}))
	f.Fuzz(func(t *testing.T, kind byte, number uint16, payload []byte) {
		if len(payload) > wire.MaxPayload {
			return
		}
		b := newBench(t)
		for range 2 {
			switch r := (wire.Resource{Kind: wire.Kind(kind%9 + 1), Number: number, TUID: lamp}); r.Kind {
			case wire.KindNodeBeacon:
				b.raw(b.voice(lamp).AppendBeacon(nil, payload), here)
			case wire.KindManager:
			default:
				b.send(lamp, r, payload)
			}
			b.after(5 * time.Second)
		}
		b.m.table.list()
	})
}

// testPort is a UDP port of this process, so that the same tests run beside these, by
// somebody else, are not heard.
func testPort(n int) int { return 16000 + os.Getpid()%60*64 + n }
