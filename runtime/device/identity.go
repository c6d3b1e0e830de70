package device

import (
	"crypto/rand"
	"errors"
	"fmt"

	"showrun/drivers/signet"
)

// KeyRef says where the key of a Sig-Net device is found. Without either it is
// that of the key store.
type KeyRef struct {
	File string // transfer file, relative to the show folder
	Env  string // environment variable with the passphrase
}

func (k KeyRef) String() string {
	switch {
	case k.File != "":
		return fmt.Sprintf("file %q", k.File)
	case k.Env != "":
		return fmt.Sprintf("env %q", k.Env)
	}
	return "store"
}

// Sessions makes a Store keep the sessions of the Sig-Net driver.
type Sessions struct{ Store }

// Session implements signet.Sessions.
func (s Sessions) Session(t signet.TUID) (uint32, bool, error) { return s.Store.Session(t) }

// SaveSession implements signet.Sessions.
func (s Sessions) SaveSession(t signet.TUID, n uint32) error { return s.Store.SaveSession(t, n) }

// TUID returns the TUID kept for a Sig-Net device. renew makes another one, for
// when its session numbers are spent.
func (e Env) TUID(name string, renew bool) (signet.TUID, error) {
	create := func() ([]byte, error) {
		t, err := signet.NewTUID(rand.Reader)
		return t[:], err
	}
	if renew {
		id, err := create()
		if err != nil {
			return signet.TUID{}, err
		}
		return signet.TUID(id), e.Store.Replace("signet tuid "+name, id)
	}
	id, err := e.Store.Identity("signet tuid "+name, create)
	if err != nil {
		return signet.TUID{}, err
	}
	if len(id) != len(signet.TUID{}) {
		return signet.TUID{}, errors.New("the state file holds a broken TUID")
	}
	return signet.TUID(id), nil
}
