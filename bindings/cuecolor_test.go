package bindings

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
	"showrun/runtime/show"
)

// TestLooksWithAttributes plays cues that colour and dim fixtures, and jumps between them.
func TestLooksWithAttributes(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, look = { spots = 0 } }
list:cue{ 2, look = { wash = { color = "red" } }, fade = { color = 2 } }
list:cue{ 3, look = { wash = "50%", head = { dimmer = "100%" } }, fade = 2 }
list:cue{ 4, look = { wash = { color = "#0000ff", red = 9 } }, fade = 2 }
list:cue{ 5, look = { wash = { intensity = 255 } } }
list:cue{ 6, look = { wash = { color = "lime", intensity = 51 } }, cue_only = true }
list:cue{ 7 }
for i = 1, 7 do at(4 * i, function() list:go() end) end
at(32, function() list:jump(4, 0) end)
at(33, function() list:jump(2, 0) end)
at(34, function() list:jump(1, 0) end)
at(35, function() list:go() end)
at(38, function() list:jump(6, 0) end)
at(39, function() list:go() end)
`)
	s.wantLevels("11s 1=255 2=0 3=0")
	s.wantLevels("13s 1=191 2=0 3=0")
	s.wantLevels("15s 1=128 5=255")
	s.wantLevels("19s 1=9 2=0 3=128")
	s.wantLevels("23s 1=0 2=0 3=255") // the attributes have the red again
	s.wantLevels("27s 1=0 2=51 3=0")
	s.wantLevels("31s 1=0 2=0 3=255")
	s.wantLevels("32.5s 1=9 2=0 3=128 5=255")
	s.wantLevels("33.5s 1=255 2=0 3=0 5=0")
	s.wantLevels("34.5s 1=0 2=0 3=0")
	s.wantLevels("37.5s 1=255 2=0 3=0")
	s.wantLevels("38.5s 1=0 2=51 3=0")
	s.wantLevels("39.5s 1=0 2=0 3=255")
	s.wantFailures()
}

// TestColoursInFunctionsFadeAsInLooks has the same fade by a look and by a function.
func TestColoursInFunctionsFadeAsInLooks(t *testing.T) {
	for _, cue := range []string{`look = { wash = { color = "blue", intensity = 200 } }`, `go = function() wash:fade{ color = "blue", intensity = 200 } end`} {
		s := live(t, cues+`
wash:set{ color = "red" }
list:cue{ 1, fade = { up = 1, down = 4, color = 2 }, `+cue+` }
at(1, function() list:go() end)
`)
		s.wantLevels("2s 1=241 3=241")
		s.wantLevels("3s 1=0 3=228")
		s.wantLevels("5s 1=0 3=200")
		s.wantFailures()
	}
}

// colourful writes a show with random cues that colour, dim and set channels.
func colourful(r *rand.Rand) (text string, n int) {
	var b strings.Builder
	b.WriteString(`local cue = require "cue" list = cue.list{}
stage.fixture{ name = "par", kind = "rgb", at = one:slot(1) } stage.fixture{ name = "wide", kind = "rgbw", at = one:slot(4) }
stage.fixture{ name = "head", kind = "moving_head", at = one:slot(10) }
`)
	levels := []func() string{
		func() string {
			return fmt.Sprintf(`color = "%s"`, []string{"red", "navy", "#ff8800", "white", "#204080"}[r.IntN(5)])
		},
		func() string { return fmt.Sprintf("intensity = %d", r.IntN(256)) },
		func() string { return fmt.Sprintf("red = %d", r.IntN(256)) },
		func() string { return fmt.Sprintf("green = %d", r.IntN(256)) },
	}
	n = 4 + r.IntN(4)
	for i := range n {
		fmt.Fprintf(&b, "list:cue{ %d, fade = %d, cue_only = %v, block = %v, look = {", i+1, r.IntN(3), r.IntN(4) == 0, r.IntN(4) == 0)
		for _, f := range []string{"par", "wide", "head"} {
			if r.IntN(3) == 0 {
				continue
			}
			var list []string
			for range 1 + r.IntN(2) {
				list = append(list, levels[min(r.IntN(9)/2, 3)]())
			}
			fmt.Fprintf(&b, " %s = { %s },", f, strings.Join(list, ", "))
		}
		b.WriteString(" } }\n")
	}
	return b.String(), n
}

// TestJumpingIsPlayingWithColours compares a list that was played to a cue with one that got
// there in other ways.
func TestJumpingIsPlayingWithColours(t *testing.T) {
	for seed := range raced.Of[uint64](15, 3) {
		r := rand.New(rand.NewPCG(seed, 7))
		text, n := colourful(r)
		played, jumped := live(t, text), live(t, text)
		operate := func(s *stand, op show.Operation) {
			s.show.G.Do("test", s.now(), func() { _ = s.show.Operate(op) })
			s.run(s.now() + 3*time.Second)
		}
		played.run(time.Second)
		jumped.run(time.Second)
		var did []string
		for range 3 + r.IntN(6) {
			op := show.Operation(show.Jump{List: "main", Cue: fmt.Sprint(1 + r.IntN(n))})
			if r.IntN(2) == 0 {
				op = show.Go{List: "main"}
			}
			did = append(did, fmt.Sprintf("%T%v", op, op))
			operate(jumped, op)
		}
		current := 0
		fmt.Sscan(jumped.show.list("main").View().Current, &current)
		for range current {
			operate(played, show.Go{List: "main"})
		}
		for slot := 1; slot <= 25; slot++ {
			if a, b := played.level(fmt.Sprint(slot)), jumped.level(fmt.Sprint(slot)); a-b > 1 || b-a > 1 {
				t.Fatalf("seed %d: slot %d is at %d when cue %d was played to, and at %d after %v of\n%s", seed, slot, a, current, b, did, text)
			}
		}
		played.wantFailures()
		jumped.wantFailures()
	}
}
