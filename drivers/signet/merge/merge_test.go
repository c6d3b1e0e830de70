package merge

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"showrun/drivers/signet/wire"
)

var epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

func id(n byte) wire.SenderID { return wire.SenderID{TUID: wire.TUID{n}, Endpoint: 1} }

// look writes the output, with a dot for a slot that nobody drives.
func look(m *Merger) string {
	text := ""
	for i := range m.Levels() {
		if level, driven := m.Lookup(i); driven {
			text += fmt.Sprintf("%d ", level)
		} else {
			text += ". "
		}
	}
	return text
}

func expect(t *testing.T, m *Merger, want string) {
	t.Helper()
	if got := look(m); got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

func TestVectorMerge(t *testing.T) {
	var v struct {
		Merge struct {
			Cases []struct {
				ID      string
				Sources []struct{ Priority, Levels []int }
				Slots   int
				Expect  []*int
			}
		}
	}
	b, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Merge.Cases {
		m := New(0)
		for i, s := range c.Sources {
			m.Take(id(byte(i)), 1, bytesOf(s.Levels), bytesOf(s.Priority), epoch)
		}
		for slot := range c.Slots {
			level, driven := m.Lookup(slot)
			want := c.Expect[slot]
			if driven != (want != nil) || want != nil && int(level) != *want {
				t.Errorf("%s slot %d: %d %v", c.ID, slot+1, level, driven)
			}
		}
	}
}

func bytesOf(list []int) []byte {
	if list == nil {
		return nil
	}
	b := []byte{}
	for _, v := range list {
		b = append(b, byte(v))
	}
	return b
}

func TestPriorityStaysForTheSession(t *testing.T) {
	m := New(0)
	m.Take(id(1), 1, []byte{10, 10}, []byte{150}, epoch)
	m.Take(id(2), 1, []byte{99, 99}, nil, epoch)
	expect(t, m, "10 10 ")
	m.Take(id(1), 1, []byte{11, 11}, nil, epoch) // not repeated: stays
	expect(t, m, "11 11 ")
	m.Take(id(1), 2, []byte{12, 12}, nil, epoch) // new session: 100 again
	expect(t, m, "99 99 ")
	m.Take(id(1), 2, nil, []byte{200, 0}, epoch) // priorities alone
	expect(t, m, "12 99 ")
	if m.Take(id(1), 2, nil, nil, epoch) || m.Take(id(2), 1, []byte{99, 99}, nil, epoch) {
		t.Error("a packet without news changes the output")
	}
	m.Take(id(2), 1, []byte{1, 2}, []byte{255}, epoch)
	if m.Clamped != 1 {
		t.Errorf("clamped %d", m.Clamped)
	}
	expect(t, m, "12 2 ") // 255 counts as 200: a tie in slot 1, HTP
}

func TestLoss(t *testing.T) {
	m := New(0)
	m.Take(id(1), 1, []byte{10}, nil, epoch)
	m.Take(id(2), 1, []byte{20, 30}, nil, epoch.Add(time.Second))
	if d := m.Deadline(); !d.Equal(epoch.Add(3 * time.Second)) {
		t.Errorf("deadline %v", d)
	}
	if m.Step(epoch.Add(3*time.Second - 1)) {
		t.Error("lost too early")
	}
	m.Step(epoch.Add(3 * time.Second))
	expect(t, m, "20 30 ")
	if m.SourceCount() != 1 {
		t.Errorf("%d sources", m.SourceCount())
	}
	if !m.Step(epoch.Add(4 * time.Second)) {
		t.Error("the last loss is not told")
	}
	expect(t, m, "")
	if !m.Deadline().IsZero() {
		t.Error("nothing is left to wait for")
	}
}

func TestSync(t *testing.T) {
	m := New(0)
	now := epoch
	m.Take(id(1), 1, []byte{1}, nil, now)
	if m.Sync(id(9), now) || m.Sync(id(1), now) {
		t.Error("the first sync has nothing to release")
	}
	m.Take(id(1), 1, []byte{2}, nil, now)
	expect(t, m, "1 ")
	m.Take(id(2), 1, []byte{0, 50}, nil, now) // others are not held
	expect(t, m, "1 50 ")
	m.Sync(id(2), now)
	m.Take(id(1), 1, []byte{3}, []byte{150}, now) // the newest is released
	if !m.Sync(id(1), now.Add(100*time.Millisecond)) {
		t.Error("nothing released")
	}
	expect(t, m, "3 50 ")
	m.Take(id(1), 1, []byte{4}, nil, now)
	now = now.Add(350 * time.Millisecond)
	if d := m.Deadline(); d.After(now) {
		t.Errorf("deadline %v after %v", d, now)
	}
	m.Step(now.Add(-1))
	expect(t, m, "3 50 ")
	if !m.Step(now) { // no sync for 250 ms: what is held goes out
		t.Error("nothing flushed")
	}
	expect(t, m, "4 50 ")
	m.Take(id(1), 1, []byte{5}, nil, now)
	expect(t, m, "5 50 ")
	for _, s := range m.Sources() {
		if s.Synced {
			t.Errorf("%v still synced", s.ID)
		}
	}
}

// TestSyncOfALoser: a source that wins no slot is not held back.
func TestSyncOfALoser(t *testing.T) {
	m := New(0)
	m.Take(id(1), 1, []byte{10}, []byte{50}, epoch)
	m.Take(id(2), 1, []byte{10}, nil, epoch)
	m.Sync(id(1), epoch)
	if s := m.Sources(); s[0].Synced || s[0].Wins != 0 || s[1].Wins != 1 || !s[0].Priority {
		t.Errorf("sources %+v", s)
	}
}

func TestSourceLimit(t *testing.T) {
	m := New(4)
	for n := range byte(6) {
		m.Take(id(n), 1, []byte{n}, nil, epoch)
	}
	if m.SourceCount() != 4 || m.Refused != 2 {
		t.Errorf("%d sources, %d refused", m.SourceCount(), m.Refused)
	}
	expect(t, m, "3 ")
}

// TestAgainstDefinition compares with a plain reading of the rule.
func TestAgainstDefinition(t *testing.T) {
	m := New(0)
	type state struct{ levels, priority []byte }
	sources := map[byte]*state{}
	seed := uint32(1)
	random := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for range 3000 {
		n := byte(random(4))
		s := sources[n]
		if s == nil {
			s = &state{}
			sources[n] = s
		}
		s.levels = make([]byte, 1+random(8))
		for i := range s.levels {
			s.levels[i] = byte(random(4))
		}
		var priority []byte
		if random(2) == 0 {
			priority = make([]byte, 1+random(6))
			for i := range priority {
				priority[i] = byte(random(3))
			}
			s.priority = priority
		}
		m.Take(id(n), 1, s.levels, priority, epoch)
		for slot := range 9 {
			best, level, driven := byte(0), byte(0), false
			for _, s := range sources {
				if slot >= len(s.levels) {
					continue
				}
				p := byte(100)
				switch {
				case len(s.priority) == 1:
					p = s.priority[0]
				case len(s.priority) > slot:
					p = s.priority[slot]
				case len(s.priority) > 0:
					p = 0
				}
				if p > best || p == best && p > 0 && s.levels[slot] > level {
					best, level, driven = p, s.levels[slot], true
				}
			}
			if got, gotDriven := m.Lookup(slot); got != level || gotDriven != driven {
				t.Fatalf("slot %d: %d %v, want %d %v", slot, got, gotDriven, level, driven)
			}
		}
	}
}

func TestTakeAllocatesNothing(t *testing.T) {
	m := New(0)
	levels := make([]byte, 512)
	m.Take(id(1), 1, levels, nil, epoch)
	m.Take(id(2), 1, levels, []byte{100}, epoch)
	if n := testing.AllocsPerRun(50, func() {
		levels[0]++
		m.Take(id(1), 1, levels, nil, epoch)
		m.Sync(id(1), epoch)
		m.Step(epoch)
		m.Deadline()
	}); n > 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, sources := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(sources), func(b *testing.B) {
			m := New(0)
			levels := make([]byte, 512)
			for i := 0; b.Loop(); i++ {
				levels[i%512]++
				m.Take(id(byte(i%sources)), 1, levels, nil, epoch)
			}
		})
	}
}
