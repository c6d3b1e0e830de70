package bridge

import (
	"errors"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/store"
)

// sigNet is Sig-Net universes.
type sigNet struct {
	burst
	sender *signet.SenderConn
	first  int
	kept   *store.Store
}

func checkSigNet(a Address, universes int) error {
	_, err := numbers(a, universes, 1, wire.LastUniverse)
	return err
}

// openSigNet opens a Sender. What it keeps is in a folder of its own in the state folder, so
// that a show can run beside it: each has its own identity on the network.
func openSigNet(a Address, e Env) (Sink, error) {
	first, err := numbers(a, e.Universes, 1, wire.LastUniverse)
	if err != nil {
		return nil, err
	}
	keys, err := e.keys()
	if err != nil {
		return nil, err
	}
	kept, err := e.keep()
	if err != nil {
		return nil, err
	}
	o := &sigNet{first: first, kept: kept}
	if o.sender, err = e.sender(keys, kept); err != nil {
		kept.Close()
		return nil, err
	}
	for u := range e.Universes {
		if err := o.sender.Join(first+u, signet.UniverseOptions{}); err != nil {
			o.Close()
			return nil, err
		}
	}
	o.burst = newBurst(e, o.sender.Run, func(now time.Time) error {
		_, err := o.sender.Flush(now)
		return err
	})
	return o, nil
}

// keys are those of the installation.
func (e Env) keys() (keys signet.Keys, err error) {
	dir, err := e.dir()
	if err != nil {
		return keys, err
	}
	transfer, err := e.FindKey(dir)
	return transfer.Keys(), err
}

func (e Env) sender(keys signet.Keys, kept *store.Store) (*signet.SenderConn, error) {
	tuid, err := devsignet.TUIDOf(kept, e.Name)
	if err != nil {
		return nil, err
	}
	return signet.OpenSender(signet.SenderConfig{
		TUID: tuid, Keys: keys, Sessions: devsignet.Sessions{Store: kept}, Interface: e.network(), Port: e.Ports["signet"],
		Rate: e.Rate, Label: "showrun " + e.Name, Log: e.Log,
	})
}

// Show implements Sink.
func (o *sigNet) Show(universe int, levels []byte, _ time.Time) {
	o.sender.SetLevels(o.first+universe, levels)
	o.come()
}

// Close implements Sink.
func (o *sigNet) Close() error { return errors.Join(o.sender.Close(), o.kept.Close()) }

// hearSigNet opens a Receiver. It keeps nothing and is seen by nobody.
func hearSigNet(a Address, e Env, hear Hear) (Source, error) {
	first, err := numbers(a, e.Universes, 1, wire.LastUniverse)
	if err != nil {
		return nil, err
	}
	keys, err := e.keys()
	if err != nil {
		return nil, err
	}
	r, err := receiver.Open(receiver.Config{
		Keys: keys, Interface: e.network(), Port: e.Ports["signet"], Log: e.Log,
		OnLevels: func(universe int, levels []byte, p receiver.Packet) { hear(universe-first, levels, p.At) },
	})
	if err != nil {
		return nil, err
	}
	for u := range e.Universes {
		if err := r.Subscribe(first + u); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}
