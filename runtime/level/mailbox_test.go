package level

import (
	"bytes"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

func frame(seq uint64, levels ...[]byte) *Frame {
	return &Frame{Seq: seq, At: time.Duration(seq) * time.Second, Levels: levels}
}

func ready(m *Mailbox) bool {
	select {
	case <-m.Ready():
		return true
	default:
		return false
	}
}

func TestMailboxNewestWins(t *testing.T) {
	m := NewMailbox()
	var got Frame
	if m.Take(&got) || ready(m) {
		t.Fatal("a new mailbox is not empty")
	}
	f := frame(1, []byte{1, 2}, nil, []byte{3})
	m.Put(f)
	f.Levels[0][0] = 99 // the frame was lent, not given
	if !ready(m) || !m.Take(&got) {
		t.Fatal("no frame after Put")
	}
	if want := frame(1, []byte{1, 2}, nil, []byte{3}); !reflect.DeepEqual(&got, want) {
		t.Errorf("got %v, want %v", got, *want)
	}
	if m.Take(&got) {
		t.Error("one frame taken twice")
	}
	for seq := range uint64(3) {
		m.Put(frame(10+seq, []byte{byte(seq)}))
	}
	if !m.Take(&got) || got.Seq != 12 || got.Level(Address{0, 1}) != 2 {
		t.Errorf("got %v, want the newest frame", got)
	}
	if m.Dropped() != 2 {
		t.Errorf("Dropped = %d, want 2", m.Dropped())
	}
	if !ready(m) || ready(m) {
		t.Error("Ready holds other than one signal after several frames")
	}
}

func TestMailboxSelectsOutputs(t *testing.T) {
	m := NewMailbox(2, 0, 2)
	f := frame(1, []byte{1}, []byte{2}, []byte{3}, []byte{4})
	var got Frame
	take := func(want ...[]byte) {
		t.Helper()
		m.Put(f)
		if !m.Take(&got) {
			t.Fatal("no frame")
		}
		for o := range Output(5) {
			var w []byte
			if int(o) < len(want) {
				w = want[o]
			}
			if s := got.Slots(o); !bytes.Equal(s, w) || (s == nil) != (w == nil) {
				t.Errorf("output %d = %v, want %v", o, s, w)
			}
		}
	}
	for range 3 { // so that all buffers have been round
		take([]byte{1}, nil, []byte{3})
	}
	m.Put(f)
	m.Select(1)
	if m.Take(&got) {
		t.Error("a frame of the former selection was taken")
	}
	for range 3 {
		take(nil, []byte{2})
	}
	m.Select()
	for range 3 {
		take([]byte{1}, []byte{2}, []byte{3}, []byte{4})
	}
	f = frame(2, []byte{1}) // outputs may come and go
	for range 3 {
		take([]byte{1})
	}
	m.Select(7)
	for range 3 {
		take()
	}
}

// TestMailboxOfWokenFrames: no part of a frame that was not taken is lost when the
// next replaces it.
func TestMailboxOfWokenFrames(t *testing.T) {
	levels := [][]byte{{1}, {2}, {3}}
	due := &Frame{Levels: levels, Part: []Output{0, 1}}
	woken := func(part ...Output) *Frame { return &Frame{Levels: levels, Woken: true, Part: part} }
	tests := []struct {
		name    string
		carries []Output
		put     []*Frame
		woken   bool
		part    []Output // nil for no frame
	}{
		{"woken", nil, []*Frame{woken(1)}, true, []Output{1}},
		{"two of them", nil, []*Frame{woken(2), woken(0, 2)}, true, []Output{0, 2}},
		{"after one of the schedule", nil, []*Frame{due, woken(2)}, false, []Output{0, 1, 2}},
		{"before one of the schedule", nil, []*Frame{woken(2), due}, false, []Output{0, 1, 2}},
		{"for others", []Output{0}, []*Frame{woken(1)}, false, nil},
		{"for others as well", []Output{0, 2}, []*Frame{woken(0, 1)}, true, []Output{0}},
		{"for others, after one of the schedule", []Output{1}, []*Frame{due, woken(0)}, false, []Output{1}},
	}
	for _, tt := range tests {
		m := NewMailbox(tt.carries...)
		for range 2 { // with memory that has been round
			var got Frame
			for _, f := range tt.put {
				m.Put(f)
			}
			if ok := m.Take(&got); ok != (tt.part != nil) || got.Woken != tt.woken || !slices.Equal(got.Part, tt.part) {
				t.Errorf("%s: frame %v, %+v; want woken %v, %v", tt.name, ok, got, tt.woken, tt.part)
			}
		}
	}
}

func TestMailboxAllocatesNothing(t *testing.T) {
	f := frame(1, make([]byte, 512), nil, make([]byte, 512))
	f.Part = []Output{0, 2}
	for name, m := range map[string]*Mailbox{"all": NewMailbox(), "some": NewMailbox(2)} {
		var got Frame
		step := func() {
			m.Put(f)
			m.Put(f)
			m.Take(&got)
		}
		step()
		step()
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%s: %v allocations per frame", name, n)
		}
	}
}

func TestMailboxBetweenGoroutines(t *testing.T) {
	const last = 2000
	m := NewMailbox()
	var wg sync.WaitGroup
	wg.Go(func() {
		for seq := uint64(1); seq <= last; seq++ {
			m.Put(frame(seq, bytes.Repeat([]byte{byte(seq)}, 64)))
		}
	})
	var got Frame
	var taken, seq uint64
	for seq < last {
		<-m.Ready()
		if !m.Take(&got) {
			continue
		}
		taken++
		if got.Seq <= seq {
			t.Fatalf("frame %d after frame %d", got.Seq, seq)
		}
		seq = got.Seq
		if !bytes.Equal(got.Levels[0], bytes.Repeat([]byte{byte(seq)}, 64)) {
			t.Fatalf("frame %d is torn: %v", seq, got.Levels[0])
		}
	}
	wg.Wait()
	if taken+m.Dropped() != last {
		t.Errorf("%d taken and %d dropped, want %d together", taken, m.Dropped(), last)
	}
}

func BenchmarkMailbox100Universes(b *testing.B) {
	f := frame(1)
	for range 100 {
		f.Levels = append(f.Levels, make([]byte, 512))
	}
	m := NewMailbox()
	var got Frame
	b.ReportAllocs()
	for b.Loop() {
		m.Put(f)
		m.Take(&got)
	}
}
