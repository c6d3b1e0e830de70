package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"showrun/runtime/show"
)

// operatedShow is a show that notes what is done with it.
type operatedShow struct {
	board show.Board
	done  []string
}

func (s *operatedShow) EmergencyStop(by string) (int, int) {
	s.done = append(s.done, "stop")
	return 0, 0
}
func (s *operatedShow) Release(string)     { s.done = append(s.done, "release") }
func (s *operatedShow) Lists() []show.List { return s.board.Lists }
func (s *operatedShow) Operate(op show.Operation) (string, error) {
	s.done = append(s.done, strings.TrimPrefix(fmt.Sprintf("%T%v", op, op), "show."))
	if len(s.board.Lists) == 0 {
		return "", errors.New("the show has no cue lists")
	}
	return "done", nil
}

// TestDesk presses keys.
func TestDesk(t *testing.T) {
	two := []show.List{{Name: "main", Current: "5", Next: "6"}, {Name: "haze", Next: "1"}}
	for keys, c := range map[string]struct {
		lists []show.List
		done  string
		seen  string
	}{
		"\rg\nb":    {two, "Go{ } Go{ } Go{ } Back{}", ""},
		"2g 1b":     {two, "Go{haze } stop Back{main}", "GO is for the list haze\nGO is for the list main\n"},
		"3g":        {two, "Go{ }", "there is no cue list 3; the show has 2 cue lists\n"},
		"g":         {nil, "Go{ }", "the show has no cue lists\n"},
		"0xRr\x03G": {two, "release interrupt", "machinery is released with Shift-R, so that no slip of a finger does it\n"},
	} {
		var seen strings.Builder
		s := &operatedShow{board: show.Board{Lists: c.lists}}
		d := desk{show: s, screen: &seen, send: func(os.Signal) { s.done = append(s.done, "interrupt") }}
		for _, key := range keys {
			d.press(key)
		}
		if got := strings.Join(s.done, " "); got != c.done || seen.String() != c.seen {
			t.Errorf("%q did %s\n  want %s\nsaid %q", keys, got, c.done, seen.String())
		}
	}
}

// TestCueOf draws where a list stands.
func TestCueOf(t *testing.T) {
	for want, l := range map[string]show.List{
		"main – → 1":   {Next: "1"},
		"main 5 → 6":   {Current: "5", Next: "6"},
		"main 5 ⇒ 6":   {Current: "5", Next: "6", Pending: show.Pending{Kind: "follow", Cue: "6"}},
		"main 9 → end": {Current: "9"},
	} {
		l.Name = "main"
		if got := cueOf(&l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	lists := &show.Board{Lists: []show.List{{Name: "main"}, {Name: "haze"}}}
	if chosenList(lists, "haze").Name != "haze" || chosenList(lists, "").Name != "main" || chosenList(lists, "gone") != nil || chosenList(nil, "") != nil {
		t.Error("another list is chosen")
	}
}

// TestAChosenListStaysChosen, wherever a new version of the show has it; GO never goes to
// another.
func TestAChosenListStaysChosen(t *testing.T) {
	s := &operatedShow{board: show.Board{Lists: []show.List{{Name: "main"}, {Name: "haze"}}}}
	d := desk{show: s, screen: &strings.Builder{}}
	d.press('2')
	s.board = show.Board{Lists: []show.List{{Name: "sound"}, {Name: "main"}, {Name: "haze"}}}
	d.press('g')
	s.board = show.Board{Lists: []show.List{{Name: "main"}}}
	d.press('g')
	if got := strings.Join(s.done, " "); got != "Go{haze } Go{haze }" {
		t.Errorf("did %s", got)
	}
}
