//go:build unix

package stagenet_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
)

// textFrame is a websocket text message of a server, up to 125 bytes.
func textFrame(text string) []byte { return append([]byte{0x81, byte(len(text))}, text...) }

// flood writes a burst of 1,000 messages a hundred times a second until the
// connection ends.
func flood(c net.Conn, message string, sent *atomic.Int64) {
	var burst []byte
	for range 1000 {
		burst = append(burst, textFrame(message)...)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := c.Write(burst); err != nil {
			return
		}
		sent.Add(1000)
	}
}

// TestMeasureFlood: while one gateway sends 100,000 messages a second, of a kind
// nobody knows or with mappings of a lease it does not have, eight others get their
// frames, as before and after.
func TestMeasureFlood(t *testing.T) {
	length := lantest.Measuring(t)
	for _, message := range []string{`{"Type":"HELLO"}`, `{"Type":"MAPPING_UPDATE","LeaseID":"x","Mappings":[]}`} {
		const gateways, addresses, rate = 8, 64, 44
		floodURL, accepted := serve(t)
		f, c, _, stop := crowd(t, gateways, addresses, floodURL)
		bad := next(t, accepted)
		lease(t, bad, "bad", 1)
		var sent, flooding atomic.Int64
		levels := make([]byte, addresses)
		memory := []uint64{heap()}
		start, used := time.Now(), lantest.CPU()
		var calm time.Duration // processor time of the first half
		timer := time.NewTimer(0)
		<-timer.C
		count := 0
		for ; ; count++ {
			due := start.Add(time.Duration(count) * time.Second / rate)
			if due.Sub(start) >= length {
				break
			}
			if flooding.Load() == 0 && due.Sub(start) >= length/2 {
				calm = lantest.CPU() - used
				flooding.Store(1)
				go flood(bad.NetConn(), message, &sent)
			}
			timer.Reset(time.Until(due))
			<-timer.C
			levels[addresses-1] = byte(count)
			f.started[byte(count)].Store(time.Now().UnixNano()&^1 | flooding.Load())
			for i := range gateways {
				c.Levels(crowdID(i), levels)
			}
			c.Flush(due)
		}
		share := 200 * float64(lantest.CPU()-used-calm) / float64(length)
		memory = append(memory, heap())
		bad.SetWriteDeadline(time.Now())
		stats := c.Stats()
		stop()
		for i, name := range []string{"before", "during"} {
			list := drained(f.delays[i])
			t.Logf("%s, %s: flush to sink p50 %s p99 %s max %s of %d", message, name, at(list, .5), at(list, .99), at(list, 1), len(list))
		}
		t.Logf("%.0f messages/s were sent and %d read, %d frames missed, %.0f %% of a core with both ends, live heap in KiB: %d",
			float64(sent.Load())*2/length.Seconds(), stats.UnknownTypes+stats.UnknownLeases, f.missed.Load(), share, memory)
	}
}
