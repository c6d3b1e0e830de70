package take

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	evening = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	prime   = Unit{wire.Token{1, 15: 0xff}, "prime4", "JC11", "3.4.0"}
	left    = Unit{wire.Token{2}, "sc6000", "JP13", "2.3.1"}
	right   = Unit{wire.Token{3}, "sc6000", "JP13", "2.3.1"}
)

// events are all there is to record, with what is hard to write down.
func events() []Event {
	ms := time.Millisecond
	return []Event{
		{At: 0, Unit: prime, Kind: Device, Change: stagelinq.Found},
		{At: 500 * ms, Unit: prime, Kind: Device, Change: stagelinq.Connected},
		{At: 501 * ms, Unit: prime, Kind: State, Path: "/Engine/Deck1/PlayState", JSON: `{"state":true,"type":1}`},
		{At: 501 * ms, Unit: prime, Kind: State, Path: "/Engine/Deck1/Track/SongName", JSON: "{\"string\" : \"Söng \U0001d11e <&>\\n\\u0000\",\n\"type\":8}"},
		{At: 502 * ms, Unit: left, Kind: State, Path: "/Client/Preferences/Player"},
		{At: 502*ms + 1, Unit: prime, Kind: Beats, BeatInfo: wire.BeatInfo{Clock: math.MaxUint64, Decks: []wire.DeckBeat{
			{Beat: -0.1, Total: 400.9927, BPM: 121.97546386718751, Sample: 6865523.501393173},
			{Beat: math.Copysign(0, -1), Total: math.MaxFloat64, BPM: math.SmallestNonzeroFloat64, Sample: 1e21},
		}}},
		{At: 503 * ms, Unit: left, Kind: Beats, BeatInfo: wire.BeatInfo{Decks: []wire.DeckBeat{}}},
		{At: 2 * time.Hour, Unit: prime, Kind: Device, Change: stagelinq.Lost, Reason: "unit \"left\""},
	}
}

// recorded writes a take of events.
func recorded(t testing.TB, list []Event) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, evening)
	for _, e := range list {
		w.Add(e)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads a take to its end.
func readAll(in io.Reader) (list []Event, r *Reader, err error) {
	if r, err = NewReader(in); err != nil {
		return nil, nil, err
	}
	for {
		e, err := r.Next()
		if err == io.EOF {
			return list, r, nil
		}
		if err != nil {
			return list, r, err
		}
		list = append(list, e)
	}
}

func TestRoundTrip(t *testing.T) {
	text := recorded(t, events())
	got, r, err := readAll(bytes.NewReader(text))
	if err != nil || r.Truncated() != 0 || !r.Date().Equal(evening) {
		t.Fatalf("%v, truncated %d, %v", err, r.Truncated(), r.Date())
	}
	if want := events(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if math.Signbit(got[5].BeatInfo.Decks[1].Beat) != true {
		t.Error("the sign of zero got lost")
	}
	if n := bytes.Count(text, []byte("\n")); n != len(got)+1 {
		t.Errorf("%d lines for %d events", n, len(got))
	}
}

func TestTheFormatIsWhatTheDocumentationSays(t *testing.T) {
	const text = `{"format":"showrun stagelinq take","version":1,"date":"2026-11-21T20:00:00Z"}
{"t":81203301,"unit":{"token":"01000000-0000-0000-0000-0000000000ff","name":"prime4","software":"JC11","version":"3.4.0"},"device":{"kind":"lost","reason":"unit left"}}
{"t":590004170,"unit":{"token":"01000000-0000-0000-0000-0000000000ff","name":"prime4","software":"JC11","version":"3.4.0"},"state":{"path":"/Engine/Deck1/PlayState","json":"{\"state\":true,\"type\":1}"}}
{"t":590004170,"unit":{"token":"01000000-0000-0000-0000-0000000000ff","name":"prime4","software":"JC11","version":"3.4.0"},"state":{"path":"/x","json":null}}
{"t":623337512,"unit":{"token":"01000000-0000-0000-0000-0000000000ff","name":"prime4","software":"JC11","version":"3.4.0"},"beats":{"clock":25472891220,"decks":[[64.5,512,128,1366743.75],[0,0,120,0]]}}
`
	list, _, err := readAll(strings.NewReader(text))
	if err != nil || len(list) != 4 {
		t.Fatalf("%d events, %v", len(list), err)
	}
	if again := recorded(t, list); string(again) != text {
		t.Errorf("read and written again:\n%s", again)
	}
}

// TestTruncated cuts a take at every byte: what is whole is read, a piece of a
// line is reported, never an error once the header is there.
func TestTruncated(t *testing.T) {
	text, want := recorded(t, events()), events()
	header := bytes.IndexByte(text, '\n')
	for n := range text {
		list, r, err := readAll(bytes.NewReader(text[:n]))
		if n < header {
			var le *LineError
			if !errors.As(err, &le) || le.Line != 1 || !errors.Is(err, ErrFormat) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		whole := bytes.Count(text[:n], []byte("\n")) - 1
		cut := 0
		switch {
		case n == header:
			whole = 0
		case text[n] == '\n':
			whole++ // all but its end is there
		case text[n-1] != '\n':
			cut = whole + 2
		}
		if err != nil || len(list) != whole || r.Truncated() != cut || !reflect.DeepEqual(list, append([]Event(nil), want[:whole]...)) {
			t.Fatalf("%d bytes: %d events, truncated %d, %v; want %d, %d", n, len(list), r.Truncated(), err, whole, cut)
		}
	}
}

const (
	head = `{"format":"showrun stagelinq take","version":1,"date":"2026-11-21T20:00:00Z"}` + "\n"
	unit = `"unit":{"token":"01000000-0000-0000-0000-0000000000ff","name":"n","software":"s","version":"v"}`
	good = `{"t":5,` + unit + `,"device":{"kind":"found"}}` + "\n"
)

func TestBadLines(t *testing.T) {
	long := `{"t":5,` + unit + `,"state":{"path":"/` + strings.Repeat("x", MaxLine) + `","json":null}}`
	for _, c := range []struct {
		text string
		line int
		want error
		says string
	}{
		{"", 1, ErrFormat, ""},
		{"\n", 1, ErrFormat, ""},
		{good, 1, ErrFormat, ""},
		{"RIFF....", 1, ErrFormat, ""},
		{strings.Repeat("x", MaxLine+1), 1, ErrLong, ""},
		{`{"format":"showrun stagelinq take","version":2}` + "\n", 1, ErrVersion, "want 1, got 2"},
		{head + "\n" + good, 2, ErrEvent, ""},
		{head + good + "null\n", 3, ErrEvent, "t must be"},
		{head + good + "[]\n", 3, ErrEvent, ""},
		{head + good + good[:40] + "\n", 3, ErrEvent, ""},
		{head + good + strings.TrimSpace(good) + " 1\n", 3, ErrEvent, "something follows"},
		{head + strings.TrimSpace(good) + strings.TrimSpace(good) + "\n", 2, ErrEvent, "something follows"},
		{head + `{` + unit + `,"device":{"kind":"found"}}` + "\n", 2, ErrEvent, "t must be"},
		{head + `{"t":-1,` + unit + `,"device":{"kind":"found"}}` + "\n", 2, ErrEvent, "t must be"},
		{head + `{"t":9223372036854775807,` + unit + `,"device":{"kind":"found"}}` + "\n", 2, ErrEvent, "t must be"},
		{head + `{"t":1.5,` + unit + `,"device":{"kind":"found"}}` + "\n", 2, ErrEvent, ""},
		{head + `{"t":5,"device":{"kind":"found"}}` + "\n", 2, ErrEvent, "unit is missing"},
		{head + `{"t":5,"unit":{"token":"12"},"device":{"kind":"found"}}` + "\n", 2, ErrEvent, `token "12"`},
		{head + `{"t":5,` + unit + `}` + "\n", 2, ErrEvent, "0 of device"},
		{head + `{"t":5,` + unit + `,"device":{"kind":"found"},"beats":{"clock":1,"decks":[]}}` + "\n", 2, ErrEvent, "2 of device"},
		{head + `{"t":5,` + unit + `,"device":{"kind":"seen"}}` + "\n", 2, ErrEvent, `device kind "seen"`},
		{head + `{"t":5,` + unit + `,"colour":1}` + "\n", 2, ErrEvent, "colour"},
		{head + `{"t":5,` + unit + `,"state":{"json":null}}` + "\n", 2, ErrEvent, "no path"},
		{head + `{"t":5,` + unit + `,"state":{"path":"/a","json":"true"}}` + "\n", 2, ErrEvent, ""},
		{head + `{"t":5,` + unit + `,"state":{"path":"/a","json":""}}` + "\n", 2, ErrEvent, ""},
		{head + `{"t":5,` + unit + `,"beats":{"clock":-1,"decks":[]}}` + "\n", 2, ErrEvent, ""},
		{head + `{"t":5,` + unit + `,"beats":{"clock":1,"decks":[[1,2,3]]}}` + "\n", 2, ErrEvent, "deck 1 has 3 numbers"},
		{head + `{"t":5,` + unit + `,"beats":{"clock":1,"decks":[[1,2,3,4,5]]}}` + "\n", 2, ErrEvent, "deck 1 has 5 numbers"},
		{head + `{"t":5,` + unit + `,"beats":{"clock":1,"decks":[[1e400,2,3,4]]}}` + "\n", 2, ErrEvent, ""},
		{head + `{"t":5,` + unit + `,"beats":{"clock":1,"decks":[` + strings.Repeat("[],", 16) + `[]]}}` + "\n", 2, ErrEvent, "17 decks"},
		{head + good + `{"t":4,` + unit + `,"device":{"kind":"found"}}` + "\n", 3, ErrOrder, ""},
		{head + good + long + "\n", 3, ErrLong, ""},
	} {
		_, _, err := readAll(strings.NewReader(c.text))
		var le *LineError
		if !errors.As(err, &le) || le.Line != c.line || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.120q: %v, want %v with %q in line %d", c.text, err, c.want, c.says, c.line)
		}
	}
}

// TestLongestLine reads a line as long as may be, and what comes after it.
func TestLongestLine(t *testing.T) {
	fill := MaxLine - len(`{"t":5,`+unit+`,"state":{"path":"/","json":null}}`)
	line := `{"t":5,` + unit + `,"state":{"path":"/` + strings.Repeat("x", fill) + `","json":null}}`
	if list, _, err := readAll(strings.NewReader(head + line + "\n" + good)); err != nil || len(list) != 2 {
		t.Errorf("%d events, %v", len(list), err)
	}
}

// TestReadErrors hands errors of the file on, with the line they came in.
func TestReadErrors(t *testing.T) {
	broken := errors.New("disk gone")
	in := io.MultiReader(strings.NewReader(head+good+good[:20]), errReader{broken})
	list, _, err := readAll(in)
	if len(list) != 1 || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "line 3: ") {
		t.Errorf("%d events, %v", len(list), err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestLoad(t *testing.T) {
	list := events()
	state := func(at time.Duration, u Unit, json string) Event {
		return Event{At: at, Unit: u, Kind: State, Path: "/a", JSON: json}
	}
	list = append(list, state(3*time.Hour, right, `{"state":true,"type":1}`), state(4*time.Hour, prime, `{"state":true,"type":1}`))
	text := recorded(t, list)
	for _, c := range []struct {
		unit   string
		want   Unit
		events int
	}{
		{"", prime, 4},
		{"prime4", prime, 4},
		{left.Token.String(), left, 2},
		{right.Token.String(), right, 1},
	} {
		got, err := Load(bytes.NewReader(text), c.unit)
		if err != nil || got.Unit != c.want || len(got.Events) != c.events || got.Truncated != 0 || !got.Date.Equal(evening) {
			t.Errorf("%q: %+v, %v", c.unit, got, err)
			continue
		}
		if fmt.Sprint(got.Units) != fmt.Sprint([]Unit{prime, left, right}) {
			t.Errorf("units %v", got.Units)
		}
		for _, e := range got.Events {
			if e.Unit != c.want || e.Kind == Device {
				t.Errorf("%+v", e)
			}
		}
	}
	for unit, says := range map[string]string{
		"sc6000": "2 are called \"sc6000\", name one by its token: sc6000 (02000000-0000-0000-0000-000000000000), sc6000 (03000000",
		"sc5000": `want "sc5000", have prime4 (01000000-0000-0000-0000-0000000000ff), sc6000 (`,
	} {
		if got, err := Load(bytes.NewReader(text), unit); got != nil || !errors.Is(err, ErrUnit) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", unit, err)
		}
	}
	if got, err := Load(bytes.NewReader(text[:len(text)-9]), ""); err != nil || len(got.Events) != 3 || got.Truncated != len(list)+1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Load(strings.NewReader(head+good), ""); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	var le *LineError
	if _, err := Load(strings.NewReader(head+"x\n"), ""); !errors.As(err, &le) || le.Line != 2 {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(recorded(f, events()))
	f.Add([]byte(head + good))
	f.Add([]byte(head + good + good[:30]))
	f.Add([]byte(head + `{"t":5,` + unit + `,"beats":{"clock":1,"decks":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, r, err := readAll(bytes.NewReader(text))
		var le *LineError
		if err != nil && (!errors.As(err, &le) || le.Line < 1 || le.Line > bytes.Count(text, []byte("\n"))+1) {
			t.Fatalf("%v", err)
		}
		if err == nil && r.Truncated() != 0 && bytes.HasSuffix(text, []byte("\n")) {
			t.Fatalf("truncated at line %d, but the last line has its end", r.Truncated())
		}
		again, _, err := readAll(bytes.NewReader(recorded(t, list)))
		if err != nil || !reflect.DeepEqual(again, list) {
			t.Fatalf("%+v became %+v, %v", list, again, err)
		}
	})
}
