package cue

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"showrun/runtime/patch"
)

// The model: what tracking, block, cue-only and mark are to mean, written down once more in
// the plainest way, over whole looks.

// step is one thing a function does: so long after the one before, a fade.
type step struct {
	after   time.Duration
	channel int
	to      float64
	fade    time.Duration
}

type modelCue struct {
	number               float64
	changes              map[int]float64
	block, cueOnly, mark bool
	function             []step
}

// channels of the model: four for each fixture, the first of which is its intensity.
const perFixture = 4

func class(ch int) patch.Class {
	return []patch.Class{patch.Intensity, patch.Color, patch.Position, patch.Beam}[ch%perFixture]
}

func key(ch int) Key { return Key{Output: 1, Slot: int32(ch) + 1} }

func change(ch int, v float64) Change {
	return Change{key(ch), class(ch), fmt.Sprintf("fixture %d", ch/perFixture), Value{Level: v}}
}

const home = 7 // of every channel that is not an intensity

func homeOf(ch int) float64 {
	if class(ch) == patch.Intensity {
		return 0
	}
	return home
}

// tracks is the look that cues leave one over the other, up to the one at n.
func tracks(cues []modelCue, n, channels int) []float64 {
	levels := make([]float64, channels)
	for ch := range levels {
		levels[ch] = homeOf(ch)
	}
	for i, c := range cues[:n+1] {
		if c.cueOnly && i != n {
			continue
		}
		for ch, v := range c.changes {
			levels[ch] = v
		}
		for _, s := range c.function {
			levels[s.channel] = s.to
		}
	}
	return levels
}

// seen is what the stage shows at the cue at n when all is done: what tracks, and what was
// put in place for the next cue.
func seen(cues []modelCue, n, channels int) []float64 {
	levels := tracks(cues, n, channels)
	if n+1 == len(cues) || !cues[n+1].mark {
		return levels
	}
	without := cues[n+1]
	without.function = nil
	next := tracks(append(append([]modelCue{}, cues[:n+1]...), without), n+1, channels)
	for f := 0; f < channels; f += perFixture {
		if dark, lit := levels[f] == 0, next[f] > 0; dark && lit {
			copy(levels[f+1:f+perFixture], next[f+1:f+perFixture])
		}
	}
	return levels
}

// theatre plays a list in virtual time: it has a stage, and runs functions.
type theatre struct {
	t        *testing.T
	cues     []modelCue
	make     func() *List
	list     *List
	now      time.Duration
	stage    map[Key]fading
	tasks    []*task
	channels int
	log      []string
}

type fading struct {
	from, to float64
	at       time.Duration
	lasts    time.Duration
}

func (f fading) level(now time.Duration) float64 {
	if now >= f.at+f.lasts {
		return f.to
	}
	return f.from + (f.to-f.from)*float64(now-f.at)/float64(f.lasts)
}

type task struct {
	play  uint64
	steps []step
	due   time.Duration
}

func (th *theatre) moment() Moment { return Moment{At: th.now, BPM: 120} }

func (th *theatre) fade(k Key, to float64, d time.Duration) {
	th.stage[k] = fading{th.level(k), to, th.now, d}
}

func (th *theatre) level(k Key) float64 {
	if f, ok := th.stage[k]; ok {
		return f.level(th.now)
	}
	return homeOf(int(k.Slot) - 1)
}

func (th *theatre) do(e Effect) {
	if e.Drop {
		th.tasks = nil
	}
	for _, k := range e.Halt {
		th.fade(k, th.level(k), 0)
	}
	for _, m := range e.Moves {
		th.fade(m.Key, m.Value.Level, m.Duration.Time)
	}
	if e.Play != 0 {
		i, _ := th.list.search(e.Cue.Number)
		th.tasks = append(th.tasks, th.begin(e.Play, th.cues[i].function))
	}
}

func (th *theatre) begin(play uint64, steps []step) *task {
	t := &task{play: play, steps: steps, due: th.now}
	if len(steps) > 0 {
		t.due += steps[0].after
	}
	return t
}

// next is when something happens, and what.
func (th *theatre) next() (at time.Duration, what func()) {
	at = math.MaxInt64
	first := func(when time.Duration, f func()) {
		if when = max(when, th.now); when < at {
			at, what = when, f
		}
	}
	for _, t := range th.tasks {
		first(t.due, func() { th.work(t) })
	}
	next, ends := th.list.Timers()
	if next.Kind != Idle {
		first(th.now+next.Left(th.moment()).Time, func() { th.do(th.list.Due(th.moment())) })
	}
	if ends.Kind != Idle {
		first(th.now+ends.Left(th.moment()).Time, func() { th.do(th.list.Ended()) })
	}
	return at, what
}

// work does the step of a function that is due.
func (th *theatre) work(t *task) {
	if len(t.steps) == 0 {
		for i := range th.tasks {
			if th.tasks[i] == t {
				th.tasks = append(th.tasks[:i:i], th.tasks[i+1:]...)
				break
			}
		}
		th.do(th.list.Returned(t.play))
		return
	}
	s := t.steps[0]
	t.steps = t.steps[1:]
	if th.list.Note(th.moment(), t.play, change(s.channel, s.to), Length{Time: s.fade}) {
		th.fade(key(s.channel), s.to, s.fade)
	}
	if len(t.steps) > 0 {
		t.due += t.steps[0].after
	}
}

func (th *theatre) run(until time.Duration) {
	for {
		at, what := th.next()
		if at > until {
			th.now = max(th.now, until)
			return
		}
		th.now = at
		what()
	}
}

// settle runs until nothing is waited for and all fades have ended.
func (th *theatre) settle() {
	for range 100_000 {
		at, what := th.next()
		if what == nil {
			th.now += time.Hour
			return
		}
		th.now = at
		what()
	}
	th.t.Fatal("it does not settle")
}

// check compares the stage and what Look calculates with the model.
func (th *theatre) check(what string) {
	th.t.Helper()
	c := th.list.Current()
	if c == nil {
		return
	}
	i, _ := th.list.search(c.Number)
	want := seen(th.cues, i, th.channels)
	look, err := th.list.Look(c.Number)
	if err != nil {
		th.t.Fatal(err)
	}
	calculated := map[Key]float64{}
	for _, ch := range look {
		calculated[ch.Key] = ch.Value.Level
	}
	for ch, v := range want {
		if got := th.level(key(ch)); math.Abs(got-v) > 0.5 {
			th.t.Fatalf("after %v, %s at cue %v: channel %d is at %g, the model has %g", th.log, what, c, ch, got, v)
		}
		if got, ok := calculated[key(ch)]; ok && got != v || !ok && v != homeOf(ch) {
			th.t.Fatalf("after %v: look(%v) has channel %d at %g, the model has %g", th.log, c, ch, got, v)
		}
	}
}

// reopen has a new list take over, as after a reload or a crash.
func (th *theatre) reopen(down time.Duration) {
	s := th.list.State()
	if down > 0 {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(s); err != nil {
			th.t.Fatal(err)
		}
		s = State{}
		if err := gob.NewDecoder(&b).Decode(&s); err != nil {
			th.t.Fatal(err)
		}
		th.now += down
	}
	th.tasks = nil // functions do not go on
	th.list = th.make()
	if gone := th.list.Take(s); gone != nil {
		th.t.Fatalf("gone: %v", gone)
	}
	if th.list.Resting() {
		th.do(th.list.Rest(th.moment()))
	}
}

// randomShow makes cues, and lists of them.
func randomShow(t *testing.T, r *rand.Rand) *theatre {
	fixtures := 1 + r.IntN(4)
	th := &theatre{t: t, stage: map[Key]fading{}, channels: fixtures * perFixture}
	level := func(ch int) float64 {
		if class(ch) == patch.Intensity && r.IntN(2) == 0 {
			return 0
		}
		return float64(1 + r.IntN(255))
	}
	var cues []Cue
	for i := range 2 + r.IntN(10) {
		m := modelCue{number: float64(i) + 1 + float64(r.IntN(3))/4, changes: map[int]float64{}}
		m.block, m.cueOnly, m.mark = r.IntN(5) == 0, r.IntN(4) == 0, r.IntN(3) == 0
		c := Cue{Number: m.number, Block: m.block, CueOnly: m.cueOnly, Mark: m.mark}
		for range r.IntN(2 * perFixture) {
			ch := r.IntN(th.channels)
			m.changes[ch] = level(ch)
		}
		for ch, v := range m.changes {
			c.Changes = append(c.Changes, change(ch, v))
		}
		if r.IntN(3) == 0 {
			c.Function = true
			for range 1 + r.IntN(5) {
				ch := r.IntN(th.channels)
				m.function = append(m.function, step{
					time.Duration(r.IntN(5)) * time.Second, ch, level(ch), time.Duration(r.IntN(4)) * time.Second,
				})
			}
		}
		up := Length{Time: time.Duration(r.IntN(4)) * time.Second}
		c.Fade = Every(up)
		c.Fade.Down.Time += time.Duration(r.IntN(3)) * time.Second
		c.Wait.Time = time.Duration(max(r.IntN(8)-4, 0)) * time.Second
		if r.IntN(6) == 0 {
			c.Next, c.After = Next(1+r.IntN(2)), Length{Time: time.Duration(r.IntN(6)) * time.Second}
			if c.Next == Hang {
				c.After.Time -= 3 * time.Second
			}
		}
		th.cues, cues = append(th.cues, m), append(cues, c)
	}
	th.make = func() *List {
		l := New("main")
		l.Home = func(k Key) Value { return Value{Level: homeOf(int(k.Slot) - 1)} }
		l.Shadow = func(c *Cue) (list []Late) {
			i, _ := l.search(c.Number)
			var at time.Duration
			for _, s := range th.cues[i].function {
				at += s.after
				list = append(list, Late{change(s.channel, s.to), Length{Time: at + s.fade}})
			}
			return list
		}
		for _, i := range r.Perm(len(cues)) {
			c := cues[i]
			if err := l.Add(&c); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	th.list = th.make()
	return th
}

// TestPlayingIsTheLook plays random lists in random ways: whenever all is done, the stage is
// as the model has it, and so is what Look calculates.
func TestPlayingIsTheLook(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 14))
		th := randomShow(t, r)
		th.log = append(th.log, fmt.Sprint("seed ", seed))
		for range 20 {
			th.act(r)
			th.run(th.now + time.Duration(r.IntN(4000))*time.Millisecond)
			if r.IntN(3) == 0 {
				th.settle()
				th.check("settled")
			}
		}
		th.settle()
		th.check("at the end")
	}
}

// act does something at random.
func (th *theatre) act(r *rand.Rand) {
	number := th.cues[r.IntN(len(th.cues))].number
	do := func(what string, e Effect) {
		th.log = append(th.log, what)
		th.do(e)
	}
	switch r.IntN(12) {
	default:
		do("go", th.list.Press(th.moment()))
	case 0:
		e, _ := th.list.GoTo(th.moment(), number)
		do("go "+Number(number), e)
	case 1:
		do("back", th.list.Back(th.moment()))
	case 2, 3:
		over := &Length{Time: time.Duration(r.IntN(5)) * time.Second}
		if r.IntN(2) == 0 {
			over = nil
		}
		e, _ := th.list.Jump(th.moment(), number, over)
		do("jump "+Number(number), e)
	case 4:
		th.log = append(th.log, "reload")
		th.reopen(0)
	case 5:
		th.log = append(th.log, "crash")
		th.reopen(time.Duration(1+r.IntN(3000)) * time.Millisecond)
	case 6:
		if r.IntN(3) == 0 {
			do("reset", th.list.Reset())
		}
	case 7:
		// What was frozen is stated anew by whatever cue comes next.
		if r.IntN(3) == 0 {
			do("stop", th.list.Stop(th.moment()))
			e, _ := th.list.GoTo(th.moment(), number)
			do("go "+Number(number), e)
		}
	}
}
