package host

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/show"
)

// TestLateFrames: only what was planned can be late.
func TestLateFrames(t *testing.T) {
	const ms = time.Millisecond
	var s frameStats
	for _, x := range []struct {
		planned, now time.Duration
		woken        bool
	}{
		{0, 2 * ms, false},                 // late
		{20 * ms, 20 * ms, false},          // on time
		{40 * ms, 30 * ms, false},          // a batch has just asked for it
		{40 * ms, 31 * ms, true},           // woken before
		{40 * ms, 5 * time.Second, true},   // woken while another was overdue
		{5020 * ms, 5020*ms + ms, false},   // late
		{5040 * ms, 5040 * ms, false},      // on time
		{5060 * ms, 5060*ms + ms/2, false}, // late
		{5080 * ms, 5070 * ms, false},      // asked for
	} {
		s.add(x.woken, x.planned, x.now)
	}
	if frames, p99, worst := s.read(); frames != 9 || p99 != 2*ms || worst != 2*ms {
		t.Errorf("%d frames, %v late, the worst by %v", frames, p99, worst)
	}
}

type counted []device.Count

func (c counted) Counts() []device.Count { return c }

// TestWhatDevicesDropIsInTheStatus: what was counted, and nothing else.
func TestWhatDevicesDropIsInTheStatus(t *testing.T) {
	s := Status{Devices: tally(map[string]device.Counted{
		"stagenet.console": counted{{What: "leases refused", N: 3}, {What: "messages too long"}},
		"a sink":           counted{{What: "states not kept", N: 1}},
	})}
	if text := s.String(); !strings.HasSuffix(text, ", a sink: 1 states not kept, stagenet.console: 3 leases refused") {
		t.Error(text)
	}
}

// TestStatusOfManyParams: it tells of some of them, and what comes after is still there.
func TestStatusOfManyParams(t *testing.T) {
	b := show.Board{Master: 0}
	for n := range 900 {
		b.Params = append(b.Params, show.Param{Name: fmt.Sprint("p", n), Value: strings.Repeat("x", 1000)})
	}
	text := Status{Board: &b}.String()
	if len(text) > 4000 || !strings.Contains(text, "p19 = xxx") || !strings.Contains(text, "xxx…, 880 more params, master 0%") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
