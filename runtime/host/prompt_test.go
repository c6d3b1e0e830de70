package host

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/signet/node"
)

// TestMessageToLevel measures, with -measure 10s, how long it takes from an OSC message
// to the level packet and to the OSC message that a handler makes of it, on loopback.
// Fades run on another universe meanwhile, whose cadence must hold.
func TestMessageToLevel(t *testing.T) {
	length := measuring(t)
	for _, rate := range []int{44, 10} {
		t.Run(fmt.Sprintf("%d Hz", rate), func(t *testing.T) { messageToLevel(t, rate, length) })
	}
}

func messageToLevel(t *testing.T, rate int, length time.Duration) {
	in, out := freeUDP(t), freeUDP(t)
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`local osc, signet = require "osc", require "signet"
local net, out = signet.sender{}, osc.sender{ port = %d }
local lamp, other = net:universe(1), net:universe(2)
osc.receiver{ port = %d }:on("/ping", function(_, n) lamp:set(1, n) out:send("/pong", n) end)
for slot = 2, 512 do other:fade(slot, 255, 20 + slot / 100) end`, out, in))

	var mu sync.Mutex
	sent := map[byte]time.Time{}
	var levels, orders []time.Duration
	var cadence []time.Time
	took := func(list *[]time.Duration, n byte, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if began, ok := sent[n]; ok {
			*list = append(*list, at.Sub(began))
		}
	}
	last := byte(0)
	h, stop := runLive(t, Options{
		Show: file, Rig: true, Rate: rate,
		Protocols: hearing(func(universe int, l []byte, p node.Packet) {
			if universe == 2 {
				cadence = append(cadence, p.At)
			} else if l[0] != last {
				last = l[0]
				took(&levels, last, p.At)
			}
		}),
	})
	awaitStatus(t, h, "loaded", func(s Status) bool { return s.Generation == 1 && s.Time > 2*time.Second })
	pong, err := osc.Listen(osc.Config{Interface: "127.0.0.1", Port: out, Handler: func(m osc.Message, _ osc.TimeTag, _ netip.AddrPort, at time.Time) {
		n, _ := osc.Number(m.Args[0])
		took(&orders, byte(n), at)
	}})
	if err != nil {
		t.Fatal(err)
	}
	go pong.Run(t.Context())
	ping, err := osc.Dial(fmt.Sprintf("127.0.0.1:%d", in), "")
	if err != nil {
		t.Fatal(err)
	}
	defer ping.Close()
	period := time.Second / time.Duration(rate)
	began := time.Now()
	for n := byte(1); time.Since(began) < length; n++ {
		<-time.After(period + time.Duration(n%17)*period/17) // no universe changes more often than the rate
		mu.Lock()
		sent[n] = time.Now()
		mu.Unlock()
		if err := ping.Send(osc.Message{Address: "/ping", Args: []any{int32(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	<-time.After(2 * period)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]time.Duration{"level packet": levels, "message": orders} {
		slices.Sort(list)
		t.Logf("%s: %d, p50 %v, p99 %v, max %v", name, len(list), list[len(list)/2], list[len(list)*99/100], list[len(list)-1])
	}
	var gaps []time.Duration
	for i := range len(cadence) - 1 {
		gaps = append(gaps, cadence[i+1].Sub(cadence[i]))
	}
	slices.Sort(gaps)
	t.Logf("cadence of the other universe: %d packets, p1 %v, p50 %v, p99 %v, max %v",
		len(cadence), gaps[len(gaps)/100], gaps[len(gaps)/2], gaps[len(gaps)*99/100], gaps[len(gaps)-1])
}
