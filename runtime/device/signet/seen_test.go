package signet

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// TestOthersOfAManager: what it sees, in words.
func TestOthersOfAManager(t *testing.T) {
	env, _, _ := sigNetEnv(t, 0)
	m := openVirtual[*virtualManager](t, &ManagerDecl{Scope: "local"}, env)
	m.Manager.env.Now = func() time.Duration { return 9 * time.Second }
	lamp := manager.Node{TUID: lampTUID, Address: netip.MustParseAddrPort("10.0.0.1:9"), Heard: sigNetEpoch, Online: true, Endpoints: []manager.Endpoint{
		{Number: 0, Values: map[wire.TID][]byte{wire.TIDRoleCapability: {0x83}}},
	}}
	m.OnEvent(manager.Event{Kind: manager.Found, Node: lamp})
	if got := fmt.Sprint(m.Others()); got != "[{7FF0:8000000A 7FF0:8000000A 10.0.0.1 node, sender}]" {
		t.Error(got)
	}
	lamp.Online, lamp.Unreachable = false, true
	m.OnEvent(manager.Event{Kind: manager.Lost, Node: lamp})
	if got := fmt.Sprint(m.Others()); got != "[{7FF0:8000000A 7FF0:8000000A 10.0.0.1 node, sender, unreachable, not heard any more}]" {
		t.Error(got)
	}
	if m.ID() != "" {
		t.Errorf("in virtual time it is %q", m.ID())
	}
}

// TestOutputNames: universes by number, and their previews apart.
func TestOutputNames(t *testing.T) {
	d := &SenderDecl{Universes: []universe.Universe{{Number: 7, Output: 1}, {Number: 7, Output: 2, Preview: true}}}
	for o, want := range map[level.Output]string{1: "universe 7", 2: "universe 7, preview", 3: ""} {
		if got := d.OutputName(o); got != want {
			t.Errorf("%d is %q", o, got)
		}
	}
	for want, list := range map[string][]int{"universe 1": {1}, "universe 1, 5": {1, 5}, "9 universes": {1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		if got := numbered(list); got != want {
			t.Errorf("%v is %q", list, got)
		}
	}
}

// TestEveryReasonIsCounted: also those for which nothing was dropped yet, under names of their
// own.
func TestEveryReasonIsCounted(t *testing.T) {
	list := dropped(map[string]uint64{"bad_auth": 3})
	names := map[string]uint64{}
	for _, c := range list {
		names[c.Name] = c.N
	}
	if len(names) != len(list) || len(list) < 10 || names["packets_dropped_bad_auth"] != 3 {
		t.Errorf("%+v", list)
	}
	if _, none := names["packets_dropped_flood"]; !none {
		t.Error("no flood is not told")
	}
}
