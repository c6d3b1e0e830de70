package host

import (
	"sync"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// tempo shares the beat clock between the devices that observe it, the script
// loop and the engine loop.
type tempo struct {
	inbox *script.Inbox

	mu   sync.Mutex
	c    *beat.Conductor
	said beat.Timeline // that the script loop has been told of
}

func newTempo(inbox *script.Inbox, now time.Duration) *tempo {
	return &tempo{inbox: inbox, c: beat.NewConductor(now, 120)}
}

// Observe takes where a source stands; any goroutine.
func (t *tempo) Observe(source string, o beat.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report(t.c.Observe(source, o))
}

// Alias makes a source stand for another; any goroutine.
func (t *tempo) Alias(source, target string, at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c.Alias(source, target, at)
	t.report(nil)
}

// BPM implements bindings.Tempo.
func (t *tempo) BPM() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Tempo()
}

// step lets silence be noticed.
func (t *tempo) step(now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report(t.c.Step(now))
}

func (t *tempo) next() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Next()
}

// Timeline returns the published timeline; any goroutine.
func (t *tempo) Timeline() beat.Timeline {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c.Timeline()
}

func (t *tempo) confidence(now time.Duration) float64 {
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
func (t *tempo) report(changes []beat.Change) {
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
func (t *tempo) change(f func() error) (beat.Timeline, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := f()
	t.report(nil)
	return t.c.Timeline(), err
}

// SetTempo implements bindings.Tempo.
func (t *tempo) SetTempo(bpm float64, at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.SetTempo(bpm, at) })
}

// Nudge implements bindings.Tempo.
func (t *tempo) Nudge(b beat.Micro, at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.Nudge(b, at) })
}

// Tap implements bindings.Tempo.
func (t *tempo) Tap(at time.Duration) (beat.Timeline, error) {
	return t.change(func() error { return t.c.Tap(at) })
}

// Follow implements bindings.Tempo.
func (t *tempo) Follow(source string, at time.Duration) beat.Timeline {
	tl, _ := t.change(func() error { t.c.Follow(source, at); return nil })
	return tl
}
