package show

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/script"
)

// An Operation is what somebody does with a show while it runs: a plain value that can be
// recorded and repeated. A list of no name is the main list.
type Operation interface {
	operation()
}

type (
	// SetParam sets a param to a float64, a bool or a string.
	SetParam struct {
		Name  string
		Value any
	}
	// Fire fires a trigger.
	Fire struct {
		Name string
		Args []any // float64, bool or string each, for its function
	}
	// Go fires the next cue of a list, or the one of a number.
	Go struct{ List, Cue string }
	// Back goes back to the cue before.
	Back struct{ List string }
	// StopList stops a list: what is pending does not come, and its fades stand still.
	StopList struct{ List string }
	// Jump goes to the look that running a list up to a cue would leave.
	Jump struct {
		List, Cue string
		Over      time.Duration
	}
	// Master fades the grand master to a level, 0-255.
	Master struct {
		Level float64
		Over  time.Duration
	}
	// Blackout takes the light out, or brings it back.
	Blackout struct {
		On   bool
		Over time.Duration
	}
	// Hold puts a channel, the intensity or the color of fixtures to a value that the
	// script does not change. Without a channel it is the color if the value is one, and
	// else the intensity.
	Hold struct {
		Fixture string // one, a part or a group
		Channel string
		Value   string // a level, a percentage, degrees or a colour, as people write it
	}
	// Unhold gives that back to the script: all that is held of fixtures without a
	// channel, and all that there is without a fixture.
	Unhold struct{ Fixture, Channel string }
)

func (SetParam) operation() {}
func (Fire) operation()     {}
func (Go) operation()       {}
func (Back) operation()     {}
func (StopList) operation() {}
func (Jump) operation()     {}
func (Master) operation()   {}
func (Blackout) operation() {}
func (Hold) operation()     {}
func (Unhold) operation()   {}

// operations has a value of each.
func operations() []any {
	return []any{SetParam{}, Fire{}, Go{}, Back{}, StopList{}, Jump{}, Master{}, Blackout{}, Hold{}, Unhold{}}
}

// maxOver is the longest time an operation may take.
const maxOver = time.Hour

// Check completes an operation as the board has it: names and numbers are there, and values
// fit. The error is for people.
func (b *Board) Check(op Operation) (Operation, error) {
	switch op := op.(type) {
	case SetParam:
		p, err := b.Param(op.Name)
		if err != nil {
			return nil, err
		}
		op.Value, err = p.Fit(op.Value)
		return op, err
	case Fire:
		return op, errors.Join(b.Trigger(op.Name), checkArgs(op.Args))
	case Go:
		list, cue, err := b.cue(op.List, op.Cue)
		return Go{list, cue}, err
	case Back:
		list, _, err := b.cue(op.List, "")
		return Back{list}, err
	case StopList:
		list, _, err := b.cue(op.List, "")
		return StopList{list}, err
	case Jump:
		if op.Cue == "" {
			return nil, errors.New("a jump needs the number of a cue")
		}
		list, cue, err := b.cue(op.List, op.Cue)
		return Jump{list, cue, op.Over}, errors.Join(err, checkOver(op.Over))
	case Master:
		if !(op.Level >= 0 && op.Level <= 255) {
			return nil, fmt.Errorf("the master must be 0-255, or 0%%-100%%, got %g", op.Level)
		}
		return op, checkOver(op.Over)
	case Blackout:
		return op, checkOver(op.Over)
	case Hold:
		return b.checkHold(op)
	case Unhold:
		return b.checkUnhold(op)
	}
	return nil, fmt.Errorf("nobody knows how to %T", op)
}

// mostArgs is how many arguments a trigger passes on.
const mostArgs = 16

// checkArgs keeps what may wait for the script small.
func checkArgs(args []any) error {
	if len(args) > mostArgs {
		return fmt.Errorf("a trigger takes up to %d values, got %d", mostArgs, len(args))
	}
	for _, a := range args {
		if text, ok := a.(string); ok && len(text) > longestText {
			return fmt.Errorf("a trigger takes texts of up to %d bytes, got %s", longestText, written(a))
		}
	}
	return nil
}

func checkOver(d time.Duration) error {
	if d < 0 || d > maxOver {
		return fmt.Errorf("the time must be 0 to %v, got %v", maxOver, d)
	}
	return nil
}

// cue finds a list that has cues, and one of them unless the number is "".
func (b *Board) cue(list, number string) (string, string, error) {
	l, err := b.List(list)
	switch {
	case err != nil:
		return "", "", err
	case len(l.Cues) == 0:
		return "", "", fmt.Errorf("list %s has no cue yet", l.Name)
	case number == "":
		return l.Name, "", nil
	}
	c, err := l.Cue(number)
	return l.Name, c.Number, err
}

// Board is what people can operate, as it was published last.
func (m *Machine) Board() *Board { return m.board.Load() }

// Carried is what the next load, or the next run, takes over, as it was published last; nil
// before anything is live.
func (m *Machine) Carried() *Carried { return m.carried.Load() }

// operators is from whom operations come, for the inbox: they fill no more than half.
const operators = "operators"

// Why an operation that the board has is not done.
var (
	ErrBusy  = errors.New("the script is too busy: what was asked is not done") // too much waits for it already
	ErrEnded = errors.New("the show is ending: what was asked is not done")
)

// Operate has the show do something, if the board has it. It returns at once; the error is
// for people. What it leads to comes at the instant it was asked.
func (m *Machine) Operate(op Operation) error {
	op, err := m.Board().Check(op)
	if err != nil {
		return err
	}
	if m.leaving.Load() {
		return ErrEnded
	}
	ev := script.Event{Topic: TopicOperate, From: operators, At: m.cfg.Now(), Value: op}
	switch op := op.(type) { // while the script is behind, the newest value counts
	case SetParam:
		ev.Key, ev.Brief = TopicOperate+"/"+op.Name, true
	case Hold: // unless something came in between that may be about some of the same
		at, alone := m.Board().alone(op)
		if !alone {
			m.apart.Add(1)
			break
		}
		ev.Key, ev.Brief = fmt.Sprintf("%s/hold %d %v", TopicOperate, m.apart.Load(), at), true
	case Unhold:
		m.apart.Add(1)
	}
	if !m.Put(ev) {
		return ErrBusy
	}
	return nil
}

// operate does what was asked, in a turn of the script loop. Another load may have come
// since.
func (m *Machine) operate(ev script.Event) error {
	op, err := m.Board().Check(ev.Value.(Operation))
	if err == nil {
		var stuck error
		if err, stuck = m.do(op, ev); stuck != nil {
			return stuck
		}
	}
	if err == nil {
		return nil
	}
	if ok, held := m.undone.allow(m.cfg.Now()); ok {
		var args []any
		if held > 0 {
			args = append(args, "not shown", held)
		}
		m.cfg.Log.Warn("not done: "+err.Error(), args...)
	}
	return nil
}

// do does an operation: what is for the light by itself, the rest by the script.
func (m *Machine) do(op Operation, ev script.Event) (err, stuck error) {
	switch op := op.(type) {
	case Master:
		m.light(ev.At, engine.Master{To: op.Level, Duration: engine.Length{Time: op.Over}})
	case Blackout:
		m.light(ev.At, engine.Blackout{On: op.On, Duration: engine.Length{Time: op.Over}})
	case Hold:
		m.lay(ev.At, op)
	case Unhold:
		m.lift(ev.At, op)
	default:
		stuck = m.live.gen.Do("operation", ev.At, func() { err = m.live.bindings.Operate(op) })
	}
	return err, stuck
}

// operator is who gives commands that no code does.
const operator = "an operator"

// light gives commands of an operator.
func (m *Machine) light(at time.Duration, commands ...engine.Command) {
	commands = append([]engine.Command{engine.Source{Task: operator, Event: TopicOperate}}, commands...)
	m.submit(engine.Batch{
		Stamp: engine.Stamp{At: at}, Generation: m.live.Number(), Reaction: true, Origin: operator, Commands: commands,
	})
}

// watchLight notes on the board what a batch does to the whole light.
func (m *Machine) watchLight(b engine.Batch) {
	for _, c := range b.Commands {
		switch c := c.(type) {
		case engine.Master:
			if !math.IsNaN(c.To) {
				m.master, m.relit = min(max(c.To, 0), 255), true
			}
		case engine.Blackout:
			m.dark, m.relit = c.On, true
		}
	}
}

// showBoard publishes the board if it has changed; script loop.
func (m *Machine) showBoard() {
	m.bar.Store(int64(m.live.bindings.Bar()))
	b, changed := m.live.bindings.Board()
	if !changed && !m.relit {
		return
	}
	if !changed {
		b = *m.Board()
	}
	m.relit = false
	carried := m.carry()
	m.carried.Store(&carried)
	b.Master, b.Blackout, b.Holds = m.master, m.dark, slices.Clone(m.holds)
	b.Patch, b.Machinery = m.live.Patch(), m.live.machinery()
	m.board.Store(&b)
	m.noteBoard()
	m.cfg.Changed()
}
