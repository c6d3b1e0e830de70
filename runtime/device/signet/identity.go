package signet

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"showrun/drivers/signet"
	"showrun/runtime/device"
)

// What the store keeps: the TUID of a device by its name, and the last session number,
// 32 bits, of a TUID.
const (
	tuidBucket    = "signet tuid"
	sessionBucket = "signet sessions"
)

// Sessions makes a store, whose disk may be full and come back, keep the session numbers of the driver.
type Sessions struct{ Store device.Store }

// Session implements signet.Sessions.
func (s Sessions) Session(t signet.TUID) (last uint32, known bool, err error) {
	v, found, err := s.Store.Get(sessionBucket, t.String())
	if err != nil || !found {
		return 0, false, device.Missing(err)
	}
	if len(v) != 4 {
		return 0, false, fmt.Errorf("the session number of %s has %d bytes, want 4", t.Screen(), len(v))
	}
	return binary.BigEndian.Uint32(v), true, nil
}

// SaveSession implements signet.Sessions.
func (s Sessions) SaveSession(t signet.TUID, n uint32) error {
	return device.Missing(s.Store.Put(sessionBucket, t.String(), binary.BigEndian.AppendUint32(nil, n)))
}

// TUIDOf returns the TUID kept under a name. The first time it is drawn.
func TUIDOf(store device.Store, name string) (signet.TUID, error) {
	v, found, err := store.Get(tuidBucket, name)
	switch {
	case err != nil:
		return signet.TUID{}, device.Missing(err)
	case !found:
		return newTUID(store, name)
	case len(v) != len(signet.TUID{}):
		return signet.TUID{}, fmt.Errorf("the state folder holds a broken TUID of %s: %d bytes, want %d", name, len(v), len(signet.TUID{}))
	}
	return signet.TUID(v), nil
}

// newTUID draws a TUID and keeps it under a name.
func newTUID(store device.Store, name string) (signet.TUID, error) {
	t, err := signet.NewTUID(rand.Reader)
	if err != nil {
		return signet.TUID{}, err
	}
	return t, device.Missing(store.Put(tuidBucket, name, t[:]))
}

// openNamed opens a device with the TUID kept under a name. Should its session
// numbers be spent, it gets another.
func openNamed[T any](store device.Store, name string, open func(signet.TUID) (T, error)) (T, error) {
	tuid, err := TUIDOf(store, name)
	if err != nil {
		return *new(T), err
	}
	driver, err := open(tuid)
	if !errors.Is(err, signet.ErrSessionsSpent) {
		return driver, err
	}
	if tuid, err = newTUID(store, name); err != nil {
		return *new(T), err
	}
	return open(tuid)
}

// network is the interface of a device that may name one. With a rig nothing leaves the
// machine, whatever it names.
func network(env device.Env, named string) string {
	if r := rigOf(env); r != nil {
		return r.env.Interface
	}
	return env.NetworkInterface(named)
}
