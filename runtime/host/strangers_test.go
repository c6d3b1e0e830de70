package host

import (
	"fmt"
	"testing"

	"showrun/runtime/device"
)

// peer is a device that is known by a name and sees others.
type peer struct {
	device.Device
	id     string
	others []device.Other
}

func (p peer) ID() string             { return p.id }
func (p peer) Others() []device.Other { return p.others }

// TestStrangers are told once each, with the address if any knows it, and never what is the
// show's own, whichever of its devices sees it.
func TestStrangers(t *testing.T) {
	list := []named{
		{protocol: "signet", device: peer{id: "1", others: []device.Other{{ID: "2", Name: "own"}, {ID: "7", Name: "node"}}}},
		{protocol: "signet", device: peer{id: "2", others: []device.Other{{ID: "1", Name: "own"}, {ID: "7", Name: "node", Address: "10.0.0.7"}}}},
		{protocol: "stagenet", device: peer{id: "9", others: []device.Other{{ID: "1", Name: "box"}}}},
		{protocol: "theater"}, // which is not there
	}
	if got := fmt.Sprint(strangers(list)); got != "[{signet node 10.0.0.7 } {stagenet box  }]" {
		t.Error(got)
	}
}
