package receiver

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"showrun/drivers/sacn/wire"
)

// synced is a bench whose source a has levels 1 and 2 of universes 1 and 2 shown and 3 and 4
// waiting for their release.
func synced(t *testing.T) *bench {
	b := newBench(t)
	b.Subscribe(1)
	b.Subscribe(2)
	frame := func(level byte) {
		for u := range uint16(2) {
			b.hear("a", wire.Packet{Universe: 1 + u, Priority: 100, Sync: 7000, Slots: []byte{level + byte(u)}})
		}
	}
	frame(1)
	b.pass(wire.SamplingPeriod)
	b.sync("a", 7000)
	frame(3)
	b.told = nil
	return b
}

// TestSyncInOrder: a synchronisation packet that comes twice, or late, releases nothing; one
// after a pause of 2.5 s has begun anew.
func TestSyncInOrder(t *testing.T) {
	b := synced(t)
	b.Receive(b.now, wire.AppendSync(nil, cidOf("a"), 0, 7000), desk)
	b.Receive(b.now, wire.AppendSync(nil, cidOf("a"), 255, 7000), desk)
	b.expect()
	if st := b.Stats(); st.Disordered != 2 {
		t.Errorf("%+v", st)
	}
	b.sync("a", 7000)
	b.expect("levels 1 [03]", "levels 2 [04]")
	b.keep(wire.DataLoss, func() {
		b.hear("a", wire.Packet{Universe: 1, Priority: 100, Sync: 7000, Slots: []byte{5}})
		b.hear("a", wire.Packet{Universe: 2, Priority: 100, Sync: 7000, Slots: []byte{6}})
	})
	b.told = nil
	b.Receive(b.now, wire.AppendSync(nil, cidOf("a"), 0, 7000), desk)
	b.expect("levels 1 [05]", "levels 2 [06]")
}

// TestPrioritiesThatEndReleaseNothing: the levels that wait go on waiting.
func TestPrioritiesThatEndReleaseNothing(t *testing.T) {
	b := synced(t)
	b.priorities("a", 200)
	b.hear("a", wire.Packet{Universe: 2, Priority: 100, StartCode: wire.StartPriority, Slots: []byte{200}})
	b.sync("a", 7000)
	b.keep(wire.DataLoss, func() {
		b.hear("a", wire.Packet{Universe: 1, Priority: 100, Sync: 7000, Slots: []byte{5}})
		b.hear("a", wire.Packet{Universe: 2, Priority: 100, Sync: 7000, Slots: []byte{6}})
	})
	if l := b.Sources(1)[0]; l.PerAddress {
		t.Errorf("%+v", l)
	}
	for _, told := range b.told {
		if strings.Contains(told, "05") || strings.Contains(told, "06") {
			t.Errorf("told %q before the release", b.told)
			break
		}
	}
}

// TestPacketsAllocateNothing: levels, priorities and their release, of sources that are known.
func TestPacketsAllocateNothing(t *testing.T) {
	r := New(Config{}, func() time.Time { return epoch })
	data := make([][]byte, 0, 100)
	for u := range uint16(50) {
		r.Subscribe(int(u) + 1)
		for _, code := range []byte{wire.StartPriority, wire.StartLevels} {
			data = append(data, wire.AppendData(nil, wire.Packet{
				CID: cidOf("a"), Name: []byte("desk"), Universe: u + 1, Priority: 100, Sync: 7000, StartCode: code, Slots: bytes.Repeat([]byte{100}, wire.Slots),
			}))
		}
	}
	now, sequence := epoch, byte(0)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(23 * time.Millisecond)
		for _, b := range data {
			sequence++
			wire.Template(b).Stamp(sequence)
			if b[125] == wire.StartLevels {
				wire.Template(b).Slots()[0]++
			}
			r.Receive(now, b, desk)
		}
		sync := wire.AppendSync(make([]byte, 0, 49), cidOf("a"), sequence, 7000)
		r.Receive(now, sync, desk)
		if d := r.Deadline(); !now.Before(d) {
			r.Step(now)
		}
	}); n > 1 { // the packet of the test
		t.Errorf("%v allocations a frame", n)
	}
	if l := r.Sources(50); len(l) != 1 || !l[0].Synced || r.Stats() != (Stats{}) {
		t.Errorf("%+v %+v", l, r.Stats())
	}
}

// TestRoomIsCounted: what is not remembered of strangers is counted, and lists of universes have
// room for so many in all.
func TestRoomIsCounted(t *testing.T) {
	b := newBench(t)
	list := make([]uint16, wire.PageUniverses)
	tell := func(n int, page byte) {
		b.Receive(b.now, wire.AppendDiscovery(nil, wire.CID{byte(n), byte(n >> 8), 1}, "x", page, maxPages-1, list), desk)
	}
	for page := range byte(maxPages) {
		for n := range 8 {
			tell(n, page)
			tell(n, page) // again: no more than before
		}
	}
	held := 0
	for _, f := range b.machine.found.sources {
		for _, page := range f.pages {
			held += len(page)
		}
	}
	if held > maxListed || held != b.machine.found.listed || b.Stats().Refused == 0 {
		t.Errorf("%d universes are remembered, %d by its count, %d packets refused", held, b.machine.found.listed, b.Stats().Refused)
	}
	b.pass(time.Minute)
	if b.machine.found.listed != 0 {
		t.Errorf("%d universes are remembered of nobody", b.machine.found.listed)
	}
	refused := b.Stats().Refused
	for n := range maxFound + 3 {
		tell(n, 0)
	}
	if got := b.Stats().Refused - refused; got < 3 {
		t.Errorf("%d refused, want those of 3 sources", got)
	}
	b.Subscribe(1)
	refused = b.Stats().Refused
	for n := range maxSyncs + 2 {
		if n < maxSyncs {
			b.machine.syncs[syncKey{universe: uint16(n + 1)}] = &releaser{}
		} else {
			b.hear("a", wire.Packet{Sync: uint16(n), Slots: []byte{1}})
		}
	}
	if got := b.Stats().Refused - refused; got != 2 {
		t.Errorf("%d packets without room for their synchronisation, want 2", got)
	}
}
