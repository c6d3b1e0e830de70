package show

import (
	"context"
	"fmt"
	"testing/fstest"

	"showrun/runtime/script"
)

// tail is a replay that was begun at a checkpoint: of the engine half, fed with what the
// script half had handed over. Of a load no more than its top level is repeated, for the
// patch and for what people operate.
type tail struct {
	*Replay
	from    Checkpoint
	swapped Swapped // the load that was swapped in last
}

// Tail reports whether the replay has begun in the middle of a load: its script half is not
// repeated then.
func (r *Replay) Tail() bool { return r.tail != nil }

// begin begins at a checkpoint.
func (r *Replay) begin(in Checkpoint) error {
	if err := r.m.restore(in.Engine); err != nil {
		return err
	}
	m := r.m
	m.turned, m.heard, m.wired.from = in.Engine.At, in.Heard, in.From
	plan := m.conductor.Plan(in.Heard, in.Engine.At)
	m.plan.Store(plan)
	m.engine.Hear(plan.Source)
	r.published()
	r.tail = &tail{r, in, in.Live}
	return r.tail.stand(in.Stood)
}

func (t *tail) feed(input any) error {
	switch in := input.(type) {
	case EngineTurn:
		if in.Number <= t.from.Turn {
			return nil // it is in the checkpoint
		}
		return t.engine(in)
	case Given:
		return t.given(in)
	case Swapped:
		t.swapped = in
	case Stood:
		t.m.board.Store(t.m.boardOf(in))
	case ScriptTurn:
		t.m.reports.take(nil) // for nobody
	case Copied, Checkpoint, Ended, Left:
	default:
		return fmt.Errorf("an input of the unknown type %T", input)
	}
	return nil
}

// given keeps what was handed over until a turn of the engine takes it.
func (t *tail) given(in Given) error {
	for _, o := range in.Outputs {
		t.m.registry.Output(o.Key, o.Slots)
	}
	h := handed{number: in.Handed, batch: in.Batch}
	if in.Wired {
		if err := t.stand(t.m.Board().stood()); err != nil {
			return err
		}
		h.wiring = t.m.wiring(t.m.live, in.From)
	}
	if in.Handed > t.from.Got {
		t.handed[in.Handed] = h
	}
	return nil
}

// stand makes the load that was swapped in last the one that names and operations go by.
func (t *tail) stand(s Stood) error {
	l := t.swapped.Load
	t.folder = fstest.MapFS{}
	t.have(l.Files)
	oracle := script.Replay(t.asked)
	oracle.Feed(l.Heard...)
	c := Copy{l.Number, l.State, l.Carried}.apart() // a load changes it
	next, err := t.m.prepare(context.Background(), t.folder, c, l, t.m.plan.Load(), oracle)
	if err != nil {
		return fmt.Errorf("load %d: %w", l.Number, err)
	}
	t.Close()
	t.m.live = next
	t.m.bar.Store(int64(next.bindings.Bar()))
	t.m.board.Store(t.m.boardOf(s))
	if l.Number == t.m.wired.load {
		t.m.wired = *t.m.wiring(next, t.m.wired.from)
	}
	return nil
}
