package engine

import (
	"time"

	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A fader is a level between 0 and 1 that fades. The fields are exported for the
// snapshot.
type fader struct {
	Value    float64
	From, To float64
	Timer    timer
	Curve    curve.Easing
	Moving   bool
}

// move fades to a level, from the one it has at the instant at.
func (f *fader) move(p *pulse, at time.Duration, to float64, length Length, easing curve.Easing) {
	*f = fader{From: f.at(p, at), To: min(max(to, 0), 1), Curve: easing, Moving: true}
	f.Timer = newTimer(p, at, Length{}, length)
	f.Value = f.From
}

// at returns the level at the instant now.
func (f *fader) at(p *pulse, now time.Duration) float64 {
	if !f.Moving {
		return f.Value
	}
	u := f.Timer.progress(p, now)
	if u >= 1 {
		return f.To
	}
	return f.From + (f.To-f.From)*f.Curve.At(u)
}

// goal is the level at the end.
func (f *fader) goal() float64 {
	if f.Moving {
		return f.To
	}
	return f.Value
}

// step brings the level up to the instant now.
func (f *fader) step(p *pulse, now time.Duration) {
	f.Value = f.at(p, now)
	if f.Moving && f.Timer.progress(p, now) >= 1 {
		f.Moving = false
	}
}

// A master scales the output of the intensity channels.
type master struct {
	grand fader   // 1 is full
	dark  fader   // 1 is blacked out
	scale float64 // as of the last frame

	makers [2]int32 // the numbers of the origins of grand and dark, 0 for none
}

func newMaster() master {
	return master{grand: fader{Value: 1}, scale: 1}
}

// dim brings the master up to the instant now, and with it what it scales on
// the outputs that take part in the frame.
func (e *Engine) dim(now time.Duration) {
	m := &e.master
	m.grand.step(&e.pulse, now)
	m.dark.step(&e.pulse, now)
	m.scale = m.grand.Value * (1 - m.dark.Value)
	for o := range e.banks {
		b := &e.banks[o]
		if !b.part || b.scale == m.scale {
			continue
		}
		b.scale = m.scale
		for _, slot := range b.scaled {
			e.rewrite(level.Address{Output: level.Output(o), Slot: slot})
		}
	}
}

// setIntensity makes the master scale these channels and no others.
func (e *Engine) setIntensity(channels []patch.Channel) {
	for o := range e.banks {
		b := &e.banks[o]
		for _, slot := range b.scaled {
			b.slots[slot-1].scaled = false
			e.rewrite(level.Address{Output: level.Output(o), Slot: slot})
		}
		b.scaled = b.scaled[:0]
	}
	for _, c := range channels {
		if !e.openChannel(c) {
			e.stats.RefusedCommands++
			continue
		}
		if s := e.slot(c.Coarse); !s.scaled {
			s.scaled = true
			b := &e.banks[c.Coarse.Output]
			b.scaled = append(b.scaled, c.Coarse.Slot)
			e.rewrite(c.Coarse)
		}
	}
}
