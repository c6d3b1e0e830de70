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
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// TestFeedEntersLater: what another show took enters this one with its times shifted, an
// emergency stop included, and what that made by itself does not.
func TestFeedEntersLater(t *testing.T) {
	var got []string
	r, err := rehearse.New(rehearse.Options{
		Name: "show", File: "show.lua", Bind: bindings.New, Lookahead: 50 * time.Millisecond,
		Record: func(input any) {
			in, ok := input.(show.EngineTurn)
			if !ok {
				return
			}
			for _, x := range in.Inputs {
				switch x.(type) {
				case show.Observed, show.Aliased, show.Barred, show.Held:
					got = append(got, fmt.Sprintf("%v %+v", in.Now, x))
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
	r.Bring(feed)
	if err := r.Until(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	observed.Arrival += feed.Shift
	want := []string{fmt.Sprintf("3s %+v", observed), "3.5s {On:true}", "3.7s {}", "3.8s {On:false}"}
	if !slices.Equal(got, want) {
		t.Errorf("entered: %q, want %q", got, want)
	}
	if at := feed.Next(); at != beat.Never {
		t.Errorf("something is left for %v", at)
	}
}
