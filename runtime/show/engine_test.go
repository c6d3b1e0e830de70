package show

import (
	"log/slog"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

// orders counts what is shown.
type orders struct {
	FrameSink
	seen int
}

func (o *orders) Order(engine.DueOrder) { o.seen++ }

// TestOrdersForNobodyAreCounted: only what a device was told is shown.
func TestOrdersForNobodyAreCounted(t *testing.T) {
	var shown orders
	m := New(Config{Log: slog.New(slog.DiscardHandler), Frames: &shown})
	m.wire(&wiring{devices: map[string]taker{"here": {}}}, 0)
	for _, d := range []string{"here", "gone", "here"} {
		m.engine.Submit(engine.Batch{Stamp: engine.Stamp{At: time.Second}, Commands: []engine.Command{engine.Order{Device: d}}})
	}
	m.order(time.Second)
	if s := m.Stats(); shown.seen != 2 || s.Lost != 1 {
		t.Errorf("%d shown, %d lost", shown.seen, s.Lost)
	}
}

// TestTheEngineWaitsForWhatIsThere: the engine sleeps while somebody is about to put
// something in, since that may need the processor, and wakes when it is there.
func TestTheEngineWaitsForWhatIsThere(t *testing.T) {
	m := New(Config{})
	m.Engine(0)
	m.inputs.waiting.Add(1)
	if m.EngineNext() == 0 {
		t.Error("the engine is due at once, with nothing to take")
	}
	if m.inputs.put(Barred{}); m.EngineNext() != 0 {
		t.Error("the engine is not due, with something to take")
	}
}

// TestTheEngineReportsWithoutWaiting: what the engine has to tell is there for the script
// loop, which is woken, and the inbox was not touched.
func TestTheEngineReportsWithoutWaiting(t *testing.T) {
	m := New(Config{})
	m.report([]beat.Change{{Kind: beat.Lost, At: time.Second}, {Kind: beat.Jump, Of: "deck"}})
	if m.inbox.Len() != 0 || !m.waits() {
		t.Errorf("%d in the inbox, something to do: %t", m.inbox.Len(), m.waits())
	}
	select {
	case <-m.Ready():
	default:
		t.Error("the script loop sleeps")
	}
	for range bagLimit {
		m.report([]beat.Change{{Kind: beat.Lost}})
	}
	if events := m.Counts().Events; events != 2 {
		t.Errorf("%d events are dropped, want 2", events)
	}
}
