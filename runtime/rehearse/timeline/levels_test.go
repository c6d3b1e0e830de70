package timeline

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// unpack is a block as the page reads it.
func unpack(t *testing.T, b block) (times []time.Duration, column func(n, frame int) byte) {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(b.packed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	number := func() int {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return int(n)
	}
	at := b.from.Truncate(time.Microsecond)
	number() // of bytes of the steps in time
	for range b.frames {
		at += time.Duration(number()) * time.Microsecond
		times = append(times, at)
	}
	var kinds [][2]int
	number() // of bytes of the kinds
	for range b.slots + 3*b.rows {
		kind := data[0]
		data = data[1:]
		if kind == stands {
			kinds = append(kinds, [2]int{stands, int(data[0])})
			data = data[1:]
		} else {
			kinds = append(kinds, [2]int{changes, number()})
		}
	}
	return times, func(n, frame int) byte {
		if kinds[n][0] == stands {
			return byte(kinds[n][1])
		}
		v := byte(0)
		for _, step := range data[kinds[n][1]*b.frames:][:frame+1] {
			v += step
		}
		return v
	}
}

// lamps is a patch of a lamp that mixes colours and one that is dimmed.
func lamps(t *testing.T) *patch.Patch {
	t.Helper()
	var b patch.Builder
	for name, at := range map[string]int32{"rgb": 1, "dimmer": 10} {
		f, err := patch.New("a "+name, name, level.Address{Slot: at}, 512)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Fixture(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

// TestBlocksHoldTheFrames: what is packed is what was shown, frame by frame, over the ends
// of blocks and when an output comes.
func TestBlocksHoldTheFrames(t *testing.T) {
	l := newLevels()
	l.patch(lamps(t))
	random := rand.New(rand.NewPCG(1, 2))
	shown := make([]byte, 512)
	var want [][]byte
	for n := range 3*blockFrames + 100 {
		if random.IntN(3) > 0 {
			shown[random.IntN(12)] = byte(random.IntN(256))
		}
		f := level.Frame{At: time.Duration(n) * time.Second / 44, Levels: [][]byte{shown}, Woken: n%17 == 3}
		if n > 2*blockFrames+50 {
			f.Levels = append(f.Levels, make([]byte, 20))
		}
		l.add(&f)
		want = append(want, bytes.Clone(shown))
	}
	l.flush()
	frame := 0
	for _, b := range l.blocks {
		times, column := unpack(t, b)
		for i := range b.frames {
			if at := (time.Duration(frame) * time.Second / 44).Truncate(time.Microsecond); times[i] != at {
				t.Fatalf("frame %d is at %v, want %v", frame, times[i], at)
			}
			for n, a := range l.slots[:b.slots] {
				if got := column(n, i); got != want[frame][a.Slot-1] {
					t.Fatalf("frame %d: slot %d is %d, want %d", frame, a.Slot, got, want[frame][a.Slot-1])
				}
			}
			for n, r := range l.rows[:2] {
				red, lit := column(b.slots+3*n, i), want[frame][0]
				if r.name == "a dimmer" {
					lit = want[frame][9]
				}
				if red != lit {
					t.Fatalf("frame %d: %s is seen at %d, want %d", frame, r.name, red, lit)
				}
			}
			frame++
		}
	}
	if frame != len(want) {
		t.Errorf("%d frames of %d", frame, len(want))
	}
}

// TestOverviewStaysSmall: the buckets of a long run are made longer, and hold the same light.
func TestOverviewStaysSmall(t *testing.T) {
	l := newLevels()
	l.patch(lamps(t))
	shown := make([]byte, 512)
	shown[9] = 100
	const frames = 5000
	for n := range frames {
		l.add(&level.Frame{At: time.Duration(n) * 10 * time.Second, Levels: [][]byte{shown}}) // 14 hours
	}
	l.flush()
	for _, r := range l.rows {
		sum := uint32(0)
		for _, c := range r.cells {
			sum += c.frames
			if r.name == "a dimmer" && c.frames > 0 && (c.low != 100 || c.high != 100) {
				t.Fatalf("%s is seen from %d to %d", r.name, c.low, c.high)
			}
		}
		if sum != frames || len(r.cells) > mostBuckets {
			t.Errorf("%s: %d frames in %d buckets of %v", r.name, sum, len(r.cells), l.tier.bucket)
		}
	}
}

// TestWhatIsDoneAgainIsOneChange, and what is done once stays by itself.
func TestWhatIsDoneAgainIsOneChange(t *testing.T) {
	r := &row{}
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	do := func(at, source int, did byte, channels uint32) {
		r.change(change{ms(at), ms(at), source, did, channels})
	}
	do(0, 1, fade, 1)
	do(0, 1, fade, 2) // the same batch
	for n := range 100 {
		do(100+20*n, 2, set, 1)
		do(100+20*n, 3, set, 2)
	}
	do(5000, 2, set, 1)
	want := []change{{0, 0, 1, fade, 3}, {ms(100), ms(2080), 2, set, 1}, {ms(100), ms(2080), 3, set, 2}, {ms(5000), ms(5000), 2, set, 1}}
	if !slices.Equal(r.changes, want) {
		t.Errorf("changes\n%v, want\n%v", r.changes, want)
	}
}

// TestLooksOfLamps: the colour that is seen is that of the emitters, dimmed.
func TestLooksOfLamps(t *testing.T) {
	f, err := patch.New("head", "moving_head", level.Address{Slot: 1}, 512)
	if err != nil {
		t.Fatal(err)
	}
	k := lookOf(f)
	for _, c := range []struct {
		dimmer, red, green, blue, white byte
		want                            string
	}{
		{255, 200, 0, 0, 0, "200 0 0"},
		{0, 200, 0, 0, 0, "0 0 0"},
		{51, 0, 100, 50, 0, "0 20 10"},
		{255, 0, 0, 0, 80, "80 80 80"},
	} {
		is := k.shown([]byte{c.dimmer, c.red, c.green, c.blue, c.white})
		if got := fmt.Sprint(round(is.R), round(is.G), round(is.B)); got != c.want {
			t.Errorf("%+v is seen as %s", c, got)
		}
	}
}
