package clock

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestCloseGivesTheThreadBack(t *testing.T) {
	c := NewReal()
	onThread(func() {
		before, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Error(err)
			return
		}
		s := NewSleeper(c)
		during, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Error(err)
		} else if granted := s.thread.before != nil; granted != (during.Policy == unix.SCHED_FIFO) || granted && during.Priority != realTimePriority {
			t.Errorf("policy %d, priority %d, with precision %q", during.Policy, during.Priority, s.Precision())
		}
		for range 2 { // closing twice is harmless
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		after, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Error(err)
		} else if after.Policy != before.Policy || after.Nice != before.Nice || after.Priority != before.Priority {
			t.Errorf("policy %d, nice %d, priority %d after Close; before %d, %d, %d",
				after.Policy, after.Nice, after.Priority, before.Policy, before.Nice, before.Priority)
		}
	})
}
