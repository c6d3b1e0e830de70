package discover

import (
	"errors"
	"log/slog"
	"path/filepath"

	"showrun/drivers/signet"
	"showrun/drivers/stagelinq"
	"showrun/runtime/device"
	devsignet "showrun/runtime/device/signet"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/store"
)

// Identity is who a search is to others. It is kept apart from that of shows, so
// that one can look around while a show runs. While another search runs, it is
// drawn for this one only.
type Identity struct {
	devsignet.Sessions
	close func() error
}

// OpenIdentity opens what is kept in a state folder, anew if that cannot be read.
func OpenIdentity(stateDir string, log *slog.Logger) (*Identity, error) {
	s, err := store.OpenNew(filepath.Join(stateDir, "discover"), log)
	if errors.Is(err, store.ErrInUse) {
		return identity(&store.Memory{}, func() error { return nil }), nil
	}
	if err != nil {
		return nil, err
	}
	return identity(s, s.Close), nil
}

func identity(s device.Store, close func() error) *Identity {
	return &Identity{devsignet.Sessions{Store: s}, close}
}

// Close lets others have it.
func (id *Identity) Close() error { return id.close() }

// TUID is that of the Manager.
func (id *Identity) TUID() (signet.TUID, error) { return devsignet.TUIDOf(id.Store, "discover") }

// Token is that of the StageLinQ program.
func (id *Identity) Token() (stagelinq.Token, error) { return devlinq.TokenOf(id.Store) }
