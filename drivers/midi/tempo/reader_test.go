package tempo

import (
	"slices"
	"testing"

	"showrun/drivers/midi/wire"
)

// TestWhereASongIs starts, stops, puts and continues.
func TestWhereASongIs(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []wire.Message
		want []float64 // beats; what is not told is -1, and -2 a halt
	}{
		{"heard in the middle", msgs("clock", "clock"), []float64{0, 1.0 / 24}},
		{"from the start", msgs("clock", "start", "clock", "clock"), []float64{0, -1, 0, 1.0 / 24}},
		{"stops and goes on", msgs("start", "clock", "clock", "stop", "clock", "continue", "clock"), []float64{-1, 0, 1.0 / 24, -2, -1, -1, 2.0 / 24}},
		{"is put", []wire.Message{{Kind: wire.Stop}, {Kind: wire.SongPosition, Number: 8}, {Kind: wire.Continue}, {Kind: wire.Clock}}, []float64{-2, -1, -1, 2}},
		{"stops before a pulse", msgs("start", "stop", "continue", "stop", "continue", "clock"), []float64{-1, -2, -1, -2, -1, 0}},
		{"stops before all", msgs("stop", "continue", "clock"), []float64{-2, -1, 0}},
		{"stops twice", msgs("start", "clock", "stop", "stop"), []float64{-1, 0, -2, -1}},
	} {
		var r Reader
		var got []float64
		for _, m := range c.in {
			switch is, told := r.Receive(m); {
			case !told:
				got = append(got, -1)
			case is.Halt:
				got = append(got, -2)
			default:
				got = append(got, is.Beat)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func msgs(names ...string) (list []wire.Message) {
	kinds := map[string]wire.Kind{"clock": wire.Clock, "start": wire.Start, "stop": wire.Stop, "continue": wire.Continue}
	for _, n := range names {
		list = append(list, wire.Message{Kind: kinds[n]})
	}
	return list
}

// FuzzReader takes any messages: what is told is a place, pulses only grow, and nothing runs
// while it stands.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 3, 0, 2, 0})
	f.Add([]byte{4, 4, 255, 2, 0})
	kinds := []wire.Kind{wire.Clock, wire.Start, wire.Continue, wire.Stop, wire.SongPosition, wire.NoteOn}
	f.Fuzz(func(t *testing.T, list []byte) {
		var r Reader
		stands, pulses := false, uint64(0)
		for i, b := range list {
			m := wire.Message{Kind: kinds[int(b)%len(kinds)], Number: int(b) << (i % 7)}
			is, told := r.Receive(m)
			switch m.Kind {
			case wire.Start, wire.Continue:
				stands = false
			case wire.Stop:
				stands = true
			}
			if !told {
				continue
			}
			if is.Beat < 0 || is.Pulses < pulses || is.Running && stands || is.Halt == is.Running {
				t.Fatalf("%v: %+v", list, is)
			}
			pulses = is.Pulses
		}
	})
}
