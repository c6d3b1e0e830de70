package show

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
	"showrun/runtime/script"
)

// Replay is a machine that repeats what another has done, from the inputs of that. It
// opens no device: their answers are in the record.
type Replay struct {
	m       *Machine
	plans   map[uint64]*beat.Plan // by version: script turns may go by one that is no longer the newest
	oracles map[int]*script.Oracle
	handed  map[uint64]handed
	copies  map[int]Copy
	folder  fstest.MapFS // of the live load
	own     map[told]int // events that the machine has told scripts of by itself
	answers func(AskDevice, any)
	tail    *tail // if it was begun in the middle of a load
}

// told tells events of the machine apart.
type told struct {
	topic string
	at    time.Duration
}

// NewReplay makes a machine of the same configuration: clocks and the world do not
// count.
func NewReplay(cfg Config) *Replay {
	r := &Replay{
		m: New(cfg), plans: map[uint64]*beat.Plan{}, oracles: map[int]*script.Oracle{},
		handed: map[uint64]handed{}, copies: map[int]Copy{}, own: map[told]int{},
	}
	r.published()
	return r
}

// Registry numbers the outputs.
func (r *Replay) Registry() *level.Registry { return &r.m.registry }

// Board is what people could operate, as it was published last.
func (r *Replay) Board() *Board { return r.m.Board() }

// Plan is the plan of the beat as it was published last.
func (r *Replay) Plan() *beat.Plan { return r.m.Plan() }

// BarLength is how long a bar is in the live load.
func (r *Replay) BarLength() beat.Micro { return r.m.BarLength() }

// Counts returns the counters of both halves.
func (r *Replay) Counts() Counts { return r.m.Counts() }

// Answers has f told of every answer of a device, on the goroutine that feeds, while that
// waits.
func (r *Replay) Answers(f func(q AskDevice, answer any)) { r.answers = f }

func (r *Replay) asked(question, answer any) {
	if q, ok := question.(AskDevice); ok && r.answers != nil {
		r.answers(q, answer)
	}
}

// Outside are the events of a turn that is to be fed next that have come from outside the
// machine, and are not what it tells scripts by itself. It is called for every turn, or none.
func (r *Replay) Outside(in ScriptTurn) (list []script.Event) {
	for _, x := range r.m.reports.take(nil) {
		ev := x.(script.Event)
		r.own[told{ev.Topic, ev.At}]++
	}
	for _, ev := range in.Events {
		of := told{ev.Topic, ev.At}
		if r.own[of] > 1 {
			r.own[of]--
		} else if r.own[of] == 1 {
			delete(r.own, of)
		} else if ev.Topic != TopicError {
			list = append(list, ev)
		}
	}
	return list
}

// Close ends what is left of the load that is live, wherever the replay has got to.
func (r *Replay) Close() {
	if live := r.m.live; live != nil {
		live.Detach()
		live.End()
	}
}

// keptPlans is how many versions of the plan a script turn may lag behind.
const keptPlans = 4096

func (r *Replay) published() {
	p := r.m.plan.Load()
	r.plans[p.Version] = p
	delete(r.plans, p.Version-keptPlans)
}

// Feed repeats one input. They are to come by their numbers. The error tells that the
// machine has come apart from the one that made the record.
func (r *Replay) Feed(input any) error {
	if r.tail != nil {
		return r.tail.feed(input)
	}
	switch in := input.(type) {
	case Checkpoint:
		if r.m.live == nil {
			return r.begin(in)
		}
	case Given, Stood: // which the script half makes again
	case ScriptTurn:
		return r.script(in)
	case EngineTurn:
		return r.engine(in)
	case Copied:
		c, _ := r.m.copyState()
		r.copies[in.Load] = c
	case Swapped:
		return r.swap(in)
	case Ended:
		r.oracles[r.m.live.Number()].Feed(in.Heard...)
		r.have(in.Files)
		r.m.end(in.Now)
		r.collect()
		return r.oracles[r.m.live.Number()].Err()
	case Left:
		r.m.leave(in.Now, in.Dark)
		r.collect()
		r.m.live.End()
	default:
		return fmt.Errorf("an input of the unknown type %T", input)
	}
	return nil
}

func (r *Replay) script(in ScriptTurn) error {
	plan := r.plans[in.Plan]
	if plan == nil {
		return fmt.Errorf("turn %d of the script loop goes by the plan %d of the beat, which there is not", in.Number, in.Plan)
	}
	oracle := r.oracles[r.m.live.Number()]
	oracle.Feed(in.Heard...)
	r.have(in.Files)
	n, _, _ := r.m.script(in, plan)
	r.collect()
	if n != len(in.Events) {
		return fmt.Errorf("turn %d of the script loop delivered %d events of %d", in.Number, n, len(in.Events))
	}
	return oracle.Err()
}

func (r *Replay) engine(in EngineTurn) error {
	inputs, err := r.taken(in)
	if err == nil {
		r.m.turn(in.Now, inputs)
		r.published()
	}
	return err
}

// taken is what a turn has taken, made again.
func (r *Replay) taken(in EngineTurn) ([]any, error) {
	inputs := make([]any, 0, len(in.Inputs))
	for _, x := range in.Inputs {
		if h, ok := x.(Handed); ok {
			made, ok := r.handed[h.Number]
			if !ok {
				return nil, fmt.Errorf("turn %d of the engine loop takes batch %d, which was not made", in.Number, h.Number)
			}
			delete(r.handed, h.Number)
			x = made
		}
		inputs = append(inputs, x)
	}
	return inputs, nil
}

func (r *Replay) swap(in Swapped) error {
	loaded := in.Load
	if loaded.Resumed != nil {
		if err := r.m.Resume(loaded.Resumed.Engine, loaded.Resumed.Now); err != nil {
			return err
		}
		r.published()
	}
	r.folder = fstest.MapFS{}
	r.have(loaded.Files)
	plan, top := r.plans[in.Plan], r.plans[loaded.Plan]
	if plan == nil || top == nil {
		return fmt.Errorf("load %d goes by a plan of the beat which there is not", loaded.Number)
	}
	if loaded.Number == 1 {
		r.copies[1] = FirstAfter(loaded.State, loaded.Carried)
	}
	oracle := script.Replay(r.asked)
	oracle.Feed(loaded.Heard...)
	next, err := r.m.prepare(context.Background(), r.folder, r.copies[loaded.Number], loaded, top, oracle)
	if err != nil {
		return fmt.Errorf("load %d: %w", loaded.Number, err)
	}
	delete(r.copies, loaded.Number)
	oracle.Feed(in.Begun...)
	r.have(in.Files)
	r.oracles[loaded.Number] = oracle
	if live := r.m.live; live != nil {
		r.oracles[live.Number()].Feed(in.Heard...)
	}
	if before := r.m.swap(next, in.Now, plan, in.On); before != nil {
		before.End()
		delete(r.oracles, before.Number())
	}
	r.collect()
	return oracle.Err()
}

// have adds files to those of the live load.
func (r *Replay) have(files []File) {
	for _, f := range files {
		r.folder[f.Name] = &fstest.MapFile{Data: f.Data}
	}
}

// collect keeps what the script half has handed over until a turn of the engine takes
// it.
func (r *Replay) collect() {
	for _, x := range r.m.inputs.take(nil) {
		if h, ok := x.(handed); ok {
			r.handed[h.number] = h
		}
	}
}
