package bridge

import (
	"errors"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
)

// artNet is Art-Net universes, from an address on.
type artNet struct {
	burst
	controller *artnet.Conn
	first      int
}

func checkArtNet(a Address, universes int) error {
	_, err := numbers(a, universes, 0, int(wire.LastAddress))
	return err
}

func openArtNet(a Address, e Env) (Sink, error) {
	first, err := numbers(a, e.Universes, 0, int(wire.LastAddress))
	if err != nil {
		return nil, err
	}
	c, err := artnet.Open(artnet.Config{Interface: e.network(), Port: e.Ports["artnet"], Ports: e.ArtNet, Rate: e.Rate, ShortName: "showrun", LongName: "showrun " + e.Name, Log: e.Log})
	if err != nil {
		return nil, err
	}
	for u := range e.Universes {
		if err := c.Join(wire.Address(first + u)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &artNet{newBurst(e, c.Run, func(now time.Time) error {
		_, err := c.FlushFor(now, now)
		return err
	}), c, first}, nil
}

// Show implements Sink.
func (o *artNet) Show(universe int, levels []byte, _ time.Time) {
	o.controller.SetLevels(wire.Address(o.first+universe), levels)
	o.come()
}

// Close implements Sink.
func (o *artNet) Close() error { return o.controller.Close() }

// hearArtNet opens a node, which others find and send to.
func hearArtNet(a Address, e Env, hear Hear) (Source, error) {
	first, err := numbers(a, e.Universes, 0, int(wire.LastAddress))
	if err != nil {
		return nil, err
	}
	return node.Open(nodeOf(first, e, hear))
}

// nodeOf is the node that hears universes from an address on.
func nodeOf(first int, e Env, hear Hear) node.Config {
	cfg := node.Config{
		Interface: e.network(), Port: e.Ports["artnet"], Ports: e.ArtNet, ShortName: "showrun", LongName: "showrun " + e.Name, Log: e.Log, Every: true,
		OnLevels:  func(a wire.Address, levels []byte, p node.Packet) { hear(int(a)-first, levels, p.At) },
		OnStopped: func(a wire.Address, at time.Time) { hear(int(a)-first, nil, at) },
	}
	for u := range e.Universes {
		cfg.Universes = append(cfg.Universes, wire.Address(first+u))
	}
	return cfg
}
