package merge

import (
	"bytes"
	"testing"
)

func frame(priority []byte, levels ...byte) *Frame {
	f := &Frame{N: len(levels)}
	copy(f.Levels[:], levels)
	f.SetPriority(priority...)
	return f
}

// TestMerge: priority, then the highest level; who has no priority drives nothing.
func TestMerge(t *testing.T) {
	low, high, equal := frame([]byte{50}, 255, 255, 9), frame([]byte{100, 0, 100}, 1, 2, 3), frame([]byte{100}, 4, 5)
	for name, c := range map[string]struct {
		frames []*Frame
		want   []byte
		wins   []int
	}{
		"one":             {[]*Frame{low}, []byte{255, 255, 9}, []int{3}},
		"priority":        {[]*Frame{low, high}, []byte{1, 255, 3}, []int{1, 2}},
		"highest level":   {[]*Frame{high, equal}, []byte{4, 5, 3}, []int{1, 2}},
		"all":             {[]*Frame{equal, low, high}, []byte{4, 5, 3}, []int{2, 0, 1}},
		"shorter than it": {[]*Frame{equal, low}, []byte{4, 5, 9}, []int{2, 1}},
		"none":            {nil, nil, nil},
	} {
		var o Output
		changed := o.Merge(c.frames)
		if !bytes.Equal(o.Levels(), c.want) || changed != (len(c.want) > 0) || o.Merge(c.frames) {
			t.Errorf("%s: levels %v, want %v", name, o.Levels(), c.want)
		}
		for i, f := range c.frames {
			if f.Wins != c.wins[i] {
				t.Errorf("%s: source %d wins %d slots, want %d", name, i, f.Wins, c.wins[i])
			}
		}
	}
	var o Output
	o.Merge([]*Frame{high})
	if l, driven := o.Lookup(1); driven || l != 0 || o.Driven()[1] {
		t.Errorf("a slot without priority has the level %d, driven %t", l, driven)
	}
	if n := high.SetPriority(201, 255, 200); n != 2 || high.Priority != [Slots]byte{200, 200, 200} {
		t.Errorf("%d priorities clamped to %v", n, high.Priority[:4])
	}
}
