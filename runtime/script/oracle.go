package script

import (
	"errors"
	"fmt"
	"sync"

	"showrun/runtime/script/lualib"
	"showrun/runtime/script/plain"
)

// Oracle is the one seam through which a generation learns what is neither in the
// show nor handed in by the loop: what scripts ask of clocks, of the environment
// and of whatever the bindings ask, and what the guards decided about a task. Live
// it answers and keeps a record; at a replay it answers from the record, so that
// the second generation does what the first one did, bit for bit. An Oracle
// belongs to one generation.
type Oracle struct {
	answer func(question any) any
	record func(Heard) // nil: nothing is kept
	asked  func(question, answer any)
	replay bool

	mu     sync.Mutex
	coming []Heard // of a replay
	now    Heard   // of the hand-over that runs or comes next
	before int     // how many answers of it were given before the hand-over
	given  int     // how many of a replay have been given
	gone   bool    // the generation is revoked: the task that may still run learns nothing more
	err    error
}

// Heard is what entered a generation during one hand-over of the baton, or right
// before it. It is plain data: answers are bool, float64, string or one of
// AnswerTypes, or of types that whoever asks for them makes known to the codec.
type Heard struct {
	HandOver uint64 // which it was, counted from 1 in each generation
	Answers  []any  // in the order of the questions
	Stopped  string // why a guard stopped the task; "" when none did
	At       uint64 // the check of the instruction hook from which on it was stopped, counted from 1
	Revoked  bool   // the baton never came back; what the task did meanwhile is void
}

// AnswerTypes returns a value of each type an answer can have besides the basic
// ones, for a codec that wants to know.
func AnswerTypes() []any { return []any{plain.Table{}, lualib.Zone{}, None{}} }

// None stands in a record for the answer nil.
type None struct{}

// Live returns an oracle that asks the world. record, which may be nil, is told
// what each hand-over heard, if anything; it is called on the goroutine that
// drives the generation.
func Live(w World, record func(Heard)) *Oracle {
	return &Oracle{answer: w.answer, record: record, now: Heard{HandOver: 1}}
}

// Replay returns an oracle that knows nothing but what it is fed. asked, which may be nil,
// is told of every question with its answer, on the goroutine that asks; it must not wait.
func Replay(asked func(question, answer any)) *Oracle {
	return &Oracle{replay: true, asked: asked, now: Heard{HandOver: 1}}
}

// Feed hands a replay what was recorded, in the order in which it was. It has to
// be there before the step that heard it is repeated.
func (o *Oracle) Feed(heard ...Heard) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.coming = append(o.coming, heard...)
}

// Err tells where a replay came apart from its record; nil while it has not.
func (o *Oracle) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

var errGone = errors.New("the generation has been revoked")

// ask answers a question of the hand-over that runs or comes next. The world is not asked
// for a task that was abandoned: the loop has gone on, and what answers may be another's.
func (o *Oracle) ask(question any) (answer any, err error) {
	o.mu.Lock() // until there is an answer, so that nobody is abandoned meanwhile
	defer o.mu.Unlock()
	if o.gone {
		return nil, errGone
	}
	if !o.replay {
		answer = o.answer(question)
		if answer == nil {
			o.now.Answers = append(o.now.Answers, None{})
		} else {
			o.now.Answers = append(o.now.Answers, answer)
		}
		return answer, nil
	}
	o.take()
	if o.given == len(o.now.Answers) {
		o.diverge("the record has no answer to %#v", question)
		return nil, o.err
	}
	o.given++
	answer = o.now.Answers[o.given-1]
	if answer == (None{}) {
		answer = nil
	}
	if o.asked != nil {
		o.asked(question, answer)
	}
	return answer, nil
}

// take moves on to what the hand-over that runs or comes next is known to hear.
func (o *Oracle) take() {
	if len(o.coming) > 0 && o.coming[0].HandOver == o.now.HandOver {
		o.now, o.coming = o.coming[0], o.coming[1:]
	}
}

func (o *Oracle) diverge(format string, args ...any) {
	if o.err == nil {
		o.err = fmt.Errorf("the replay differs from its record at hand-over %d: %s", o.now.HandOver, fmt.Sprintf(format, args...))
	}
}

// begin is called before the baton is handed over. It returns what is known to
// come of it.
func (o *Oracle) begin() (sealed verdict, revoked bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.replay {
		o.before = len(o.now.Answers)
		return verdict{}, false
	}
	o.take()
	if o.now.Stopped != "" {
		sealed = verdict{err: errors.New(o.now.Stopped), at: o.now.At}
	}
	return sealed, o.now.Revoked
}

// end is called when the baton is back, with what stopped the task, if anything.
func (o *Oracle) end(v *verdict) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.replay:
		if v != nil && v.guard {
			o.now.Stopped, o.now.At = v.err.Error(), v.at
		}
		o.keep()
	case o.given < len(o.now.Answers):
		o.diverge("%d answers were not asked for", len(o.now.Answers)-o.given)
	case o.now.Stopped != "" && (v == nil || !v.guard):
		o.diverge("the task was not there to be stopped at check %d", o.now.At)
	}
	o.now, o.given = Heard{HandOver: o.now.HandOver + 1}, 0
}

// settle ends what was asked outside of any hand-over: what heard it is over before the
// next one comes.
func (o *Oracle) settle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.replay {
		o.keep()
	} else if o.given < len(o.now.Answers) {
		o.diverge("%d answers were not asked for", len(o.now.Answers)-o.given)
	}
	o.now, o.given = Heard{HandOver: o.now.HandOver}, 0
}

// revoke is called in place of end when the baton does not come back.
func (o *Oracle) revoke() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone = true
	if !o.replay {
		o.now.Answers, o.now.Revoked = o.now.Answers[:o.before], true
		o.keep()
	}
}

func (o *Oracle) keep() {
	if o.record != nil && (len(o.now.Answers) > 0 || o.now.Stopped != "" || o.now.Revoked) {
		o.record(o.now)
	}
}
