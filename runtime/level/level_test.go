package level

import (
	"fmt"
	"sync"
	"testing"
)

func TestRegistryNumbersKeysOnce(t *testing.T) {
	var r Registry
	steps := []struct {
		key   string
		slots int
		want  Output
		size  int
		len   int
	}{
		{"signet/1", 512, 0, 512, 1},
		{"stagenet/SN", 16, 1, 16, 2},
		{"signet/1", 512, 0, 512, 2},
		{"stagenet/SN", 24, 1, 24, 2},
		{"stagenet/SN", 8, 1, 24, 2},
		{"signet/2", 512, 2, 512, 3},
	}
	for _, s := range steps {
		o := r.Output(s.key, s.slots)
		if o != s.want || r.Key(o) != s.key || r.Slots(o) != s.size || r.Len() != s.len {
			t.Errorf("Output(%q, %d) = %d with key %q, %d slots, %d outputs; want %d, %d slots, %d outputs",
				s.key, s.slots, o, r.Key(o), r.Slots(o), r.Len(), s.want, s.size, s.len)
		}
	}
	if r.Key(3) != "" || r.Slots(3) != 0 {
		t.Errorf("unknown output: key %q, %d slots", r.Key(3), r.Slots(3))
	}
}

func TestRegistryFromManyGoroutines(t *testing.T) {
	var r Registry
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				key := fmt.Sprint(i)
				if o := r.Output(key, 1+i); r.Key(o) != key || r.Slots(o) != 1+i {
					t.Errorf("output %d: key %q, %d slots, want %q, %d", o, r.Key(o), r.Slots(o), key, 1+i)
				}
			}
		})
	}
	wg.Wait()
	if r.Len() != 100 {
		t.Errorf("Len = %d, want 100", r.Len())
	}
}

func TestRegistryRefusesOutputsWithoutSlots(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(Registry).Output("x", 0)
}

func TestAddress(t *testing.T) {
	sorted := []Address{{0, 1}, {0, 2}, {1, 1}, {1, 512}, {2, 1}}
	for i, a := range sorted {
		if a.IsZero() {
			t.Errorf("%v is zero", a)
		}
		for j, b := range sorted {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%v.Compare(%v) = %d, want %d", a, b, got, want)
			}
		}
	}
	if !(Address{}).IsZero() {
		t.Error("the zero Address is an address")
	}
}

func TestFrameLevel(t *testing.T) {
	f := Frame{Levels: [][]byte{nil, {10, 20}}}
	for a, want := range map[Address]byte{
		{1, 1}: 10, {1, 2}: 20, {1, 3}: 0, {1, 0}: 0, {1, -1}: 0, {0, 1}: 0, {7, 1}: 0,
	} {
		if got := f.Level(a); got != want {
			t.Errorf("Level(%v) = %d, want %d", a, got, want)
		}
	}
}

func TestFrameHash(t *testing.T) {
	one, two := []byte{1, 2, 3}, []byte{1, 2}
	numbered := func(keys ...string) *Registry {
		r := new(Registry)
		for _, key := range keys {
			r.Output(key, 3)
		}
		return r
	}
	ab, ba := numbered("a", "b", "c"), numbered("c", "b", "a")
	look := &Frame{Seq: 5, At: 7, Levels: [][]byte{one, two}}
	if h := look.Hash(ab); h != 0x8d97d915f1cffb82 {
		t.Errorf("hash %#x: it has to be the same in every process", h)
	}
	same := &Frame{Seq: 9, At: 7, Levels: [][]byte{nil, two, one}, Woken: true, Part: []Output{2}}
	if look.Hash(ab) != same.Hash(ba) {
		t.Error("the order of registration matters")
	}
	seen := map[uint64]string{look.Hash(ab): "the first"}
	for name, f := range map[string]*Frame{
		"a level":         {At: 7, Levels: [][]byte{{1, 2, 4}, two}},
		"an instant":      {At: 8, Levels: [][]byte{one, two}},
		"outputs swapped": {At: 7, Levels: [][]byte{two, one}},
		"one not in use":  {At: 7, Levels: [][]byte{one}},
		"one more, dark":  {At: 7, Levels: [][]byte{one, two, {0, 0, 0}}},
		"one more slot":   {At: 7, Levels: [][]byte{one, {1, 2, 0}}},
		"nothing":         {At: 7},
	} {
		h := f.Hash(ab)
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
	if n := testing.AllocsPerRun(10, func() { look.Hash(ab) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHash1000Universes(b *testing.B) {
	var r Registry
	var f Frame
	for o := range 1000 {
		r.Output(fmt.Sprint(o), 512)
		f.Levels = append(f.Levels, make([]byte, 512))
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Hash(&r)
	}
}
