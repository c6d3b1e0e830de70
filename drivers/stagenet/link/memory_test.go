package link

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// talker is a Handler that says what a test wants and notes what it hears.
type talker struct {
	Peer
	say   []string
	again time.Time // when it is to write again
	heard []string
	ended []error
	on    func(string)
}

func (h *talker) Receive(_ time.Time, b []byte) {
	h.heard = append(h.heard, string(b))
	if h.on != nil {
		h.on(string(b))
	}
}

func (h *talker) Write(now time.Time) time.Time {
	for _, s := range h.say {
		h.Send([]byte(s))
	}
	h.say = nil
	if h.again.After(now) {
		return h.again
	}
	return time.Time{}
}

func (h *talker) Finish(now time.Time) { h.say = append(h.say, "last"); h.Write(now) }

func (h *talker) End(_ time.Time, reason error) { h.ended = append(h.ended, reason) }

// meet connects two talkers.
func meet() (*Memory, *talker, *talker) {
	console, gateway := &talker{}, &talker{}
	m := Connect(epoch, "console", "gateway",
		func(p Peer) Handler { console.Peer = p; return console },
		func(p Peer) Handler { gateway.Peer = p; return gateway })
	return m, console, gateway
}

// TestMemory: what is said is heard in the same step, also what is said to that; then
// nothing is due until a side has a deadline or is woken.
func TestMemory(t *testing.T) {
	m, console, gateway := meet()
	if console.Address() != "gateway" || gateway.Address() != "console" {
		t.Errorf("the console talks to %q, the gateway to %q", console.Address(), gateway.Address())
	}
	if next := m.Deadline(); next != epoch {
		t.Errorf("the first words are due at %v", next)
	}
	gateway.say = []string{"one", "two"}
	console.on = func(s string) {
		if s == "two" {
			console.say = []string{"three"}
			console.Wake()
		}
	}
	gateway.again = epoch.Add(time.Second)
	if !m.Step(epoch) || !slices.Equal(console.heard, []string{"one", "two"}) || !slices.Equal(gateway.heard, []string{"three"}) {
		t.Errorf("the console heard %q, the gateway %q", console.heard, gateway.heard)
	}
	if next := m.Deadline(); next != gateway.again {
		t.Errorf("due at %v, want %v", next, gateway.again)
	}
	gateway.say = []string{"four"}
	m.Step(epoch.Add(time.Second - 1))
	if len(console.heard) != 2 {
		t.Error("heard before its time")
	}
	m.Step(epoch.Add(time.Second))
	if len(console.heard) != 3 || !m.Deadline().IsZero() {
		t.Errorf("heard %q, next %v", console.heard, m.Deadline())
	}
	console.Wake()
	if next := m.Deadline(); next != epoch.Add(time.Second) {
		t.Errorf("woken, due at %v", next)
	}
}

// TestMemoryEnds: a side that is sent away learns why, and so does the other; one that
// goes says its last words.
func TestMemoryEnds(t *testing.T) {
	m, console, gateway := meet()
	m.Step(epoch)
	console.Kick(Policy, "you talk too much")
	console.Kick(GoingAway, "and I go")
	if m.Deadline() != epoch || m.Step(epoch) || m.Step(epoch) {
		t.Error("the connection is still there")
	}
	var ours *ClosedError
	if len(console.ended) != 1 || !errors.As(console.ended[0], &ours) || ours.Code != Policy {
		t.Errorf("the console is told %v", console.ended)
	}
	if len(gateway.ended) != 1 || !Refused(gateway.ended[0]) || !strings.Contains(gateway.ended[0].Error(), "you talk too much") {
		t.Errorf("the gateway is told %v", gateway.ended)
	}
	m, console, gateway = meet()
	m.Close(epoch)
	m.Close(epoch)
	if !slices.Equal(gateway.heard, []string{"last"}) || len(console.ended) != 1 || len(gateway.ended) != 1 || Refused(gateway.ended[0]) {
		t.Errorf("heard %q, ended %v and %v", gateway.heard, console.ended, gateway.ended)
	}
	if !m.Deadline().IsZero() {
		t.Error("something is due after the end")
	}
}
