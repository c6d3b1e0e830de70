package dmxusb

import (
	"sync/atomic"

	"showrun/drivers/dmxusb/wire"
)

// mailbox hands the newest levels from one goroutine to another. Neither waits, and the latest
// wins: of three frames one is being written, one is being read and one lies ready.
type mailbox struct {
	frames [3]frame
	ready  atomic.Uint32 // which lies ready, and isNew
	back   uint32        // that is written
	front  uint32        // that is read
}

type frame struct {
	levels [wire.Slots]byte
	n      int
}

// isNew marks a frame that was not read yet.
const isNew = 4

func newMailbox() *mailbox {
	m := &mailbox{back: 1, front: 2}
	return m
}

// put is for one goroutine at a time.
func (m *mailbox) put(levels []byte) {
	f := &m.frames[m.back]
	f.n = copy(f.levels[:], levels)
	m.back = m.ready.Swap(m.back|isNew) &^ isNew
}

// take returns what was put last, which is lent until the next take; false if that was taken
// already.
func (m *mailbox) take() ([]byte, bool) {
	if m.ready.Load()&isNew == 0 {
		return nil, false
	}
	m.front = m.ready.Swap(m.front) &^ isNew
	f := &m.frames[m.front]
	return f.levels[:f.n], true
}

// last is what was taken last.
func (m *mailbox) last() []byte { return m.frames[m.front].levels[:m.frames[m.front].n] }
