//go:build unix

package sacn_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/sacn"
	"showrun/drivers/sacn/receiver"
	"showrun/drivers/sacn/wire"
)

// paced calls f at exact multiples of a frame for a while and gives the share of one core
// that took.
func paced(length time.Duration, rate int, f func(frame int, due time.Time)) float64 {
	start, used := time.Now(), lantest.CPU()
	timer := time.NewTimer(0)
	<-timer.C
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if due.Sub(start) >= length {
			break
		}
		timer.Reset(time.Until(due))
		<-timer.C
		f(n, due)
	}
	return 100 * float64(lantest.CPU()-used) / float64(time.Since(start))
}

// measured opens a Sender of so many universes on loopback.
func measured(t *testing.T, port, universes, rate int, sync uint16) *sacn.SenderConn {
	t.Helper()
	s, err := sacn.OpenSender(sacn.Config{CID: sacn.CID{1}, Name: "measured", Interface: "127.0.0.1", Port: port, Priority: 100, Rate: rate, Sync: sync})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := s.Join(u, sacn.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestMeasureUniverses sends changing universes, and beside each frame the same number of ready
// packets by bare system calls: the two in turn, the one first that was second before, so that
// what else the machine does hits both alike. Told is the ratio of the processor time of both,
// in all and of the frame in the middle.
func TestMeasureUniverses(t *testing.T) {
	length := lantest.Measuring(t)
	const port = 15761
	for _, c := range []struct{ universes, rate int }{{1000, 44}, {200, 120}} {
		for range 3 {
			s := measured(t, port, c.universes, c.rate, 0)
			stop := run(t, s)
			bare := bareFrame(t, port, c.universes)
			levels := make([]byte, wire.Slots)
			packets := 0
			flush := func(n int, due time.Time) {
				levels[n%wire.Slots]++
				for u := 1; u <= c.universes; u++ {
					s.SetLevels(u, false, levels)
				}
				var err error
				if packets, err = s.FlushFor(due, due); err != nil {
					t.Error(err)
				}
			}
			var ours, theirs time.Duration
			var ratios []float64
			paced(length/3, c.rate, func(n int, due time.Time) {
				var a, b time.Duration
				if n%2 == 0 {
					a = costs(func() { flush(n, due) })
				}
				b = costs(bare)
				if n%2 == 1 {
					a = costs(func() { flush(n, due) })
				}
				if packets == c.universes { // a frame that came late, on a busy machine, is none
					ours, theirs, ratios = ours+a, theirs+b, append(ratios, float64(a)/float64(b))
				}
			})
			stop()
			if len(ratios) == 0 {
				t.Fatal("no frame was sent whole")
			}
			slices.Sort(ratios)
			each := func(d time.Duration) time.Duration { return (d / time.Duration(len(ratios))).Round(time.Microsecond) }
			t.Logf("%d universes at %d Hz: %d frames of %v each, bare sendmmsg of ready packets %v, ratio %.2f in all, %.2f in the middle",
				c.universes, c.rate, len(ratios), each(ours), each(theirs), float64(ours)/float64(theirs), ratios[len(ratios)/2])
		}
	}
}

// costs is the processor time that f takes.
func costs(f func()) time.Duration {
	before := lantest.CPU()
	f()
	return lantest.CPU() - before
}

// bareFrame makes what sends packets of the same size and groups in the same batches, without
// building them.
func bareFrame(t *testing.T, port, universes int) func() {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := ipv4.NewPacketConn(conn)
	if err := p.SetMulticastInterface(&net.Interface{Index: 1}); err != nil {
		t.Fatal(err)
	}
	messages := make([]ipv4.Message, universes)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 638)}
		messages[i].Addr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(wire.Group(uint16(i+1)), uint16(port)))
	}
	return func() {
		for rest := messages; len(rest) > 0; {
			n, err := p.WriteBatch(rest[:min(109, len(rest))], 0)
			if err != nil {
				t.Error(err)
				return
			}
			rest = rest[n:]
		}
	}
}

// TestMeasureSync sends frames of 100 universes that are released together, and tells
// whether a receiver ever saw two frames at once, and for how long it took from the first
// to the last universe of one.
func TestMeasureSync(t *testing.T) {
	length := lantest.Measuring(t)
	const port, universes = 15762, 100
	shown, first := map[int]int{}, time.Time{}
	var spread []time.Duration
	torn := 0
	r, err := receiver.Open(receiver.Config{Interface: "127.0.0.1", Port: port, OnLevels: func(n int, levels []byte, p receiver.Packet) {
		if len(levels) == 0 || shown[n] == int(levels[0]) {
			return
		}
		if len(shown) == universes && shown[1+n%universes] == shown[n] {
			first = time.Now()
		}
		shown[n] = int(levels[0])
		for u := 1; u <= universes; u++ {
			if shown[u] != shown[n] {
				return
			}
		}
		if !first.IsZero() {
			spread = append(spread, time.Since(first))
			first = time.Time{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := r.Subscribe(u); err != nil {
			t.Fatal(err)
		}
	}
	s := measured(t, port, universes, 44, 7000)
	stopReceiver, stopSender := run(t, r), run(t, s)
	paced(length, 44, func(n int, due time.Time) {
		for u := 1; u <= universes; u++ {
			s.SetLevels(u, false, []byte{byte(n)})
		}
		if _, err := s.FlushFor(due, due.Add(8*time.Millisecond)); err != nil {
			t.Error(err)
		}
	})
	stopSender()
	stopReceiver()
	slices.Sort(spread)
	if len(spread) < 10 {
		t.Fatalf("%d frames seen", len(spread))
	}
	for _, d := range spread {
		if d > 200*time.Microsecond {
			torn++
		}
	}
	t.Logf("%d frames of %d universes: from the first to the last universe median %v, 99 %% %v, worst %v; %d took more than 0.2 ms",
		len(spread), universes, spread[len(spread)/2], spread[len(spread)*99/100], spread[len(spread)-1], torn)
}

// TestMeasureFlood sends 50,000 packets a second of strangers beside a show of ten universes.
func TestMeasureFlood(t *testing.T) {
	length := lantest.Measuring(t)
	const port, universes = 15763, 10
	var taken atomic.Uint32
	r, err := receiver.Open(receiver.Config{Interface: "127.0.0.1", Port: port, OnLevels: func(_ int, _ []byte, p receiver.Packet) {
		if p.Source == (sacn.CID{1}) {
			taken.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := r.Subscribe(u); err != nil {
			t.Fatal(err)
		}
	}
	s := measured(t, port, universes, 44, 0)
	stopReceiver, stopSender := run(t, r), run(t, s)
	done, flooded := make(chan struct{}), make(chan int)
	began := time.Now()
	go func() { flooded <- flood(t, port, universes, done) }()
	levels := make([]byte, wire.Slots)
	paced(length, 44, func(n int, due time.Time) {
		levels[n%wire.Slots]++
		for u := 1; u <= universes; u++ {
			s.SetLevels(u, false, levels)
		}
		if _, err := s.FlushFor(due, due); err != nil {
			t.Error(err)
		}
	})
	close(done)
	forged, took := <-flooded, time.Since(began)
	sent := s.Stats().Packets
	stopSender()
	stopReceiver()
	t.Logf("%d packets of strangers (%.0f a second); the show: %d sent, %d taken; %+v", forged, float64(forged)/took.Seconds(), sent, taken.Load(), r.Stats())
}

// flood sends packets of CIDs that nobody knows until done.
func flood(t *testing.T, port, universes int, done chan struct{}) (sent int) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	if err := ipv4.NewPacketConn(conn).SetMulticastInterface(&net.Interface{Index: 1}); err != nil {
		t.Error(err)
		return 0
	}
	start, tick := time.Now(), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		for float64(sent) < 50_000*time.Since(start).Seconds() {
			p := wire.Packet{Universe: uint16(1 + sent%universes), Priority: 50, Sequence: byte(sent), Slots: make([]byte, wire.Slots)}
			binary.BigEndian.PutUint64(p.CID[:], rand.Uint64())
			if _, err := conn.WriteToUDPAddrPort(wire.AppendData(nil, p), netip.AddrPortFrom(wire.Group(p.Universe), uint16(port))); err != nil {
				t.Error(err)
				return sent
			}
			sent++
		}
		select {
		case <-done:
			return sent
		case <-tick.C:
		}
	}
}
