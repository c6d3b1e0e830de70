package rehearse_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/device/midi"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// TestFeedEntersLater: what another show took enters this one with its times shifted, an
// emergency stop included, and what that made by itself does not.
func TestFeedEntersLater(t *testing.T) {
	var got []string
	r, err := rehearse.New(rehearse.Options{
		Name: "show", File: "show.lua", Bind: bindings.New, Lookahead: 50 * time.Millisecond,
		Record: func(input any) {
			switch in := input.(type) {
			case show.EngineTurn:
				for _, x := range in.Inputs {
					switch x.(type) {
					case show.Observed, show.Aliased, show.Barred, show.Held:
						got = append(got, fmt.Sprintf("%v %+v", in.Now, x))
					}
				}
			case show.ScriptTurn:
				for _, ev := range in.Events {
					if ev.Topic == "tape" {
						got = append(got, fmt.Sprintf("%v %+v", in.Now, ev))
					}
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Load(context.Background(), fstest.MapFS{"show.lua": {}}); err != nil {
		t.Fatal(err)
	}
	feed := &rehearse.Feed{To: r.Show(), Shift: 2 * time.Second}
	observed := show.Observed{Source: "dj", Observation: beat.Observation{Arrival: time.Second, BPM: 100}}
	feed.Add(time.Second, observed)
	feed.Add(time.Second, show.Handed{Number: 1})
	feed.Add(1500*time.Millisecond, show.Held{On: true})
	feed.Add(1700*time.Millisecond, show.Barred{})
	feed.Add(1800*time.Millisecond, show.Held{})
	tape := midi.TimecodeEvent{Timecode: midi.Timecode{Frame: 7, At: 1900 * time.Millisecond, Running: true}}
	feed.Add(2*time.Second, script.Event{Topic: "tape", At: 1900 * time.Millisecond, Value: tape})
	r.Bring(feed)
	if err := r.Until(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	observed.Arrival += feed.Shift
	tape.At += feed.Shift
	want := []string{
		fmt.Sprintf("3s %+v", observed), "3.5s {On:true}", "3.7s {}", "3.8s {On:false}",
		fmt.Sprintf("4s %+v", script.Event{Topic: "tape", At: 3900 * time.Millisecond, Value: tape}),
	}
	if !slices.Equal(got, want) {
		t.Errorf("entered: %q, want %q", got, want)
	}
	if at := feed.Next(); at != beat.Never {
		t.Errorf("something is left for %v", at)
	}
}

// TestLaterMovesInstants and nothing else, in a copy.
func TestLaterMovesInstants(t *testing.T) {
	was := midi.TimecodeEvent{Timecode: midi.Timecode{Frame: 7, At: time.Second, Running: true}, Jump: true}
	is := was
	is.At = 3 * time.Second
	if got := rehearse.Later(was, 2*time.Second); got != any(is) || was.At != time.Second {
		t.Errorf("got %+v, expected %+v, of %+v", got, is, was)
	}
	for _, x := range []any{nil, true, "text", midi.ShowControl{Time: time.Second}, stagelinq.Deck{Length: time.Minute}} {
		if got := rehearse.Later(x, time.Second); got != x {
			t.Errorf("got %+v of %+v", got, x)
		}
	}
}
