package show_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device/osc"
)

// TestAFloodMakesNoBeatLate: messages come faster than a handler takes them.
func TestAFloodMakesNoBeatLate(t *testing.T) {
	for _, option := range []string{"", ", { all = true }"} {
		h := newLab(t, `local n, last = 0, {}
			osc.receiver{ port = 8000 }:on("/fader/*", function(address, v) n = n + 1 last[address] = v lab.busy(0.002) one:set(2, v % 256) end`+option+`)
			clock.on_beat("1/4b", function(b) mark("beat", b.count) end)
			clock.after(4, function() mark(n, last["/fader/7"]) end)`)
		receiver := h.devices["osc receiver on port 8000"].(*osc.Receiver)
		from := netip.MustParseAddrPort("127.0.0.1:9000")
		r := rand.New(rand.NewPCG(1, 1))
		for i := range 3000 { // in three seconds
			h.run(time.Duration(i+1) * time.Millisecond)
			address := fmt.Sprintf("/fader/%d", r.IntN(20))
			if i == 2999 {
				address = "/fader/7"
			}
			receiver.OnMessage(wire.Message{Address: address, Args: []any{int32(i)}}, wire.Immediately, from, h.clock.Time(h.clock.Now()))
		}
		h.run(5 * time.Second)
		beats := 0
		for _, m := range h.marks {
			if m.left != m.at {
				t.Errorf("%v left %v late", m, m.left-m.at)
			}
			if m.args[0] == "beat" {
				if beats++; number(m.args[1]) != float64(beats)/4 {
					t.Errorf("%v is beat %d", m, beats)
				}
			} else if option == "" && (m.args[1] != int32(2999) || h.m.Counts().Merged == 0) {
				t.Errorf("%v of 3000 were taken, the last of /fader/7 was %v; %d were passed over", m.args[0], m.args[1], h.m.Counts().Merged)
			}
		}
		if s := h.m.Stats(); s.Late.Count > 0 || s.Batches < 1000 {
			t.Errorf("%d of %d batches count as late", s.Late.Count, s.Batches)
		}
		if dropped := h.m.Counts().Events; beats != 40 || option == "" && dropped > 0 || option != "" && h.m.Counts().Merged > 0 {
			t.Errorf("%d beats, %d dropped, %d passed over", beats, dropped, h.m.Counts().Merged)
		}
	}
}
