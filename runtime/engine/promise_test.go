package engine

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/raced"
)

// waiting is what the model knows of a batch.
type waiting struct {
	stamp   Stamp
	known   time.Duration // when it was submitted
	planned bool          // whether a frame of the schedule is to fall on it
	ever    bool          // whether that was so at any time
	outputs []int
	slot    int32
	value   float64
}

// model knows the rules of the schedule and nothing of how they are kept. It sees
// batches go in and frames come out.
type model struct {
	t        *testing.T
	rate     int64
	e        *Engine
	calm     *Engine // has the same batches but for those that come too late for a plan
	now      time.Duration
	line     beat.Timeline
	last     time.Duration // the last frame of the schedule
	instants [2][]time.Duration
	shown    [3][]byte
	changed  [3]time.Duration // when each output changed last
	pending  []*waiting
	// jumped is when the timeline last did anything but drift.
	jumped   time.Duration
	count    int // batches submitted
	unplayed int // of these, taken back
	promised int // batches that had to be exact
	woken    int // batches shown in woken frames
	delayed  int // batches that had to wait for their outputs
}

func newModel(t *testing.T, rate int, bpm float64) *model {
	m := &model{t: t, rate: int64(rate), last: -1, line: beat.Timeline{BPM: bpm}}
	for i, e := range []**Engine{&m.e, &m.calm} {
		var r level.Registry
		*e = New(Config{Rate: rate, Registry: &r})
		for o := range m.shown {
			(*e).Use(r.Output(fmt.Sprint(o), 512))
			m.changed[o], m.shown[o] = -time.Hour, make([]byte, 512)
		}
		(*e).Retime(along(m.line))
		// Output 1 changes in every frame, output 2 now and then.
		(*e).Submit(at(0,
			Wave{Channel: onOutput(1, 509), Shape: curve.Random, Period: Length{Time: 1}, To: 255},
			Wave{Channel: onOutput(1, 510), Shape: curve.Random, Period: Length{Time: 1}, To: 255, Seed: 1},
			Wave{Channel: onOutput(1, 511), Shape: curve.Random, Period: Length{Time: 1}, To: 255, Seed: 2},
			Wave{Channel: onOutput(2, 512), Shape: curve.Triangle, Width: 0.5, Period: Length{Beats: 100 * beat.Beat}, To: 255}))
		m.instants[i] = nil
	}
	return m
}

func onOutput(o level.Output, slot int32) patch.Channel {
	return patch.Channel{Coarse: level.Address{Output: o, Slot: slot}}
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("at %v: %s", m.now, fmt.Sprintf(format, args...))
}

// short and long are 1/rate, rounded down and up.
func (m *model) short() time.Duration { return time.Second / time.Duration(m.rate) }
func (m *model) long() time.Duration {
	return (time.Second + time.Duration(m.rate-1)) / time.Duration(m.rate)
}

// meets reports whether a frame of the schedule can fall on at.
func (m *model) meets(at time.Duration) bool {
	return at >= m.now && int64(min(at-m.last, time.Hour))*m.rate >= int64(time.Second)
}

// submit puts a batch in that sets a slot of some outputs.
func (m *model) submit(stamp Stamp, outputs ...int) {
	m.count++
	w := &waiting{
		stamp: stamp, known: m.now, outputs: outputs,
		slot: int32(1 + m.count%500), value: float64(1+m.count%254) + float64(m.count)/1e6,
	}
	b := Batch{Stamp: stamp}
	for _, o := range outputs {
		b.Commands = append(b.Commands, Set{onOutput(level.Output(o), w.slot), w.value})
	}
	if m.e.Submit(b); stamp.OnBeat || m.meets(stamp.At) {
		m.calm.Submit(b)
	}
	w.stamp.At = max(stamp.At, 0)
	w.planned = m.meets(w.stamp.At)
	w.ever = w.planned
	m.pending = append(m.pending, w)
	m.sort()
}

// sort orders batches as they are executed; those of one instant stay in order.
func (m *model) sort() {
	slices.SortStableFunc(m.pending, func(a, b *waiting) int {
		return cmp.Or(cmp.Compare(a.stamp.At, b.stamp.At), cmp.Compare(a.known, b.known), cmp.Compare(a.value-float64(int(a.value)), b.value-float64(int(b.value))))
	})
}

func (m *model) retime(line beat.Timeline) {
	if line.Stopped || m.line.Stopped || line.Epoch != m.line.Epoch {
		m.jumped = m.now
	}
	m.line = line
	m.e.Retime(along(line))
	m.calm.Retime(along(line))
	m.pending = slices.DeleteFunc(m.pending, func(w *waiting) bool {
		unplayed := w.stamp.OnBeat && w.stamp.Epoch != line.Epoch && w.stamp.At > m.now && (line.Stopped || w.stamp.At == beat.Never)
		if unplayed {
			m.unplayed++
		}
		return unplayed
	})
	for _, w := range m.pending {
		if !w.stamp.OnBeat {
			continue
		}
		if w.stamp.Epoch == line.Epoch {
			w.stamp.At = max(line.Time(w.stamp.Beat), 0)
		}
		w.planned = m.meets(w.stamp.At) || w.planned && w.stamp.At > m.last
		w.ever = w.ever || w.planned
	}
	m.sort()
}

// alone reports whether no other instant lies so close before at that its frame
// may be in the way.
func (m *model) alone(at time.Duration, past []*waiting) bool {
	for _, w := range slices.Concat(m.pending, past) {
		if w.stamp.At < at && w.stamp.At > at-2*m.long() && w.ever {
			return false
		}
	}
	return true
}

// wake returns when a woken frame is due, if the next of the schedule is at due.
func (m *model) wake(due time.Duration) time.Duration {
	free := m.changed
	for o := range free {
		free[o] += m.long()
	}
	plan := beat.Never
	first := beat.Never
	for _, w := range m.pending {
		if w.planned {
			plan = min(plan, w.stamp.At)
		}
		t := max(w.stamp.At, m.now)
		for _, o := range w.outputs {
			t = max(t, free[o])
		}
		for _, o := range w.outputs {
			free[o] = t
		}
		first = min(first, t)
	}
	if first >= due || plan-first < m.long()+m.short()/8 {
		return beat.Never
	}
	return first
}

// step steps both engines at the present moment and checks what comes out.
func (m *model) step(past *[]*waiting) {
	for m.calm.Next() <= m.now {
		if f := m.calm.Step(m.now); !f.Woken {
			m.instants[1] = append(m.instants[1], f.At)
		}
	}
	for range 2 { // at most one of each kind
		f := m.e.Step(m.now)
		if f == nil {
			break
		}
		m.frame(f, past)
	}
	if got, due := m.e.Next(), m.calm.schedule.next(m.calm.queue.planned()); got != min(due, m.wake(due)) {
		m.fail("next %v; the next frame of the schedule is at %v, one can be woken at %v", got, due, m.wake(due))
	}
}

// frame checks a frame against the rules.
func (m *model) frame(f *level.Frame, past *[]*waiting) {
	apart := m.long()
	if !f.Woken {
		apart = m.short()
		if d := f.At - m.last; m.last >= 0 && (d < m.short() || d >= 2*m.long()+m.short()/8) {
			m.fail("an interval of %v before the frame at %v", d, f.At)
		}
		m.last = f.At
		m.instants[0] = append(m.instants[0], f.At)
	}
	if f.At != m.now {
		m.fail("a frame of %v", f.At)
	}
	var open [3]bool
	for o := range open {
		open[o] = f.At-m.changed[o] >= apart
		if now := f.Slots(level.Output(o)); !bytes.Equal(now, m.shown[o]) {
			if !open[o] || !slices.Contains(f.Part, level.Output(o)) {
				m.fail("output %d changes %v after its last change; woken: %v; in it: %v", o, f.At-m.changed[o], f.Woken, f.Part)
			}
			m.changed[o] = f.At
			m.shown[o] = append(m.shown[o][:0], now...)
		} else if !f.Woken && o == 1 && open[o] && f.At > 0 {
			m.fail("output %d stands still, though something runs on it", o)
		}
	}
	m.pending = slices.DeleteFunc(m.pending, func(w *waiting) bool {
		if w.stamp.At > f.At {
			return false
		}
		free, done := true, true
		for _, o := range w.outputs {
			free = free && open[o]
			done = done && m.e.Value(level.Address{Output: level.Output(o), Slot: w.slot}) == w.value
		}
		if free != done {
			m.fail("the batch of %v for %v: shown %v, want %v; woken: %v", w.stamp.At, w.outputs, done, free, f.Woken)
		}
		exact := max(w.known, m.jumped) <= w.stamp.At-2*m.long() && m.alone(w.stamp.At, *past)
		if exact {
			m.promised++
			if !done || w.stamp.At != f.At || f.Woken {
				m.fail("the batch of %v for %v was known at %v: shown %v, woken: %v", w.stamp.At, w.outputs, w.known, done, f.Woken)
			}
		}
		switch {
		case !done:
			w.planned = false
			m.delayed++
			for _, o := range w.outputs {
				open[o] = false // nobody overtakes it
			}
		case f.Woken:
			m.woken++
		}
		if done {
			*past = append(*past, w)
		}
		return done
	})
	*past = slices.DeleteFunc(*past, func(w *waiting) bool { return w.stamp.At < f.At-time.Second })
}

// TestTheSchedulesPromises drives engines with random batches, late and early, on
// beats and not, for one output or several, while effects run and the timeline is
// nudged, stopped and jumps. Frames of the schedule fall on the same instants with
// and without what comes late for it; beats known in time are exact; no output
// changes twice within a period; what can be shown at once is, what cannot is shown
// as soon as it can; nothing is lost.
func TestTheSchedulesPromises(t *testing.T) {
	var promised, woken, delayed int
	for seed := range raced.Of[uint64](60, 15) {
		rng := rand.New(rand.NewPCG(seed, 1))
		rate := []int{25, 30, 44, 60, 120}[seed%5]
		t.Run(fmt.Sprintf("seed %d, %d Hz", seed, rate), func(t *testing.T) {
			m := newModel(t, rate, 60+100*rng.Float64())
			var past []*waiting
			m.step(&past)
			busy := 2 + rng.IntN(12) // one in so many steps something happens
			for m.now < 20*time.Second {
				next := m.e.Next()
				if next <= m.now {
					m.fail("next %v", next)
				}
				if rng.IntN(busy) != 0 {
					m.now = next
					m.step(&past)
					continue
				}
				m.now += time.Duration(rng.Int64N(int64(next - m.now)))
				m.e.Pass(m.now)
				m.calm.Pass(m.now)
				outputs := [][]int{{0}, {1}, {2}, {2}, {0, 2}, {0, 1, 2}}[rng.IntN(6)]
				switch ahead := m.now + time.Duration(rng.Int64N(int64(120*ms))); rng.IntN(8) {
				case 0:
					m.retime(move(rng, m.line, m.now))
				case 1:
					m.submit(Stamp{At: ahead}, outputs...)
				case 2:
					b := m.line.At(ahead) + 1
					m.submit(Stamp{At: m.line.Time(b), Beat: b, Epoch: m.line.Epoch, OnBeat: true}, outputs...)
				case 3:
					m.submit(Stamp{At: m.now + time.Duration(rng.Int64N(int64(m.short())))}, outputs...)
				default:
					m.submit(Stamp{At: m.now - time.Duration(rng.Int64N(int64(20*ms)))}, outputs...)
				}
				m.step(&past)
			}
			if !slices.Equal(m.instants[0], m.instants[1]) {
				t.Error("the frames of the schedule are not where they are without late batches")
			}
			if s := m.e.Stats(); s.Queued != len(m.pending) || s.Batches != uint64(1+m.count-m.unplayed-len(m.pending)) {
				t.Errorf("%d queued and %d executed, want %d of %d waiting", s.Queued, s.Batches, len(m.pending), m.count)
			}
			promised += m.promised
			woken += m.woken
			delayed += m.delayed
		})
	}
	// The promises must have been put to the test.
	if enough := raced.Of(1000, 100); promised < enough || woken < enough || delayed < enough {
		t.Error("too little happened")
	}
	t.Logf("%d batches had to be exact, %d were shown in woken frames, %d times one had to wait", promised, woken, delayed)
}
