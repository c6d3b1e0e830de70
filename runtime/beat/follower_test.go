package beat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var same = math.NaN() // a piece that continues the one before

// TestFollowerSituations plays what decks do over every simulated stream and
// network. want lists the changes other than the first tempo and start; where
// the network decides, alternatives are separated by "|". The beat must be
// within tolerance ms of the deck's (and its constant lateness) at the end.
func TestFollowerSituations(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []piece
		adjust func(*deck)
		want   string
	}{
		{name: "plays", pieces: []piece{{0, 10.3, 128}}},
		{name: "starts before its grid", pieces: []piece{{0, -7.25, 128}}},
		{name: "slow", pieces: []piece{{0, 3, 45}}},
		{name: "fast", pieces: []piece{{0, 3, 240}}},
		{name: "clock 200 ppm slow", pieces: []piece{{0, 10.3, 128}}, adjust: func(d *deck) { d.ppm = -200 }},
		{name: "only the beat moves in blocks", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.block, d.coarse = 0.0046875, true }},
		{name: "faster by 6 %", pieces: []piece{{0, 10.3, 128}, {5, same, 135.68}}, want: "tempo"},
		{name: "slower by 6 %", pieces: []piece{{0, 10.3, 128}, {5, same, 120.32}}, want: "tempo"},
		{name: "faster by 0.2 %", pieces: []piece{{0, 10.3, 128}, {5, same, 128.256}}, want: "tempo"},
		{name: "names a tempo 6 % off", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.bpm = func(float64) float64 { return 120.32 } }},
		{name: "changes tempo without saying so", pieces: []piece{{0, 10.3, 128}, {5, same, 135.68}},
			adjust: func(d *deck) { d.bpm = func(float64) float64 { return 128 } }},
		{name: "knows no tempo", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.bpm = func(float64) float64 { return 0 } }},
		{name: "names nonsense as tempo", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.bpm = func(float64) float64 { return math.Inf(1) } }},
		{name: "seeks ahead", pieces: []piece{{0, 10.3, 128}, {5, 300.77, 128}}, want: "jump"},
		{name: "seeks back", pieces: []piece{{0, 100.3, 128}, {5, 3.14, 128}}, want: "jump"},
		{name: "seeks to before its grid", pieces: []piece{{0, 100.3, 128}, {5, -3.14, 128}}, want: "jump"},
		{name: "next track", pieces: []piece{{0, 100.3, 128}, {5, 0, 90}}, want: "tempo jump"},
		{name: "loops four beats", pieces: []piece{{0, 10, 120}, {4, 14, 120}, {6, 14, 120}, {8, 14, 120}}, want: "jump jump jump"},
		{name: "skips by less than a quarter beat", pieces: []piece{{0, 10.3, 128}, {5, 10.3 + 5*128.0/60 + 0.2, 128}}},
		{name: "pauses", pieces: []piece{{0, 10.3, 128}, {5, same, 0}}, want: "stopped|stopped jump|jump stopped"},
		{name: "pauses and goes on", pieces: []piece{{0, 10.3, 128}, {5, same, 0}, {7, same, 128}}, want: "stopped started|jump stopped started|stopped jump started"},
		{name: "pauses, seeks and goes on", pieces: []piece{{0, 10.3, 128}, {5, same, 0}, {6, 64, 0}, {7, same, 128}}, want: "stopped jump started|jump stopped jump started"},
		{name: "begins paused", pieces: []piece{{0, 64, 0}, {3, same, 128}}, want: "started"},
		{name: "begins paused without a tempo", pieces: []piece{{0, 0, 0}, {3, same, 128}},
			adjust: func(d *deck) { d.bpm = func(float64) float64 { return 0 } }, want: "started|started tempo|jump started|jump started tempo"},
		{name: "drops to its cue", pieces: []piece{{0, 64, 128}, {5, 64, 0}, {7, same, 128}}, want: "jump stopped started|jump jump stopped started"},
		{name: "goes silent", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.silent = [2]float64{5, 7} }, want: "lost found"},
		{name: "goes silent and elsewhere", pieces: []piece{{0, 10.3, 128}, {6, 77, 128}},
			adjust: func(d *deck) { d.silent = [2]float64{5, 7} }, want: "lost found jump"},
		{name: "restarts its clock", pieces: []piece{{0, 10.3, 128}},
			adjust: func(d *deck) { d.reboot = 5 }},
		{name: "restarts after silence", pieces: []piece{{0, 10.3, 128}, {6, 0, 124}},
			adjust: func(d *deck) { d.reboot, d.silent = 6, [2]float64{5, 7} }, want: "lost found tempo jump|lost found|lost found tempo"},
	} {
		for _, stream := range streams {
			for _, network := range networks {
				for seed := range uint64(2) {
					r := rand.New(rand.NewPCG(seed, 7))
					d := playingDeck(stream.rate, slices.Clone(c.pieces)...)
					d.block = stream.block
					if c.adjust != nil {
						c.adjust(d)
					}
					const seconds = 12
					f := NewFollower(Config{})
					end := []time.Duration{seconds * time.Second}
					off := math.NaN()
					list := play(promise(t, f), d.stream(r, network.make(r), seconds+1), end, func(_ int, line Course) {
						off = line.At(end[0]).Float() - d.beat(seconds)
					})
					name := fmt.Sprintf("%s, %s, %s, seed %d", c.name, stream.name, network.name, seed)
					got := strings.TrimPrefix(strings.TrimPrefix(kinds(list), "tempo "), "tempo")
					got = strings.TrimPrefix(strings.TrimPrefix(got, "started "), "started")
					if c.pieces[0].bpm == 0 {
						got = kinds(list[1:])
					}
					if c.adjust != nil && c.want == "" {
						got = strings.Trim(strings.ReplaceAll(" "+got, " tempo", ""), " ")
					}
					if !slices.Contains(strings.Split(c.want, "|"), got) {
						t.Errorf("%s: changes %q, want %q", name, got, c.want)
					}
					ms := -off * 60e3 / 128
					if d.piece(seconds).bpm == 0 {
						if math.Abs(off) > slewWindow.Float() {
							t.Errorf("%s: stands %.3f beats off", name, off)
						}
					} else if !(ms > -3 && ms < 12) {
						t.Errorf("%s: %.2f ms late at the end", name, ms)
					}
				}
			}
		}
	}
}

// kinds joins the kinds of changes.
func kinds(list []Change) string {
	var names []string
	for _, c := range list {
		if c.Of != "" {
			continue
		}
		names = append(names, c.Kind.String())
	}
	return strings.Join(names, " ")
}

// TestFollowerRoughHandling plays motions that have no right answer. The
// promises of the timeline hold, jumps stay few, and soon after the deck plays
// steadily again the beat is right.
func TestFollowerRoughHandling(t *testing.T) {
	const plays = 5.0
	before := 10.3 + plays*128/60
	scratch := []piece{{0, 10.3, 128}}
	for i := range 12 {
		scratch = append(scratch, piece{plays + float64(i)*0.15, same, []float64{300, -280}[i%2]})
	}
	scratch = append(scratch, piece{plays + 1.8, before, 128})
	roll := []piece{{0, 10.3, 128}}
	for at := plays; at < plays+2; at += 0.125 * 60 / 128 {
		roll = append(roll, piece{at, before, 128})
	}
	roll = append(roll, piece{plays + 2, before + 2*128.0/60, 128})
	brake := []piece{{0, 10.3, 128}}
	for i := range 40 {
		brake = append(brake, piece{plays + float64(i)*0.04, same, 128 * (1 - float64(i+1)/40)})
	}
	for i := range 40 {
		brake = append(brake, piece{plays + 3 + float64(i)*0.04, same, 128 * float64(i+1) / 40})
	}
	for _, c := range []struct {
		name   string
		pieces []piece
		jumps  int
	}{
		{"scratched for 1.8 s and let go where it was", scratch, 4},
		{"rolled an eighth of a beat, then back in time", roll, 6},
		{"spun back for a second and started elsewhere", []piece{{0, 10.3, 128}, {plays, same, -600}, {plays + 1, same, 0}, {plays + 2, 64, 128}}, 4},
		{"braked to a stop and started slowly", brake, 6},
		{"played backwards for good", []piece{{0, 90.3, 128}, {plays, same, -128}}, 4},
		{"dragged slowly", []piece{{0, 10.3, 128}, {plays, same, 10}, {plays + 4, same, 128}}, 4},
	} {
		counts := map[string]int{}
		for _, stream := range streams {
			for _, network := range networks {
				for seed := range uint64(2) {
					r := rand.New(rand.NewPCG(seed, 8))
					d := playingDeck(stream.rate, slices.Clone(c.pieces)...)
					d.block = stream.block
					d.bpm = func(float64) float64 { return 128 }
					const seconds = 13
					f := NewFollower(Config{})
					end := []time.Duration{seconds * time.Second}
					off := math.NaN()
					list := play(promise(t, f), d.stream(r, network.make(r), seconds+1), end, func(_ int, line Course) {
						off = (d.beat(seconds) - line.At(end[0]).Float()) * 60e3 / 128
					})
					name := fmt.Sprintf("%s, %s, %s, seed %d", c.name, stream.name, network.name, seed)
					counts[kinds(list)]++
					if n := strings.Count(kinds(list), "jump"); n > c.jumps {
						t.Errorf("%s: %d jumps: %s", name, n, kinds(list))
					}
					if d.piece(seconds).bpm > 0 && !(off > -3 && off < 12) {
						t.Errorf("%s: %.2f ms late at the end", name, off)
					}
				}
			}
		}
		t.Logf("%s: %v", c.name, counts)
	}
}
