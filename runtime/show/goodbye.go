package show

import (
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/script"
)

// ExitTime is how long a goodbye may take where nothing else is said.
const ExitTime = 5 * time.Second

// goodbye is the end of a show: on the script loop, in the turns after the last one.
type goodbye struct {
	begun bool
	rest  time.Duration // up to when fades run that its handlers have begun
}

// End lets the script say goodbye, on the script loop after its last turn. What its
// handlers wait for and begin goes on in turns of Script, for as long as Saying; nothing
// else of the show does, and no event is delivered any more. Leave ends that.
func (m *Machine) End(now time.Duration) {
	in := Ended{Number: m.next(), Now: now}
	m.end(now)
	in.Heard, in.Files = m.live.takeHeard(), m.live.files.take()
	m.record(in)
}

func (m *Machine) end(now time.Duration) {
	m.horizon = max(m.horizon, now+m.lead) // frames up to there have been made
	m.goodbye = goodbye{begun: true, rest: m.horizon}
	m.leaving.Store(true)
	_ = m.live.gen.Goodbye(script.Event{Topic: TopicStop, At: m.horizon}) // a script that is stuck has said it
}

// Saying reports whether the script still says goodbye, and up to which instant there is
// output of it by now, fades included; script loop.
func (m *Machine) Saying() (last time.Duration, more bool) {
	return m.goodbye.rest, m.live.gen.Unfinished()
}

// Leave ends the goodbye, on the script loop, and takes the light out if it is to end
// dark. It returns up to which instant there is output, and the load, detached.
func (m *Machine) Leave(now time.Duration, dark bool) (last time.Duration, load *Load) {
	m.record(Left{Number: m.next(), Now: now, Dark: dark})
	m.leave(now, dark)
	return m.horizon, m.live
}

func (m *Machine) leave(now time.Duration, dark bool) {
	m.live.gen.Detach()
	if dark {
		m.horizon = max(m.horizon, now+m.lead)
		m.submit(engine.Batch{
			Stamp: engine.Stamp{At: m.horizon}, Generation: m.live.Number(), Origin: "the end of the show",
			Commands: []engine.Command{engine.Blackout{On: true}},
		})
	}
}

// play notes how long what a handler of the goodbye has begun takes.
func (m *Machine) play(b engine.Batch) {
	line := m.plan.Load().Course.Line(b.At)
	lasts := func(l engine.Length) time.Duration {
		if l.Beats != 0 {
			return max(line.Span(l.Beats), 0)
		}
		return max(l.Time, 0)
	}
	for _, c := range b.Commands {
		var length time.Duration
		switch c := c.(type) {
		case engine.Fade:
			length = lasts(c.Delay) + lasts(c.Duration)
		case engine.FadeColor:
			length = lasts(c.Delay) + lasts(c.Duration)
		case engine.Path:
			length = lasts(c.Segment) * time.Duration(c.Path.Segments())
		case engine.Master:
			length = lasts(c.Duration)
		case engine.Blackout:
			length = lasts(c.Duration)
		}
		m.goodbye.rest = max(m.goodbye.rest, b.At+length)
	}
}
