package server

import (
	"testing"

	"showrun/drivers/osc"
)

// TestAddressPatterns: a message to a pattern is one for each address of the server that it
// matches.
func TestAddressPatterns(t *testing.T) {
	for _, c := range []struct {
		message            osc.Message
		executed, refusals uint64 // by a valve server
	}{
		{osc.Message{Address: "/mo*", Args: []any{int32(1), int32(50)}}, 1, 0},
		{osc.Message{Address: "/[a-z]ove", Args: []any{int32(1), int32(50)}}, 1, 0},
		{osc.Message{Address: "/{move,stop}", Args: []any{int32(1), int32(50)}}, 1, 0},
		{osc.Message{Address: "/e?pty"}, 1, 0},
		{osc.Message{Address: "/*"}, 1, 1}, // to move without arguments is nothing
		{osc.Message{Address: "/m*y"}, 0, 1},
		{osc.Message{Address: "/[move"}, 0, 1},
	} {
		v := NewValve(ValveConfig{})
		err := v.Receive(start, c.message, start)
		if s := v.Stats(); s.Executed != c.executed || s.Total() != c.refusals || (err == nil) != (c.refusals == 0) {
			t.Errorf("%s: %d executed, %d refused, want %d and %d: %v", c.message.Address, s.Executed, s.Total(), c.executed, c.refusals, err)
		}
	}
	d := NewMotion(MotionConfig{})
	if err := d.Receive(start, osc.Message{Address: "/s*e", Args: []any{"x", int32(0), int32(10), int32(10)}}, start); err != nil {
		t.Error(err)
	}
}
