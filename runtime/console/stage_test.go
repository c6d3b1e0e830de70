package console

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A stage is a show as a test has it: it stands as the test says, and notes what it does.
type stage struct {
	mu     sync.Mutex
	scene  *Scene
	board  *Board
	moment Moment
	looks  []Look
	slots  []byte
	movers []Mover
	house  House
	lines  []Line
	more   chan struct{}
	alarm  *Alarm
	done   []string
	houses int // how often it was asked for
	began  time.Time
	faulty bool // its board is
}

func newStage() *stage {
	return &stage{
		scene: &Scene{Generation: 1, Show: "gala", Fixtures: []Fixture{{Name: "wash 1"}, {Name: "wash 2"}}, Outputs: []Output{{Name: "1", Slots: 8}}},
		board: &Board{Master: 255}, looks: make([]Look, 2), slots: make([]byte, 8), more: make(chan struct{}),
		house: House{Rate: 44, Frames: 100}, began: time.Now(),
	}
}

func (s *stage) change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}

func seen[T any](s *stage, what func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return what()
}

func (s *stage) Scene() *Scene { return seen(s, func() *Scene { return s.scene }) }
func (s *stage) Board() *Board {
	return seen(s, func() *Board {
		if s.faulty {
			panic("a fault")
		}
		return s.board
	})
}
func (s *stage) Now() Moment {
	return seen(s, func() Moment {
		m := s.moment
		m.Time = time.Since(s.began).Seconds()
		return m
	})
}
func (s *stage) Looks(_ *Scene, to []Look) []Look {
	return seen(s, func() []Look { return append(to, s.looks...) })
}
func (s *stage) Levels(_ *Scene, _ int, to []byte) []byte {
	return seen(s, func() []byte { return append(to, s.slots...) })
}
func (s *stage) Movers(*Scene) []Mover { return seen(s, func() []Mover { return s.movers }) }
func (s *stage) House() *House {
	return seen(s, func() *House { s.houses++; h := s.house; return &h })
}
func (s *stage) Log(after uint64) ([]Line, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []Line
	for _, l := range s.lines {
		if l.Number > after {
			lines = append(lines, l)
		}
	}
	return lines, s.more
}
func (s *stage) Alarm() *Alarm { return seen(s, func() *Alarm { return s.alarm }) }
func (s *stage) Why(fixture, channel string) ([]Cause, error) {
	if fixture != "wash 1" {
		return nil, errors.New("there is no fixture of that name")
	}
	return []Cause{{Fixture: fixture, Channel: channel, Value: 12, Layer: "cue"}}, nil
}
func (s *stage) Copy(fixtures []string) (string, error) {
	return "{ " + strings.Join(fixtures, ", ") + " }", nil
}

func (s *stage) note(what string) { s.change(func() { s.done = append(s.done, what) }) }

func (s *stage) Do(by, command string, words []string) (string, error) {
	if command == "jump" {
		return "", errors.New("there is no such cue")
	}
	s.note(strings.Join(append([]string{command}, words...), " "))
	return command + " done", nil
}
func (s *stage) Stop(by string) { s.note("STOP") }

func (s *stage) did() []string {
	return seen(s, func() []string { return append([]string(nil), s.done...) })
}

// say puts a line into the log.
func (s *stage) say(text string) {
	s.change(func() {
		s.lines = append(s.lines, Line{Number: uint64(len(s.lines) + 1), Level: "info", Text: text})
		close(s.more)
		s.more = make(chan struct{})
	})
}

var testVerbs = []Verb{{"go", "[LIST] [CUE]", "GO", 0, 2}, {"jump", "CUE", "Jump", 1, 3}, {"stop", "", "Emergency stop", 0, 0}}

var testTokens = Tokens{Drive: "drive-token-of-the-test", Watch: "watch-token-of-the-test"}

// open opens a console of a stage until the test ends.
func open(t *testing.T, s *stage, address string) *Server {
	t.Helper()
	server, err := Listen(address, Config{
		View: s, Do: s, Verbs: testVerbs, Show: "gala", Version: "v1", Rate: 44, Started: time.Now(), Log: slog.New(slog.DiscardHandler),
		Tokens: func() (Tokens, error) { return testTokens, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return server
}

// A heard message is one of a viewer: a member of an object, or a binary frame.
type heard struct {
	name   string
	time   float64
	value  json.RawMessage
	binary []byte
}

// A phone is a viewer of a test.
type phone struct {
	*testing.T
	*websocket.Conn
}

func dial(t *testing.T, s *Server, header http.Header) *phone {
	t.Helper()
	c, answer, err := websocket.DefaultDialer.Dial("ws://"+s.Address().String()+"/live", header)
	if err != nil {
		t.Fatal(err, answer)
	}
	t.Cleanup(func() { c.Close() })
	return &phone{t, c}
}

func (p *phone) say(text string) {
	p.Helper()
	if err := p.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.Fatal(err)
	}
}

// next is the next message.
func (p *phone) next() heard {
	p.Helper()
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, b, err := p.ReadMessage()
	if err != nil {
		p.Fatal(err)
	}
	if kind == websocket.BinaryMessage {
		return heard{name: map[byte]string{looksFrame: "looks", levelsFrame: "levels"}[b[0]], binary: b}
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil || len(members) != 2 {
		p.Fatalf("%s: %v", b, err)
	}
	h := heard{}
	for name, value := range members {
		if name == "t" {
			json.Unmarshal(value, &h.time)
		} else {
			h.name, h.value = name, value
		}
	}
	return h
}

// await is the next message of a name.
func (p *phone) await(name string) heard {
	p.Helper()
	for {
		if h := p.next(); h.name == name {
			return h
		}
	}
}
