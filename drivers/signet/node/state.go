package node

import (
	"net/netip"

	"showrun/drivers/signet/wire"
)

// State is the configuration of a Node that outlives a restart.
type State struct {
	ChangeCount uint16
	Label       string
	Endpoints   []EndpointState
}

// EndpointState is the configuration of one data endpoint.
type EndpointState struct {
	Universe  int        // 0: not patched
	Group     netip.Addr // another group than the folded one, or the zero Addr
	Label     string
	Off       bool // takes no levels
	Failover  wire.Failover
	DMXTiming [2]byte // 0 continuous or 1 on change; 0 maximum, 1 medium, 2 minimum
}

func (m *machine) state() State {
	s := State{ChangeCount: m.changes, Label: m.label}
	for _, e := range m.endpoints {
		s.Endpoints = append(s.Endpoints, e.EndpointState)
	}
	return s
}

// initialState is that of the configuration where there is none of an earlier
// run.
func initialState(cfg Config) State {
	if cfg.State != nil {
		return *cfg.State
	}
	s := State{Label: cfg.Label}
	for _, u := range cfg.Universes {
		s.Endpoints = append(s.Endpoints, EndpointState{Universe: u})
	}
	return s
}
