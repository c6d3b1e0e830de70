package signet

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

var (
	epoch  = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	sender = TUID{0x7F, 0xF0, 0xA1, 0xB2, 0xC3, 0xD4}
	root   = K0{1, 2, 3}
)

// everything wants every resource.
type everything struct{}

func (everything) Wants(wire.Resource) bool { return true }

// A bench is an output with a receiver at the other end of the wire that
// refuses anything not perfectly signed and numbered.
type bench struct {
	t      testing.TB
	output *output
	gate   *device.Gate
	open   *device.Gate
	batch  *batch
	now    time.Time
}

func newBench(t testing.TB, cfg SenderConfig) *bench {
	t.Helper()
	cfg.TUID = sender
	cfg.Keys = root.Keys()
	cfg.Rand = rand.New(rand.NewPCG(1, 2))
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Mode == Open, Keys: cfg.Keys,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{
		t: t, output: newOutput(cfg, voice), batch: newBatch(), now: epoch,
		gate: device.NewGate(device.GateConfig{Scope: cfg.Scope, Keys: root.Keys(), Interests: everything{}}),
		open: device.NewGate(device.GateConfig{Scope: cfg.Scope, Open: true, Interests: everything{}}),
	}
}

func (b *bench) join(universe int, o UniverseOptions) {
	b.t.Helper()
	if err := b.output.join(universe, o); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) set(universe int, levels ...byte) {
	b.output.index[streamKey{uint16(universe), false}].setLevels(levels)
}

// flush moves time on and gives what was sent, one text per packet.
func (b *bench) flush(step time.Duration) []string {
	b.t.Helper()
	b.now = b.now.Add(step)
	sent := b.fill(b.now)
	b.output.flushed(b.now, b.now)
	return sent
}

// fill gives what is due now, with the level streams of a frame; none if that is
// zero.
func (b *bench) fill(frame time.Time) []string {
	b.t.Helper()
	b.output.begin()
	var sent []string
	for more := true; more; {
		more = b.output.fill(b.batch, b.now, frame)
		if err := b.batch.sign(b.output.voice); err != nil {
			b.t.Fatal(err)
		}
		for _, p := range b.batch.packets {
			sent = append(sent, b.read(p.Bytes, p.To.AddrPort))
		}
	}
	return sent
}

// read verifies a packet as a receiver would and tells what it says.
func (b *bench) read(raw []byte, to netip.AddrPort) string {
	b.t.Helper()
	var p wire.Packet
	gate, mode := b.gate, ""
	if wire.Parse(raw, &p); p.Mode == wire.ModeOpen {
		gate, mode = b.open, " open"
	}
	r, v := gate.Check(raw, b.now, &p)
	if v != wire.Accept {
		b.t.Fatalf("refused: %v, % x", v, raw)
	}
	text := fmt.Sprintf("%v %d/%d%s", to.Addr(), p.Sender.Endpoint, p.Sequence, mode)
	for rest := p.Payload; len(rest) > 0; {
		tlv, more, _ := wire.NextTLV(rest)
		rest = more
		switch tlv.TID {
		case wire.TIDLevel, wire.TIDPreview:
			text += fmt.Sprintf(" %v%d % x*%d", r.Kind, r.Number, tlv.Value[:2], len(tlv.Value))
		case wire.TIDPriority:
			text += fmt.Sprintf(" priority %d*%d", tlv.Value[0], len(tlv.Value))
		case wire.TIDUniverse:
			a, _ := wire.ParseAnnouncement(tlv.Value)
			text += fmt.Sprintf(" %s%d", [...]string{"", "join", "leave"}[a.Command], a.Universe)
		case wire.TIDTimecode:
			tc, _ := wire.ParseTimecode(tlv.Value)
			text += fmt.Sprintf(" tc%d %v", r.Number, tc)
		default:
			text += " " + tlv.TID.String()
		}
	}
	return text
}

// expect fails unless the packets are as told.
func (b *bench) expect(got []string, want ...string) {
	b.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.t.Fatalf("at %v sent\n %s\nwant\n %s", b.now.Sub(epoch), strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

const frame = time.Second / 44

func TestStreamPacing(t *testing.T) {
	b := newBench(t, SenderConfig{})
	b.join(7, UniverseOptions{})
	b.expect(b.flush(0), "239.254.255.250 1/1 join7") // silent until levels are given
	b.expect(b.flush(frame))
	b.set(7, 1, 2, 3)
	b.expect(b.flush(frame), "239.254.0.7 1/2 level7 01 02*512")
	b.set(7, 1, 2, 3) // no change
	b.expect(b.flush(frame))
	b.expect(b.flush(frame), "239.254.0.7 1/3 level7 01 02*512")                      // every other frame
	b.expect(b.flush(2*frame-3*time.Millisecond), "239.254.0.7 1/4 level7 01 02*512") // within tolerance
	b.expect(b.flush(2*frame - 4*time.Millisecond))
	b.expect(b.flush(4*time.Millisecond), "239.254.0.7 1/5 level7 01 02*512")
	b.expect(b.flush(frame)) // three repeats, then silence
	b.expect(b.flush(850 * time.Millisecond))
	b.expect(b.flush(50*time.Millisecond), "239.254.0.7 1/6 level7 01 02*512")
	b.set(7, 9)
	b.expect(b.flush(frame), "239.254.0.7 1/7 level7 09 00*512") // slots not given are 0
	b.set(7, 8)
	b.set(7, 7) // changes coalesce
	b.expect(b.flush(frame), "239.254.0.7 1/8 level7 07 00*512")
	// A change waits for the change before it, not for its repeats; the one after it does.
	b.expect(b.flush(2*frame), "239.254.0.7 1/9 level7 07 00*512")
	b.set(7, 6)
	b.expect(b.flush(time.Millisecond), "239.254.0.7 1/10 level7 06 00*512")
	b.set(7, 5)
	b.expect(b.flush(2*frame - 5*time.Millisecond))
	b.expect(b.flush(time.Millisecond), "239.254.0.7 1/11 level7 05 00*512")
}

// TestNeverMoreThanTheRate: however levels change and frames come, a second has not more
// packets of a universe than the rate, but for one that a change has brought forward.
func TestNeverMoreThanTheRate(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t, SenderConfig{})
		b.join(1, UniverseOptions{Slots: 2})
		b.flush(0)
		var sent []time.Time
		for range 3000 {
			if rng.IntN(4) == 0 {
				b.set(1, byte(rng.Uint32()))
			}
			for range b.flush(time.Duration(rng.IntN(int(frame)))) {
				sent = append(sent, b.now)
			}
		}
		most := int(time.Second/(frame-lan.PaceTolerance)) + 1
		for i := range sent {
			if n := i + most + 1; n < len(sent) && sent[n].Sub(sent[i]) < time.Second {
				t.Fatalf("seed %d: %d packets in %v", seed, most+2, sent[n].Sub(sent[i]))
			}
		}
	}
}

func TestPriority(t *testing.T) {
	b := newBench(t, SenderConfig{})
	b.join(1, UniverseOptions{Slots: 2, Priority: []byte{150}})
	b.flush(0)
	b.set(1, 5, 6)
	b.expect(b.flush(frame), "239.254.0.1 1/2 priority 150*1 level1 05 06*2")
	b.flush(2 * frame)
	b.flush(2 * frame)
	b.flush(2 * frame)
	b.expect(b.flush(lan.KeepAlive), "239.254.0.1 1/6 priority 150*1 level1 05 06*2")
	s := b.output.index[streamKey{1, false}]
	s.setPriority([]byte{0}, "local", Secure)
	b.expect(b.flush(frame), "239.254.0.1 1/7 priority 0*1 level1 05 06*2")
	s.setPriority(bytes.Repeat([]byte{9}, 512), "local", Secure)
	b.expect(b.flush(frame), "239.254.0.1 1/8 priority 9*512 level1 05 06*2")
	for _, p := range [][]byte{{201}, {1, 2}, {}, make([]byte, 511)} {
		if checkPriority(1, p) == nil {
			t.Errorf("priority % x taken", p)
		}
	}
}

// TestPriorityDropped: a receiver keeps the last priority of a session (section
// 14.1), so a universe that is declared without one again has to tell the default.
func TestPriorityDropped(t *testing.T) {
	full := bytes.Repeat([]byte{9}, 512)
	for name, c := range map[string]struct {
		priority []byte
		between  func(*bench)
		again    UniverseOptions
		want     string
	}{
		"one":      {[]byte{200}, nil, UniverseOptions{Slots: 2}, "priority 100*1 level1 05 00*2"},
		"all":      {full, nil, UniverseOptions{Slots: 2}, "priority 100*1 level1 05 00*2"},
		"another":  {[]byte{200}, nil, UniverseOptions{Slots: 2, Priority: []byte{7}}, "priority 7*1 level1 05 00*2"},
		"none":     {nil, nil, UniverseOptions{Slots: 2}, "level1 05 00*2"},
		"by order": {nil, func(b *bench) { b.output.index[streamKey{1, false}].setPriority([]byte{0}, "local", Secure) }, UniverseOptions{Slots: 2}, "priority 100*1 level1 05 00*2"},
		// A leave does not end a source (section 14.5).
		"after a leave": {[]byte{200}, func(b *bench) { b.output.leave(1, false) }, UniverseOptions{Slots: 2}, "priority 100*1 level1 05 00*2"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, SenderConfig{})
			b.join(1, UniverseOptions{Slots: 2, Priority: c.priority})
			b.set(1, 5)
			b.flush(0)
			if c.between != nil {
				c.between(b)
			}
			b.join(1, c.again)
			b.set(1, 5)
			for range 2 { // it stays in every packet
				got := b.flush(lan.KeepAlive)
				last := got[len(got)-1]
				if says := strings.SplitN(last, " ", 3)[2]; says != c.want {
					t.Errorf("sent %q", last)
				}
			}
			// The preview of the universe is another stream.
			b.join(1, UniverseOptions{Slots: 2, Preview: true})
			if p := b.output.index[streamKey{1, true}].priority; len(p) > 0 {
				t.Errorf("preview with priority % x", p)
			}
		})
	}
}

func TestAnnouncements(t *testing.T) {
	b := newBench(t, SenderConfig{})
	for u := 1; u <= 110; u++ {
		b.join(u, UniverseOptions{})
	}
	b.join(500, UniverseOptions{Preview: true}) // previews are not announced
	b.join(200, UniverseOptions{Multicast: netip.MustParseAddr("239.1.2.3"), Endpoint: 3})
	got := b.flush(0)
	if len(got) != 3 || strings.Count(got[0], "join") != 109 || !strings.HasSuffix(got[1], " 1/2 join110") || !strings.HasSuffix(got[2], " 3/1 join200") {
		t.Fatalf("announced %v", got)
	}
	if !b.output.leave(7, false) || b.output.leave(7, false) || b.output.leave(64000, false) {
		t.Error("leave tells wrongly whether there was something to leave")
	}
	b.expect(b.flush(time.Second), "239.254.255.250 1/3 leave7")
	b.expect(b.flush(3999 * time.Millisecond))
	if got := b.flush(time.Millisecond); len(got) != 2 || strings.Count(got[0], "join") != 109 || strings.Contains(got[0], " join7 ") {
		t.Errorf("after five seconds: %v", got)
	}
	b.output.leaveAll()
	if got := b.flush(0); len(got) != 2 || strings.Count(got[0]+got[1], "leave") != 110 {
		t.Errorf("good-bye: %v", got)
	}
	if s := b.output.streams; len(s) != 0 {
		t.Errorf("%d streams left", len(s))
	}
}

func TestDestinations(t *testing.T) {
	b := newBench(t, SenderConfig{})
	b.join(1, UniverseOptions{Slots: 2, Multicast: netip.MustParseAddr("239.1.2.3")})
	b.join(2, UniverseOptions{Slots: 2, Unicast: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:5683")}})
	b.join(3, UniverseOptions{Slots: 2, Preview: true})
	b.flush(0)
	b.set(1, 1)
	b.set(2, 2)
	b.output.index[streamKey{3, true}].setLevels([]byte{3})
	b.expect(b.flush(frame),
		"239.1.2.3 1/2 level1 01 00*2", "10.0.0.1 1/3 level2 02 00*2", "239.254.255.249 1/4 preview3 03 00*2")
}

func TestSync(t *testing.T) {
	b := newBench(t, SenderConfig{Sync: true})
	b.join(1, UniverseOptions{Slots: 2})
	b.join(2, UniverseOptions{Slots: 2, Endpoint: 4})
	b.flush(0)
	b.set(1, 1)
	b.expect(b.flush(frame), "239.254.0.1 1/2 level1 01 00*2")
	if d := b.output.deadline().Sub(b.now); d != 5*time.Millisecond {
		t.Errorf("deadline in %v", d)
	}
	b.expect(b.flush(5*time.Millisecond-1), []string{}...)
	b.expect(b.flush(1), "239.254.255.250 1/3 TID_SYNC")
	b.set(2, 2) // each endpoint in use has its own
	b.expect(b.flush(2*frame), "239.254.0.1 1/4 level1 01 00*2", "239.254.0.2 4/2 level2 02 00*2")
	b.set(1, 7)
	// A release that is due goes before the next frame.
	b.expect(b.flush(2*frame),
		"239.254.255.250 1/5 TID_SYNC", "239.254.255.250 4/3 TID_SYNC", "239.254.0.1 1/6 level1 07 00*2", "239.254.0.2 4/4 level2 02 00*2")
	for range 6 {
		b.flush(2 * frame)
	}
	b.expect(b.flush(900*time.Millisecond), "239.254.0.1 1/14 level1 07 00*2", "239.254.0.2 4/10 level2 02 00*2")
	b.expect(b.flush(10 * time.Millisecond)) // a keep-alive is not synced
	// A frame sent ahead of its instant is released on it, and never before its
	// levels have settled.
	for ahead, want := range map[time.Duration]time.Duration{8 * time.Millisecond: 8 * time.Millisecond, time.Millisecond: 5 * time.Millisecond} {
		b.set(1, 100+byte(want/time.Millisecond))
		b.flush(frame)
		b.output.syncLane(1).touched = true
		b.output.flushed(b.now, b.now.Add(ahead))
		if d := b.output.deadline().Sub(b.now); d != want {
			t.Errorf("%v ahead: released after %v, want %v", ahead, d, want)
		}
		b.flush(want)
	}
	if (&SenderConfig{TUID: sender, Keys: root.Keys(), Sessions: &MemorySessions{}, Sync: true, Rate: 200}).complete() == nil {
		t.Error("sync at a rate that leaves no time to settle")
	}
}

func TestSyncKeepalive(t *testing.T) {
	b := newBench(t, SenderConfig{Sync: true, SyncKeepalive: true})
	b.join(1, UniverseOptions{})
	b.flush(0)
	b.expect(b.flush(199 * time.Millisecond))
	b.expect(b.flush(time.Millisecond), "239.254.255.250 1/3 TID_SYNC")
}

// TestSyncKeepaliveWaitsForTheFrame: a keep-alive that comes due between the levels of
// a frame and their sync would show them early, and before they have settled.
func TestSyncKeepaliveWaitsForTheFrame(t *testing.T) {
	const ahead = 8 * time.Millisecond
	b := newBench(t, SenderConfig{Sync: true, SyncKeepalive: true})
	b.join(1, UniverseOptions{Slots: 2})
	b.set(1, 1)
	b.flush(0)
	for range lan.Repeats + 1 {
		b.flush(2 * frame)
	}
	due := b.output.syncs[0].last.Add(syncKeepalive)
	b.now = due.Add(-2 * time.Millisecond)
	b.set(1, 200)
	visible := b.now.Add(ahead)
	b.expect(b.fill(visible), "239.254.0.1 1/11 level1 c8 00*2")
	b.output.flushed(b.now, visible)
	if d := b.output.deadline(); !d.Equal(visible) {
		t.Errorf("deadline %v, want %v", d.Sub(epoch), visible.Sub(epoch))
	}
	for b.now = due; b.now.Before(visible); b.now = b.now.Add(time.Millisecond) {
		b.expect(b.fill(time.Time{}))
	}
	b.expect(b.fill(time.Time{}), "239.254.255.250 1/12 TID_SYNC")
	// The next keep-alive counts from there.
	if d := b.output.deadline(); !d.Equal(visible.Add(syncKeepalive)) {
		t.Errorf("deadline %v, want %v", d.Sub(epoch), visible.Add(syncKeepalive).Sub(epoch))
	}
	b.now = visible.Add(syncKeepalive)
	b.expect(b.fill(time.Time{}), "239.254.255.250 1/13 TID_SYNC")
}

func TestDualCast(t *testing.T) {
	b := newBench(t, SenderConfig{Mode: Both})
	b.join(1, UniverseOptions{Slots: 2})
	b.expect(b.flush(0), "239.254.255.250 1/1 join1", "239.254.255.250 1/0 open join1")
	b.set(1, 1)
	b.expect(b.flush(frame), "239.254.0.1 1/2 level1 01 00*2", "239.254.0.1 1/0 open level1 01 00*2")

	b = newBench(t, SenderConfig{Mode: Open})
	b.join(1, UniverseOptions{Slots: 2})
	b.flush(0)
	b.set(1, 1)
	b.expect(b.flush(frame), "239.254.0.1 1/0 open level1 01 00*2")
}

// fullSessions is a store that has run out, or that cannot write.
type fullSessions struct {
	last    uint32
	failure error
}

func (f fullSessions) Session(TUID) (uint32, bool, error) { return f.last, true, nil }
func (f fullSessions) SaveSession(t TUID, s uint32) error { return f.failure }

func TestSessionsMustBeStored(t *testing.T) {
	open := func(s Sessions) error {
		_, err := OpenSender(SenderConfig{TUID: sender, Keys: root.Keys(), Sessions: s, Interface: "127.0.0.1", Port: 15684})
		return err
	}
	if err := open(fullSessions{last: 0xFFFFFFFE}); !errors.Is(err, ErrSessionsSpent) {
		t.Errorf("last session: %v", err)
	}
	disk := errors.New("disk full")
	if err := open(fullSessions{failure: disk}); !errors.Is(err, disk) {
		t.Errorf("full disk: %v", err)
	}
	if err := open(nil); err == nil {
		t.Error("secure mode without a store")
	}
}

func TestOptionsRefused(t *testing.T) {
	b := newBench(t, SenderConfig{})
	for name, c := range map[string]struct {
		universe int
		options  UniverseOptions
	}{
		"universe 0":     {0, UniverseOptions{}},
		"universe 64000": {64000, UniverseOptions{}},
		"513 slots":      {1, UniverseOptions{Slots: 513}},
		"endpoint":       {1, UniverseOptions{Endpoint: 0xFF01}},
		"rate":           {1, UniverseOptions{Rate: 1001}},
		"group":          {1, UniverseOptions{Multicast: netip.MustParseAddr("10.0.0.1")}},
		"priority":       {1, UniverseOptions{Priority: []byte{201}}},
		"unicast":        {1, UniverseOptions{Unicast: make([]netip.AddrPort, 33)}},
	} {
		if b.output.join(c.universe, c.options) == nil {
			t.Errorf("%s taken", name)
		}
	}
	for name, cfg := range map[string]SenderConfig{
		"no TUID":  {Keys: root.Keys(), Sessions: &MemorySessions{}},
		"scope":    {TUID: sender, Keys: root.Keys(), Sessions: &MemorySessions{}, Scope: "Hall A"},
		"no keys":  {TUID: sender, Sessions: &MemorySessions{}},
		"mode":     {TUID: sender, Keys: root.Keys(), Sessions: &MemorySessions{}, Mode: 3},
		"rate":     {TUID: sender, Keys: root.Keys(), Sessions: &MemorySessions{}, Rate: -1},
		"endpoint": {TUID: sender, Keys: root.Keys(), Sessions: &MemorySessions{}, Endpoint: 0xFF01},
	} {
		if cfg.complete() == nil {
			t.Errorf("%s taken", name)
		}
	}
}

// TestManyUniverses: packets of a frame keep the order of their numbers over
// several batches, and steady state allocates nothing.
func TestManyUniverses(t *testing.T) {
	b := newBench(t, SenderConfig{Sync: true})
	for u := 1; u <= 1000; u++ {
		b.join(u, UniverseOptions{})
	}
	b.flush(0)
	for u := 1; u <= 1000; u++ {
		b.set(u, byte(u))
	}
	if got := b.flush(frame); len(got) != 1000 {
		t.Fatalf("%d packets", len(got))
	}
	b.timecode(1, wire.Rate30).running = true
	b.flush(frame)
	level := byte(0)
	allocs := testing.AllocsPerRun(20, func() {
		level++
		b.now = b.now.Add(frame)
		for _, s := range b.output.streams {
			s.setLevels([]byte{level})
		}
		b.output.begin()
		for more := true; more; {
			more = b.output.fill(b.batch, b.now, b.now)
			b.batch.sign(b.output.voice)
		}
		b.output.flushed(b.now, b.now)
	})
	if allocs > 0 {
		t.Errorf("%v allocations per frame of 1000 universes", allocs)
	}
}

func TestEveryUniverseNumber(t *testing.T) {
	if testing.Short() {
		t.Skip("64,000 streams take 100 MB")
	}
	b := newBench(t, SenderConfig{})
	for u := 1; u <= wire.LastUniverse; u++ {
		b.join(u, UniverseOptions{Slots: 1})
	}
	b.flush(0)
	b.set(63999, 1)
	if s := b.output.index[streamKey{63999, false}]; !s.cadence.Due(b.now.Add(frame)) {
		t.Error("the last universe is not due")
	}
}
