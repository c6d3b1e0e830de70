package receiver

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
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	root  = signet.K0{1, 2, 3}
	tuidA = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xA}
	tuidB = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xB}
	idA   = signet.SenderID{TUID: tuidA, Endpoint: 2}
	idB   = signet.SenderID{TUID: tuidB, Endpoint: 2}
)

// voice speaks in a Sender's name.
func voice(t testing.TB, tuid signet.TUID) *device.Voice {
	t.Helper()
	v, err := device.NewVoice(device.VoiceConfig{TUID: tuid, Keys: root.Keys()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func say(t testing.TB, v *device.Voice, r wire.Resource, payload []byte) []byte {
	t.Helper()
	b, err := v.Append(nil, r, 1, payload)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A bench is a machine with its events as text.
type bench struct {
	t    testing.TB
	m    *machine
	now  time.Time
	said []string
}

func newBench(t testing.TB, configure ...func(*Config)) *bench {
	t.Helper()
	cfg := Config{Scope: "local", Keys: root.Keys(), Rand: rand.New(rand.NewPCG(1, 2))}
	for _, f := range configure {
		f(&cfg)
	}
	m, err := newMachine(cfg, epoch)
	if err != nil {
		t.Fatal(err)
	}
	for u := uint16(1); u <= 3; u++ {
		m.universes[u] = merge.New(0)
	}
	m.previews[1] = true
	m.timecodes[9] = &timecodeStream{}
	return &bench{t: t, m: m, now: epoch}
}

func text(events []event) []string {
	var list []string
	for _, e := range events {
		switch e.kind {
		case wire.KindTimecode:
			list = append(list, fmt.Sprintf("tc%d %v %v %v", e.number, e.change, e.timecode.Label, e.jump))
		default:
			list = append(list, fmt.Sprintf("%v%d % x", e.kind, e.number, e.levels))
		}
	}
	slices.Sort(list)
	return list
}

func (b *bench) packet(raw []byte) []string {
	return text(b.m.receive(nil, raw, netip.AddrPort{}, b.now))
}

func (b *bench) after(d time.Duration) []string {
	b.now = b.now.Add(d)
	return text(b.m.step(nil, b.now, func(r wire.Resource, payload []byte) {
		said := r.Kind.String()
		for rest := payload; len(rest) > 0; {
			t, more, _ := wire.NextTLV(rest)
			rest = more
			said += " " + t.TID.String()
		}
		b.said = append(b.said, said)
	}))
}

func (b *bench) expect(got []string, want ...string) {
	b.t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		b.t.Fatalf("at %v got %q, want %q", b.now.Sub(epoch), got, want)
	}
}

func TestLevelsAndSync(t *testing.T) {
	b := newBench(t)
	v := voice(t, tuidA)
	level := func(u uint16, l ...byte) []byte {
		return say(t, v, wire.Resource{Kind: wire.KindLevel, Number: u}, wire.AppendTLV(nil, wire.TIDLevel, l))
	}
	sync := func() []byte {
		return say(t, v, wire.Resource{Kind: wire.KindSync}, wire.AppendTLV(nil, wire.TIDSync, nil))
	}
	b.expect(b.packet(level(1, 1)), "level1 01")
	b.expect(b.packet(level(2, 2)), "level2 02")
	b.expect(b.packet(level(4, 2))) // not subscribed
	b.expect(b.packet(sync()))
	b.expect(b.packet(level(1, 5)), "level1 01") // held
	b.expect(b.packet(level(2, 6)), "level2 02")
	b.expect(b.packet(sync()), "level1 05", "level2 06")
	b.expect(b.packet(level(2, 7)), "level2 06")
	b.expect(b.after(250*time.Millisecond), "level2 07")
	if d := b.m.deadline(); !d.Equal(epoch.Add(3 * time.Second)) {
		t.Errorf("deadline %v", d.Sub(epoch))
	}
	b.expect(b.after(2750*time.Millisecond), "level1 ", "level2 ")
	preview := say(t, v, wire.Resource{Kind: wire.KindPreview, Number: 1}, wire.AppendTLV(nil, wire.TIDPreview, []byte{9}))
	b.expect(b.packet(preview), "preview1 09")
	b.expect(b.packet(preview)) // a replay
	if n := b.m.gate.Counters(); n[wire.ReplaySequence] != 1 || n[wire.NotSubscribed] != 1 {
		t.Errorf("counters %v", n)
	}
}

func TestTimecodeIn(t *testing.T) {
	b := newBench(t)
	v := voice(t, tuidA)
	label := func(s string, r wire.TimecodeRate) []byte {
		tc, err := wire.ParseTimecodeLabel(s, r)
		if err != nil {
			t.Fatal(err)
		}
		return say(t, v, wire.Resource{Kind: wire.KindTimecode, Number: 9}, wire.AppendTimecode(nil, tc))
	}
	b.expect(b.packet(label("01:00:00:00", wire.Rate25)), "tc9 found 01:00:00:00 true")
	b.now = b.now.Add(40 * time.Millisecond)
	b.expect(b.packet(label("01:00:00:01", wire.Rate25)), "tc9 frame 01:00:00:01 false")
	b.expect(b.packet(label("01:00:01:01", wire.Rate25)), "tc9 frame 01:00:01:01 false") // 25 frames on
	b.expect(b.packet(label("01:00:02:02", wire.Rate25)), "tc9 frame 01:00:02:02 true")
	b.expect(b.packet(label("01:00:02:01", wire.Rate25)), "tc9 frame 01:00:02:01 true") // back
	b.expect(b.packet(label("01:00:02:02", wire.Rate30)), "tc9 frame 01:00:02:02 true") // another rate
	b.expect(b.packet(label("01:00:02:02", wire.Rate30)))
	b.expect(b.after(250*time.Millisecond), "tc9 pause 01:00:02:02 false")
	b.expect(b.packet(label("01:00:02:02", wire.Rate30)))
	b.expect(b.after(1249 * time.Millisecond))
	if d := b.m.deadline(); !d.Equal(b.now.Add(time.Millisecond)) {
		t.Errorf("deadline in %v", d.Sub(b.now))
	}
	b.expect(b.after(time.Millisecond), "tc9 lost 01:00:02:02 false")
	b.expect(b.packet(label("05:00:00:00", wire.Rate30)), "tc9 found 05:00:00:00 true")
	b.expect(b.after(250*time.Millisecond), "tc9 pause 05:00:00:00 false") // stalled
	b.expect(b.packet(label("05:00:00:01", wire.Rate30)), "tc9 frame 05:00:00:01 false")
	if s := b.m.timecodes[9].State; s != TimecodeRunning || s.String() != "running" {
		t.Errorf("state %v", s)
	}
}

// TestRepeatsAreNoPause: a sender may send every label twice, or more often; a label that
// stands is a pause after 250 ms, also if it is repeated all the while.
func TestRepeatsAreNoPause(t *testing.T) {
	for _, times := range []int{2, 3, 5} {
		b := newBench(t)
		v := voice(t, tuidA)
		send := func(n int) []string {
			tc := wire.Timecode{Seconds: byte(n / 25), Frames: byte(n % 25), Rate: wire.Rate25}
			return b.packet(say(t, v, wire.Resource{Kind: wire.KindTimecode, Number: 9}, wire.AppendTimecode(nil, tc)))
		}
		send(0)
		for n := 1; n < 60; n++ {
			for i := range times {
				got := send(n)
				if want := []string{fmt.Sprintf("tc9 frame 00:00:%02d:%02d false", n/25, n%25)}; i == 0 && !slices.Equal(got, want) || i > 0 && len(got) > 0 {
					t.Fatalf("label %d, time %d: %q", n, i+1, got)
				}
				b.expect(b.after(40 * time.Millisecond / time.Duration(times)))
			}
		}
		var said []string
		for range 20 {
			said = append(said, append(send(59), b.after(40*time.Millisecond)...)...)
		}
		b.expect(said, "tc9 pause 00:00:02:09 false")
	}
}

func TestTimecodeRivals(t *testing.T) {
	s := &timecodeStream{}
	a, c := wire.Timecode{Hours: 1}, wire.Timecode{Hours: 2}
	s.take(idA, a, epoch)
	if _, _, ok := s.take(idB, c, epoch); ok || s.Rivals != 1 || s.Label != a {
		t.Errorf("a rival is followed: %+v", s)
	}
	if change, ok := s.step(epoch.Add(time.Second), true); !ok || change != TimecodeVanish {
		t.Errorf("strict: %v %v", change, ok)
	}
	if change, _, ok := s.take(idB, c, epoch.Add(time.Second)); !ok || change != TimecodeFound || s.Source != idB {
		t.Errorf("the rival is not followed after the loss: %+v", s)
	}
	s.take(idB, wire.Timecode{Minutes: 1, Rate: wire.Rate2997Drop}, epoch.Add(time.Second))
	if s.Skipped != 1 {
		t.Error("a label that does not exist is not counted")
	}
}

func TestDirectory(t *testing.T) {
	b := newBench(t)
	v := voice(t, tuidA)
	group := netip.MustParseAddr("239.1.2.3")
	announce := func(universe uint16, command byte) []byte {
		payload := wire.AppendAnnouncement(nil, wire.Announcement{Universe: universe, Command: command, Group: group})
		return say(t, v, wire.Resource{Kind: wire.KindSync}, payload)
	}
	b.packet(announce(1, wire.UniverseJoin))
	b.packet(announce(50, wire.UniverseJoin))
	if n := len(b.m.directory.entries); n != 2 || !b.m.deadline().Equal(b.now) {
		t.Errorf("%d entries", n)
	}
	b.packet(announce(50, wire.UniverseLeave))
	v107 := append(wire.AppendTLVHeader(nil, wire.TIDUniverse, 9), 0, 7, 1, 0, 0, 0, 0, 0, 3)
	b.packet(say(t, v, wire.Resource{Kind: wire.KindNode, TUID: tuidA}, v107))
	var seen []string
	for _, e := range b.m.directory.entries {
		seen = append(seen, fmt.Sprintf("%d on %v from endpoint %d", e.Universe, e.Group, e.Sender.Endpoint))
	}
	slices.Sort(seen)
	b.expect(seen, "1 on 239.1.2.3 from endpoint 1", "7 on invalid IP from endpoint 3")
	b.after(14 * time.Second)
	if n := len(b.m.directory.entries); n != 2 {
		t.Errorf("%d entries after 14 s", n)
	}
	b.after(time.Second)
	if n := len(b.m.directory.entries); n != 0 {
		t.Errorf("%d entries after 15 s", n)
	}
}

// TestVisualiser: with a session store a Receiver takes part in discovery.
func TestVisualiser(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.TUID, c.Sessions, c.Label, c.Model = tuidB, &signet.MemorySessions{}, "Screen", "showrun"
	})
	const boot = " TID_POLL_REPLY TID_RT_PROTOCOL_VERSION TID_RT_ROLE_CAPABILITY TID_RT_ENDPOINT_COUNT TID_RT_MULT_OVERRIDE"
	b.after(b.m.deadline().Sub(b.now))
	b.expect(b.said, "node"+boot)
	b.said = nil
	v := voice(t, tuidA)
	poll := wire.Poll{Manager: tuidA, Low: tuidB, High: tuidB, Level: wire.QueryFull}
	b.packet(say(t, v, wire.Resource{Kind: wire.KindPoll}, wire.AppendPoll(nil, poll)))
	b.after(0)
	if len(b.said) != 1 || !strings.Contains(b.said[0], "TID_RT_DEVICE_LABEL") || !strings.Contains(b.said[0], "TID_RT_STATUS") || !strings.Contains(b.said[0], "TID_RT_SUPPORTED_TIDS") {
		t.Errorf("said %q", b.said)
	}
	b.said = nil
	b.after(9 * time.Second)
	b.expect(b.said, "node_lost"+boot)
	if _, err := Open(Config{Keys: root.Keys(), Sessions: &signet.MemorySessions{}}); err == nil {
		t.Error("discovery without a TUID")
	}
}

func TestReceiveAllocatesNothing(t *testing.T) {
	b := newBench(t)
	v := voice(t, tuidA)
	payload := wire.AppendTLV(nil, wire.TIDLevel, make([]byte, 512))
	var packets [][]byte
	for range 200 {
		payload[4]++
		packets = append(packets, say(t, v, wire.Resource{Kind: wire.KindLevel, Number: 1}, payload))
	}
	events := make([]event, 0, 4)
	if n := testing.AllocsPerRun(100, func() {
		events = b.m.receive(events[:0], packets[0], netip.AddrPort{}, b.now)
		packets = packets[1:]
	}); n > 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// TestLoopback sends over the loopback interface: more universes than one
// socket can hold groups for, with sync and timecode beside them, in the order
// of the lane.
func TestLoopback(t *testing.T) {
	const universes = 130
	port := testPort(31)
	levels := make(chan [2]int, 4*universes)
	timecode := make(chan Timecode, 100)
	r, err := Open(Config{
		Keys: root.Keys(), Interface: "lo", Port: port,
		OnLevels: func(u int, l []byte, p Packet) {
			if p.Sender.TUID == tuidA && len(l) == 512 {
				levels <- [2]int{u, int(l[0])}
			}
		},
		OnTimecode: func(stream int, change TimecodeChange, tc Timecode, jump bool) {
			select {
			case timecode <- tc:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := r.Subscribe(u); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SubscribeTimecode(5); err != nil {
		t.Fatal(err)
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: tuidA, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "lo", Port: port,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- r.Run(ctx) }()
	go func() { done <- s.Run(ctx) }()
	want := map[[2]int]bool{}
	for u := 1; u <= universes; u++ {
		if err := s.Join(u, signet.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
		s.SetLevels(u, []byte{byte(u)})
		want[[2]int{u, u}] = true
	}
	tc, err := s.Timecode(5, wire.Rate120)
	if err != nil {
		t.Fatal(err)
	}
	tc.Start(1000, time.Now())
	if _, err := s.Flush(time.Now()); err != nil {
		t.Fatal(err)
	}
	timeout := time.After(10 * time.Second)
	for len(want) > 0 {
		select {
		case got := <-levels:
			delete(want, got)
		case <-timeout:
			t.Fatalf("%d universes never came: %v", len(want), r.Stats())
		}
	}
	last := wire.Timecode{}
	for range 20 {
		select {
		case got := <-timecode:
			if got.Label.Frame() <= last.Frame() && got.State == TimecodeRunning && last != (wire.Timecode{}) {
				t.Errorf("%v after %v", got.Label, last)
			}
			last = got.Label
		case <-timeout:
			t.Fatal("no timecode")
		}
	}
	if n := len(r.Directory()); n != universes {
		t.Errorf("%d universes announced", n)
	}
	if level, driven := r.Level(7, 1); level != 7 || !driven || len(r.Sources(7)) != 1 || len(r.Levels(nil, 7)) != 512 {
		t.Errorf("universe 7: %d %v", level, driven)
	}
	if drops := r.Stats().Drops; len(drops) > 0 {
		t.Errorf("drops: %v", drops)
	}
	r.Unsubscribe(7)
	if r.Sources(7) != nil {
		t.Error("still subscribed")
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestSubscribeRefused(t *testing.T) {
	if _, err := Open(Config{}); err == nil {
		t.Error("secure mode without keys")
	}
	if _, err := Open(Config{Open: true, Scope: "Hall A"}); err == nil {
		t.Error("a scope with a space")
	}
	if _, err := Open(Config{Open: true, Interface: "nowhere7"}); err == nil {
		t.Error("an interface that is not there")
	}
	r, err := Open(Config{Open: true, Interface: "lo", Port: testPort(30)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Subscribe(0) == nil || r.SubscribePreview(64000) == nil || r.SubscribeTimecode(256) == nil {
		t.Error("numbers out of range taken")
	}
	if err := r.SubscribePreview(5); err != nil || r.Subscribe(5) != nil || r.Subscribe(5) != nil {
		t.Error(err)
	}
	if r.Forget(tuidA) || len(r.Levels(nil, 6)) > 0 || r.Timecode(300) != (Timecode{}) {
		t.Error("something from nothing")
	}
	joined := r.Groups()
	r.Unsubscribe(5)
	if left := r.Groups(); len(left) != 2 {
		t.Errorf("groups %v without the levels", left)
	}
	r.UnsubscribePreview(5)
	if left := r.Groups(); len(joined) != 3 || len(left) != 1 || left[0] != wire.GroupTime {
		t.Errorf("groups %v, then %v", joined, left)
	}
}

// FuzzReceive feeds a Receiver signed packets of any payload.
func FuzzReceive(f *testing.F) {
	f.Add(byte(wire.KindLevel), uint16(1), wire.AppendTLV(nil, wire.TIDPriority, []byte{1, 2}))
	f.Add(byte(wire.KindTimecode), uint16(9), wire.AppendTimecode(nil, wire.Timecode{}))
	f.Add(byte(wire.KindSync), uint16(0), wire.AppendAnnouncement(nil, wire.Announcement{Universe: 1, Command: 1}))
	f.Fuzz(func(t *testing.T, kind byte, number uint16, payload []byte) {
		r := wire.Resource{Kind: wire.Kind(kind%9 + 1), Number: number, TUID: tuidA}
		if len(payload) > wire.MaxPayload || r.Kind == wire.KindNodeBeacon || r.Kind == wire.KindManager {
			return
		}
		b := newBench(t)
		v := voice(t, tuidA)
		for range 2 {
			b.packet(say(t, v, r, payload))
			b.after(time.Second)
		}
	})
}

// testPort is a UDP port of this process, so that the same tests run beside these, by
// somebody else, are not heard.
func testPort(n int) int { return 16000 + os.Getpid()%60*64 + n }
