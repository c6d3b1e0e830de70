package discover

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	width, height := 20, 5
	s := NewScreen(&out, func() (int, int) { return width, height })
	step := func(what, want string, do func()) {
		t.Helper()
		out.Reset()
		do()
		if out.String() != want {
			t.Errorf("%s: %q, want %q", what, out.String(), want)
		}
	}
	step("nothing", "", func() { s.Draw(nil) })
	step("first", "one\ntwo\n", func() { s.Draw([]string{"one", "two"}) })
	step("the same", "", func() { s.Draw([]string{"one", "two"}) })
	step("a log line", "\r\x1b[2A\x1b[Jlog\none\ntwo\n", func() { s.Write([]byte("log\n")) })
	step("another", "\r\x1b[2A\x1b[Jthree\n", func() { s.Draw([]string{"three"}) })
	step("too wide", "\r\x1b[1A\x1b[J"+strings.Repeat("é", 19)+"\n", func() { s.Draw([]string{strings.Repeat("é", 30)}) })
	step("too high", "\r\x1b[1A\x1b[J1\n2\n3\n... 2 lines more\n", func() { s.Draw([]string{"1", "2", "3", "4", "5"}) })
	step("just right", "\r\x1b[4A\x1b[J1\n2\n3\n4\n", func() { s.Draw([]string{"1", "2", "3", "4"}) })
	width, height = 0, 0
	step("no size", "\r\x1b[4A\x1b[J", func() { s.Draw([]string{"1", "2"}) })
	step("log alone", "log\n", func() { s.Write([]byte("log\n")) })
}

func TestScreenKeeps(t *testing.T) {
	drawn := make(chan bool, 100)
	var out bytes.Buffer
	s := NewScreen(&out, func() (int, int) { return 80, 24 })
	stop := s.Keep(func(time.Time) []string { drawn <- true; return []string{"list"} })
	<-drawn
	<-drawn
	stop()
	if got := out.String(); got != "list\n\r\x1b[1A\x1b[J" {
		t.Errorf("drawn %q", got)
	}
}

func TestLines(t *testing.T) {
	got := Lines([]Section{
		{Title: "A", Doing: "asking", Columns: []string{"NAME", "X"}, Rows: []Row{
			{Cells: []string{"longer one", ""}, Details: []string{"below\n\x07"}}, {Cells: []string{"ü", "y"}},
		}},
		{Title: "B", Remarks: []string{"one\ntwo"}},
	})
	want := []string{
		"A: 2 devices (asking)",
		"  NAME        X",
		"  longer one",
		"      below??",
		"  ü           y",
		"",
		"B: nothing found",
		"  one",
		"  two",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	var out bytes.Buffer
	sections := []Section{{Title: "A", Doing: "asking"}}
	if err := WriteText(&out, sections); err != nil || out.String() != "A: nothing found\n" || sections[0].Doing == "" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
