package discover

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"

	"showrun/drivers/signet"
	"showrun/drivers/stagelinq"
	"showrun/runtime/store"
)

// Identity is who a search is to others. It is kept apart from that of shows, so
// that one can look around while a show runs. While another search runs, it is
// drawn for this one only.
type Identity struct {
	store  *store.Store // nil if nothing is kept
	memory signet.MemorySessions
}

// OpenIdentity opens what is kept in a state folder.
func OpenIdentity(stateDir string) (*Identity, error) {
	s, err := store.Open(filepath.Join(stateDir, "discover"))
	if errors.Is(err, store.ErrInUse) {
		return &Identity{}, nil
	}
	return &Identity{store: s}, err
}

// Close lets others have it.
func (id *Identity) Close() error {
	if id.store == nil {
		return nil
	}
	return id.store.Close()
}

// TUID is that of the Manager.
func (id *Identity) TUID() (signet.TUID, error) {
	var t signet.TUID
	err := id.bytes("signet tuid", t[:], func() ([]byte, error) {
		drawn, err := signet.NewTUID(rand.Reader)
		return drawn[:], err
	})
	return t, err
}

// Token is that of the StageLinQ program.
func (id *Identity) Token() (stagelinq.Token, error) {
	var t stagelinq.Token
	err := id.bytes("stagelinq token", t[:], func() ([]byte, error) {
		drawn, err := stagelinq.NewToken(rand.Reader)
		return drawn[:], err
	})
	return t, err
}

// bytes fills b with what is kept under a name, which is drawn the first time.
func (id *Identity) bytes(name string, b []byte, draw func() ([]byte, error)) error {
	if id.store != nil {
		first := draw
		draw = func() ([]byte, error) { return id.store.Identity(name, first) }
	}
	kept, err := draw()
	if err != nil {
		return err
	}
	if len(kept) != len(b) {
		return fmt.Errorf("the state file holds a broken %s", name)
	}
	copy(b, kept)
	return nil
}

// Session implements signet.Sessions.
func (id *Identity) Session(t signet.TUID) (uint32, bool, error) {
	if id.store == nil {
		return id.memory.Session(t)
	}
	return id.store.Session(t)
}

// SaveSession implements signet.Sessions.
func (id *Identity) SaveSession(t signet.TUID, n uint32) error {
	if id.store == nil {
		return id.memory.SaveSession(t, n)
	}
	return id.store.SaveSession(t, n)
}
