package signet

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
)

var lampTUID = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xA}

// TestManagerWatches watches a real Node on loopback.
func TestManagerWatches(t *testing.T) {
	const port = 15725
	env, _, events := sigNetEnv(t, port)
	decl := &ManagerDecl{Scope: "local", Label: "Desk"}
	m := open[*onlineManager](t, decl, env)
	nodes := func() []Node { return ask[[]Node](m, NodesOf{}) }
	if len(nodes()) > 0 {
		t.Error("devices before anything was heard")
	}
	runDevice(t, m)
	n, err := node.Open(node.Config{
		TUID: lampTUID, Interface: "lo", Port: port, Universes: []int{7, 0}, Label: "Wash", Model: "Par 64",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })

	v := nextEvent(t, events, decl.EventTopic("beacon")).Value.(Node)
	if v.TUID != "7FF0:8000000A" || v.Label != "Wash" || v.EndpointCount != 2 || !v.Online || !slices.Equal(v.Notes, []string{"no keys"}) {
		t.Errorf("beacon %+v", v)
	}
	if err := n.Onboard(time.Now(), sigNetRoot.NodeKeys(lampTUID)); err != nil {
		t.Fatal(err)
	}
	if v := nextEvent(t, events, decl.EventTopic("found")).Value.(Node); v.TUID != "7FF0:8000000A" || !v.Online {
		t.Errorf("found %+v", v)
	}
	var list []Node
	for len(list) == 0 || len(list[0].Endpoints) < 2 {
		nextEvent(t, events, decl.EventTopic("changed"))
		list = nodes()
	}
	got := list[0]
	want := []NodeEndpoint{{Number: 1, Universe: 7, Direction: "consumer"}, {Number: 2, Direction: "consumer"}}
	if got.Label != "Wash" || got.Model != "Par 64" || got.SoemCode != wire.PrototypeSoemCode || got.Address != "127.0.0.1" ||
		!slices.Equal(got.Roles, []string{"node"}) || !slices.Equal(got.Endpoints, want) || len(got.Notes) != 0 {
		t.Errorf("node %+v", got)
	}
	if err := n.SetUniverse(time.Now(), 2, 8); err != nil {
		t.Fatal(err)
	}
	for v := (Node{}); len(v.Endpoints) < 2 || v.Endpoints[1].Universe != 8; {
		v = nextEvent(t, events, decl.EventTopic("changed")).Value.(Node)
	}

	// The network fails, and comes back.
	m.Close()
	deadline := time.Now().Add(eventPatience)
	for len(nodes()) > 0 { // its loop has to notice
		runtime.Gosched()
		if time.Now().After(deadline) {
			t.Fatal("the devices of before are still there")
		}
	}
	for universe := 9; len(nodes()) == 0; universe++ {
		if time.Now().After(deadline) {
			t.Fatal("no device is heard any more")
		}
		if err := n.SetUniverse(time.Now(), 2, universe); err != nil {
			t.Fatal(err)
		}
		select {
		case <-events:
		case <-time.After(100 * time.Millisecond): // said again, in case nobody listened
		}
	}
}

// TestManagerTells names the events of the driver for scripts.
func TestManagerTells(t *testing.T) {
	env, _, events := sigNetEnv(t, 0)
	decl := &ManagerDecl{Scope: "local"}
	m := openVirtual[*virtualManager](t, decl, env)
	if m.Loops() != nil || len(ask[[]Node](m, NodesOf{})) > 0 {
		t.Error("something is there in virtual time")
	}
	m.Manager.env.Now = func() time.Duration { return 9 * time.Second }
	from := netip.MustParseAddrPort("10.0.0.1:9")
	lamp := manager.Node{TUID: lampTUID, Address: from, Heard: sigNetEpoch.Add(time.Second), Online: true, Endpoints: []manager.Endpoint{
		{Number: 0, Values: map[wire.TID][]byte{wire.TIDRoleCapability: {0x83}}},
		{Number: 1, Values: map[wire.TID][]byte{wire.TIDEPDirection: {6}, wire.TIDEPLabel: []byte("Out")}},
		{Number: 2},
	}}
	beacon := manager.Beacon{TUID: lampTUID, Address: from, Heard: sigNetEpoch, Conformant: true}
	odd := beacon
	odd.Spoofed, odd.Conformant = true, false
	lost := lamp
	lost.Online, lost.Unreachable = false, true
	for _, e := range []manager.Event{
		{Kind: manager.Found, Node: lamp},
		{Kind: manager.Changed, Node: lamp},
		{Kind: manager.Unreachable, Node: lost},
		{Kind: manager.Lost, Node: lost},
		{Kind: manager.Duplicate, Node: lamp},
		{Kind: manager.BeaconFound, Beacon: beacon},
		{Kind: manager.BeaconSpoof, Beacon: odd},
		{Kind: manager.BeaconLost, Beacon: beacon},
	} {
		m.OnEvent(e)
	}
	const node, gone = "{7FF0:8000000A   0 10.0.0.1 [node sender] 0 [{1 0 Out supplier} {2 0  }] true []}",
		"{7FF0:8000000A   0 10.0.0.1 [node sender] 0 [{1 0 Out supplier} {2 0  }] false [unreachable]}"
	want := []string{
		"1s found " + node, "1s changed " + node, "1s changed " + gone, "9s lost " + gone,
		"0s beacon {7FF0:8000000A   0 10.0.0.1 [] 0 [] true [no keys]}",
		"0s beacon {7FF0:8000000A   0 10.0.0.1 [] 0 [] true [no keys spoofed incomplete beacon]}",
		"9s beacon {7FF0:8000000A   0 10.0.0.1 [] 0 [] false [no keys]}",
	}
	if got := drain(events, decl); !slices.Equal(got, want) {
		t.Errorf("told\n%q, want\n%q", got, want)
	}
	if known := ask[[]Node](m, NodesOf{}); len(known) != 1 || known[0].Online {
		t.Errorf("known %+v", known)
	}
}

func TestSigNetKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range []device.Declaration{
		&ReceiverDecl{Scope: "local", Mode: "secure"}, &ReceiverDecl{Scope: "a", Mode: "secure"}, &ReceiverDecl{Scope: "local", Mode: "open"},
		&ReceiverDecl{Scope: "local", Mode: "secure", Label: "L"}, &ReceiverDecl{Scope: "local", Mode: "secure", Interface: "lo"},
		&ManagerDecl{Scope: "local"}, &ManagerDecl{Scope: "local", Label: "L"}, &ManagerDecl{Scope: "local", KeyFrom: KeyRef{Env: "K"}},
	} {
		if seen[d.Key()] || d.String() == "" {
			t.Errorf("%v: key %q", d, d.Key())
		}
		seen[d.Key()] = true
	}
	a, b := &ReceiverDecl{Universes: streams(1), Timecodes: []int{1}}, &ReceiverDecl{}
	if a.Key() != b.Key() {
		t.Error("what is listened to is part of the key")
	}
}
