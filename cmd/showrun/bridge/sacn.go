package bridge

import (
	"errors"
	"time"

	"showrun/drivers/sacn"
	"showrun/drivers/sacn/receiver"
	devsacn "showrun/runtime/device/sacn"
	"showrun/runtime/store"
)

// acn is sACN universes.
type acn struct {
	burst
	sender *sacn.SenderConn
	first  int
	kept   *store.Store
}

// lastACN is the highest number of a universe.
const lastACN = 63999

func checkSACN(a Address, universes int) error {
	_, err := numbers(a, universes, 1, lastACN)
	return err
}

func openSACN(a Address, e Env) (Sink, error) {
	first, err := numbers(a, e.Universes, 1, lastACN)
	if err != nil {
		return nil, err
	}
	kept, err := e.keep()
	if err != nil {
		return nil, err
	}
	o := &acn{first: first, kept: kept}
	if err := o.open(e); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	return o, nil
}

func (o *acn) open(e Env) error {
	cid, err := devsacn.CIDOf(o.kept, e.Name)
	if err != nil {
		return err
	}
	o.sender, err = sacn.OpenSender(sacn.Config{
		CID: cid, Name: "showrun " + e.Name, Interface: e.network(), Port: e.Ports["sacn"], Rate: e.Rate, Priority: 100, Log: e.Log,
	})
	if err != nil {
		return err
	}
	for u := range e.Universes {
		if err := o.sender.Join(o.first+u, sacn.UniverseOptions{}); err != nil {
			return errors.Join(err, o.sender.Close())
		}
	}
	o.burst = newBurst(e, o.sender.Run, func(now time.Time) error {
		_, err := o.sender.FlushFor(now, now)
		return err
	})
	return nil
}

// Show implements Sink.
func (o *acn) Show(universe int, levels []byte, _ time.Time) {
	o.sender.SetLevels(o.first+universe, false, levels)
	o.come()
}

// Close implements Sink.
func (o *acn) Close() error { return errors.Join(o.sender.Close(), o.kept.Close()) }

func hearSACN(a Address, e Env, hear Hear) (Source, error) {
	first, err := numbers(a, e.Universes, 1, lastACN)
	if err != nil {
		return nil, err
	}
	r, err := receiver.Open(receiver.Config{
		Interface: e.network(), Port: e.Ports["sacn"], Log: e.Log,
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
