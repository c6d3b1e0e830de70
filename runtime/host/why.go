package host

import (
	"errors"
	"time"

	"showrun/runtime/console"
	"showrun/runtime/show"
)

// whyPatience is how long the engine loop may take to answer.
const whyPatience = 2 * time.Second

var errNoAnswer = errors.New("the engine does not answer; the show is ending, or it hangs")

// Why tells what makes the level of a fixture's channel or attribute, or of all of them
// without a channel, as console.View does.
func (h *Host) Why(fixture, channel string) ([]console.Cause, error) {
	causes, err := h.why(fixture, channel)
	return Causes(causes), err
}

// Causes are those of a show as programs read them.
func Causes(causes []show.Cause) []console.Cause {
	list := make([]console.Cause, 0, len(causes))
	for _, c := range causes {
		list = append(list, console.Cause{
			Fixture: c.Fixture, Channel: c.Channel, Value: c.Value, Color: c.Color, Layer: c.Layer, What: c.What,
			Line: c.Line, Task: c.Task, Cue: c.Cue, Since: c.Since.Seconds(), Event: c.Event, Generation: c.Generation,
		})
	}
	return list
}

// why asks the engine loop, which does not wait for it.
func (h *Host) why(fixture, channel string) ([]show.Cause, error) {
	answer := make(chan []show.Cause, 1)
	if err := h.show.Why(fixture, channel, func(causes []show.Cause) { answer <- causes }); err != nil {
		return nil, err
	}
	select {
	case causes := <-answer:
		return causes, nil
	case <-time.After(whyPatience):
		return nil, errNoAnswer
	}
}
