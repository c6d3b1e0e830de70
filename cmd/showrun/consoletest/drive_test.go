package consoletest

import (
	"strings"
	"testing"
)

// board is what the tests read of GET /api/board.
type board struct {
	Params []struct {
		Name  string
		Value any
	}
	Lists    []struct{ Name, Current, Next string }
	Master   float64
	Blackout bool
	Holds    []struct {
		Fixture, Channel, Color string
		Value                   float64
	}
}

func (h *house) board() (b board) {
	h.Helper()
	if code := h.ask("GET", "/api/board", h.token, "", &b); code != 200 {
		h.Fatalf("GET /api/board: %d", code)
	}
	return b
}

func (b board) param(name string) any {
	for _, p := range b.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// at waits until the main list stands at a cue.
func (h *house) at(b *tab, cue string) {
	h.Helper()
	b.until("the show is at cue "+cue, func() bool { return h.board().Lists[0].Current == cue })
}

// TestGo: GO goes on by its button and by the space bar, once a press; a cue that was
// tapped is next; back goes back.
func TestGo(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)
	b.reads(`no cue yet`)

	b.click(`GO, cue 1`)
	h.at(b, "1")
	b.find("button", `GO, cue 2`)
	b.settle() // what comes at once is taken for a bounce
	b.press(" ")
	h.at(b, "2")
	b.find("button", `GO, cue 3`)
	b.click(`Back`)
	h.at(b, "1")

	// A tap on a cue arms it, and nothing goes yet.
	b.click(`3.*Blue.*`)
	b.find("button", `GO, cue 3`)
	if now := h.board().Lists[0].Current; now != "1" {
		t.Errorf("a tap on a cue has gone to %s", now)
	}
	b.click(`Jump 3`)
	h.at(b, "3")

	// A key that is held down, and one that a field takes, is no GO.
	h.ctl("jump", "main", "1")
	b.find("button", `GO, cue 2`)
	b.clickOn("textbox", "motto")
	b.press(" ")
	b.repeat(" ")
	if now := h.board().Lists[0].Current; now != "1" {
		t.Errorf("a space in a field has gone to %s", now)
	}
}

// TestParams: what the script gives into people's hands is set by slider, switch, choice,
// field and button, and what is set elsewhere is seen.
func TestParams(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)

	b.drag("level", 1)
	b.until("the param is 255", func() bool { return h.board().param("level") == 255.0 })
	h.ctl("param", "level", "51")
	b.findSo("slider", "level", "at 51", func(c control) bool { return strings.HasPrefix(c.value, "51") })

	b.clickOn("switch", "haze")
	b.until("there is haze", func() bool { return h.board().param("haze") == true })
	b.clickOn("radio", "wild")
	b.until("it is wild", func() bool { return h.board().param("mood") == "wild" })
	b.clickOn("textbox", "motto")
	b.press(" there\r")
	b.until("the motto is set", func() bool { return h.board().param("motto") == "hello there" })

	b.click("bump")
	h.says(`bump 0`)

	b.drag("grand master", 0.5)
	b.until("the master is halfway", func() bool { m := h.board().Master; return m > 110 && m < 145 })
	b.click(`.*Blackout`)
	b.until("it is dark", func() bool { return h.board().Blackout })
	b.click(`.*Blackout is on`)
	b.until("it is light", func() bool { return !h.board().Blackout })
}
