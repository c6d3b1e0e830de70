package device

import (
	"errors"
	"fmt"
	"sync"

	"showrun/drivers/signet/wire"
)

// Sessions keeps the session numbers of our own devices on disk. If the record
// of a TUID that was in use is gone, the caller must make a new TUID: a
// restart at session 1 would be a replay to every receiver that remembers. A
// store must also see to it that no two processes use one TUID.
type Sessions interface {
	// Session gives the last session number used by a device.
	Session(tuid wire.TUID) (last uint32, known bool, err error)
	// SaveSession stores a number; it must be on disk when it returns.
	SaveSession(tuid wire.TUID, session uint32) error
}

// ErrSessionsSpent tells that a TUID has used up its session numbers: it needs
// a new TUID, or the installation a new root key.
var ErrSessionsSpent = errors.New("session numbers of this TUID are used up: make a new TUID or a new root key")

// ErrSessionStore tells that a session number could not be stored, without
// which nothing may be sent.
var ErrSessionStore = errors.New("session store")

// SessionWarning is the number from which an operator should be warned.
const SessionWarning = 0xFFFF0000

// lastSequence is never sent: the session ends before (section 13.1).
const lastSequence = 0xFFFFFFFF

// NextSession takes and stores the next session number.
func NextSession(s Sessions, t wire.TUID) (uint32, error) {
	last, _, err := s.Session(t)
	if err != nil {
		return 0, fmt.Errorf("%w: read the session number of %s: %w", ErrSessionStore, t, err)
	}
	if last >= 0xFFFFFFFE {
		return 0, ErrSessionsSpent
	}
	if err := s.SaveSession(t, last+1); err != nil {
		return 0, fmt.Errorf("%w: write the session number of %s: %w", ErrSessionStore, t, err)
	}
	return last + 1, nil
}

// Numbers gives the session numbers of a device that follow the one it has: from a
// store, or counted on in memory if that is nil.
func Numbers(s Sessions, t wire.TUID, last uint32) func() (uint32, error) {
	if s == nil {
		s = &MemorySessions{last: map[wire.TUID]uint32{t: last}}
	}
	return func() (uint32, error) { return NextSession(s, t) }
}

// MemorySessions keeps session numbers for the life of the process. It is only
// right for a TUID made for this run.
type MemorySessions struct {
	mu   sync.Mutex
	last map[wire.TUID]uint32
}

// Session implements Sessions.
func (m *MemorySessions) Session(t wire.TUID) (uint32, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.last[t]
	return last, known, nil
}

// SaveSession implements Sessions.
func (m *MemorySessions) SaveSession(t wire.TUID, session uint32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = make(map[wire.TUID]uint32)
	}
	m.last[t] = session
	return nil
}
