package host

import (
	"slices"
	"time"

	"showrun/runtime/console"
	"showrun/runtime/device"
)

// Now implements console.View.
func (h *Host) Now() console.Moment {
	now := h.clock.Now()
	plan := h.show.Plan()
	turn := plan.Course.Turn(now)
	g := h.glance()
	line := turn.Line
	m := console.Moment{
		Time: now.Seconds(), Held: h.held.Load(), Pending: h.newer.Load(), NoScript: h.noScript.Load(), Stuck: *h.stuck.Load(),
		Missing: slices.Concat(*h.missing.Load(), g.waiting), Disabled: slices.Clone(h.show.Disabled()), Decks: make([]console.Deck, 0, len(g.decks)),
		Beat: console.Beat{
			Time: line.Origin.Seconds(), Beat: line.Beat.Float(), Tempo: line.BPM, Nominal: turn.Tempo, Bar: int(h.show.BarLength().Float()),
			Source: g.source(turn.Source), Confidence: plan.Confidence(now),
		},
	}
	if line.Stopped {
		m.Beat.Tempo = 0
	}
	if m.Missing == nil {
		m.Missing = []string{}
	}
	if m.Disabled == nil {
		m.Disabled = []string{}
	}
	for _, d := range g.decks {
		beat, _ := plan.Position(d.Source, now)
		m.Decks = append(m.Decks, console.Deck{
			Name: d.Name, Title: d.Title, Artist: d.Artist, Playing: d.Playing, Leads: d.Leads, OnAir: d.OnAir,
			BPM: d.BPM, Beat: beat.Float(), Length: d.Length,
		})
	}
	return m
}

// A glance is what devices say of themselves, as of a moment ago. It is not changed.
type glance struct {
	at       time.Duration
	decks    []device.Deck
	waiting  []string
	followed string                    // what drove the beat
	called   string                    // by people
	postures map[string]device.Posture // by the key of the device
}

// source is what people call a tempo source.
func (g *glance) source(followed string) string {
	if followed == g.followed {
		return g.called
	}
	return ""
}

// glanceEvery is how often devices are asked at most, however many look.
const glanceEvery = 50 * time.Millisecond

// glance is what devices say. Whoever finds it old asks them, and nobody waits for that.
func (h *Host) glance() *glance {
	now := h.clock.Now()
	g := h.glanced.Load()
	if now < g.at+glanceEvery || !h.glancing.CompareAndSwap(false, true) {
		return g
	}
	defer h.glancing.Store(false)
	next := &glance{at: now, followed: h.show.Plan().Course.Turn(now).Source, postures: map[string]device.Posture{}}
	err := survive(func() error { h.ask(next); return nil })
	if err != nil { // which must not be the end of who looks
		h.opts.Log.Error("a device does not say how it stands", "error", err)
		next = &glance{at: now + time.Minute} // and nobody is told that all the time
	}
	h.glanced.Store(next)
	return next
}

// ask fills in what devices say.
func (h *Host) ask(g *glance) {
	g.waiting, g.called = h.waiting(), h.source(g.followed)
	for _, d := range *h.named.Load() {
		if p, ok := d.device.(device.Player); ok {
			g.decks = append(g.decks, p.Decks()...)
		}
		if p, ok := d.device.(device.Posed); ok {
			g.postures[d.key] = p.Posture()
		}
	}
}

// Looks implements console.View.
func (h *Host) Looks(scene *console.Scene, to []console.Look) []console.Look {
	if s := h.stagedAs(scene); s != nil {
		return s.Looks(h.show.Levels(), to)
	}
	return append(to, make([]console.Look, len(scene.Fixtures))...)
}

// Levels implements console.View.
func (h *Host) Levels(scene *console.Scene, output int, to []byte) []byte {
	if s := h.stagedAs(scene); s != nil {
		return s.Levels(h.show.Levels(), output, to)
	}
	return to
}

// Movers implements console.View.
func (h *Host) Movers(scene *console.Scene) []console.Mover {
	list := make([]console.Mover, len(scene.Movers))
	s := h.stagedAs(scene)
	if s == nil {
		return list
	}
	g := h.glance()
	for i, key := range s.movers {
		p, there := g.postures[key]
		if !there {
			p.Says = "not there"
		}
		list[i] = console.Mover{Positions: p.Positions, Open: p.Open, Says: p.Says}
	}
	return list
}
