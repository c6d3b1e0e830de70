package bindings

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
	"showrun/runtime/show"
)

// headChannels are those of the fixtures of the model, of which the first gives the light.
var headChannels = []string{"dimmer", "pan", "zoom", "red"}

// modelCue is a cue of the model: channels of heads, counted from 0, and their levels.
type modelCue struct {
	looks, does          map[int]int
	block, cueOnly, mark bool
}

// tracked is what the cues up to n leave.
func tracked(cues []modelCue, n, channels int) []int {
	levels := make([]int, channels)
	for i, c := range cues[:n+1] {
		if c.cueOnly && i < n {
			continue
		}
		for ch, l := range c.looks {
			levels[ch] = l
		}
		for ch, l := range c.does {
			levels[ch] = l
		}
	}
	return levels
}

// shown is what the stage shows at cue n when nothing moves any more: the heads that are
// dark and lit in a next cue with mark are in place for it.
func shown(cues []modelCue, n, channels int) []int {
	now := tracked(cues, n, channels)
	if n+1 == len(cues) || !cues[n+1].mark {
		return now
	}
	upTo := slices.Clone(cues[:n+2])
	upTo[n+1].does = nil
	next := tracked(upTo, n+1, channels)
	for ch := range now {
		if d := ch / len(headChannels) * len(headChannels); ch != d && now[d] == 0 && next[d] > 0 {
			now[ch] = next[ch]
		}
	}
	return now
}

// randomCues writes a show with random cues, and the model of it. Each function fades and
// sleeps.
func randomCues(r *rand.Rand, heads int) (text string, cues []modelCue) {
	var b strings.Builder
	b.WriteString(`local cue = require "cue" local list, heads = cue.list{ name = "main" }, {}` + "\n")
	fmt.Fprintf(&b, "for i = 1, %d do heads[i] = stage.fixture{ name = \"head\" .. i, channels = { %q, %q, %q, %q }, at = one:slot(4 * i - 3) } end\n",
		heads, headChannels[0], headChannels[1], headChannels[2], headChannels[3])
	level := func() int { return r.IntN(2) * (1 + r.IntN(255)) }
	for n := range 3 + r.IntN(6) {
		c := modelCue{map[int]int{}, map[int]int{}, r.IntN(5) == 0, r.IntN(4) == 0, r.IntN(3) == 0}
		fmt.Fprintf(&b, "list:cue{ %d, block = %v, cue_only = %v, mark = %v, fade = { up = %d, down = %d, position = %d }, look = {", n+1, c.block, c.cueOnly, c.mark, r.IntN(3), r.IntN(3), r.IntN(3))
		for h := range heads {
			if r.IntN(2) == 0 {
				continue
			}
			fmt.Fprintf(&b, " [heads[%d]] = {", h+1)
			for i, name := range headChannels {
				if r.IntN(2) == 0 {
					l := level()
					c.looks[4*h+i] = l
					fmt.Fprintf(&b, " %s = %d,", name, l)
				}
			}
			b.WriteString(" },")
		}
		b.WriteString(" }")
		if r.IntN(3) == 0 {
			b.WriteString(", go = function()")
			for range 1 + r.IntN(4) {
				ch, l := r.IntN(4*heads), level()
				c.does[ch] = l
				wait := []string{"", "clock.sleep(1) ", "clock.sleep(0.3) ", "clock.sync(1) ", `clock.sleep("1b") `}[r.IntN(5)]
				fmt.Fprintf(&b, " %sheads[%d]:fade({ %s = %d }, %d)", wait, ch/4+1, headChannels[ch%4], l, r.IntN(3))
			}
			b.WriteString(" end")
		}
		b.WriteString(" }\n")
		cues = append(cues, c)
	}
	b.WriteString(`function report(n)
  local found = {}
  for f, levels in pairs(list:look(n)) do for ch, l in pairs(levels) do found[#found + 1] = f.name .. " " .. ch .. " " .. l end end
  print(table.concat(found, ";"))
end
`)
	return b.String(), cues
}

// TestPlayingJumpingAndLooking plays random cue lists in random ways, with reloads in between:
// what is on stage when nothing moves, what list:look tells and the model agree.
func TestPlayingJumpingAndLooking(t *testing.T) {
	for seed := range raced.Of[uint64](15, 3) {
		r := rand.New(rand.NewPCG(seed, 14))
		heads := 1 + r.IntN(3)
		text, cues := randomCues(r, heads)
		s := newStand(t)
		if err := s.load(map[string]string{"show.lua": prelude + text}); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		s.run(0)
		var did []string
		for range 12 {
			n := 1 + r.IntN(len(cues))
			var op show.Operation
			switch r.IntN(8) {
			default:
				op = show.Go{List: "main"}
			case 0:
				op = show.Go{List: "main", Cue: fmt.Sprint(n)}
			case 1:
				op = show.Back{List: "main"}
			case 2:
				op = show.Jump{List: "main", Cue: fmt.Sprint(n), Over: time.Duration(r.IntN(3)) * time.Second}
			case 3:
				s.reload(text)
			}
			did = append(did, fmt.Sprintf("%T%v", op, op))
			if op != nil {
				s.show.G.Do("test", s.now(), func() { _ = s.show.Operate(op) }) // there may be no next cue
			}
			s.run(s.now() + time.Duration(r.IntN(2500))*time.Millisecond)
			if r.IntN(3) == 0 {
				s.run(s.now() + 12*time.Second)
				s.agrees(cues, heads, fmt.Sprintf("seed %d after %v of\n%s", seed, did, text))
			}
		}
		if s.wantFailures(); t.Failed() {
			return
		}
	}
}

// agrees compares the levels of the last frame, and those of list:look, with the model.
func (s *stand) agrees(cues []modelCue, heads int, what string) {
	s.t.Helper()
	current := s.show.list("main").View().Current
	if current == "" {
		return
	}
	n := 0
	fmt.Sscan(current, &n)
	want := shown(cues, n-1, 4*heads)
	look := map[string]bool{}
	s.log = nil
	s.show.G.Do("test", s.now(), func() { _ = s.show.G.L.DoString("report(" + current + ")") })
	for _, line := range s.log {
		_, list, _ := strings.Cut(line, " ")
		for l := range strings.SplitSeq(list, ";") {
			look[l] = true
		}
	}
	for ch, l := range want {
		if got := s.level(fmt.Sprint(ch + 1)); got != l {
			s.t.Fatalf("at cue %s, slot %d shows %d, the model has %d: %s", current, ch+1, got, l, what)
		}
		name := fmt.Sprintf("head%d %s ", ch/4+1, headChannels[ch%4])
		told := look[name+fmt.Sprint(l)] || l == 0 && !strings.Contains(strings.Join(s.log, ";"), name)
		if !told {
			s.t.Fatalf("look(%s) has not %s%d, but %v: %s", current, name, l, s.log, what)
		}
	}
}
