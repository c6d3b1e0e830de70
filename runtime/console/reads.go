package console

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// A keeper keeps the last look at the network and the machine for a second, whoever asks.
type keeper struct {
	mu    sync.Mutex
	house *House
	at    time.Time
}

// houseNow is the network and the machine as they were a second ago at most.
func (s *Server) houseNow() *House {
	k := &s.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); k.house == nil || now.Sub(k.at) >= houseEvery {
		k.house, k.at = s.sampler.house(), now
	}
	return k.house
}

// A fixtureLook is how a fixture looks, for programs.
type fixtureLook struct {
	Fixture   string  `json:"fixture"`
	Intensity uint8   `json:"intensity"`
	Color     string  `json:"color"`
	Pan       float64 `json:"pan"`
	Tilt      float64 `json:"tilt"`
	Held      bool    `json:"held"`
}

func (s *Server) lookList() []fixtureLook {
	list := []fixtureLook{}
	scene := s.View.Scene()
	if scene == nil {
		return list
	}
	for i, l := range s.View.Looks(scene, nil) {
		if i < len(scene.Fixtures) {
			list = append(list, fixtureLook{scene.Fixtures[i].Name, l.Intensity, fmt.Sprintf("#%02x%02x%02x", l.R, l.G, l.B), l.Pan, l.Tilt, l.Held})
		}
	}
	return list
}

func (s *Server) logAfter(v *visit) (any, error) {
	after, err := uint64(0), error(nil)
	if text := v.URL.Query().Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return nil, fmt.Errorf("after must be the number of a line, got %q", clip(text))
		}
	}
	lines, _ := s.View.Log(after)
	return append([]Line{}, lines...), nil
}

func (s *Server) why(v *visit) (any, error) {
	q := v.URL.Query()
	if q.Get("fixture") == "" {
		return nil, errors.New("name a fixture, as in ?fixture=wash+1&channel=red")
	}
	causes, err := s.View.Why(q.Get("fixture"), q.Get("channel"))
	return append([]Cause{}, causes...), err
}

func (s *Server) copy(v *visit) (any, error) {
	lua, err := s.View.Copy(v.URL.Query()["fixture"])
	return struct {
		Lua string `json:"lua"`
	}{lua}, err
}
