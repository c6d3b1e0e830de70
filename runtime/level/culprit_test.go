package level

import (
	"math/rand/v2"
	"testing"
)

// TestCulprit: of two frames that differ in one slot, one and the hash of the other tell
// which, and what it was.
func TestCulprit(t *testing.T) {
	var r Registry
	rnd := rand.New(rand.NewPCG(1, 2))
	f := Frame{At: 12345678}
	for _, out := range []struct {
		key   string
		slots int
	}{{"a", 512}, {"b", 1}, {"c", 40}, {"d", 512}} {
		r.Output(out.key, out.slots)
		f.Levels = append(f.Levels, make([]byte, out.slots))
	}
	r.Output("unused", 7)
	f.Levels = append(f.Levels, nil)
	for range 200 {
		for _, levels := range f.Levels {
			for i := range levels {
				levels[i] = byte(rnd.Uint32())
			}
		}
		o := rnd.IntN(4)
		i := rnd.IntN(len(f.Levels[o]))
		was, is := f.Levels[o][i], byte(rnd.Uint32())
		hash := f.Hash(&r)
		f.Levels[o][i] = is
		at, old, found := f.Culprit(&r, hash)
		if found != (was != is) || found && (at != Address{Output(o), int32(i) + 1} || old != was) {
			t.Fatalf("slot %d of output %d, %d and now %d: got %v, %d, %v", i+1, o, was, is, at, old, found)
		}
	}
	hash := f.Hash(&r)
	f.Levels[2][3]++
	f.Levels[2][30]++
	if at, _, found := f.Culprit(&r, hash); !found || at != (Address{Output: 2}) {
		t.Errorf("two slots of output 2: got %v, %v", at, found)
	}
	f.Levels[0][3]++
	if at, _, found := f.Culprit(&r, hash); found {
		t.Errorf("two outputs: got %v", at)
	}
}

// TestGather undoes scatter.
func TestGather(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		if x := rnd.Uint64(); gather(scatter(x)) != x {
			t.Fatalf("%#x becomes %#x", x, gather(scatter(x)))
		}
	}
}
