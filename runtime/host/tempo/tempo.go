// Package tempo shares the beat clock of a show between the devices that observe it,
// the script loop and the engine loop.
package tempo

import (
	"slices"
	"sync"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

// Tempo is that clock. Its methods may be called from any goroutine, but for those
// that name a loop.
type Tempo struct {
	inbox *script.Inbox

	mu   sync.Mutex
	c    *beat.Conductor
	said beat.Timeline // that the script loop has been told of
	// watched are the keys of sources whose own beats the script waits for.
	watched map[string]bool
	lanes   map[string]*laneEpoch
	aliases map[string]string
}

// New returns a clock at beat 0 and 120 BPM. What changes is told through the inbox.
func New(inbox *script.Inbox, now time.Duration) *Tempo {
	return &Tempo{inbox: inbox, c: beat.NewConductor(now, 120), watched: map[string]bool{}, lanes: map[string]*laneEpoch{}, aliases: map[string]string{}}
}

// Observe takes where a source stands; any goroutine.
func (t *Tempo) Observe(source string, o beat.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.timeline(source).Epoch
	t.report(t.c.Observe(source, o))
	if t.watched[source] {
		t.inbox.Put(timelineMoved)
	}
	if now := t.timeline(source).Epoch; before != 0 && now != before {
		for _, name := range t.names(source) {
			t.inbox.Put(script.Event{Topic: stagelinq.DeckTopic(name, "jump"), At: o.Arrival})
		}
	}
}

// names lists what a source is called: its key and what stands for it.
func (t *Tempo) names(key string) []string {
	names := []string{key}
	for alias, target := range t.aliases {
		if target == key {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	return names
}

// laneEpoch numbers the epochs of a source as scripts see it: a new one also begins
// when its name comes to stand for another deck.
type laneEpoch struct {
	key          string
	inner, outer uint32
}

// Watch takes the sources the script waits for and returns their timelines, in
// order. One that was not heard yet stands still.
func (t *Tempo) Watch(sources []string, now time.Duration) []beat.Timeline {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.watched)
	lines := make([]beat.Timeline, len(sources))
	for i, source := range sources {
		key := t.c.Resolve(source)
		t.watched[key] = true
		if f := t.c.Follower(key); f != nil {
			f.Step(now) // the conductor steps the one that drives
		}
		tl := t.timeline(key)
		e := t.lanes[source]
		if e == nil {
			e = &laneEpoch{}
			t.lanes[source] = e
		}
		if e.key != key || e.inner != tl.Epoch {
			e.key, e.inner = key, tl.Epoch
			e.outer++
		}
		tl.Epoch = e.outer
		lines[i] = tl
	}
	return lines
}

func (t *Tempo) timeline(key string) beat.Timeline {
	if f := t.c.Follower(key); f != nil {
		return f.Timeline()
	}
	return beat.Timeline{Stopped: true}
}

// Position implements module.Tempo.
func (t *Tempo) Position(source string, at time.Duration) (b beat.Micro, heard bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tl := t.timeline(t.c.Resolve(source))
	return tl.At(at), tl.Epoch != 0
}

// Alias makes a source stand for another; any goroutine.
func (t *Tempo) Alias(source, target string, at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c.Alias(source, target, at)
	t.aliases[source] = target
	t.report(nil)
}

// BPM implements module.Tempo.
func (t *Tempo) BPM() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Tempo()
}

// Step lets silence be noticed.
func (t *Tempo) Step(now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report(t.c.Step(now))
}

// Next is when Step has something to do.
func (t *Tempo) Next() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.c.Next()
	for key := range t.watched {
		if f := t.c.Follower(key); f != nil {
			next = min(next, f.Next())
		}
	}
	return next
}

// Timeline returns the published timeline; any goroutine.
func (t *Tempo) Timeline() beat.Timeline {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Timeline()
}

// Confidence is that of the beat, 0-1.
func (t *Tempo) Confidence(now time.Duration) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Confidence(now)
}

var changeTopics = map[beat.Kind]string{
	beat.Lost: bindings.TopicLost, beat.Found: bindings.TopicFound,
	beat.Tempo: bindings.TopicTempo, beat.Jump: bindings.TopicJump,
}

// timelineMoved is an event nobody subscribes to: it makes the script loop look
// at the timeline again.
var timelineMoved = script.Event{Topic: "host/timeline", Key: "host/timeline"}

// report tells the script loop what changed. The lock is held.
func (t *Tempo) report(changes []beat.Change) {
	for _, c := range changes {
		if topic := changeTopics[c.Kind]; topic != "" {
			t.inbox.Put(script.Event{Topic: topic, At: c.At, Value: c.BPM})
		}
	}
	if tl := t.c.Timeline(); tl != t.said {
		t.said = tl
		t.inbox.Put(timelineMoved)
	}
}

// change runs one change made by a script and returns the timeline it leads to.
func (t *Tempo) change(f func() error) (beat.Timeline, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := f()
	t.report(nil)
	return t.c.Timeline(), err
}

// SetTempo implements module.Tempo.
func (t *Tempo) SetTempo(bpm float64, at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.SetTempo(bpm, at) })
}

// Nudge implements module.Tempo.
func (t *Tempo) Nudge(b beat.Micro, at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.Nudge(b, at) })
}

// Tap implements module.Tempo.
func (t *Tempo) Tap(at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.Tap(at) })
}

// Follow implements module.Tempo.
func (t *Tempo) Follow(source string, at time.Duration) beat.Timeline {
	tl, _ := t.change(func() error { t.c.Follow(source, at); return nil })
	return tl
}
