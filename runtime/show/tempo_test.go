package show_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// internal is what the reference says of the internal tempo, in plain numbers: where it
// wants to be, and the published beat that is led there.
type internal struct {
	at          float64 // seconds
	bpm         float64
	want, is    float64 // beats at that instant
	pull, until float64 // what is added to the tempo, up to which instant
	jumped      bool    // the last command did
}

// on moves on to an instant.
func (n *internal) on(at float64) {
	for n.at < at {
		to := at
		if n.pull != 0 {
			to = math.Min(at, n.until)
		}
		d := (to - n.at) * n.bpm / 60
		n.want, n.is, n.at = n.want+d, n.is+d*(1+n.pull), to
		if n.pull != 0 && n.at >= n.until {
			n.is, n.pull = n.want, 0
		}
	}
}

// command takes a command at an instant.
func (n *internal) command(at float64, kind string, value float64) {
	n.on(at)
	if kind == "tempo" {
		n.bpm = value
	} else {
		n.want += value
	}
	off := n.want - n.is
	n.jumped = math.Abs(off) >= 0.5
	if n.jumped {
		rest := off - math.Round(off)
		if math.Abs(rest) > 1.0/16 {
			rest = 0
		}
		n.is = n.want - rest
		off = rest
	}
	n.pull, n.until = 0, at
	if math.Abs(off) > 1e-5 {
		n.pull = off // within one beat
		n.until = at + 60/n.bpm
	}
}

// fiddle is a show whose scheduled code changes the tempo in every way there is.
func fiddle(r *rand.Rand, nudges, jumps, slow bool) string {
	var b strings.Builder
	kinds := "1, 4"
	if nudges {
		kinds = "1, 6"
	}
	if jumps {
		kinds = "1, 8"
	}
	fmt.Fprintf(&b, `
local random, tempi = math.random, { 20, 30, 60, 90, 120, 137, 240, 480, 999 }
local function tempo(bpm) clock.set_tempo(bpm) mark("tempo", bpm) end
local function nudge(beats) clock.nudge(beats) mark("nudge", beats) end
local quiet = 0
local function fiddle()
  if random(1, 12) > 1 then return end
  local n = random(%s)
  if n == 1 then tempo(tempi[random(#tempi)])
  elseif n == 2 then tempo(tempi[random(#tempi)]) tempo(tempi[random(#tempi)])
  elseif n == 3 then tempo(20) clock.sleep(random() / 4) tempo(480)
  elseif n == 4 then tempo(480) clock.sleep("1/3b") tempo(20 + 100 * random())
  elseif n == 5 then nudge(random() * 0.4 - 0.2)
  elseif n == 6 then nudge(0.2) clock.sleep(0.01) tempo(999) clock.sleep("1/2b") tempo(30)
  elseif n == 7 then nudge(random(-3, 3))
  else nudge(random() * 9 - 4) end
end
local slow = %t
local function busy()
  if slow and clock.time() > quiet and random(1, 6) == 1 then quiet = clock.time() + 2 lab.busy(random() * random() * 0.9) end
end
`, kinds, slow)
	grids := []string{"1", `"1/2b"`, `"1/3b"`, "4", "1", "2"}
	for i := range 3 + r.IntN(4) {
		q := grids[r.IntN(len(grids))]
		switch r.IntN(6) {
		case 0:
			fmt.Fprintf(&b, "clock.run(function() while true do clock.sync(%s) mark(%d, clock.beats()) busy() fiddle() end end)\n", q, i)
		case 1:
			fmt.Fprintf(&b, "clock.run(function() while true do clock.sleep(%q) mark(%d, clock.beats()) fiddle() end end)\n", []string{"1b", "1/2b", "3/4b"}[r.IntN(3)], i)
		case 2:
			fmt.Fprintf(&b, "clock.every(%.3f, function() mark(%d, clock.beats()) busy() fiddle() end)\n", 0.05+r.Float64(), i)
		case 3:
			fmt.Fprintf(&b, "for p = 1, 200, 7 do clock.at_beat(p, function() mark(%d, clock.beats()) fiddle() end) end\n", i)
		case 4:
			fmt.Fprintf(&b, "clock.on_beat(%s, function(b) mark(%d, b.count) fiddle() end, 0.25)\n", q, i)
		default:
			fmt.Fprintf(&b, "clock.on_beat(%s, function(b) mark(%d, b.count) busy() fiddle() end)\n", q, i)
		}
	}
	for _, q := range []string{"1", `"1/3b"`} {
		fmt.Fprintf(&b, "clock.on_beat(%s, function(b) mark('grid', %s, b.count) busy() end)\n", q, q)
	}
	b.WriteString(`clock.run(function() tempo(tempi[random(#tempi)]) end)`)
	return b.String()
}

func number(v any) float64 {
	switch v := v.(type) {
	case int32:
		return float64(v)
	case float32:
		return float64(v)
	}
	return math.NaN()
}

// TestTempoInScheduledCode steps random shows and follows them with plain numbers: what is
// said at a beat leaves at the instant of that beat, each point of a grid once and in
// order, and the beat is where the commands lead it, each from its instant on.
func TestTempoInScheduledCode(t *testing.T) {
	for seed := range raced.Of[uint64](40, 8) * *rounds {
		r := rand.New(rand.NewPCG(seed, 12))
		nudges, jumps, slow := seed%2 == 1, seed%4 == 3, seed%3 == 2
		text := fiddle(r, nudges, jumps, slow)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newLabOf(t, seed, text)
			h.run(15 * time.Second)
			checkTempo(t, h, slow)
			if t.Failed() {
				t.Log(text)
			}
		})
		if t.Failed() {
			break
		}
	}
}

// grid is which points of a grid of beats have come.
type grid struct {
	size, last float64 // the last one, or where a jump has led
	at         time.Duration
	landed     bool // last is where a jump has led
}

// comes takes the next point and reports whether it is the one to come.
func (g *grid) comes(at float64) bool {
	d := at - g.last
	ok := math.Abs(d-g.size) < 1e-3 || g.landed && d > -1e-3 && d < g.size+1e-3
	g.last, g.landed = at, false
	return ok
}

// command is the kind of command that a mark tells of, "" for none.
func (m mark) command() string {
	if kind, ok := m.args[0].(string); ok && kind != "grid" {
		return kind
	}
	return ""
}

// holds is the instant from which on what a mark says holds.
func (m mark) holds() time.Duration {
	if m.command() != "" {
		return m.left
	}
	return m.at
}

func checkTempo(t *testing.T, h *lab, slow bool) {
	model := internal{bpm: 120}
	grids := map[string]*grid{"1": {size: 1}, "1/3b": {size: 1.0 / 3}}
	behind := -time.Second                   // when something was late
	jumped, before := time.Duration(-1), 0.0 // when the beat jumped, and from where
	ended := map[string]grid{}               // the grids before that
	marks := slices.Clone(h.marks)           // as what they say holds, commands from when they were carried out
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.holds(), b.holds()) })
	for _, m := range marks {
		if !slow && m.left != m.at {
			t.Errorf("%v left %v late", m, m.left-m.at)
		}
		if m.left < m.at {
			t.Errorf("%v left at %v", m, m.left)
		}
		if m.left > m.at {
			behind = m.left
		}
		if kind := m.command(); kind != "" {
			model.on(m.left.Seconds())
			was := model.is
			model.command(m.left.Seconds(), kind, number(m.args[1]))
			if model.jumped {
				for q, g := range grids {
					if jumped != m.left {
						ended[q] = *g
						before = was
					}
					*g = grid{size: g.size, last: model.is, landed: true}
				}
				jumped = m.left
			}
			continue
		}
		model.on(m.at.Seconds())
		count := number(m.args[len(m.args)-1])
		was := m.at == jumped && math.Abs(count-before) < 1e-3                       // what was due before the jump
		is, is0 := h.course.At(m.at).Float(), h.course.Line(m.at-1).At(m.at).Float() // a jump may come right then
		if m.at > behind+lookahead && math.Abs(is-count) > 1e-4 && math.Abs(is0-count) > 1e-4 {
			t.Errorf("%v: the published beat is %.5f", m, is)
		}
		if !slow && !was && math.Abs(model.is-count) > 1e-3 {
			t.Errorf("%v: the beat is %.5f", m, model.is)
		}
		if m.args[0] == "grid" {
			q := fmt.Sprint(m.args[1])
			g := grids[q]
			if was {
				e := ended[q]
				g = &e
			}
			if last := g.last; !g.comes(count) {
				t.Errorf("grid %s: %.4f comes after %.4f", q, count, last)
			}
			if m.at < g.at {
				t.Errorf("%v comes after %v", m, g.at)
			}
			g.at = m.at
		}
	}
	if t.Failed() {
		for _, m := range h.marks {
			model.on(m.at.Seconds())
			late := ""
			if m.left != m.at {
				late = fmt.Sprint(" late ", m.left-m.at)
			}
			t.Log(m, late)
		}
		t.Log(h.log.String())
	}
}
