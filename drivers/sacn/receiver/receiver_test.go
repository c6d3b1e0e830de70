package receiver

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/sacn/wire"
)

var (
	epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	desk  = netip.MustParseAddrPort("10.0.0.5:40000")
)

// bench is a Receiver that is told packets, and notes what it tells.
type bench struct {
	*Receiver
	t         *testing.T
	now       time.Time
	told      []string
	sequences map[string]byte
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: epoch, sequences: map[string]byte{}}
	note := func(kind string) func(int, []byte, Packet) {
		return func(n int, levels []byte, p Packet) {
			b.told = append(b.told, strings.TrimSpace(fmt.Sprintf("%s %d [% x] %s", kind, n, levels, p.Name)))
		}
	}
	b.Receiver = New(Config{OnLevels: note("levels"), OnPreview: note("preview"), Sources: 3, Discover: true}, func() time.Time { return b.now })
	return b
}

func cidOf(name string) (c wire.CID) {
	copy(c[:], name+" is a source of levels")
	return c
}

// hear takes a packet; its sequence number is the next of its source and universe.
func (b *bench) hear(name string, p wire.Packet) {
	key := fmt.Sprint(name, p.Universe)
	if p.Universe == 0 {
		p.Universe, key = 1, name+"1"
	}
	p.CID, p.Name, p.Sequence = cidOf(name), []byte(name), b.sequences[key]
	b.sequences[key]++
	b.Receive(b.now, wire.AppendData(nil, p), desk)
}

// sync takes a synchronisation packet, likewise.
func (b *bench) sync(name string, universe uint16) {
	key := fmt.Sprint(name, " sync ", universe)
	b.Receive(b.now, wire.AppendSync(nil, cidOf(name), b.sequences[key], universe), desk)
	b.sequences[key]++
}

func (b *bench) levels(name string, priority byte, levels ...byte) {
	b.hear(name, wire.Packet{Priority: priority, Slots: levels})
}

func (b *bench) priorities(name string, list ...byte) {
	b.hear(name, wire.Packet{Priority: 100, StartCode: wire.StartPriority, Slots: list})
}

// pass lets time go by, with every step that is due.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	end := b.now.Add(d)
	for steps := 0; ; steps++ {
		due := b.Deadline()
		if due.IsZero() || due.After(end) {
			break
		}
		if b.now = due; due.Before(b.now) || steps > 1000 {
			b.t.Fatal("a deadline that does not pass")
		}
		b.Step(b.now)
	}
	b.now = end
}

// keep lets time go by while sources repeat levels every 0.8 s.
func (b *bench) keep(d time.Duration, again func()) {
	for ; d > 0; d -= 800 * time.Millisecond {
		again()
		b.pass(min(d, 800*time.Millisecond))
	}
}

func (b *bench) expect(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.told, want) {
		b.t.Errorf("told\n%s\nwant\n%s", strings.Join(b.told, "\n"), strings.Join(want, "\n"))
	}
	b.told = nil
}

// sampled listens to universe 1, with the first 1.5 s over.
func sampled(t *testing.T) *bench {
	b := newBench(t)
	if err := b.Subscribe(1); err != nil {
		t.Fatal(err)
	}
	b.pass(wire.SamplingPeriod)
	return b
}

// TestSamplingPeriod: nothing is told before it is known who is there.
func TestSamplingPeriod(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.levels("low", 50, 255, 9)
	b.pass(time.Second)
	b.levels("high", 100, 1)
	b.pass(499 * time.Millisecond)
	b.levels("low", 50, 255, 9)
	b.expect()
	b.pass(time.Millisecond)
	b.expect("levels 1 [01 09]")
	b.levels("low", 50, 255, 10)
	b.expect("levels 1 [01 0a] low")
	b.Subscribe(1) // changes nothing
	b.levels("low", 50, 255, 11)
	b.expect("levels 1 [01 0b] low")
}

// TestNewSource waits 1.5 s for the per-address priorities of a source that comes later, or
// until they are there (rule 13).
func TestNewSource(t *testing.T) {
	b := sampled(t)
	b.levels("a", 100, 1)
	b.pass(1499 * time.Millisecond)
	b.levels("a", 100, 2)
	b.expect()
	b.pass(time.Millisecond)
	b.expect("levels 1 [02]")
	b.levels("b", 200, 9, 9)
	b.expect()
	b.priorities("b", 0, 100)
	b.expect("levels 1 [02 09] b")
	b.priorities("c", 200) // before its levels
	b.expect()
	b.levels("c", 1, 7, 7)
	b.expect("levels 1 [07 09] c")
}

// TestMerge: the highest priority wins, and among equals the highest level; the lowest
// priority of a packet still drives, and one per address does not.
func TestMerge(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.levels("a", 100, 5, 50, 7)
	b.levels("b", 100, 50, 5)
	b.levels("c", 0, 255, 255, 255, 3)
	b.levels("d", 200, 1) // no room: three sources at most
	b.pass(wire.SamplingPeriod)
	b.expect("levels 1 [32 32 07 03]")
	b.levels("a", 101, 5, 50, 7)
	b.expect("levels 1 [05 32 07 03] a")
	b.levels("b", 255, 1, 2) // as 200
	b.expect("levels 1 [01 02 07 03] b")
	b.priorities("c", 0, 0, 0, 0)
	b.expect("levels 1 [01 02 07 00] c")
	if d := b.Driven(nil, 1); !slices.Equal(d, []bool{true, true, true, false}) {
		t.Errorf("driven %v", d)
	}
	if st := b.Stats(); st.Refused != 1 || st.Clamped != 1 {
		t.Errorf("%+v", st)
	}
	list := b.Sources(1)
	if len(list) != 3 || list[0].Name != "a" || list[0].Wins != 1 || list[1].Wins != 2 || !list[2].PerAddress || list[1].Priority != 200 || list[0].From != desk {
		t.Errorf("%+v", list)
	}
}

// TestPerAddressPriority: missing ones are 0, they end after 2.5 s without, and do not keep
// a source that sends no levels (rules 6, 14, 15).
func TestPerAddressPriority(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.priorities("a", 120)
	b.levels("a", 100, 1, 2)
	b.levels("b", 110, 9, 9)
	b.pass(wire.SamplingPeriod)
	b.expect("levels 1 [01 09]")
	b.keep(4*time.Second, func() { b.levels("a", 100, 1, 2); b.levels("b", 110, 9, 9) })
	if last := b.told[len(b.told)-1]; last != "levels 1 [09 09] b" {
		t.Errorf("told %s", last)
	}
	b.told = nil
	b.keep(4*time.Second, func() { b.priorities("a", 200, 200); b.levels("b", 110, 8) })
	if last := b.told[len(b.told)-1]; last != "levels 1 [08] b" {
		t.Errorf("told %s, sources %+v", last, b.Sources(1))
	}
}

// TestLoss: a source is gone after 2.5 s as soon as another was heard since, and at once when
// it says so.
func TestLoss(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.levels("a", 150, 1)
	b.levels("b", 100, 2)
	b.pass(wire.SamplingPeriod)
	b.levels("b", 100, 2)
	b.told = nil
	b.pass(time.Second)
	b.expect()
	b.levels("b", 100, 2)
	b.pass(0)
	b.expect("levels 1 [01] b", "levels 1 [02]")
	b.hear("b", wire.Packet{Options: wire.Terminated, Slots: []byte{77}})
	b.expect("levels 1 []")
	b.hear("b", wire.Packet{Options: wire.Terminated, Slots: []byte{77}})
	b.hear("b", wire.Packet{Options: wire.Terminated, Slots: []byte{77}})
	b.expect()
	if len(b.Sources(1)) != 0 {
		t.Errorf("%+v", b.Sources(1))
	}
}

// TestLossOfAll: when all sources fall silent at once, the levels of the one that spoke last are
// not shown between; one of which nothing is known is waited for no longer than a second.
func TestLossOfAll(t *testing.T) {
	for _, c := range []struct {
		apart time.Duration // how much later b spoke last
		want  []string      // what is told, and how long after the last word of a
	}{
		{0, []string{"2.5s levels 1 []"}},
		{800 * time.Millisecond, []string{"3.3s levels 1 []"}},
		{time.Second, []string{"3.5s levels 1 []"}},
		{1500 * time.Millisecond, []string{"3.5s levels 1 [02]", "4s levels 1 []"}},
	} {
		b := newBench(t)
		b.Subscribe(1)
		b.levels("a", 150, 1)
		b.levels("b", 100, 2)
		b.pass(wire.SamplingPeriod)
		b.levels("a", 150, 1)
		from := b.now
		b.pass(c.apart)
		b.levels("b", 100, 2)
		b.told = nil
		var got []string
		for !b.Deadline().IsZero() && len(b.Sources(1)) > 0 {
			b.pass(b.Deadline().Sub(b.now))
			for _, told := range b.told {
				got = append(got, fmt.Sprint(b.now.Sub(from), " ", told))
			}
			b.told = nil
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v apart: told %q, want %q", c.apart, got, c.want)
		}
	}
}

// TestOrder: a packet out of its order is dropped, per source and universe (6.7.2).
func TestOrder(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.Subscribe(2)
	b.pass(wire.SamplingPeriod)
	at := func(sequence byte, universe uint16, level byte) {
		b.Receive(b.now, wire.AppendData(nil, wire.Packet{CID: cidOf("a"), Sequence: sequence, Universe: universe, Priority: 100, Slots: []byte{level}}), desk)
	}
	at(10, 1, 1)
	at(200, 2, 1)
	b.pass(wire.SamplingPeriod)
	b.told = nil
	at(10, 1, 2)
	at(9, 1, 2)
	at(247, 1, 2)
	b.expect()
	at(11, 1, 3)
	at(201, 2, 4)
	at(247, 1, 5) // 20 back: it has begun anew
	b.expect("levels 1 [03]", "levels 2 [04]", "levels 1 [05]")
	if st := b.Stats(); st.Disordered != 3 {
		t.Errorf("%+v", st)
	}
}

// TestSync: from the first synchronisation packet on, levels wait for the next of the same
// source (11.1).
func TestSync(t *testing.T) {
	b := newBench(t)
	b.Subscribe(1)
	b.Subscribe(2)
	b.pass(wire.SamplingPeriod)
	send := func(universe uint16, level byte, sync uint16, options byte) {
		b.hear("a", wire.Packet{Universe: universe, Priority: 100, Sync: sync, Options: options, Slots: []byte{level}})
	}
	sync := func(name string, universe uint16) { b.sync(name, universe) }
	send(1, 1, 7000, 0)
	send(2, 1, 7000, 0)
	if g := b.Groups(); !slices.Contains(g, netip.MustParseAddr("239.255.27.88")) || len(g) != 4 {
		t.Errorf("groups %v", g)
	}
	b.pass(wire.SamplingPeriod)
	b.told = nil
	send(1, 2, 7000, 0)
	b.expect("levels 1 [02] a") // no synchronisation packet yet
	sync("a", 7000)
	b.expect()
	send(1, 3, 7000, 0)
	send(2, 3, 7000, 0)
	b.expect("levels 1 [02] a", "levels 2 [01] a") // held
	sync("b", 7000)
	sync("a", 7001)
	b.expect()
	sync("a", 7000)
	b.expect("levels 1 [03]", "levels 2 [03]")
	// Without synchronisation packets levels are held, unless the source says otherwise.
	b.keep(3*time.Second, func() { send(1, 4, 7000, 0); send(2, 5, 7000, wire.ForceSync) })
	send(1, 4, 7000, 0)
	send(2, 5, 7000, wire.ForceSync)
	if l := b.told[len(b.told)-2:]; l[0] != "levels 1 [03] a" || l[1] != "levels 2 [05] a" {
		t.Errorf("told %q", l)
	}
	b.told = nil
	send(1, 6, 0, 0) // no longer synchronised
	b.expect("levels 1 [06] a")
	b.Unsubscribe(1)
	b.Unsubscribe(2)
	if g := b.Groups(); len(g) != 1 {
		t.Errorf("groups %v", g)
	}
	sync("a", 7000)
}

// TestPreview: previews are apart from levels, and not merged.
func TestPreview(t *testing.T) {
	b := sampled(t)
	b.SubscribePreview(1)
	b.hear("a", wire.Packet{Options: wire.Preview, Priority: 1, Slots: []byte{1}})
	b.hear("b", wire.Packet{Options: wire.Preview, Slots: []byte{2}})
	b.expect("preview 1 [01] a", "preview 1 [02] b")
	b.hear("a", wire.Packet{Options: wire.Preview | wire.Terminated})
	b.expect()
	b.pass(wire.DataLoss)
	b.expect("preview 1 []")
	b.UnsubscribePreview(1)
	b.hear("c", wire.Packet{Options: wire.Preview, Slots: []byte{3}})
	b.pass(5 * time.Second)
	b.expect()
}

// TestFound: sources that tell their universes are listed until they are silent.
func TestFound(t *testing.T) {
	b := newBench(t)
	list := make([]uint16, 512)
	for i := range list {
		list[i] = uint16(i + 1)
	}
	b.Receive(b.now, wire.AppendDiscovery(nil, cidOf("b"), "b", 1, 1, []uint16{9000}), desk)
	b.Receive(b.now, wire.AppendDiscovery(nil, cidOf("b"), "b", 0, 1, list), desk)
	b.Receive(b.now, wire.AppendDiscovery(nil, cidOf("a"), "a", 0, 0, []uint16{3}), desk)
	got := b.Found()
	if len(got) != 2 || got[0].Name != "a" || len(got[1].Universes) != 513 || got[1].Universes[512] != 9000 {
		t.Errorf("%+v", got)
	}
	b.pass(10 * time.Second)
	b.Receive(b.now, wire.AppendDiscovery(nil, cidOf("b"), "b", 0, 0, []uint16{4}), desk)
	b.pass(13 * time.Second)
	if got := b.Found(); len(got) != 1 || !slices.Equal(got[0].Universes, []uint16{4}) {
		t.Errorf("%+v", got)
	}
}

// TestBounds: strangers cannot make it remember without end.
func TestBounds(t *testing.T) {
	b := sampled(t)
	for n := range 3000 {
		c := wire.CID{byte(n), byte(n >> 8), 1}
		b.Receive(b.now, wire.AppendData(nil, wire.Packet{CID: c, Universe: 1, Sync: uint16(n + 1), Slots: []byte{1}}), desk)
		b.Receive(b.now, wire.AppendDiscovery(nil, c, "x", 0, 0, []uint16{1}), desk)
		b.Receive(b.now, bytes.Repeat([]byte{byte(n)}, n%700), desk)
	}
	if len(b.machine.syncs) > 3 || len(b.Sources(1)) != 3 || len(b.Found()) != maxFound {
		t.Errorf("%d syncs, %d sources, %d found", len(b.machine.syncs), len(b.Sources(1)), len(b.Found()))
	}
}

// FuzzReceiver: whatever comes, in whatever order, the machine goes on, its deadlines pass,
// and what it holds is bounded.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte{0, 1, 100, 0, 3, 1, 1, 0, 100, 0xDD, 9, 2, 3, 200, 1, 1, 4, 5})
	f.Fuzz(func(t *testing.T, script []byte) {
		b := newBench(t)
		b.Subscribe(1)
		b.SubscribePreview(2)
		for len(script) >= 6 {
			op, who, priority, code, sync, level := script[0], script[1], script[2], script[3], script[4], script[5]
			script = script[6:]
			p := wire.Packet{
				CID: wire.CID{who % 8}, Universe: uint16(1 + op>>4&1), Priority: priority, StartCode: code, Sync: uint16(sync % 3),
				Sequence: level, Options: op << 5, Slots: bytes.Repeat([]byte{level}, int(priority)),
			}
			switch op & 3 {
			case 0, 1:
				b.Receive(b.now, wire.AppendData(nil, p), desk)
			case 2:
				b.Receive(b.now, wire.AppendSync(nil, p.CID, level, uint16(1+sync%3)), desk)
			case 3:
				b.pass(time.Duration(who) * 20 * time.Millisecond)
			}
			if op == 0xFF {
				b.Unsubscribe(1)
				b.Subscribe(1)
			}
			if len(b.Sources(1)) > 3 || len(b.machine.syncs) > 16 {
				t.Fatal("no bounds")
			}
			b.told = nil
		}
		b.pass(10 * time.Second)
		if len(b.Sources(1)) != 0 || len(b.machine.syncs) != 0 || !b.Deadline().IsZero() {
			t.Fatalf("after ten silent seconds: %+v, due %v", b.Sources(1), b.Deadline())
		}
	})
}
