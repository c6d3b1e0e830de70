package rig

import (
	"slices"

	"showrun/drivers/stagenet/gateway"
)

// virtualGateway is a StageNet gateway of the rig.
type virtualGateway struct {
	gateway  *gateway.Gateway
	levels   gateway.Levels
	channels []gateway.Channel
}

// Gateways makes the rig have StageNet gateways with these ids, types and
// channels; what else is in the list does not count. It returns the URL of each,
// to be given to a console: they are not advertised. A gateway that is there
// already keeps its URL and gets other channels if need be; one that is no longer
// in the list stays.
func (r *Rig) Gateways(list []gateway.Config) (urls []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, want := range list {
		g := r.gateways[want.ID]
		switch {
		case g == nil:
			g = &virtualGateway{channels: slices.Clone(want.Channels)}
			g.gateway, err = gateway.Listen(gateway.Config{
				ID: want.ID, Type: want.Type, Channels: g.channels, Listen: Loopback() + ":0", Sink: &g.levels,
				// No Log: the console at the other end tells the same.
			})
			if err != nil {
				return nil, err
			}
			r.gateways[want.ID] = g
			r.order = append(r.order, g)
			r.start("gateway", g.gateway.Run)
		case !slices.Equal(g.channels, want.Channels):
			if err := g.gateway.Resize(want.Channels); err != nil {
				return nil, err
			}
			g.channels = slices.Clone(want.Channels)
		}
		urls = append(urls, g.gateway.URL())
	}
	return urls, nil
}

// Gateway returns what the channels of a gateway show, and false if there is none
// of that id.
func (r *Rig) Gateway(id string) (*gateway.Levels, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.gateways[id]
	if g == nil {
		return nil, false
	}
	return &g.levels, true
}

// gatewayLevels returns the first n levels of the first gateway, with mu held.
func (r *Rig) gatewayLevels(n int) []byte {
	if len(r.order) == 0 {
		return nil
	}
	g := r.order[0]
	return g.levels.Values(nil, g.channels[:min(n, len(g.channels))])
}
