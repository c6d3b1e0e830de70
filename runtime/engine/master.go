package engine

import (
	"time"

	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A fader is a level between 0 and 1 that fades.
type fader struct {
	value    float64
	from, to float64
	timer    timer
	curve    curve.Easing
	moving   bool
}

// move fades to a level, from the one it has at the instant at.
func (f *fader) move(p *pulse, at time.Duration, to float64, length Length, easing curve.Easing) {
	*f = fader{from: f.at(p, at), to: min(max(to, 0), 1), curve: easing, moving: true}
	f.timer = newTimer(p, at, Length{}, length)
	f.value = f.from
}

// at returns the level at the instant now.
func (f *fader) at(p *pulse, now time.Duration) float64 {
	if !f.moving {
		return f.value
	}
	u := f.timer.progress(p, now)
	if u >= 1 {
		return f.to
	}
	return f.from + (f.to-f.from)*f.curve.At(u)
}

// step brings the level up to the instant now.
func (f *fader) step(p *pulse, now time.Duration) {
	f.value = f.at(p, now)
	if f.moving && f.timer.progress(p, now) >= 1 {
		f.moving = false
	}
}

// A master scales the output of the intensity channels.
type master struct {
	grand    fader // 1 is full
	dark     fader // 1 is blacked out
	scale    float64
	channels []level.Address // coarse slots
}

func newMaster() master {
	return master{grand: fader{value: 1}, scale: 1}
}

// dim brings the master up to the instant now, and the output of what it
// scales with it if that changes anything.
func (e *Engine) dim(now time.Duration) {
	m := &e.master
	m.grand.step(&e.pulse, now)
	m.dark.step(&e.pulse, now)
	scale := m.grand.value * (1 - m.dark.value)
	if scale == m.scale {
		return
	}
	m.scale = scale
	for _, a := range m.channels {
		e.rewrite(a)
	}
}

// setIntensity makes the master scale these channels and no others.
func (e *Engine) setIntensity(channels []patch.Channel) {
	for _, a := range e.master.channels {
		e.slot(a).scaled = false
		e.rewrite(a)
	}
	e.master.channels = e.master.channels[:0]
	for _, c := range channels {
		if !e.openChannel(c) {
			e.stats.RefusedCommands++
			continue
		}
		if s := e.slot(c.Coarse); !s.scaled {
			s.scaled = true
			e.master.channels = append(e.master.channels, c.Coarse)
			e.rewrite(c.Coarse)
		}
	}
}

// rewrite writes the channel at a once more, if it is a channel and not the
// fine half of one.
func (e *Engine) rewrite(a level.Address) {
	if e.slot(a).coarse.IsZero() {
		e.write(a)
	}
}
