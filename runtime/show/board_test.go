package show

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// gala is a board with something of everything.
func gala() *Board {
	inf := math.Inf(1)
	return &Board{
		Params: []Param{
			{Name: "speed", Value: 1.0, Default: 1.0, Min: 0, Max: 4, Step: 0.1, Unit: "Hz"},
			{Name: "size", Value: 5.0, Default: 5.0, Min: -inf, Max: inf},
			{Name: "strobe", Value: false, Default: false},
			{Name: "mood", Value: "calm", Default: "calm", Choices: []string{"calm", "wild"}},
			{Name: "title", Value: "", Default: ""},
		},
		Triggers: []Trigger{{Name: "bump"}, {Name: "confetti"}},
		Lists: []List{
			{Name: "main", Cues: []Cue{{"1", "Doors"}, {"2", ""}, {"10.5", "Storm"}}},
			{Name: "haze", Cues: []Cue{{"1", ""}}},
			{Name: "empty"},
		},
	}
}

// TestCheck tells what becomes of an operation.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		op   Operation
		want string
	}{
		{SetParam{"speed", 2.5}, "SetParam{speed 2.5}"},
		{SetParam{"speed", "2.5"}, "SetParam{speed 2.5}"},
		{SetParam{"speed", " 2.53 "}, "SetParam{speed 2.5}"},
		{SetParam{"speed", 0.30000001}, "SetParam{speed 0.3}"},
		{SetParam{"speed", true}, "SetParam{speed 1}"},
		{SetParam{"speed", 4.04}, "speed must be 0 to 4 Hz, got 4.04"},
		{SetParam{"speed", "fast"}, `speed must be 0 to 4 Hz, got "fast"`},
		{SetParam{"speed", "nan"}, `speed must be 0 to 4 Hz, got "nan"`},
		{SetParam{"speed", ""}, `speed must be 0 to 4 Hz, got ""`},
		{SetParam{"size", -1e9}, "SetParam{size -1e+09}"},
		{SetParam{"size", math.Inf(1)}, "size must be a number, got +Inf"},
		{SetParam{"strobe", true}, "SetParam{strobe true}"},
		{SetParam{"strobe", "ON"}, "SetParam{strobe true}"},
		{SetParam{"strobe", 0.0}, "SetParam{strobe false}"},
		{SetParam{"strobe", 0.5}, "strobe must be on or off, got 0.5"},
		{SetParam{"strobe", "maybe"}, `strobe must be on or off, got "maybe"`},
		{SetParam{"mood", "wild"}, "SetParam{mood wild}"},
		{SetParam{"mood", "wld"}, `mood must be one of calm, wild, got "wld" (did you mean "wild"?)`},
		{SetParam{"mood", true}, "mood must be one of calm, wild, got on"},
		{SetParam{"title", "Act 1"}, "SetParam{title Act 1}"},
		{SetParam{"title", 7.0}, "SetParam{title 7}"},
		{SetParam{"title", strings.Repeat("x", 2000)}, "title must be a text of up to 1024 bytes, got \"" + strings.Repeat("x", 60) + "…\""},
		{SetParam{"sped", 1.0}, `no param is called "sped" (did you mean "speed"?)`},
		{SetParam{"volume", 1.0}, `no param is called "volume"; there are mood, size, speed, strobe, title`},
		{Fire{Name: "bump"}, "Fire{bump []}"},
		{Fire{Name: "confeti"}, `no trigger is called "confeti" (did you mean "confetti"?)`},
		{Fire{"bump", []any{1.0, strings.Repeat("x", 2000)}}, "a trigger takes texts of up to 1024 bytes, got \"" + strings.Repeat("x", 60) + "…\""},
		{Fire{"bump", make([]any, 17)}, "a trigger takes up to 16 values, got 17"},
		{Fire{}, "name the trigger; there are bump, confetti"},
		{Go{}, "Go{main }"},
		{Go{List: "haze"}, "Go{haze }"},
		{Go{Cue: "10.50"}, "Go{main 10.5}"},
		{Go{Cue: "3"}, "list main has no cue 3; it has 3 cues, 1 to 10.5"},
		{Go{List: "haze", Cue: "2"}, "list haze has no cue 2; it has 1"},
		{Go{List: "empty", Cue: "2"}, "list empty has no cue yet"},
		{Go{Cue: "storm"}, `a cue has a number, got "storm"`},
		{Go{List: "mian"}, `no cue list is called "mian" (did you mean "main"?)`},
		{Back{}, "Back{main}"},
		{Back{"hase"}, `no cue list is called "hase" (did you mean "haze"?)`},
		{StopList{"haze"}, "StopList{haze}"},
		{Jump{Cue: "2", Over: time.Second}, "Jump{main 2 1s}"},
		{Jump{}, "a jump needs the number of a cue"},
		{Jump{Cue: "2", Over: -1}, "the time must be 0 to 1h0m0s, got -1ns"},
		{Master{Level: 128}, "Master{128 0s}"},
		{Master{Level: 256}, "the master must be 0-255, or 0%-100%, got 256"},
		{Master{Level: math.NaN()}, "the master must be 0-255, or 0%-100%, got NaN"},
		{Blackout{On: true, Over: 2 * time.Hour}, "the time must be 0 to 1h0m0s, got 2h0m0s"},
		{nil, "nobody knows how to <nil>"},
	} {
		op, err := gala().Check(c.op)
		got := strings.TrimPrefix(fmt.Sprintf("%T%v", op, op), "show.")
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%#v: %s\n  want %s", c.op, got, c.want)
		}
	}
}

// TestFitStaysFinite: a step that is too small for a number leaves it as it is.
func TestFitStaysFinite(t *testing.T) {
	p := Param{Name: "p", Default: 5.0, Min: math.Inf(-1), Max: math.Inf(1), Step: 1e-300}
	for _, n := range []float64{1e10, -1e300, 5} {
		if fit, err := p.Fit(n); err != nil || fit != n {
			t.Errorf("%g: %v, %v", n, fit, err)
		}
	}
}

// TestCheckOfNothing: a show that declares nothing says so.
func TestCheckOfNothing(t *testing.T) {
	for _, c := range []struct {
		op   Operation
		want string
	}{
		{SetParam{"speed", 1.0}, "the show has no params"},
		{Fire{Name: "bump"}, "the show has no triggers"},
		{Go{}, "the show has no cue lists"},
		{Go{List: "main"}, "the show has no cue lists"},
	} {
		if _, err := new(Board).Check(c.op); err == nil || err.Error() != c.want {
			t.Errorf("%#v: %v, want %s", c.op, err, c.want)
		}
	}
}
