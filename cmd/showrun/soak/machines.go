//go:build unix

package soak

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/drivers/osc"
)

// message is one that has come to a machine.
type message struct {
	to, text string
	at       time.Time // of its arrival, by the kernel
}

// heard is what came to the machines, in order; safe from any goroutine.
type heard struct {
	mu   sync.Mutex
	list []message
	last map[string]message
}

func (h *heard) add(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		h.last = map[string]message{}
	}
	h.last[m.to+firstWord(m.text)] = m
	if h.list = append(h.list, m); len(h.list) > 10_000 {
		h.list = slices.Clone(h.list[5_000:])
	}
}

func firstWord(text string) string { word, _, _ := strings.Cut(text, " "); return word }

func (h *heard) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = nil
}

// since lists what came to a machine from an instant on.
func (h *heard) since(to string, t time.Time) (list []message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.list {
		if m.to == to && !m.at.Before(t) {
			list = append(list, m)
		}
	}
	return list
}

// newest is the last message to a machine that begins with a word.
func (h *heard) newest(to, word string) message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[to+word]
}

// machines are the theater servers: sockets that note what comes. Each can be away.
type machines struct {
	heard heard
	ports map[string]int
	off   map[string]func()
	stops []time.Duration // from the asking to the first safe action
}

// turnOn lets a machine listen, at the port it had before.
func (m *machines) turnOn(ctx context.Context, name string) error {
	c, err := osc.Listen(osc.Config{
		Port: m.ports[name], Log: slog.New(slog.DiscardHandler),
		Handler: func(msg osc.Message, _ osc.TimeTag, _ netip.AddrPort, at time.Time) {
			text := strings.TrimSpace(fmt.Sprintln(append([]any{msg.Address}, msg.Args...)...))
			m.heard.add(message{name, text, at})
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); _ = c.Run(ctx) }()
	m.ports[name] = int(c.Addr().Port())
	m.off[name] = func() { cancel(); <-gone }
	return nil
}

// What makes a valve safe.
var safeAction = []string{"/move 1 0", "/move 2 0", "/empty"}

// safeSince checks that what came first to the valve from an instant on was its safe action,
// and tells when that was. Before it nothing may come; commands may have been on the way if
// flying.
func (m *machines) safeSince(t time.Time, flying bool) (at time.Time, done bool, err error) {
	for i, x := range m.heard.since("valve", t) {
		switch {
		case slices.Contains(safeAction, x.text):
			if x.text == "/empty" {
				return x.at, true, nil
			}
		case !flying || x.at.Sub(t) > time.Second:
			return x.at, false, fmt.Errorf("message %d to the valve is %s, want its safe action first", i+1, x.text)
		}
	}
	return time.Time{}, false, nil
}

// movedSince is what moved a machine from an instant on, "" for nothing.
func (m *machines) movedSince(t time.Time) string {
	for _, x := range m.heard.since("valve", t) {
		if strings.HasPrefix(x.text, "/move") && !slices.Contains(safeAction, x.text) {
			return "valve " + x.text
		}
	}
	for _, x := range m.heard.since("motion", t) {
		if strings.HasPrefix(x.text, "/spline") {
			return "motion " + x.text
		}
	}
	return ""
}

// report tells how fast stops were.
func (m *machines) report() string {
	if len(m.stops) == 0 {
		return "none"
	}
	slices.Sort(m.stops)
	at := func(n int) time.Duration { return m.stops[(len(m.stops)-1)*n/100].Round(10 * time.Microsecond) }
	return fmt.Sprintf("%d; from the asking to the vented valve: median %v, 90%% %v, longest %v", len(m.stops), at(50), at(90), at(100))
}
