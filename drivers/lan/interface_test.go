package lan

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

const ready = net.FlagUp | net.FlagMulticast | net.FlagBroadcast

// face makes an interface.
func face(index int, name string, flags net.Flags, prefixes ...string) Interface {
	i := Interface{Index: index, Name: name, Flags: flags}
	for _, p := range prefixes {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(p))
	}
	return i
}

// machine is the interfaces of a machine.
var machine = []Interface{
	face(1, "lo", net.FlagUp|net.FlagLoopback, "127.0.0.1/8", "::1/128"),
	face(2, "eth0", ready, "10.0.0.5/24", "fe80::5/64", "192.168.7.5/24", "fd00::5/64"),
	face(3, "spare", ready&^net.FlagUp, "10.9.0.1/24"),
	face(4, "wifi", ready, "10.9.0.1/24", "fe80::5/64"),
	face(5, "six", ready, "fe80::6/64"),
	face(6, "bare", ready),
	face(7, "tunnel", net.FlagUp, "10.8.0.1/32"),
}

// TestFind: the one rule, by name and by address.
func TestFind(t *testing.T) {
	for _, c := range []struct{ name, want, asked, addresses string }{
		{"eth0", "eth0", "", "10.0.0.5 192.168.7.5 fd00::5"},
		{"192.168.7.5", "eth0", "192.168.7.5", "192.168.7.5"},
		{"FD00:0::5", "eth0", "fd00::5", "fd00::5"},
		{"::ffff:10.0.0.5", "eth0", "10.0.0.5", "10.0.0.5"},
		{"spare", "spare", "", "10.9.0.1"},
		{"10.9.0.1", "wifi", "10.9.0.1", "10.9.0.1"}, // two have it, one is down
		{"fe80::5", "eth0", "fe80::5", "fe80::5%eth0"},
		{"fe80::5%wifi", "wifi", "fe80::5%wifi", "fe80::5%wifi"},
		{"six", "six", "", "fe80::6%six"},
		{"bare", "bare", "", ""},
		{"lo", "lo", "", "127.0.0.1 ::1"},
		{"127.0.0.9", "lo", "127.0.0.9", "127.0.0.9"},
		{"::1", "lo", "::1", "::1"},
	} {
		i, err := find(machine, c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var asked string
		if i.Asked.IsValid() {
			asked = i.Asked.String()
		}
		var addresses []string
		for _, a := range i.Addresses() {
			addresses = append(addresses, a.String())
		}
		if got := strings.Join(addresses, " "); i.Name != c.want || asked != c.asked || got != c.addresses {
			t.Errorf("%s is %s, asked by %q, addresses %s; want %s, %q, %s", c.name, i.Name, asked, got, c.want, c.asked, c.addresses)
		}
	}
	for _, name := range []string{"eth", "ETH0", "10.0.0.6", "10.0.0.0", "fe80::5%lo"} {
		_, err := find(machine, name)
		if !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "there are lo 127.0.0.1 ::1, eth0 10.0.0.5 192.168.7.5 fd00::5, spare") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func names(list []Interface) string {
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	return strings.Join(names, " ")
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name string
		list []Interface
		want net.Flags
		all  string
	}{
		{"", machine, net.FlagMulticast, "eth0 wifi six"},
		{"0.0.0.0", machine, net.FlagBroadcast, "eth0 wifi six"},
		{"::", machine, 0, "eth0 wifi six tunnel"},
		{"", machine[:1], net.FlagMulticast, "lo"},
		{"", []Interface{machine[0], machine[6]}, net.FlagMulticast, "lo"},
		{"", nil, 0, ""},
		{"fe80::5", machine, net.FlagMulticast, "eth0 wifi"},
		{"lo", machine, net.FlagMulticast, "lo"},
		{"tunnel", machine, net.FlagMulticast, "tunnel"},
	} {
		if got, err := choose(c.list, c.name, c.want); err != nil || names(got) != c.all {
			t.Errorf("%q with %v: %s, %v; want %s", c.name, c.want, names(got), err, c.all)
		}
	}
	for name, text := range map[string]string{
		"spare": `interface "spare" is down`, "bare": "has no address", "nowhere7": "no interface has this name or address",
	} {
		if _, err := choose(machine, name, 0); !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSource(t *testing.T) {
	for _, c := range []struct{ name, to, want string }{
		{"eth0", "10.0.0.7", "10.0.0.5"},
		{"eth0", "::ffff:10.0.0.7", "10.0.0.5"},
		{"192.168.7.5", "10.0.0.7", "192.168.7.5"},
		{"192.168.7.5", "fd00::7", "fd00::5"},
		{"eth0", "2001:db8::1", "fd00::5"},
		{"six", "2001:db8::1", "fe80::6%six"},
		{"fe80::6", "2001:db8::1", "fe80::6%six"},
		{"eth0", "127.0.0.1", "invalid IP"},
		{"eth0", "fe80::9%wifi", "invalid IP"},
		{"fd00::5", "10.0.0.7", "10.0.0.5"},
	} {
		i, err := find(machine, c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := i.Source(netip.MustParseAddr(c.to)); err != nil || got.String() != c.want {
			t.Errorf("to %s by %s from %v, %v; want %s", c.to, c.name, got, err, c.want)
		}
	}
	for name, to := range map[string]string{"six": "10.0.0.7", "tunnel": "fd00::7", "bare": "10.0.0.7"} {
		i, _ := find(machine, name)
		if a, err := i.Source(netip.MustParseAddr(to)); !errors.Is(err, ErrAbsent) {
			t.Errorf("to %s by %s from %v, %v", to, name, a, err)
		}
	}
	if a, err := (Interface{}).Source(netip.MustParseAddr("10.0.0.7")); a.IsValid() || err != nil {
		t.Error("the system's choice is not left to the system")
	}
}

func TestAddressOfAKind(t *testing.T) {
	eth, _ := find(machine, "192.168.7.5")
	six, _ := find(machine, "six")
	bare, _ := find(machine, "bare")
	if a, err := eth.IPv4(); err != nil || a.String() != "192.168.7.5" {
		t.Error(a, err)
	}
	if _, err := six.IPv4(); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
	if _, err := bare.Address(); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
	four, v6 := netip.MustParseAddr("224.0.0.251"), netip.MustParseAddr("ff02::fb")
	if !eth.Speaks(four) || !eth.Speaks(v6) || six.Speaks(four) || bare.Speaks(v6) {
		t.Error("interfaces speak what they have no address for, or the other way round")
	}
	near, far := netip.MustParseAddr("10.0.0.99"), netip.MustParseAddr("10.1.0.99")
	if !eth.Near(near) || eth.Near(far) || !bare.Near(netip.MustParseAddr("fe80::1")) {
		t.Error("near and far are confused")
	}
}

// TestCheck: an interface that gets more addresses is the same one, whatever their
// order; without its own, or with another number, it is not.
func TestCheck(t *testing.T) {
	eth, own := machine[1], netip.MustParseAddr("10.0.0.5")
	for what, c := range map[string]struct {
		now  Interface
		gone bool
	}{
		"unchanged":    {eth, false},
		"down":         {face(2, "eth0", 0, "10.0.0.5/24"), false},
		"more":         {face(2, "eth0", ready, "169.254.3.3/16", "10.0.0.5/24", "10.0.0.6/24"), false},
		"another":      {face(2, "eth0", ready, "10.0.0.6/24"), true},
		"plugged anew": {face(9, "eth0", ready, "10.0.0.5/24"), true},
		"renamed":      {face(2, "wan", ready, "10.0.0.5/24"), true},
	} {
		if err := eth.check(c.now, own); (err != nil) != c.gone || err != nil && !errors.Is(err, ErrAbsent) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := (Interface{}).Check(own); err != nil {
		t.Error(err)
	}
}

// TestThisMachine: the rule holds for the machine it runs on.
func TestThisMachine(t *testing.T) {
	byAddress, err := Find("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	byName, err := Find(byAddress.Name)
	if err != nil || byName.Index != byAddress.Index || !byName.Loopback() || byName.Net().Index != byName.Index {
		t.Error(byName, err)
	}
	if err := byName.Check(byAddress.Asked); err != nil {
		t.Error(err)
	}
	if none, err := Find(""); err != nil || none.Name != "" || none.Net() != nil {
		t.Error(none, err)
	}
	if list, err := Select(byAddress.Name, 0); err != nil || names(list) != byAddress.Name {
		t.Error(list, err)
	}
	if _, err := Find("nowhere7"); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
}
