//go:build unix

package signet_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
)

// paced calls f at exact multiples of a frame for a while and gives the share
// of one core that took.
func paced(length time.Duration, f func(frame int, due time.Time)) float64 {
	start, used := time.Now(), lantest.CPU()
	const frames = 44
	timer := time.NewTimer(0)
	<-timer.C
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * time.Second / frames)
		if due.Sub(start) >= length {
			break
		}
		timer.Reset(time.Until(due))
		<-timer.C
		f(n, due)
	}
	return 100 * float64(lantest.CPU()-used) / float64(time.Since(start))
}

const measuredUniverses = 1000

func measuredSender(t *testing.T, port int) (*signet.SenderConn, func()) {
	t.Helper()
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: port,
	})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= measuredUniverses; u++ {
		if err := s.Join(u, signet.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return s, run(t, s.Run)
}

func burst(t *testing.T, s *signet.SenderConn) func(int, time.Time) {
	levels := make([]byte, 512)
	return func(n int, due time.Time) {
		levels[n%512]++
		for u := 1; u <= measuredUniverses; u++ {
			s.SetLevels(u, levels)
		}
		if _, err := s.Flush(due); err != nil {
			t.Error(err)
		}
	}
}

// TestMeasureThousandUniverses sends 1,000 changing universes at 44 Hz, signed,
// and compares with a bare loop that sends ready packets.
func TestMeasureThousandUniverses(t *testing.T) {
	length := lantest.Measuring(t)
	port := testPort(6)
	for range 3 {
		s, stop := measuredSender(t, port)
		ours := paced(length/3, burst(t, s))
		stop()
		bare := bareLoop(t, port, length/3)
		t.Logf("no listener: Sender %.1f %% of a core, bare sendmmsg of ready packets %.1f %%, ratio %.2f", ours, bare, ours/bare)
	}

	type lane struct {
		packets int
		last    time.Time
		gap     time.Duration
	}
	lanes := make([]lane, measuredUniverses+1)
	var sequence, missing uint32
	r, err := receiver.Open(receiver.Config{
		Keys: root.Keys(), Interface: "127.0.0.1", Port: port,
		OnLevels: func(u int, _ []byte, p receiver.Packet) {
			if p.Sender.TUID != legit {
				return
			}
			if sequence != 0 {
				missing += p.Sequence - sequence - 1
			}
			sequence = p.Sequence
			l := &lanes[u]
			if !l.last.IsZero() {
				l.gap = max(l.gap, p.At.Sub(l.last))
			}
			l.last = p.At
			l.packets++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= measuredUniverses; u++ {
		if err := r.Subscribe(u); err != nil {
			t.Fatal(err)
		}
	}
	stopReceiver := run(t, r.Run)
	s, stop := measuredSender(t, port)
	share := paced(length, burst(t, s))
	stop()
	stopReceiver()
	var packets []int
	var gaps []time.Duration
	for _, l := range lanes[1:] {
		packets = append(packets, l.packets)
		gaps = append(gaps, l.gap)
	}
	slices.Sort(packets)
	slices.Sort(gaps)
	t.Logf("with a Receiver of 1,000 universes: both %.1f %% of a core; per universe %.2f/%.2f/%.2f packets per second (least, median, most)",
		share, rate(packets[0], length), rate(packets[len(packets)/2], length), rate(packets[len(packets)-1], length))
	c := r.Stats().Counters
	taken := uint64(0)
	for _, n := range packets {
		taken += uint64(n)
	}
	t.Logf("longest gap of a universe: median %v, worst %v; of %d numbers of the lane %d are no levels heard (%d announcements and the like were); drops %v; errors %d",
		gaps[len(gaps)/2], gaps[len(gaps)-1], sequence, missing, c.Accepted()-taken, r.Stats().Drops, s.Stats().Errors)
	if missing > sequence/100 {
		t.Errorf("%d of %d packets missing", missing, sequence)
	}
}

func rate(n int, length time.Duration) float64 { return float64(n) / length.Seconds() }

// bareLoop sends packets of the same size and groups in the same batches,
// without building or signing them.
func bareLoop(t *testing.T, port int, length time.Duration) float64 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := ipv4.NewPacketConn(conn)
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	if err := p.SetMulticastInterface(lo); err != nil {
		t.Fatal(err)
	}
	messages := make([]ipv4.Message, measuredUniverses)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 614)}
		messages[i].Addr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(wire.Fold(uint16(i+1)), uint16(port)))
	}
	return paced(length, func(int, time.Time) {
		for rest := messages; len(rest) > 0; {
			n, err := p.WriteBatch(rest[:min(109, len(rest))], 0)
			if err != nil {
				t.Error(err)
				return
			}
			rest = rest[n:]
		}
	})
}

// TestMeasureFlood sends 50,000 forged packets a second beside a show of ten
// universes: strangers, and some that pretend to be the show itself.
func TestMeasureFlood(t *testing.T) {
	length := lantest.Measuring(t)
	const universes = 10
	port := testPort(8)
	var sequence, missing, taken atomic.Uint32
	r, err := receiver.Open(receiver.Config{
		Keys: root.Keys(), Interface: "127.0.0.1", Port: port,
		OnLevels: func(_ int, _ []byte, p receiver.Packet) {
			if p.Sender.TUID != legit {
				return
			}
			if before := sequence.Swap(p.Sequence); before != 0 {
				missing.Add(p.Sequence - before - 1)
			}
			taken.Add(1)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: root.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: port,
	})
	if err != nil {
		t.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := errorsOf(r.Subscribe(u), s.Join(u, signet.UniverseOptions{})); err != nil {
			t.Fatal(err)
		}
	}
	stopReceiver, stopSender := run(t, r.Run), run(t, s.Run)
	flooding, stopFlood := context.WithCancel(t.Context())
	flooded := make(chan int)
	go func() { flooded <- flood(t, flooding, port, &sequence) }()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	levels := make([]byte, 512)
	paced(length, func(n int, due time.Time) {
		levels[n%512]++
		for u := 1; u <= universes; u++ {
			s.SetLevels(u, levels)
		}
		if _, err := s.Flush(due); err != nil {
			t.Error(err)
		}
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	stopFlood()
	forged := <-flooded
	stopSender()
	stopReceiver()
	c := r.Stats().Counters
	t.Logf("%d forged packets (%.0f per second): %d bad_auth, %d flood, %d replays; the show: %d taken, %d numbers missing (%d announcements and the like heard); live memory %+d KiB",
		forged, rate(forged, length), c[wire.BadAuth], c[wire.Flood], c[wire.ReplaySequence]+c[wire.ReplaySession],
		taken.Load(), missing.Load(), c.Accepted()-uint64(taken.Load()), (int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024)
	if missing.Load() > taken.Load()/100 {
		t.Errorf("the show lost %d of %d packets", missing.Load(), taken.Load())
	}
}

// flood sends forged packets until ctx ends: four of five from strangers, one
// in the name of the show with its next numbers.
func flood(t *testing.T, ctx context.Context, port int, sequence *atomic.Uint32) (sent int) {
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
	var tag [32]byte
	start := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		for float64(sent) < 50_000*time.Since(start).Seconds() {
			h := wire.Header{Session: 1 + rand.Uint32N(9), Sequence: rand.Uint32(), Sender: signet.SenderID{TUID: ignore, Endpoint: 1}}
			binary.BigEndian.PutUint32(h.Sender.TUID[2:], rand.Uint32())
			if sent%5 == 0 {
				h.Sender.TUID, h.Session, h.Sequence = legit, 1, sequence.Load()+1+rand.Uint32N(100)
			}
			universe := uint16(sent%10 + 1)
			b := wire.AppendHead(nil, h, "local", wire.Resource{Kind: wire.KindLevel, Number: universe})
			copy(b[len(b)-len(tag):], tag[:])
			b = append(b, 0xFF)
			b = wire.AppendTLV(b, wire.TIDLevel, make([]byte, 512))
			if _, err := conn.WriteToUDPAddrPort(b, netip.AddrPortFrom(wire.Fold(universe), uint16(port))); err != nil {
				t.Error(err)
				return sent
			}
			sent++
		}
		select {
		case <-ctx.Done():
			return sent
		case <-tick.C:
		}
	}
}

// TestMeasureRestart kills a Sender process twenty times.
func TestMeasureRestart(t *testing.T) {
	lantest.Measuring(t)
	took := killAndRestart(t, 20, testPort(7))
	slices.Sort(took)
	t.Logf("from the start of the process to its first accepted packet: median %v, worst %v of %d", took[len(took)/2], took[len(took)-1], len(took))
}
