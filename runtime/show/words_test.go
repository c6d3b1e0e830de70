package show

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRead tells what operators' words do.
func TestRead(t *testing.T) {
	for words, want := range map[string]string{
		"param speed 2.5":   "speed = 2.5 Hz",
		"param speed":       "param takes NAME VALUE",
		"param mood wild":   "mood = wild",
		"param strobe yes":  "strobe = on",
		"trigger bump":      "bump fired",
		"trigger bump 1 x":  "bump fired",
		"trigger":           "trigger takes NAME [VALUE...]",
		"go":                "main: go",
		"go 2":              "main: go 2",
		"go haze":           "haze: go",
		"go haze 1":         "haze: go 1",
		"go storm":          "no cue list is called \"storm\"; there are empty, haze, main",
		"go hase":           `no cue list is called "hase" (did you mean "haze"?)`,
		"go 7":              "list main has no cue 7; it has 3 cues, 1 to 10.5",
		"go main 1 2":       "go takes [LIST] [CUE]",
		"back":              "main: back",
		"back haze":         "haze: back",
		"stop-list":         "main: stopped",
		"jump 2":            "main: jump to 2",
		"jump 2 3":          "main: jump to 2 over 3s",
		"jump 2 250ms":      "main: jump to 2 over 250ms",
		"jump haze 1":       "haze: jump to 1",
		"jump haze 1 1m30s": "haze: jump to 1 over 1m30s",
		"jump hase 1":       `no cue list is called "hase" (did you mean "haze"?)`,
		"jump":              "jump takes [LIST] CUE [OVER]",
		"jump 2 soon":       `a time is a number of seconds or one such as 2s, 250ms or 1m30s, up to 1h0m0s, got "soon"`,
		"jump 2 1e9":        `a time is a number of seconds or one such as 2s, 250ms or 1m30s, up to 1h0m0s, got "1e9"`,
		"jump 2 -1":         "the time must be 0 to 1h0m0s, got -1s",
		"master 255":        "master 100%",
		"master 50% 2":      "master 50% over 2s",
		"master full":       `the master must be 0-255, or 0%-100%, got "full"`,
		"master 101%":       "the master must be 0-255, or 0%-100%, got \"101%\"",
		"master NaN%":       `the master must be 0-255, or 0%-100%, got "NaN%"`,
		"go ''":             "go takes [LIST] [CUE], and one of these was empty",
		"go main ''":        "go takes [LIST] [CUE], and one of these was empty",
		"back ''":           "back takes [LIST], and one of these was empty",
		"trigger ''":        "trigger takes NAME [VALUE...], and one of these was empty",
		"param title ''":    "title = ",
		"go empty":          "list empty has no cue yet",
		"back empty":        "list empty has no cue yet",
		"blackout on":       "blackout on",
		"blackout off 1.5":  "blackout off over 1.5s",
		"blackout maybe":    `a blackout is on or off, got "maybe"`,
		"dance":             `there is no command "dance"`,
	} {
		b := gala()
		fields := strings.Fields(words)
		for i, f := range fields {
			fields[i] = strings.Trim(f, "'")
		}
		op, err := b.Read(fields[0], fields[1:])
		if err == nil {
			op, err = b.Check(op)
		}
		got := b.Describe(op)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s\n  want %s", words, got, want)
		}
	}
	op, _ := gala().Read("trigger", []string{"bump", "1.5", "x", "nan"})
	if got := fmt.Sprintf("%#v", op); got != `show.Fire{Name:"bump", Args:[]interface {}{1.5, "x", "nan"}}` {
		t.Error(got)
	}
}

// TestDescribe says how a list stands.
func TestDescribe(t *testing.T) {
	cues := []Cue{{"1", "Doors"}, {"2", ""}}
	for want, l := range map[string]List{
		"main: before cue 1":                            {Cues: cues, Next: "1"},
		`main: cue 1 "Doors", next 2`:                   {Cues: cues, Current: "1", Next: "2"},
		`main: cue 1 "Doors", next 2, fading 25%`:       {Cues: cues, Current: "1", Next: "2", From: 9 * time.Second, To: 13 * time.Second},
		`main: cue 1 "Doors", follow to cue 2 in 2.5 s`: {Cues: cues, Current: "1", Next: "2", Pending: Pending{"follow", "2", 12500 * time.Millisecond}},
		"main: cue none, wait to cue 1 in 0.0 s":        {Cues: cues, Next: "1", Pending: Pending{"wait", "1", time.Second}},
		"main: cue 2, the last":                         {Cues: cues, Current: "2"},
		"main: no cues":                                 {},
	} {
		l.Name = "main"
		if got := l.Describe(10 * time.Second); got != want {
			t.Errorf("%s\n  want %s", got, want)
		}
	}
}

func TestTell(t *testing.T) {
	for name, want := range map[string]string{
		"":      "speed = 1 Hz, size = 5, strobe = off, mood = calm, title =",
		"speed": "speed = 1 Hz; it takes 0 to 4 Hz",
		"size":  "size = 5; it takes a number",
		"mood":  "mood = calm; it takes one of calm, wild",
		"moon":  `no param is called "moon" (did you mean "mood"?)`,
	} {
		got, err := gala().Tell(name)
		if err != nil {
			got = err.Error()
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%q: %s\n  want %s", name, got, want)
		}
	}
}
