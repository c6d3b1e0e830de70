package replay

import (
	"time"

	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// feed is what enters a show from outside, at the show times at which it was taken in a
// recording, and what devices say then.
type feed struct {
	rehearse.Feed
	answers answers
	now     func() time.Duration
	unknown int // questions that nobody asked in the recording
}

// take takes what a recorded turn has had from outside. The replay is fed with it after that.
func (f *feed) take(input any, tonight *show.Replay) {
	switch in := input.(type) {
	case show.ScriptTurn:
		for _, ev := range tonight.Outside(in) {
			f.Add(in.Now, ev)
		}
	case show.EngineTurn:
		for _, x := range in.Inputs {
			f.Add(in.Now, x)
		}
	}
}

// answer has devices say what they said in the recording, and nothing else.
func (f *feed) answer(q show.AskDevice) (value any, known bool) {
	value, known = f.answers.to(q, f.now())
	if !known {
		f.unknown++
	}
	return value, true
}
