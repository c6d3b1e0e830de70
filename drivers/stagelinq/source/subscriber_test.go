package source

import (
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

const ms = time.Millisecond

// sent returns what a subscriber would send now, as path=json.
func sent(t *testing.T, s *subscriber, now time.Time) (list []string) {
	t.Helper()
	s.release(now)
	f := wire.NewFramer(wire.MaxStateFrame)
	for b := s.appendPending(nil); len(b) > 0; {
		n := copy(f.Space(), b)
		f.Advance(n)
		b = b[n:]
		for {
			payload, ok, err := f.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			m, err := wire.ParseState(payload)
			if err != nil || m.Type != wire.StateEmit {
				t.Fatalf("%+v, %v", m, err)
			}
			list = append(list, m.Path+"="+m.JSON)
		}
	}
	return list
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestSubscriberGetsTheValueAndEveryChange(t *testing.T) {
	for _, interval := range []uint32{0, 0xffffffff} {
		s := newSubscriber()
		s.subscribe("/a", "1", interval, start)
		want(t, sent(t, s, start), "/a=1")
		s.changed(Change{"/a", "2"}, start)
		s.changed(Change{"/b", "9"}, start)
		s.changed(Change{"/a", "3"}, start)
		want(t, sent(t, s, start), "/a=2", "/a=3")
		if !s.deadline().IsZero() {
			t.Error("something waits")
		}
	}
}

func TestSubscriberKeepsItsInterval(t *testing.T) {
	s := newSubscriber()
	s.subscribe("/a", "1", 100, start)
	want(t, sent(t, s, start), "/a=1")
	s.changed(Change{"/a", "2"}, start.Add(10*ms))
	s.changed(Change{"/a", "3"}, start.Add(20*ms))
	want(t, sent(t, s, start.Add(99*ms)))
	if got := s.deadline(); !got.Equal(start.Add(100 * ms)) {
		t.Errorf("due after %v", got.Sub(start))
	}
	want(t, sent(t, s, start.Add(100*ms)), "/a=3")
	if !s.deadline().IsZero() {
		t.Error("something waits")
	}
	s.changed(Change{"/a", "4"}, start.Add(150*ms))
	want(t, sent(t, s, start.Add(150*ms)))
	want(t, sent(t, s, start.Add(200*ms)), "/a=4")
	s.changed(Change{"/a", "5"}, start.Add(time.Second))
	want(t, sent(t, s, start.Add(time.Second)), "/a=5")
}

func TestSubscriberIsBounded(t *testing.T) {
	s := newSubscriber()
	for range maxPending {
		s.subscribe("/a", "1", 0, start)
	}
	if s.flooded {
		t.Error("flooded too early")
	}
	s.changed(Change{"/a", "2"}, start)
	if !s.flooded || len(s.pending) > maxPending {
		t.Errorf("%d pending, flooded %v", len(s.pending), s.flooded)
	}
}
