package take

import (
	"errors"
	"fmt"
	"math"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

// maxTime bounds the times of a take, so that sums of a few cannot overflow.
const maxTime = 10_000 * time.Hour

// Unit is who sent something. It is comparable; Token alone identifies a unit.
type Unit struct {
	Token    wire.Token
	Name     string // as announced, such as "prime4"
	Software string // hardware code, such as "JC11"
	Version  string
}

// Kind says which fields of an Event count.
type Kind int

// The kinds of events.
const (
	Device Kind = iota // Change and Reason
	State              // Path and JSON
	Beats              // BeatInfo
)

// Event is one thing a unit did or sent.
type Event struct {
	At   time.Duration // since the start of the recording
	Unit Unit
	Kind Kind

	Change stagelinq.DeviceKind
	Reason string // of a loss

	Path string
	JSON string // the value as received, "" for the null string (3.4)

	BeatInfo wire.BeatInfo
}

// check refuses what no unit has sent.
func (e *Event) check(after time.Duration) error {
	switch {
	case e.At < after || e.At > maxTime:
		return fmt.Errorf("its time is %v, after %v", e.At, after)
	case e.Kind == State && e.Path == "":
		return errors.New("a state has no path")
	case e.Kind == State && e.JSON != "":
		_, err := wire.ParseValue(e.JSON)
		return err
	case e.Kind == Beats:
		return checkDecks(e.BeatInfo.Decks)
	case e.Kind != State && e.Kind != Device:
		return fmt.Errorf("its kind is %d", e.Kind)
	}
	return nil
}

func checkDecks(decks []wire.DeckBeat) error {
	if len(decks) > wire.MaxBeatDecks {
		return fmt.Errorf("%d decks: want 0-%d", len(decks), wire.MaxBeatDecks)
	}
	for _, d := range decks {
		for _, v := range []float64{d.Beat, d.Total, d.BPM, d.Sample} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return errors.New("a number of a deck is none")
			}
		}
	}
	return nil
}
