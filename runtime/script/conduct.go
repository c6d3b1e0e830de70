package script

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

// ahead is a command for the conductor that the published plan does not have yet: it
// was given a moment ago, or not even let go of.
type ahead struct {
	beat.Command
	beat.Stamp
	task   *Task  // that gave it; nil for the top level
	number uint64 // how many the engine has taken with it; 0 before it was submitted
}

// Conduct changes what drives the beat, at the logical instant. What the generation
// schedules from here on goes by it. The error is that of the command, if nothing else
// changes the beat before that instant.
func (g *Generation) Conduct(c beat.Command) error {
	if g.shadow() != nil {
		return nil
	}
	s := beat.Stamp{At: g.base}
	if g.current != nil {
		s = g.current.stamp()
	}
	if s.At < g.now { // it comes late, and is carried out at once
		s = beat.Stamp{At: g.now}
	}
	plan, err := g.sched.plan.With(c, s)
	if err != nil {
		return err
	}
	g.Emit(engine.Conduct{Command: c})
	g.ahead = append(g.ahead, ahead{Command: c, Stamp: s, task: g.current})
	g.sched.follow(plan, s.At)
	return nil
}

// SetPlan takes over the plan of the beat as it was published last, at the moment now.
func (g *Generation) SetPlan(plan *beat.Plan, now time.Duration) {
	g.now = now
	if plan == g.published {
		return
	}
	g.published = plan
	g.ahead = slices.DeleteFunc(g.ahead, func(a ahead) bool { return a.number != 0 && a.number <= plan.Heard })
	g.project(now)
}

// takeBack forgets the commands of a task that has not let go of them.
func (g *Generation) takeBack(t *Task) {
	n := len(g.ahead)
	g.ahead = slices.DeleteFunc(g.ahead, func(a ahead) bool { return a.task == t && a.number == 0 })
	if len(g.ahead) != n {
		g.project(t.instant)
	}
}

// project adds what is ahead to the published plan.
func (g *Generation) project(now time.Duration) {
	plan := g.published
	for _, a := range g.ahead {
		plan, _ = plan.With(a.Command, a.Stamp) // one that does no longer fit leaves it
	}
	g.sched.follow(plan, now)
}

// Tempo is the tempo at the logical instant in BPM, as its source names it.
func (g *Generation) Tempo() float64 { return g.sched.plan.Course.Turn(g.Instant()).Tempo }

// SourceCourse is where the course of a tempo source is at the logical instant, and in which
// epoch: where what waits for its beats takes it to be; 0 if it was not heard yet.
func (g *Generation) SourceCourse(source string) (b beat.Micro, epoch uint32) {
	line := g.sched.plan.Source(source).Line(g.Instant())
	return line.At(g.Instant()), line.Epoch
}

// SourceLoop is where a tempo source is when its course is at a beat, in the loop it plays.
func (g *Generation) SourceLoop(source string, b beat.Micro) beat.Micro {
	return g.sched.plan.Loops(source, b)
}

// SourcePosition is the beat a tempo source is at at the logical instant; false if it
// was not heard yet.
func (g *Generation) SourcePosition(source string) (beat.Micro, bool) {
	return g.sched.plan.Position(source, g.Instant())
}
