package replay

import (
	"fmt"
	"strings"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// Difference is where a replay comes apart from its recording.
type Difference struct {
	Input uint64        `json:"input"`          // the number of the one that was repeated
	What  string        `json:"what"`           // it is, in words
	Told  string        `json:"told,omitempty"` // what the script had been told last, in words
	At    time.Duration `json:"at"`             // the show time of it, in nanoseconds
	Beat  beat.Micro    `json:"beat"`           // in millionths of a beat

	// Broken is why the machine cannot repeat it; "" if a frame is another one.
	Broken string `json:"broken,omitempty"`
	// Frame is how: "missing" or "made, and not in the recording", or "" for levels; then At
	// is its instant.
	Frame string `json:"frame,omitempty"`

	// What of a frame is known to differ: one output, and one slot of it unless that is 0.
	Output  string       `json:"output,omitempty"` // key of it; "" if there are several
	Slot    int          `json:"slot,omitempty"`
	Fixture string       `json:"fixture,omitempty"` // at it; "" for none
	Channel string       `json:"channel,omitempty"`
	Was     int          `json:"was"` // the level in the recording
	Is      int          `json:"is"`  // and the one of the replay
	Causes  []show.Cause `json:"-"`   // of that
}

// Error implements error.
func (d *Difference) Error() string { return d.String() }

// String names it for people.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "at %s, beat %.2f, with input %d, %s: ", Show(d.At), d.Beat.Float(), d.Input, d.What)
	switch {
	case d.Broken != "":
		b.WriteString(d.Broken)
	case d.Frame != "":
		fmt.Fprintf(&b, "a frame is %s", d.Frame)
	case d.Output == "":
		b.WriteString("levels of several outputs differ")
	case d.Slot == 0:
		fmt.Fprintf(&b, "several levels of %s differ", d.Output)
	default:
		fmt.Fprintf(&b, "%s is %d, and was %d", d.slot(), d.Is, d.Was)
	}
	if d.Told != "" {
		fmt.Fprintf(&b, "\nthe script was told last: %s", d.Told)
	}
	if len(d.Causes) > 0 {
		fmt.Fprintf(&b, "\n%s", show.Lines(d.Causes))
	}
	return b.String()
}

// slot names where it is.
func (d *Difference) slot() string {
	at := fmt.Sprintf("slot %d of %s", d.Slot, d.Output)
	if d.Fixture == "" {
		return at
	}
	return fmt.Sprintf("%s.%s (%s)", d.Fixture, d.Channel, at)
}

// difference describes how what a turn has made differs from the recording.
func (p *Player) difference(t turn) *Difference {
	d := &Difference{Input: show.NumberOf(t.input), What: describe(t.input), At: p.now, Beat: p.Beat()}
	if p.told != nil {
		d.Told = fmt.Sprintf("input %d at %s, %s", show.NumberOf(p.told), Show(show.TimeOf(p.told)), describe(p.told))
	}
	switch {
	case t.frame == nil && p.made == nil:
		return d
	case t.frame == nil:
		d.Frame, d.At = "made, and not in the recording", p.made.At
	case p.made == nil:
		d.Frame, d.At = "missing", t.frame.At
	case t.frame.At != p.made.At:
		d.Frame, d.At = fmt.Sprintf("that of %s, and not of %s", Show(p.made.At), Show(t.frame.At)), t.frame.At
	default:
		d.At = p.made.At
		p.culprit(d, t.frame.Hash)
	}
	d.Beat = p.Plan().Course.At(d.At)
	return d
}

// culprit finds the level that differs.
func (p *Player) culprit(d *Difference, hash uint64) {
	at, was, found := p.made.Culprit(p.Registry(), hash)
	if !found {
		return
	}
	d.Output, d.Slot = p.Registry().Key(at.Output), int(at.Slot)
	if at.Slot == 0 {
		return
	}
	d.Was, d.Is = int(was), int(p.made.Level(at))
	if f, ch, ok := channelAt(p.Board().Patch, at); ok {
		d.Fixture, d.Channel = f.Name, ch.Name
		d.Causes, _ = p.Why(f.Name, ch.Name)
	}
}

// channelAt finds the fixture and the channel that a slot is of.
func channelAt(p *patch.Patch, at level.Address) (patch.Fixture, patch.Channel, bool) {
	if p == nil {
		return patch.Fixture{}, patch.Channel{}, false
	}
	return p.At(at)
}

// describe says what an input is.
func describe(input any) string {
	switch in := input.(type) {
	case show.ScriptTurn:
		return "a turn of the script" + events(in)
	case show.EngineTurn:
		return "a turn of the engine" + taken(in)
	case show.Swapped:
		return fmt.Sprintf("load %d of %s", in.Load.Number, in.Load.Main)
	case show.Copied:
		return fmt.Sprintf("the copy of show.state for load %d", in.Load)
	case show.Checkpoint:
		return "a checkpoint"
	case show.Given:
		return fmt.Sprintf("what was handed over as %d", in.Handed)
	case show.Stood:
		return "what people can operate"
	case show.Ended:
		return "the end of the show"
	case show.Left:
		return "the end of the goodbye"
	}
	return fmt.Sprintf("a %T", input)
}

// events lists what a turn has delivered.
func events(in show.ScriptTurn) string {
	var names []string
	for _, ev := range in.Events {
		if ev.Topic == show.TopicOperate {
			names = append(names, fmt.Sprintf("%T%+v", ev.Value, ev.Value))
		} else {
			names = append(names, ev.Topic)
		}
	}
	return listed(" with ", names)
}

// taken lists what a turn has taken.
func taken(in show.EngineTurn) string {
	var names []string
	for _, x := range in.Inputs {
		switch x := x.(type) {
		case show.Handed:
			names = append(names, fmt.Sprintf("batch %d", x.Number))
		case show.Observed:
			names = append(names, "a position of "+x.Source)
		case show.Aliased:
			names = append(names, fmt.Sprintf("%s for %s", x.Target, x.Source))
		case show.Arrived:
			names = append(names, "the arrival of "+x.Device)
		case show.Barred, show.Held:
			names = append(names, "a stop or release of machinery")
		}
	}
	return listed(" that takes ", names)
}

// mostListed is how many names are told of what a turn has.
const mostListed = 4

func listed(before string, names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) > mostListed:
		names = append(names[:mostListed:mostListed], fmt.Sprintf("%d more", len(names)-mostListed))
	}
	return before + strings.Join(names, ", ")
}

// Show writes a show time for people, in milliseconds.
func Show(at time.Duration) string { return at.Round(time.Millisecond).String() }
