package take

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

const (
	format  = "showrun stagelinq take"
	version = 1
)

// MaxLine is the longest line of a take in bytes, without its end.
const MaxLine = 1 << 20

// maxTime bounds the times of a take, so that sums of a few cannot overflow.
const maxTime = 10_000 * time.Hour

// What can be wrong with a line.
var (
	ErrFormat  = errors.New("not a take: the first line is no header")
	ErrVersion = errors.New("the take has a version this program does not know")
	ErrLong    = fmt.Errorf("the line is longer than %d bytes", MaxLine)
	ErrEvent   = errors.New("no event")
	ErrOrder   = errors.New("the time is before that of the line above")
)

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
	JSON string // the value as received, "" for the null string

	BeatInfo wire.BeatInfo
}

type headerLine struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Date    time.Time `json:"date"`
}

type eventLine struct {
	T      *int64      `json:"t"`
	Unit   *unitLine   `json:"unit"`
	Device *deviceLine `json:"device,omitempty"`
	State  *stateLine  `json:"state,omitempty"`
	Beats  *beatsLine  `json:"beats,omitempty"`
}

type unitLine struct {
	Token    string `json:"token"`
	Name     string `json:"name"`
	Software string `json:"software"`
	Version  string `json:"version"`
}

type deviceLine struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason,omitempty"`
}

type stateLine struct {
	Path string  `json:"path"`
	JSON *string `json:"json"`
}

type beatsLine struct {
	Clock uint64      `json:"clock"`
	Decks [][]float64 `json:"decks"`
}

// AppendHeader appends the header line to b.
func AppendHeader(b []byte, date time.Time) []byte {
	return appendLine(b, headerLine{format, version, date.UTC().Truncate(time.Second)})
}

// ParseHeader reads the header line and returns the date of the recording.
func ParseHeader(line []byte) (time.Time, error) {
	var h headerLine
	if err := json.Unmarshal(line, &h); err != nil || h.Format != format {
		return time.Time{}, ErrFormat
	}
	if h.Version != version {
		return time.Time{}, fmt.Errorf("%w: want %d, got %d", ErrVersion, version, h.Version)
	}
	return h.Date, nil
}

// AppendEvent appends the line of e to b. The numbers of a beat message must be
// finite, as those that a sink receives are.
func AppendEvent(b []byte, e Event) []byte {
	t := int64(e.At)
	l := eventLine{T: &t, Unit: &unitLine{e.Unit.Token.String(), e.Unit.Name, e.Unit.Software, e.Unit.Version}}
	switch e.Kind {
	case Device:
		l.Device = &deviceLine{e.Change.String(), e.Reason}
	case State:
		l.State = &stateLine{Path: e.Path}
		if e.JSON != "" {
			l.State.JSON = &e.JSON
		}
	case Beats:
		l.Beats = &beatsLine{e.BeatInfo.Clock, make([][]float64, len(e.BeatInfo.Decks))}
		for i, d := range e.BeatInfo.Decks {
			l.Beats.Decks[i] = []float64{d.Beat, d.Total, d.BPM, d.Sample}
		}
	}
	return appendLine(b, l)
}

func appendLine(b []byte, l any) []byte {
	buf := bytes.NewBuffer(b)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil { // ends the line too
		panic("take: a line does not encode: " + err.Error())
	}
	return buf.Bytes()
}

// ParseEvent reads the line of an event. Errors wrap ErrEvent.
func ParseEvent(line []byte) (Event, error) {
	var l eventLine
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Event{}, fmt.Errorf("%w: something follows it", ErrEvent)
	}
	e, err := l.event()
	if err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	return e, nil
}

func (l *eventLine) event() (Event, error) {
	if l.T == nil || *l.T < 0 || *l.T > int64(maxTime) {
		return Event{}, errors.New("t must be a time in nanoseconds")
	}
	if l.Unit == nil {
		return Event{}, errors.New("unit is missing")
	}
	token, err := wire.ParseToken(l.Unit.Token)
	if err != nil {
		return Event{}, err
	}
	e := Event{At: time.Duration(*l.T), Unit: Unit{token, l.Unit.Name, l.Unit.Software, l.Unit.Version}}
	kinds := 0
	if l.Device != nil {
		e.Kind, kinds = Device, kinds+1
		e.Reason = l.Device.Reason
		if e.Change, err = parseChange(l.Device.Kind); err != nil {
			return Event{}, err
		}
	}
	if l.State != nil {
		e.Kind, kinds = State, kinds+1
		e.Path = l.State.Path
		if e.Path == "" {
			return Event{}, errors.New("state has no path")
		}
		if l.State.JSON != nil {
			e.JSON = *l.State.JSON
			if _, err := wire.ParseValue(e.JSON); err != nil {
				return Event{}, err
			}
		}
	}
	if l.Beats != nil {
		e.Kind, kinds = Beats, kinds+1
		e.BeatInfo.Clock = l.Beats.Clock
		if e.BeatInfo.Decks, err = parseDecks(l.Beats.Decks); err != nil {
			return Event{}, err
		}
	}
	if kinds != 1 {
		return Event{}, fmt.Errorf("%d of device, state and beats, want one", kinds)
	}
	return e, nil
}

func parseChange(s string) (stagelinq.DeviceKind, error) {
	for k := stagelinq.Found; k <= stagelinq.Lost; k++ {
		if k.String() == s {
			return k, nil
		}
	}
	return 0, fmt.Errorf("device kind %.20q: want found, connected or lost", s)
}

func parseDecks(rows [][]float64) ([]wire.DeckBeat, error) {
	if len(rows) > wire.MaxBeatDecks {
		return nil, fmt.Errorf("%d decks: want 0-%d", len(rows), wire.MaxBeatDecks)
	}
	decks := make([]wire.DeckBeat, len(rows))
	for i, r := range rows {
		if len(r) != 4 {
			return nil, fmt.Errorf("deck %d has %d numbers: want beat, total, bpm and sample", i+1, len(r))
		}
		decks[i] = wire.DeckBeat{Beat: r[0], Total: r[1], BPM: r[2], Sample: r[3]}
	}
	return decks, nil
}
