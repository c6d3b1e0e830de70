package universe

import (
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/level"
)

// wire is a Driver that notes what it sends.
type wire struct {
	mu        sync.Mutex
	universes map[Stream]Universe
	levels    map[Stream][]byte
	flushed   []time.Duration // instants at which frames are to be seen
}

func newWire() *wire { return &wire{universes: map[Stream]Universe{}, levels: map[Stream][]byte{}} }

func (w *wire) Join(u Universe) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.universes[u.Stream()] = u
	return nil
}

func (w *wire) Leave(s Stream) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.universes, s)
	return nil
}

func (w *wire) SetPriority(n int, p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.universes[Stream{Number: n}]
	u.Priority = p
	w.universes[Stream{Number: n}] = u
	return nil
}

func (w *wire) SetLevels(s Stream, levels []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.levels[s] = slices.Clone(levels)
}

func (w *wire) FlushFor(now, visible time.Time) (int, error) {
	w.flushed = append(w.flushed, visible.Sub(epoch))
	return 1, nil
}

func (w *wire) Release(time.Time) (int, error) { return 0, nil }

// sends are the universes as they are sent.
func (w *wire) sends() []Universe {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.universes), func(a, b Universe) int { return a.Number - b.Number })
}

var epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

func testEnv() device.Env {
	return device.Env{
		Now:   func() time.Duration { return 0 },
		Time:  epoch.Add,
		Since: func(t time.Time) time.Duration { return t.Sub(epoch) },
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// TestSenderAdopts: what is declared as before stays as orders have made it, anything
// else is as declared.
func TestSenderAdopts(t *testing.T) {
	group := netip.MustParseAddr("239.1.2.3")
	for name, c := range map[string]struct {
		order any
		again []Universe
		want  []Universe
	}{
		"as before":        {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{150}}}, []Universe{{Number: 1, Priority: []byte{50}}}},
		"another priority": {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{120}}}, []Universe{{Number: 1, Priority: []byte{120}}}},
		"no priority":      {SetPriority{1, []byte{50}}, []Universe{{Number: 1}}, []Universe{{Number: 1}}},
		"another group": {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{150}, Multicast: group}},
			[]Universe{{Number: 1, Priority: []byte{150}, Multicast: group}}},
		"beside another": {SetPriority{1, []byte{50}}, []Universe{{Number: 2}, {Number: 1, Priority: []byte{150}}},
			[]Universe{{Number: 1, Priority: []byte{50}}, {Number: 2}}},
		"left by order": {LeaveUniverse{Universe: 1}, []Universe{{Number: 1, Priority: []byte{150}}}, []Universe{{Number: 1, Priority: []byte{150}}}},
		"not any more":  {SetPriority{1, []byte{50}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := NewSender(Config{Env: testEnv()}), newWire()
			s.Use(w)
			s.Adopt([]Universe{{Number: 1, Priority: []byte{150}}}, nil)
			s.Take(0, c.order)
			for range 2 { // the one after that as well
				s.Adopt(slices.Clone(c.again), nil)
				if got := w.sends(); !slices.EqualFunc(got, c.want, Universe.Equal) || s.Universes() != len(c.want) {
					t.Errorf("sends %+v, want %+v", got, c.want)
				}
			}
			again := newWire() // in the place of one that failed
			s.Use(again)
			if got := again.sends(); !slices.EqualFunc(got, c.want, Universe.Equal) {
				t.Errorf("another driver sends %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestTheEngineWaitsForNobody: what the loops call waits for no lock of those who put
// another driver in the place of one that failed, and they learn what it has done.
func TestTheEngineWaitsForNobody(t *testing.T) {
	s, w := NewSender(Config{Env: testEnv(), Sync: true}), newWire()
	s.Use(w)
	s.Adopt([]Universe{{Number: 1}}, nil)
	s.mu.Lock()
	s.Adopt([]Universe{{Number: 1}, {Number: 2}}, "besides")
	s.Publish(&level.Frame{Levels: [][]byte{{1}}})
	s.Release(0)
	s.Take(0, SetPriority{1, []byte{50}})
	s.Take(0, LeaveUniverse{Universe: 1})
	if s.Universes() != 1 || s.Besides() != "besides" {
		t.Error("the orders are not carried out")
	}
	s.mu.Unlock()
	s.catchUp()
	if got := w.sends(); len(got) != 1 || got[0].Number != 2 {
		t.Errorf("the driver sends %+v, want universe 2", got)
	}

	r := NewReceiver(ReceiverConfig[string]{Env: testEnv()})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Adopt([]Stream{{Number: 1}, {Number: 2}})
	if r.Answer(LevelOf{Universe: 1, Slot: 1}).(SlotLevel).Driven || r.Answer(LevelsOf{Universe: 1}).([]byte) != nil {
		t.Error("something is heard")
	}
}

// TestOrdersMeetDrivers: orders that come while drivers take one another's place and
// loads are adopted are carried out by the last driver.
func TestOrdersMeetDrivers(t *testing.T) {
	s := NewSender(Config{Env: testEnv()})
	s.Use(newWire())
	universes := []Universe{{Number: 1}, {Number: 2}}
	var others sync.WaitGroup
	others.Go(func() {
		for range 50 {
			s.Use(newWire())
		}
	})
	for i := range 200 {
		s.Adopt(universes, nil)
		s.Take(0, SetPriority{1, []byte{byte(i)}})
	}
	s.Take(0, LeaveUniverse{Universe: 2})
	others.Wait()
	if got := s.Driver().(*wire).sends(); len(got) != 1 || got[0].Priority[0] != 199 {
		t.Errorf("the last driver sends %+v", got)
	}
}

// TestFramesLeaveEarly: a frame is to be seen so much earlier as what hangs on the wire
// takes, and universes that are left get no levels.
func TestFramesLeaveEarly(t *testing.T) {
	s, w := NewSender(Config{Env: testEnv(), Latency: 20 * time.Millisecond}), newWire()
	s.Use(w)
	s.Adopt([]Universe{{Number: 1, Output: 0}, {Number: 1, Output: 1, Preview: true}, {Number: 2, Output: 0}}, nil)
	s.Take(0, LeaveUniverse{Universe: 2})
	s.Publish(&level.Frame{At: time.Second, Levels: [][]byte{{1}, {2}}})
	if !slices.Equal(w.flushed, []time.Duration{980 * time.Millisecond}) || s.ReleaseLead() != 20*time.Millisecond {
		t.Errorf("frames are to be seen at %v", w.flushed)
	}
	want := map[Stream][]byte{{1, false}: {1}, {1, true}: {2}}
	if !maps.EqualFunc(w.levels, want, slices.Equal[[]byte]) {
		t.Errorf("sends %v, want %v", w.levels, want)
	}
}
