package timeline

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/level"
)

// TestDifferencesOfRunsOfOtherGrain: of two runs of which one has longer buckets, for it was
// longer, the same is the same, and what differs does so for the longer bucket.
func TestDifferencesOfRunsOfOtherGrain(t *testing.T) {
	run := func(prints ...uint32) *Timeline {
		x := New(Config{})
		r := &row{name: "wash"}
		for _, p := range prints {
			r.cells = append(r.cells, cell{frames: 1, print: p, started: true})
		}
		x.levels.rows = []*row{r}
		return x
	}
	for _, c := range []struct {
		prints []uint32
		want   string
	}{
		{[]uint32{1, 2, 3, 4}, "[]"},
		{[]uint32{1, 2, 3, 5}, "[{wash [[1000000 2000000]]}]"},
		{[]uint32{1, 3, 3, 5}, "[{wash [[0 2000000]]}]"},
	} {
		for name, coarsen := range map[string]func(a, b *Timeline){
			"the first": func(a, _ *Timeline) { a.levels.tier.coarsen(a.levels.rows) },
			"the other": func(_, b *Timeline) { b.levels.tier.coarsen(b.levels.rows) },
		} {
			a, b := run(1, 2, 3, 4), run(c.prints...)
			coarsen(a, b)
			if got := fmt.Sprint(differences(a, b)); got != c.want {
				t.Errorf("%v, %s is coarser: %s, want %s", c.prints, name, got, c.want)
			}
		}
	}
}

// TestLooseSlotsAreBounded: of slots without a fixture only so many have a row.
func TestLooseSlotsAreBounded(t *testing.T) {
	l := newLevels()
	shown := make([]byte, 512)
	for i := range shown {
		shown[i] = 1
	}
	l.add(&level.Frame{Levels: [][]byte{shown}})
	l.flush()
	if len(l.rows) != mostLoose {
		t.Errorf("%d rows", len(l.rows))
	}
}

// TestADeckIsOneMark for as long as it does the same, whatever its tempo is off by.
func TestADeckIsOneMark(t *testing.T) {
	m := newMarks()
	for i, bpm := range []float64{128, 128.02, 127.98, 128, 129, 129} {
		m.deck(time.Duration(i)*time.Second, device.Deck{Name: "deck 1", Playing: true, BPM: bpm})
	}
	if len(m.decks) != 2 || m.decks[0].to != 4*time.Second || m.decks[1].from != 4*time.Second || m.decks[1].to != 5*time.Second {
		t.Errorf("%+v", m.decks)
	}
}

// TestChangesAreInOrder, in whichever they came.
func TestChangesAreInOrder(t *testing.T) {
	var r row
	for i, at := range []time.Duration{2 * time.Second, time.Second, 3 * time.Second} {
		r.change(change{at, at, i, set, 1})
	}
	data, now := r.bytes(), uint64(0)
	for _, want := range []uint64{1e6, 2e6, 3e6} {
		step, n := binary.Uvarint(data)
		if now += step; now != want {
			t.Fatalf("a change is at %d, want %d", now, want)
		}
		data = data[n+4:] // for how long, the source, what, and the channels
	}
}
