package console

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestHello: a page is told who it is, and how everything stands.
func TestHello(t *testing.T) {
	s := newStage()
	p := dial(t, open(t, s, "127.0.0.1:0"), nil)
	var hello struct {
		Show, Version, Role string
		Rate                int
	}
	if h := p.next(); h.name != "hello" || json.Unmarshal(h.value, &hello) != nil || hello.Show != "gala" || hello.Role != "drive" || hello.Rate != 44 {
		t.Errorf("%s %s", h.name, h.value)
	}
	var order []string
	for range 4 {
		order = append(order, p.next().name)
	}
	if want := []string{"scene", "board", "moment", "alarm"}; !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
}

// TestWhatChanges is told, and nothing else.
func TestWhatChanges(t *testing.T) {
	s := newStage()
	p := dial(t, open(t, s, "127.0.0.1:0"), nil)
	p.say(`{"see":["stage","output:0","log"]}`)
	if h := p.await("looks"); len(h.binary) != 9+2*11 {
		t.Errorf("all looks have %d bytes", len(h.binary))
	}
	if h := p.await("levels"); len(h.binary) != 11+4+8 {
		t.Errorf("all levels have %d bytes", len(h.binary))
	}
	s.change(func() { s.looks[1] = Look{Intensity: 7, Pan: -90, Held: true} })
	if h := p.await("looks"); !slices.Equal(h.binary[9:], []byte{1, 0, 7, 0, 0, 0, 0xc0, 0xf4, 0, 0, 1}) {
		t.Errorf("looks % x", h.binary[9:])
	}
	s.change(func() { s.slots[1], s.slots[7] = 5, 9 })
	if h := p.await("levels"); !slices.Equal(h.binary[9:], []byte{0, 0, 2, 0, 1, 0, 5, 8, 0, 1, 0, 9}) {
		t.Errorf("levels % x", h.binary[9:])
	}
	s.say("one")
	if h := p.await("lines"); !strings.Contains(string(h.value), `"text":"one"`) {
		t.Errorf("lines %s", h.value)
	}
	s.change(func() { s.board = &Board{Master: 100} })
	if h := p.await("board"); !strings.Contains(string(h.value), `"master":100`) {
		t.Errorf("board %s", h.value)
	}
	s.change(func() { s.alarm = &Alarm{Number: 1, Text: "show.lua:3: no"} })
	if h := p.await("alarm"); !strings.Contains(string(h.value), "show.lua:3") {
		t.Errorf("alarm %s", h.value)
	}
	s.change(func() { s.moment.Held = true })
	for !strings.Contains(string(p.await("moment").value), `"held":true`) {
	}
	s.change(func() { s.scene = &Scene{Generation: 2, Fixtures: make([]Fixture, 3)}; s.looks = make([]Look, 3) })
	if h := p.await("scene"); !strings.Contains(string(h.value), `"generation":2`) {
		t.Errorf("scene %s", h.value)
	}
	if h := p.await("looks"); len(h.binary) != 9+3*11 {
		t.Errorf("all looks of another scene have %d bytes", len(h.binary))
	}
}

// TestLargeMessages end the connection before they are read.
func TestLargeMessages(t *testing.T) {
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	p := dial(t, server, nil)
	p.say(`{"do":["go","` + strings.Repeat("a", maxMessage) + `"]}`)
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			break
		}
	}
	awaitCount(t, &server.refused, tooLarge, 1)
	if did := s.did(); len(did) > 0 {
		t.Errorf("%q was done", did)
	}
}

// TestWhatIsAsked is done and answered.
func TestWhatIsAsked(t *testing.T) {
	s := newStage()
	p := dial(t, open(t, s, "127.0.0.1:0"), nil)
	for ask, want := range map[string]string{
		`{"id":1,"do":["go","main","5"]}`:       `{"id":1,"ok":true,"text":"go done"}`,
		`{"id":2,"do":["jump","9"]}`:            `{"id":2,"ok":false,"text":"there is no such cue"}`,
		`{"id":3,"do":["fly"]}`:                 `{"id":3,"ok":false,"text":"there is no command \"fly\""}`,
		`{"id":4,"why":["wash 9"]}`:             `{"id":4,"ok":false,"text":"there is no fixture of that name"}`,
		`{"id":5,"copy":["wash 1"]}`:            `{"id":5,"ok":true,"text":"","value":"{ wash 1 }"}`,
		`{"id":6,"ping":1}`:                     `{"id":6,"ok":true,"text":""}`,
		`{"id":7,"do":["stop"]}`:                `{"id":7,"ok":true,"text":"stopped"}`,
		`{"id":8,"see":["output:x"]}`:           `{"id":8,"ok":false,"text":"an output is seen by its number in the scene, got \"output:x\""}`,
		`{"id":9,"do":["go","a","b","c"]}`:      `{"id":9,"ok":false,"text":"go takes [LIST] [CUE]"}`,
		`{"nonsense":1}`:                        `{"id":0,"ok":false,"text":"this is no request; there are see, do, why, copy and ping"}`,
		`{"id":10,"do":[[[[[[[[["go"]]]]]]]]]}`: `{"id":0,"ok":false,"text":"this is no request; there are see, do, why, copy and ping"}`,
	} {
		p.say(ask)
		if h := p.await("reply"); string(h.value) != want {
			t.Errorf("%s: %s, want %s", ask, h.value, want)
		}
	}
	done := s.did()
	slices.Sort(done)
	if want := []string{"STOP", "go main 5"}; !slices.Equal(done, want) {
		t.Errorf("%q was done, want %q", done, want)
	}
}
