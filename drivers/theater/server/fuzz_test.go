package server

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// script takes messages and instants out of the bytes of a fuzzer.
type script struct {
	b   []byte
	now time.Time
}

func (s *script) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *script) word() uint64 {
	var w [8]byte
	s.b = s.b[copy(w[:], s.b):]
	return binary.BigEndian.Uint64(w[:])
}

// argument is one of any type; many are small numbers, so that some messages make
// sense.
func (s *script) argument() any {
	switch c := s.byte(); c % 16 {
	case 0:
		return float32(math.Float32frombits(uint32(s.word())))
	case 1:
		return math.Float64frombits(s.word())
	case 2:
		return int64(s.word())
	case 3:
		return []any{nil, true, []byte{1}, osc.Immediately, "white", "rgba1", "x", "a", "1", "", "-3"}[int(s.byte())%11]
	case 4:
		return float32(s.byte()) / 16
	case 5:
		return float64(int8(s.byte())) * 1e3
	default:
		return int32(int8(s.byte()))
	}
}

// message is the next message, at once or for later.
func (s *script) message() (m osc.Message, at time.Time) {
	c := s.byte()
	m.Address = []string{"/fixture", "/spline", "/spline", "/tempo", "/move", "/empty", "/", ""}[c%8]
	if id := s.byte(); id < 128 {
		m.Args = append(m.Args, []any{"white", "rgba1", int32(1), "x", int32(2), float32(3), "2", int32(0)}[id%8])
	}
	for range s.byte() % 40 {
		m.Args = append(m.Args, s.argument())
	}
	if c >= 192 {
		at = s.now.Add(time.Duration(int16(s.word())) * 512 * time.Microsecond)
	}
	s.now = s.now.Add(time.Duration(s.byte()) * time.Duration(s.byte()) * time.Millisecond / 8)
	return m, at
}

// play runs a machine through a script. check is called after every message.
func play(t *testing.T, b []byte, m Machine, count func() Counters, check func(now time.Time)) {
	s := &script{b: b, now: start}
	for n := uint64(1); len(s.b) > 0 && n < 200; n++ {
		msg, at := s.message()
		before := count()
		err := m.Receive(s.now, msg, at)
		var r *Refusal
		if refused := errors.As(err, &r); refused != (err != nil) || refused != (count().Total() > before.Total()) {
			t.Fatalf("%v: error %v, counted %+v", msg, err, count())
		}
		if c := count(); c.Executed+c.Total()+uint64(c.Waiting) != n || c.Waiting > maxWaiting {
			t.Fatalf("%d messages, counted %+v", n, c)
		}
		check(s.now)
		m.Step(s.now)
		if next := m.Deadline(); !next.IsZero() && !next.After(s.now) {
			t.Fatalf("after a Step at %v the next is due at %v", s.now, next)
		}
	}
}

func seed(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x04\xff\x10\x10\x01\x00\x03\x06\x00\x06\x7f\x06\x7f\xff\xff"))
	f.Add([]byte("\xc1\x03\x03\x06\x10\x06\x20\x06\x20\x00\x00\x00\x00\x00\x00\x01\x00\x10\x10\x03\x03\x01\x06\x40\xff\xff"))
	f.Add([]byte("\x04\x02\x01\x06\x64\x20\x20\x05\xff\x00\x01\x01"))
}

func FuzzLighting(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLighting(t, LightingConfig{Rate: 1 + len(b)%100})
		play(t, b, l, func() Counters { return l.Stats().Counters }, func(now time.Time) {
			for _, x := range l.Fixtures() {
				v, _ := l.Values(nil, x.Name, now)
				for _, v := range v {
					if math.IsNaN(v) {
						t.Fatalf("%s is at %v", x.Name, v)
					}
				}
				if n := l.byName[x.Name].track.segments; n < 0 || n > MaxSegments {
					t.Fatalf("%s has %d segments", x.Name, n)
				}
			}
		})
	})
}

func FuzzMotion(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var end [Axes]time.Time
		d := NewMotion(MotionConfig{OnSegment: func(s Segment) {
			if s.End.Before(s.Start) || s.Gap < 0 || !end[s.Axis].IsZero() && s.Start.Sub(end[s.Axis]) != s.Gap {
				t.Fatalf("%+v after %v", s, end[s.Axis])
			}
			end[s.Axis] = s.End
		}})
		play(t, b, d, func() Counters { return d.Stats().Counters }, func(now time.Time) {
			for i := range Axes {
				if p := d.Position(i, now); math.IsNaN(p) {
					t.Fatalf("axis %d is at %v", i, p)
				}
				if n := d.Buffered(i, now); n < 0 || n > BufferSegments {
					t.Fatalf("axis %d has %d segments", i, n)
				}
			}
		})
	})
}

func FuzzValve(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		v := NewValve(ValveConfig{OnChange: func(joint int, j Joint, _ time.Time) {
			if joint < 1 || joint > Joints || !(math.Abs(j.PWM) <= 100) || j.Vented && j.PWM != 0 {
				t.Fatalf("joint %d is %+v", joint, j)
			}
		}})
		play(t, b, v, v.Stats, func(time.Time) {})
	})
}

// FuzzFixtures reads tables: what is taken fits the universe.
func FuzzFixtures(f *testing.F) {
	f.Add([]byte(DefaultTable))
	f.Add([]byte(`{"fixtures":[{"name":"a","number":1,"address":512,"channels":1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseFixtures(b)
		if err != nil {
			return
		}
		if _, err := NewLighting(LightingConfig{Fixtures: list}, start); err != nil || len(list) == 0 {
			t.Fatalf("%v: %v", list, err)
		}
	})
}
