package beat

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// FuzzConductor reads a script of observations and commands. Whatever comes,
// the promises of the published timelines hold.
func FuzzConductor(f *testing.F) {
	f.Add([]byte{})
	r := rand.New(rand.NewPCG(4, 4))
	for range 4 {
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Add(append([]byte("\x01a\x00\x00\x21\x00\x10"), make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, script []byte) {
		c := NewConductor(0, 120)
		p := promise(t, c)
		lone := promise(t, NewFollower(Config{}))
		take := func() uint64 {
			n := min(len(script), 1)
			v := uint64(0)
			if n > 0 {
				v = uint64(script[0])
			}
			script = script[n:]
			return v
		}
		word := func() uint64 {
			var b [8]byte
			script = script[copy(b[:], script):]
			return binary.LittleEndian.Uint64(b[:])
		}
		keys := []string{"a", "b", "master", Internal}
		var now time.Duration
		obs := map[string]Observation{}
		for n := 0; len(script) > 0 && n < 2000; n++ {
			op := take()
			key := keys[op>>4&3]
			now += time.Duration(take()) * 300 * time.Microsecond
			c.Step(now) // commands take effect at once
			p.now = max(p.now, now)
			p.check()
			switch op & 15 {
			case 0:
				c.Follow(key, now)
			case 1:
				c.Alias("master", keys[take()&1], now)
			case 2:
				c.SetTempo(math.Float64frombits(word()), now)
			case 3:
				c.Nudge(Micro(int64(word())>>(take()&63)), now)
			case 4:
				c.Tap(now)
			case 5: // a raw observation
				o16 := take() % 16
				o := Observation{Arrival: now, Clock: word(), Beat: math.Float64frombits(word()), BPM: math.Float64frombits(word()), Halt: o16 == 1, Empty: o16 == 2}
				obs[key] = o
				c.Observe(key, o)
				if key == "a" {
					lone.Observe(o)
				}
			case 6:
				now += time.Duration(take()) * 50 * time.Millisecond
			default: // one that continues, more or less
				o := obs[key]
				o.Clock += 30_000_000 + take()*100_000
				o.Beat += 0.0625 + (float64(take())-128)*math.Pow(0.5, float64(take()&15))
				if o.BPM == 0 {
					o.BPM = 125
				}
				o.Arrival = now
				obs[key] = o
				c.Observe(key, o)
				if key == "a" {
					lone.Observe(o)
				}
			}
			p.check()
			if x := c.Confidence(now); !(x >= 0 && x <= 1) {
				t.Fatalf("confidence %v", x)
			}
			if x := c.drive.Tempo; !(x >= minBPM && x <= maxBPM) {
				t.Fatalf("tempo %v", x)
			}
			if f := lone.published.(*Follower); f.Offset.Late < 0 || f.Offset.Late > 1 {
				t.Fatalf("delay %v s", f.Offset.Late)
			}
		}
	})
}

func TestObservingDoesNotAllocate(t *testing.T) {
	c := NewConductor(0, 120)
	c.Follow("a", 0)
	o := Observation{Clock: 1, BPM: 128}
	next := func() {
		o.Arrival += 10 * time.Millisecond
		o.Clock += 10_000_000
		o.Beat += 0.01 * 128 / 60
		c.Observe("a", o)
		c.Observe("b", o)
		if c.Next() <= o.Arrival {
			c.Step(o.Arrival)
		}
		c.Timeline()
	}
	for range 100 {
		next()
	}
	if n := testing.AllocsPerRun(1000, next); n != 0 {
		t.Errorf("%v allocations per observation", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	c := NewConductor(0, 120)
	c.Follow("a", 0)
	o := Observation{Clock: 1, BPM: 128}
	b.ReportAllocs()
	for b.Loop() {
		o.Arrival += 10 * time.Millisecond
		o.Clock += 10_000_000
		o.Beat += 0.01 * 128 / 60
		c.Observe("a", o)
	}
}
