//go:build unix

package soak

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/signet/wire"
)

// frame is what the show sends at an instant.
type frame struct {
	at                time.Duration
	session, sequence uint32
	second, beat      int
	levels            map[int]byte // others than those of a right look
}

func (f frame) packet(t *testing.T) []byte {
	t.Helper()
	var levels [20]byte
	levels[0], levels[1], levels[3] = byte(f.second), byte(f.second*7+13), 7
	levels[10], levels[11] = byte(f.beat), byte(f.beat*5+1)
	for slot, v := range f.levels {
		levels[slot-1] = v
	}
	h := wire.Header{Sender: wire.SenderID{Endpoint: 1}, Session: f.session, Sequence: f.sequence}
	return wire.Append(nil, h, "soak", wire.Resource{Kind: wire.KindLevel, Number: 1},
		wire.AppendTLV(nil, wire.TIDLevel, levels[:]), hmac.New(sha256.New, []byte("key")))
}

// TestEars: what a show must not do is heard, and what it does is not complained of.
func TestEars(t *testing.T) {
	const frameTime = 23 * time.Millisecond
	right := func(n int) frame {
		at := time.Duration(n) * frameTime
		return frame{at: at, session: 5, sequence: uint32(n + 1), second: int(at / time.Second), beat: int(2 * at / time.Second)}
	}
	for _, c := range []struct {
		name  string
		spoil func(n int, f *frame)
		noise time.Duration
		want  string // in the complaint
	}{
		{"as it should be", func(int, *frame) {}, 0, ""},
		{"a sequence number twice", func(n int, f *frame) {
			if n == 100 {
				f.sequence--
			}
		}, 0, "session 5, sequence 100 after 5, 100"},
		{"an older session", func(n int, f *frame) {
			if n == 100 {
				f.session = 4
			}
		}, 0, "session 4"},
		{"a new session without a new process", func(n int, f *frame) {
			if n >= 100 {
				f.session = 6
			}
		}, 0, "session 6 after 5 in the same process"},
		{"a hole", func(n int, f *frame) {
			if n >= 100 {
				f.at += time.Second
			}
		}, 0, "no frame for 1.023s"},
		{"a hole while this process was late itself", func(n int, f *frame) {
			if n >= 100 {
				f.at += time.Second
			}
		}, time.Second, ""},
		{"half a look of a second", func(n int, f *frame) {
			if n == 100 {
				f.levels = map[int]byte{2: 99}
			}
		}, 0, "half a look: second 2 with 99"},
		{"half a look of a beat", func(n int, f *frame) {
			if n == 100 {
				f.levels = map[int]byte{12: 99}
			}
		}, 0, "half a look: beat 4 with 99"},
		{"a load that was to be refused", func(n int, f *frame) {
			if n == 100 {
				f.levels = map[int]byte{4: 99}
			}
		}, 0, "the look says 99"},
		{"a second that stays", func(n int, f *frame) { f.second = min(f.second, 1) }, 0, "the look is of second 1"},
		{"a second too early", func(n int, f *frame) {
			if n >= 100 {
				f.second += 3
			}
		}, 0, "the look is of second 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var complaints []string
			e := ears{broken: func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }}
			began := time.Unix(1_000_000, 0)
			e.excused, e.newLife = true, began.Add(-time.Second)
			for n := range 300 {
				f := right(n)
				c.spoil(n, &f)
				e.hear(f.packet(t), began.Add(f.at))
			}
			e.judge(c.noise)
			switch all := strings.Join(complaints, "\n"); {
			case e.packets != 300:
				t.Errorf("%d packets heard", e.packets)
			case c.want == "" && all != "":
				t.Errorf("complaints:\n%s", all)
			case !strings.Contains(all, c.want):
				t.Errorf("complaints %q, want %q", all, c.want)
			}
		})
	}
}

// TestKilledShowIsHeardAnew: a new process has a higher session, or that is heard.
func TestKilledShowIsHeardAnew(t *testing.T) {
	for session, want := range map[uint32]int{6: 0, 5: 1, 4: 1} {
		complaints := 0
		e := ears{broken: func(string, ...any) { complaints++ }}
		e.excused, e.newLife = true, time.Now()
		e.hear(frame{session: 5, sequence: 9}.packet(t), time.Now().Add(time.Second))
		e.rebirth()
		e.hear(frame{session: session, sequence: 10}.packet(t), time.Now().Add(2*time.Second))
		if complaints != want {
			t.Errorf("session %d after 5: %d complaints, want %d", session, complaints, want)
		}
	}
}

// TestSafeFirst: what comes to a valve before its safe action is told.
func TestSafeFirst(t *testing.T) {
	dead := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		came string // what came, a message every 10 ms, | is the instant
		safe bool
		err  string
	}{
		{"/move 1 50 | /move 1 0, /move 2 0, /empty, /move 1 50", true, ""},
		{"/move 1 50 | /move 2 50, /move 1 0, /move 2 0, /empty", false, "message 1 to the valve is /move 2 50"},
		{"/move 1 50 | /move 1 0", false, ""},
		{"/move 1 50 |", false, ""},
	} {
		var m machines
		before, after, _ := strings.Cut(c.came, "|")
		for i, text := range slices.Concat(strings.Split(before, ","), strings.Split(after, ",")) {
			if text = strings.TrimSpace(text); text != "" {
				m.heard.add(message{"valve", text, dead.Add(time.Duration(10*i-10) * time.Millisecond)})
			}
		}
		_, safe, err := m.safeSince(dead, false)
		if safe != c.safe || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: %v, %v", c.came, safe, err)
		}
	}
}

// TestVerdictCounts: complaints of the same kind count once in a fault.
func TestVerdictCounts(t *testing.T) {
	var out bytes.Buffer
	v := verdict{say: func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }}
	v.during("a fault")
	for range 10 {
		v.broken("no light for %d", 7)
	}
	v.broken("half a look")
	if v.count() != 2 || out.String() != "BROKEN (last fault: a fault): no light for 7\nBROKEN (last fault: a fault): half a look\n" {
		t.Errorf("%d: %s", v.count(), out.String())
	}
}
