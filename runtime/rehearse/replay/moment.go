package replay

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
	"showrun/runtime/show"
)

// Moment is one of a recording that people name. The zero Moment never comes.
type Moment struct {
	by        by
	at        time.Duration // of the show
	beat      beat.Micro    // or the first time that the beat is there
	list, cue string        // or that the list comes to the cue
}

// by is what a moment is named by.
type by uint8

const (
	byNothing by = iota
	byTime
	byBeat
	byCue
)

// resolve makes it one of a time if the player has got to where that is known.
func (m *Moment) resolve(p *Player) {
	switch m.by {
	case byBeat:
		course := p.Plan().Course
		if at, ok := course.Time(course.Line(p.now).Epoch, m.beat); ok && at <= show.TimeOf(p.next.input) {
			*m = At(max(at, p.now))
		}
	case byCue:
		l, err := p.Board().List(m.list)
		if err != nil {
			return
		}
		if c, err := l.Cue(m.cue); err == nil && c.Number == l.Current {
			// An output that has just changed shows it a frame later.
			*m = At(max(l.From, p.now) + 2*time.Second/time.Duration(cmp.Or(p.cfg.Rate, engine.DefaultRate)))
		}
	}
}

// At is the moment of a show time.
func At(at time.Duration) Moment { return Moment{by: byTime, at: at} }

// OnBeat is the moment at which the beat of the show gets to a position.
func OnBeat(position float64) Moment { return Moment{by: byBeat, beat: beat.FromFloat(position)} }

// InCue is the moment at which a cue of a list is fired and its first frame is there, "" for
// the main list.
func InCue(list, number string) Moment { return Moment{by: byCue, list: list, cue: number} }

// ParseTime reads a moment of a recording that began on a date: a show time such as 12m3s or
// 723.5, or the time of day, as in 21:43:05, at which it was after the recording had begun,
// the next day if it had gone past midnight.
func ParseTime(text string, zero time.Time, began time.Duration) (Moment, error) {
	at, err := time.ParseDuration(text)
	if s, e := strconv.ParseFloat(text, 64); e == nil && s >= 0 && s < 1e9 {
		at, err = time.Duration(s*float64(time.Second)), nil
	}
	switch {
	case err == nil && at < began.Truncate(time.Second):
		return Moment{}, fmt.Errorf("the recording begins at show time %s, got %q", Show(began), text)
	case err == nil:
		return At(at), nil
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		clock, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		first := zero.Add(began)
		day := time.Date(first.Year(), first.Month(), first.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), first.Location())
		if day.Before(first.Truncate(time.Second)) {
			day = day.AddDate(0, 0, 1)
		}
		return At(day.Sub(zero)), nil
	}
	return Moment{}, fmt.Errorf("the time must be one of day such as 21:43:05, or of the show such as 12m3s, got %q", text)
}

// ParseBeat reads a position of the beat.
func ParseBeat(text string) (Moment, error) {
	b, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(b) < 1e9) {
		return Moment{}, fmt.Errorf("the beat must be a number, got %q", text)
	}
	return OnBeat(b), nil
}

// ParseCue reads a cue: its number, or that of another list than the main one as in "side 5".
func ParseCue(text string) (Moment, error) {
	text = strings.TrimSpace(text)
	list, number := "", text
	if i := strings.LastIndexByte(text, ' '); i >= 0 {
		list, number = strings.TrimSpace(text[:i]), text[i+1:]
	}
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return Moment{}, fmt.Errorf("the cue must be a number, after the name of its list if that is not the main one, got %q", text)
	}
	return InCue(list, number), nil
}
