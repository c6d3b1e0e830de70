package server

import (
	"testing"
	"time"
)

// moving is a lighting server with every slot on its way.
func moving(tb testing.TB) (*Lighting, func(now time.Time)) {
	var list []Fixture
	for i := range Slots / 4 {
		list = append(list, Fixture{Name: "f" + string(rune('a'+i)), Number: i, Address: 1 + 4*i, Channels: 4})
	}
	l, err := NewLighting(LightingConfig{Fixtures: list, Rate: 1000}, start)
	if err != nil {
		tb.Fatal(err)
	}
	return l, func(now time.Time) {
		for i := range list {
			m := message("/fixture 0 255 255 255 255")
			m.Args[0] = int32(i)
			if err := l.Receive(now, m, time.Time{}); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// A frame costs no memory.
func TestFramesAllocateNothing(t *testing.T) {
	l, move := moving(t)
	move(start)
	now := start
	l.Step(now)
	if n := testing.AllocsPerRun(500, func() { now = now.Add(time.Millisecond); l.Step(now) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if s := l.Stats(); s.Frames < 500 {
		t.Errorf("%+v", s)
	}
}

// BenchmarkFrame is one of 512 slots that all move.
func BenchmarkFrame(b *testing.B) {
	l, move := moving(b)
	now := start
	for i := 0; b.Loop(); i++ {
		if i%900 == 0 {
			move(now)
		}
		now = now.Add(time.Millisecond)
		l.Step(now)
	}
}
