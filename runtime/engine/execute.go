package engine

import (
	"time"

	"showrun/runtime/patch"
)

// execute carries out a command whose effects start at the instant at.
func (e *Engine) execute(command Command, at time.Duration) {
	done := true
	switch c := command.(type) {
	case Set:
		if done = e.claim(c.Channel); done {
			if c.Channel.Coarse.Output.IsAttribute() {
				e.remix(c.Channel.Coarse, at, takeover{})
			}
			e.put(c.Channel, finite(c.Value))
			e.credit(c.Channel.Coarse, "set")
		}
	case Stop:
		if done = e.claim(c.Channel); done {
			e.freeze(c.Channel.Coarse, at)
			e.put(c.Channel, e.level(c.Channel.Coarse, at))
			e.credit(c.Channel.Coarse, "stop")
		}
	case Fade:
		if done = e.claim(c.Channel); done {
			if c.Channel.Coarse.Output.IsAttribute() {
				e.remix(c.Channel.Coarse, at, takeover{c.Delay, c.Duration, c.Curve})
			}
			e.run(effect{
				At: c.Channel.Coarse, Kind: fading, Curve: c.Curve,
				Timer: newTimer(&e.pulse, at, c.Delay, c.Duration),
				From:  e.level(c.Channel.Coarse, at), To: finite(c.To),
			})
			e.credit(c.Channel.Coarse, "fade")
		}
	case Wave:
		if done = e.claim(c.Channel); done {
			if c.Channel.Coarse.Output.IsAttribute() {
				e.remix(c.Channel.Coarse, at, takeover{})
			}
			e.run(effect{
				At: c.Channel.Coarse, Kind: waving, Shape: c.Shape,
				Timer: newTimer(&e.pulse, at, Length{}, c.Period),
				From:  finite(c.From), To: finite(c.To),
				Phase: c.Phase, Width: c.Width, Seed: c.Seed,
			})
			e.credit(c.Channel.Coarse, "wave")
		}
	case Source:
		e.origins.source(c)
	case Path:
		done = e.follow(c, at)
	case FadeColor:
		done = e.fadeColor(c, at)
	case WaveColor:
		done = e.waveColor(c, at)
	case SetColors:
		done = e.setColors(c, at)
	case Attributes:
		e.setMixes(c.Mixes)
	case Hold:
		done = e.hold(c, at)
	case Release:
		e.release(c, at)
	case Use:
		for _, o := range c.Outputs {
			e.Use(o)
		}
	case Intensity:
		e.setIntensity(c.Channels)
	case Master:
		e.master.grand.move(&e.pulse, at, finite(c.To)/255, c.Duration, c.Curve)
		e.origins.give(&e.master.makers[0], "master")
	case Blackout:
		to := 0.0
		if c.On {
			to = 1
		}
		e.master.dark.move(&e.pulse, at, to, c.Duration, c.Curve)
		e.origins.give(&e.master.makers[1], "blackout")
	}
	if !done {
		e.stats.RefusedCommands++
	}
}

// claim makes the slots of a channel ready for a command on it. It reports
// false if there are no such slots.
func (e *Engine) claim(c patch.Channel) bool {
	if !e.openChannel(c) {
		return false
	}
	e.bind(c)
	return true
}

// put ends what runs on a claimed channel and sets it to a level.
func (e *Engine) put(c patch.Channel, value float64) {
	e.end(c.Coarse)
	e.slot(c.Coarse).value = value
	e.write(c.Coarse)
}

// follow starts a path on all its channels, or on none.
func (e *Engine) follow(c Path, at time.Duration) bool {
	if len(c.Channels) == 0 || len(c.Channels) != c.Path.Columns() {
		return false
	}
	for _, ch := range c.Channels {
		if !e.openChannel(ch) {
			return false
		}
		e.remix(ch.Coarse, at, takeover{length: c.Segment})
	}
	r := &run{
		Timer:  newTimer(&e.pulse, at, Length{}, c.Segment),
		Path:   c.Path,
		Start:  make([]float64, len(c.Channels)),
		values: make([]float64, 0, len(c.Channels)),
	}
	for i, ch := range c.Channels {
		e.bind(ch)
		r.Start[i] = e.level(ch.Coarse, at)
	}
	for i, ch := range c.Channels {
		// A later channel of the same path may have claimed the slot.
		if e.slot(ch.Coarse).coarse == 0 {
			e.run(effect{At: ch.Coarse, Kind: following, run: r, Column: i})
			e.credit(ch.Coarse, "path")
		}
	}
	return true
}
