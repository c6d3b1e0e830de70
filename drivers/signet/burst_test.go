package signet

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// newMachine is a Sender whose packets are told as the number of a burst's parts.
func newMachine(t *testing.T, cfg SenderConfig, now time.Time, send Send) *Sender {
	t.Helper()
	cfg.TUID, cfg.Keys, cfg.Rand = sender, root.Keys(), rand.New(rand.NewPCG(1, 2))
	s, err := NewSender(cfg, now, send)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// universesOf lists the universes of level packets.
func universesOf(packets []Packet) (list []uint16) {
	for _, packet := range packets {
		var p wire.Packet
		if wire.Parse(packet.Bytes, &p) != wire.Accept {
			continue
		}
		if r, v := p.Route(wire.DefaultScope); v == wire.Accept && r.Kind == wire.KindLevel {
			list = append(list, r.Number)
		}
	}
	return list
}

// blockingLog is a log whose reader does not read.
type blockingLog struct{ until chan struct{} }

func (l blockingLog) Enabled(context.Context, slog.Level) bool { return true }
func (l blockingLog) Handle(context.Context, slog.Record) error {
	<-l.until
	return nil
}
func (l blockingLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l blockingLog) WithGroup(string) slog.Handler      { return l }

// slowSessions is a store on a disk that hangs.
type slowSessions struct {
	MemorySessions
	until chan struct{}
}

func (s *slowSessions) SaveSession(t TUID, n uint32) error {
	<-s.until
	return s.MemorySessions.SaveSession(t, n)
}

// TestNobodyHoldsUpAFrame: whatever the goroutine that receives and steps hangs in, the
// calls of a thread with frames to keep on time return.
func TestNobodyHoldsUpAFrame(t *testing.T) {
	forged, err := device.NewVoice(device.VoiceConfig{TUID: TUID{9}, Keys: K0{9}.Keys()})
	if err != nil {
		t.Fatal(err)
	}
	poll, err := forged.Append(nil, wire.Resource{Kind: wire.KindPoll}, 0, wire.AppendPoll(nil, wire.Poll{Manager: TUID{9}}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hang   func(s *Sender, now time.Time)
		onWire bool // it hangs while it writes
	}{
		"log":           {func(s *Sender, now time.Time) { s.Receive(now, poll, netip.AddrPort{}) }, false},
		"session store": {func(s *Sender, now time.Time) { s.Step(now) }, false},
		"socket":        {func(s *Sender, now time.Time) { s.Step(now.Add(time.Second)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				until := make(chan struct{})
				now := time.Now()
				var sent []uint16
				hangs := c.onWire
				s := newMachine(t, SenderConfig{
					Sessions: &slowSessions{until: until}, Log: slog.New(blockingLog{until}),
				}, now, func(now time.Time, packets []Packet, _ func(int, error)) (int, time.Time) {
					if hangs {
						hangs = false
						<-until
					}
					sent = append(sent, universesOf(packets)...)
					return len(packets), now
				})
				if err := s.Join(1, UniverseOptions{}); err != nil {
					t.Fatal(err)
				}
				if name == "session store" {
					s.reserveBelow = 0xFFFFFFFF
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					c.hang(s, now)
				}()
				synctest.Wait()
				s.SetLevels(1, []byte{7})
				s.SetPreview(1, []byte{7})
				n, err := s.FlushFor(now.Add(time.Second), now.Add(time.Second)) // would deadlock
				if err != nil || (n > 0) == c.onWire {
					t.Errorf("%d packets, %v", n, err)
				}
				s.Release(now.Add(time.Second))
				close(until)
				<-done
				if len(sent) != 1 || sent[0] != 1 {
					t.Errorf("level packets of universes %v, want one of 1", sent)
				}
			})
		})
	}
}

// TestErrorOfALeftBurst: a burst that left on another goroutine tells its error with the
// next call.
func TestErrorOfALeftBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until, full := make(chan struct{}), errors.New("no buffers")
		now, first := time.Now(), true
		s := newMachine(t, SenderConfig{}, now, func(now time.Time, packets []Packet, refused func(int, error)) (int, time.Time) {
			if first {
				first = false
				<-until
				return len(packets), now
			}
			for i := range packets {
				refused(i, full)
			}
			return 0, now
		})
		if err := s.Join(1, UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Step(now.Add(2 * time.Second))
		}()
		synctest.Wait()
		s.SetLevels(1, []byte{7})
		if n, err := s.Flush(now.Add(3 * time.Second)); n != 0 || err != nil {
			t.Errorf("%d packets, %v", n, err)
		}
		close(until)
		<-done
		if _, err := s.Flush(now.Add(3 * time.Second)); !errors.Is(err, full) {
			t.Errorf("error %v", err)
		}
		if stats := s.Stats(); stats.Errors == 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestNextSessionIsStoredAhead: near the end of the numbers of a lane Step stores the
// next session; without a Step nothing is sent beyond them.
func TestNextSessionIsStoredAhead(t *testing.T) {
	sessions := &MemorySessions{}
	if _, err := device.NextSession(sessions, sender); err != nil {
		t.Fatal(err)
	}
	s := newMachine(t, SenderConfig{Session: 1, Sessions: sessions}, epoch, nil)
	if err := s.Join(1, UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := s.voice.Renew(); !errors.Is(err, device.ErrSessionStore) {
		t.Errorf("went on without a session: %v", err)
	}
	if err := s.Step(epoch); err != nil || s.reserved != 0 {
		t.Errorf("long before the end %d is stored, %v", s.reserved, err)
	}
	s.reserveBelow = 0xFFFFFFFF
	if err := s.Step(epoch); err != nil {
		t.Fatal(err)
	}
	if last, _, _ := sessions.Session(sender); last != 2 {
		t.Errorf("session %d stored", last)
	}
	if err := s.voice.Renew(); err != nil {
		t.Fatal(err)
	}
	s.SetLevels(1, []byte{2})
	if _, err := s.Flush(epoch.Add(time.Second)); err != nil || s.Stats().Session != 2 {
		t.Errorf("session %d, %v", s.Stats().Session, err)
	}
	sessions.SaveSession(sender, 0xFFFFFFFE) // which ends a Sender
	if err := s.Step(epoch.Add(time.Second)); !errors.Is(err, ErrSessionsSpent) {
		t.Errorf("spent: %v", err)
	}
}

// TestDeadlines: Step is wanted when there is something to do, and then does it.
func TestDeadlines(t *testing.T) {
	var sent int
	s := newMachine(t, SenderConfig{}, epoch, func(now time.Time, packets []Packet, _ func(int, error)) (int, time.Time) {
		sent += len(universesOf(packets))
		return len(packets), now
	})
	if err := s.Join(1, UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	now := epoch
	s.SetLevels(1, []byte{1})
	s.Flush(now)
	if sent != 1 {
		t.Fatalf("%d level packets", sent)
	}
	steps := 0
	for end := epoch.Add(10 * time.Second); ; steps++ {
		next := s.Deadline()
		if next.After(end) {
			break
		}
		if next.After(now) {
			now = next
		}
		if err := s.Step(now); err != nil {
			t.Fatal(err)
		}
	}
	// Three repeats while the caller may come back, then keep-alives.
	if sent < 1+3+9 || sent > 1+3+11 {
		t.Errorf("%d level packets in ten seconds", sent)
	}
	if steps > 10*44+20 {
		t.Errorf("%d steps in ten seconds", steps)
	}
}

// TestAFullNetworkStarvesNobody: of more than it takes, all get their turn.
func TestAFullNetworkStarvesNobody(t *testing.T) {
	const universes, room, frames = 250, 100, 50
	through, left := map[int]int{}, 0
	s := newMachine(t, SenderConfig{}, epoch, func(now time.Time, packets []Packet, refused func(int, error)) (sent int, _ time.Time) {
		for i := range packets {
			list := universesOf(packets[i : i+1])
			if left == 0 || len(list) == 0 {
				refused(i, errors.New("no room"))
				continue
			}
			through[int(list[0])]++
			sent, left = sent+1, left-1
		}
		return sent, now
	})
	for n := range frames {
		for u := 1; u <= universes; u++ {
			if n == 0 {
				s.Join(u, UniverseOptions{})
			}
			s.SetLevels(u, []byte{byte(n)})
		}
		left = room
		s.Flush(epoch.Add(time.Duration(n) * frame))
	}
	fair := frames * room / universes
	for u := 1; u <= universes; u++ {
		if n := through[u]; n < fair-2 {
			t.Fatalf("universe %d got through %d times, want %d", u, n, fair)
		}
	}
}

// TestFramesAllocateNothing: a frame of many universes, from SetLevels to Send.
func TestFramesAllocateNothing(t *testing.T) {
	const universes = 300
	packets := 0
	now := epoch
	s := newMachine(t, SenderConfig{Sync: true}, now, func(now time.Time, list []Packet, _ func(int, error)) (int, time.Time) {
		packets += len(list)
		return len(list), now
	})
	for u := 1; u <= universes; u++ {
		if err := s.Join(u, UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	levels := make([]byte, wire.Slots)
	flush := func() {
		levels[0]++
		for u := 1; u <= universes; u++ {
			s.SetLevels(u, levels)
		}
		now = now.Add(frame)
		if _, err := s.FlushFor(now, now.Add(8*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Release(now.Add(8 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	packets = 0
	const frames = 50
	if n := testing.AllocsPerRun(frames, flush); n > 0 {
		t.Errorf("%v allocations per frame of %d universes", n, universes)
	}
	if packets < frames*universes {
		t.Errorf("%d packets in %d frames", packets, frames)
	}
}

// BenchmarkFlush is a frame of one universe, signed and given to Send.
func BenchmarkFlush(b *testing.B) {
	s, err := NewSender(SenderConfig{TUID: sender, Keys: root.Keys()}, epoch, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Join(1, UniverseOptions{}); err != nil {
		b.Fatal(err)
	}
	levels, now := make([]byte, wire.Slots), epoch
	b.ReportAllocs()
	for b.Loop() {
		levels[0]++
		s.SetLevels(1, levels)
		now = now.Add(frame)
		if _, err := s.Flush(now); err != nil {
			b.Fatal(err)
		}
	}
}
