package sacn

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

var (
	epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	cid   = wire.CID{1, 2, 3}
)

const frame = time.Second / 44

// bench is a Sender whose packets are told as text.
type bench struct {
	*Sender
	t       *testing.T
	now     time.Time
	packets []string
	fail    error
}

func newBench(t *testing.T, cfg Config) *bench {
	t.Helper()
	b := &bench{t: t, now: epoch}
	cfg.CID, cfg.Name = cid, "desk"
	var err error
	b.Sender, err = NewSender(cfg, b.take)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) take(now time.Time, packets []multicast.Packet, refused func(int, error)) (int, time.Time) {
	for i, p := range packets {
		if b.fail != nil {
			refused(i, b.fail)
			continue
		}
		b.packets = append(b.packets, told(b.t, p))
	}
	if b.fail != nil {
		return 0, now
	}
	return len(packets), now
}

func told(t *testing.T, sent multicast.Packet) string {
	t.Helper()
	var p wire.Packet
	if err := wire.Parse(sent.Bytes, &p); err != nil || p.CID != cid {
		t.Errorf("% x: %v", sent.Bytes, err)
	}
	to := sent.To.AddrPort
	switch p.Kind {
	case wire.KindSync:
		return fmt.Sprintf("%v sync %d #%d", to, p.Sync, p.Sequence)
	case wire.KindDiscovery:
		return fmt.Sprintf("%v universes %v page %d of %d", to.Addr(), p.Universes(), p.Page, p.LastPage)
	}
	text := fmt.Sprintf("%v universe %d #%d priority %d", to.Addr(), p.Universe, p.Sequence, p.Priority)
	if p.Sync != 0 {
		text += fmt.Sprintf(" sync %d", p.Sync)
	}
	if p.Options&wire.Preview != 0 {
		text += " preview"
	}
	if p.Options&wire.Terminated != 0 {
		return text + " ends"
	}
	if p.StartCode == wire.StartPriority {
		text += " priorities"
	}
	return text + fmt.Sprintf(" % x of %d", p.Slots[:2], len(p.Slots))
}

// flush lets time pass and sends a frame.
func (b *bench) flush(d time.Duration) {
	b.t.Helper()
	b.now = b.now.Add(d)
	if _, err := b.FlushFor(b.now, b.now); err != b.fail && !strings.Contains(fmt.Sprint(err), fmt.Sprint(b.fail)) {
		b.t.Fatal(err)
	}
}

// expect compares what was sent since the last time, without discovery.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	got := slices.DeleteFunc(b.packets, func(s string) bool { return strings.Contains(s, "universes") })
	b.packets = nil
	if !slices.Equal(got, want) {
		b.t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (b *bench) join(n int, o UniverseOptions) {
	b.t.Helper()
	if err := b.Join(n, o); err != nil {
		b.t.Fatal(err)
	}
}

// TestStream: news leave at once, three more follow, then keep-alives every 0.8 to 1 s, and
// three packets that end the universe (6.6.2, 6.2.6).
func TestStream(t *testing.T) {
	b := newBench(t, Config{Priority: 100})
	b.join(1, UniverseOptions{})
	b.flush(0)
	b.expect() // nothing to send yet
	b.SetLevels(1, false, []byte{1, 2})
	b.flush(frame)
	b.expect("239.255.0.1 universe 1 #0 priority 100 01 02 of 512")
	var at []time.Duration
	for n := range 5 * 44 {
		b.flush(frame)
		for range b.packets {
			at = append(at, time.Duration(n+1)*frame)
		}
		b.packets = slices.DeleteFunc(b.packets, func(string) bool { return true })
	}
	if len(at) < 6 || at[lan.Repeats-1] > 150*time.Millisecond {
		t.Fatalf("packets at %v", at)
	}
	for i, when := range at[lan.Repeats:] {
		if gap := when - at[lan.Repeats-1+i]; gap < 800*time.Millisecond || gap > time.Second {
			t.Errorf("a keep-alive after %v", gap)
		}
	}
	if err := b.Leave(1, false); err != nil {
		t.Fatal(err)
	}
	n := len(at) + 1
	b.Step(b.now)
	b.expect(fmt.Sprintf("239.255.0.1 universe 1 #%d priority 100 ends", n), fmt.Sprintf("239.255.0.1 universe 1 #%d priority 100 ends", n+1),
		fmt.Sprintf("239.255.0.1 universe 1 #%d priority 100 ends", n+2))
	b.flush(frame)
	b.expect()
}

// TestRate: no universe has more packets in a second than the rate allows, however often it
// changes, and as many.
func TestRate(t *testing.T) {
	for _, rate := range []int{1, 30, 44, 120, 250} {
		b := newBench(t, Config{Rate: rate})
		b.join(1, UniverseOptions{})
		for n := range 500 {
			b.SetLevels(1, false, []byte{byte(n), 1})
			b.flush(2 * time.Millisecond)
		}
		b.packets = slices.DeleteFunc(b.packets, func(s string) bool { return strings.Contains(s, "universes") })
		if n := len(b.packets); n > rate+1 || n < rate*9/10 {
			t.Errorf("%d packets in a second at the rate %d", n, rate)
		}
	}
}

// TestPriorities: per-address priority goes before levels, is repeated as they are, and
// stays once it was used.
func TestPriorities(t *testing.T) {
	list := append([]byte{0, 150}, bytes.Repeat([]byte{9}, 510)...)
	b := newBench(t, Config{Priority: 90})
	b.join(1, UniverseOptions{Priority: list})
	b.join(2, UniverseOptions{Priority: []byte{0}})
	b.SetLevels(1, false, []byte{1, 2})
	b.SetLevels(2, false, []byte{3})
	b.flush(0)
	b.expect("239.255.0.1 universe 1 #0 priority 90 priorities 00 96 of 512", "239.255.0.1 universe 1 #1 priority 90 01 02 of 512",
		"239.255.0.2 universe 2 #0 priority 0 03 00 of 512")
	for range 200 {
		b.flush(frame)
	}
	b.packets = nil
	for _, p := range [][]byte{{120}, {200}} {
		for _, n := range []int{1, 2} {
			if err := b.SetPriority(n, p); err != nil {
				t.Fatal(err)
			}
		}
		b.flush(frame)
		for _, want := range []string{
			fmt.Sprintf("priority %d priorities %02x %02x of 512", p[0], p[0], p[0]), fmt.Sprintf("priority %d 01 02", p[0]), fmt.Sprintf("priority %d 03 00", p[0]),
		} {
			if !slices.ContainsFunc(b.packets, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("sent %q, want %q", b.packets, want)
			}
		}
		b.packets = nil
	}
	for _, bad := range [][]byte{{}, {201}, make([]byte, 511), append(make([]byte, 511), 255)} {
		if b.SetPriority(1, bad) == nil || b.Join(3, UniverseOptions{Priority: bad}) == nil {
			t.Errorf("the priority of %d values is taken", len(bad))
		}
	}
}

// TestSync: levels of a frame leave at once and are released at its instant; until then a
// next frame waits.
func TestSync(t *testing.T) {
	b := newBench(t, Config{Priority: 100, Sync: 7000})
	b.join(1, UniverseOptions{})
	b.join(2, UniverseOptions{Unicast: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.5:5568")}})
	b.join(2, UniverseOptions{Unicast: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.6:5568")}})
	b.join(3, UniverseOptions{Preview: true})
	for n, preview := range map[int]bool{1: false, 2: false, 3: true} {
		b.SetLevels(n, preview, []byte{7})
	}
	if _, err := b.FlushFor(b.now, b.now.Add(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(b.packets)
	b.expect("10.0.0.6 universe 2 #0 priority 100 sync 7000 07 00 of 512", "239.255.0.1 universe 1 #0 priority 100 sync 7000 07 00 of 512",
		"239.255.0.3 universe 3 #0 priority 100 preview 07 00 of 512")
	if d := b.Deadline(); !d.Equal(b.now.Add(10 * time.Millisecond)) {
		t.Errorf("Step is due %v after the levels", d.Sub(b.now))
	}
	b.SetLevels(1, false, []byte{8})
	b.flush(9 * time.Millisecond)
	b.expect() // not before those before it are seen
	b.now = b.now.Add(time.Millisecond)
	if _, err := b.Release(b.now); err != nil {
		t.Fatal(err)
	}
	b.expect("10.0.0.6:5568 sync 7000 #0", "239.255.27.88:5568 sync 7000 #0")
	b.flush(frame)
	if !slices.Contains(b.packets, "239.255.0.1 universe 1 #1 priority 100 sync 7000 08 00 of 512") {
		t.Errorf("sent %q", b.packets)
	}
	b.packets = nil
	b.now = b.now.Add(settle - 1)
	b.Release(b.now)
	b.expect() // receivers need their time
	b.now = b.now.Add(1)
	b.Release(b.now)
	b.expect("10.0.0.6:5568 sync 7000 #1", "239.255.27.88:5568 sync 7000 #1")
}

// TestSyncReachesAll: whoever gets levels gets their release, however many there are.
func TestSyncReachesAll(t *testing.T) {
	b := newBench(t, Config{Sync: 7000})
	const many = 300 // more than leave together
	for n := range many {
		b.join(n+1, UniverseOptions{Unicast: []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 5568)}})
		b.SetLevels(n+1, false, []byte{7})
	}
	for frames := range 2 {
		b.SetLevels(1, false, []byte{byte(frames)})
		b.flush(frame)
		b.packets = nil
		b.now = b.now.Add(settle)
		b.Release(b.now)
		released := map[string]bool{}
		for _, text := range b.packets {
			if strings.HasSuffix(text, fmt.Sprint("sync 7000 #", frames)) {
				released[text] = true
			}
		}
		if len(released) != many || len(b.packets) != many {
			t.Errorf("frame %d: %d of %d packets release %d receivers, want %d", frames, len(released), len(b.packets), len(released), many)
		}
	}
}

// TestPreview: a preview and the levels of a universe have one count of packets, and the end
// of one does not end the other.
func TestPreview(t *testing.T) {
	b := newBench(t, Config{Priority: 100})
	b.join(1, UniverseOptions{})
	b.join(1, UniverseOptions{Preview: true})
	b.SetLevels(1, false, []byte{1})
	b.SetLevels(1, true, []byte{2})
	b.flush(0)
	b.expect("239.255.0.1 universe 1 #0 priority 100 01 00 of 512", "239.255.0.1 universe 1 #1 priority 100 preview 02 00 of 512")
	b.Leave(1, true)
	b.Step(b.now)
	b.expect()
	b.Leave(1, false)
	b.Step(b.now)
	if len(b.packets) != farewells {
		t.Errorf("sent %q", b.packets)
	}
}

// TestDiscovery: every ten seconds the universes that are sent, and that of synchronisation,
// 512 on a page (8).
func TestDiscovery(t *testing.T) {
	b := newBench(t, Config{Sync: 7000})
	b.join(8, UniverseOptions{}) // nothing is sent on it
	for n := 2000; n > 1000; n-- {
		b.join(n, UniverseOptions{})
		b.SetLevels(n, false, []byte{1})
	}
	var pages []time.Duration
	for range 30 * 44 {
		b.flush(frame)
		for _, p := range b.packets {
			if strings.Contains(p, "universes [1001 1002 ") && strings.HasSuffix(p, "page 0 of 1") || strings.Contains(p, "1999 2000 7000] page 1 of 1") {
				if !strings.HasPrefix(p, "239.255.250.214 ") {
					t.Errorf("sent %s", p)
				}
				pages = append(pages, b.now.Sub(epoch))
			}
		}
		b.packets = nil
	}
	if len(pages) != 6 || pages[2]-pages[0] < wire.DiscoveryInterval || pages[2]-pages[0] > wire.DiscoveryInterval+2*frame {
		t.Errorf("pages at %v", pages)
	}
}

// TestFailed: what could not be sent is sent again.
func TestFailed(t *testing.T) {
	b := newBench(t, Config{Priority: 100})
	b.join(1, UniverseOptions{})
	b.SetLevels(1, false, []byte{1})
	b.fail = fmt.Errorf("network is down")
	b.flush(0)
	b.fail = nil
	b.flush(frame)
	b.expect("239.255.0.1 universe 1 #1 priority 100 01 00 of 512")
	if st := b.Stats(); st.Errors != 2 || st.Universes != 1 {
		t.Errorf("%+v", st)
	}
}

// TestAFullNetworkStarvesNobody: of more than it takes, all get their turn.
func TestAFullNetworkStarvesNobody(t *testing.T) {
	const universes, room, frames = 250, 100, 50
	through, left := map[uint16]int{}, 0
	s, err := NewSender(Config{CID: cid}, func(now time.Time, packets []multicast.Packet, refused func(int, error)) (sent int, _ time.Time) {
		for i, sending := range packets {
			var p wire.Packet
			if wire.Parse(sending.Bytes, &p); left == 0 {
				refused(i, errors.New("no room"))
				continue
			}
			through[p.Universe]++
			sent, left = sent+1, left-1
		}
		return sent, now
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range frames {
		for u := 1; u <= universes; u++ {
			if n == 0 {
				s.Join(u, UniverseOptions{})
			}
			s.SetLevels(u, false, []byte{byte(n)})
		}
		left = room
		now := epoch.Add(time.Duration(n) * frame)
		s.FlushFor(now, now)
	}
	fair := frames * room / universes
	for u := uint16(1); u <= universes; u++ {
		if n := through[u]; n < fair-2 {
			t.Fatalf("universe %d got through %d times, want %d", u, n, fair)
		}
	}
}

// TestUnflushed: Step sends what nobody flushes, and always has an instant for it.
func TestUnflushed(t *testing.T) {
	b := newBench(t, Config{Priority: 100})
	b.join(1, UniverseOptions{})
	b.SetLevels(1, false, []byte{1})
	for steps := 0; b.now.Before(epoch.Add(5 * time.Second)); steps++ {
		if d := b.Deadline(); d.After(b.now) {
			b.now = d
		}
		b.Step(b.now)
		if steps > 300 {
			t.Fatalf("%d steps in %v", steps, b.now.Sub(epoch))
		}
	}
	if n := len(b.packets); n < 8 || n > 12 {
		t.Errorf("%d packets", n)
	}
}

// TestConfig: what cannot be is told.
func TestConfig(t *testing.T) {
	for _, cfg := range []Config{{}, {CID: cid, Rate: -1}, {CID: cid, Rate: 1001}, {CID: cid, Priority: 201}, {CID: cid, Sync: 64000}} {
		if _, err := NewSender(cfg, nil); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
	b := newBench(t, Config{})
	for _, n := range []int{-1, 0, 64000, 65537} {
		if b.Join(n, UniverseOptions{}) == nil || b.Leave(n, false) == nil || b.SetPriority(n, []byte{1}) == nil {
			t.Errorf("universe %d is taken", n)
		}
		b.SetLevels(n, false, []byte{1})
	}
	if b.Join(1, UniverseOptions{Unicast: make([]netip.AddrPort, 33)}) == nil {
		t.Error("33 addresses are taken")
	}
}

// TestFramesAllocateNothing: levels, priorities and their release.
func TestFramesAllocateNothing(t *testing.T) {
	s, err := NewSender(Config{CID: cid, Sync: 7000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= 200; u++ {
		if err := s.Join(u, UniverseOptions{Priority: bytes.Repeat([]byte{100}, wire.Slots)}); err != nil {
			t.Fatal(err)
		}
	}
	levels, now := make([]byte, wire.Slots), epoch
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(frame)
		levels[0]++
		for u := 1; u <= 200; u++ {
			s.SetLevels(u, false, levels)
		}
		if n, err := s.FlushFor(now, now.Add(5*time.Millisecond)); n < 200 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.Release(now.Add(5 * time.Millisecond)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}); n >= 1 { // universes are told every ten seconds
		t.Errorf("%v allocations a frame", n)
	}
}
