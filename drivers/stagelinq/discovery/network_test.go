package discovery

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"showrun/drivers/lan"
)

func TestDirectedBroadcast(t *testing.T) {
	for prefix, want := range map[string]string{
		"192.168.1.0/24":  "192.168.1.255",
		"169.254.0.0/16":  "169.254.255.255",
		"10.0.0.0/8":      "10.255.255.255",
		"127.0.0.0/8":     "127.255.255.255",
		"192.168.1.96/27": "192.168.1.127",
		"10.0.0.4/30":     "10.0.0.7",
		"10.0.0.4/31":     "",
		"10.0.0.4/32":     "",
	} {
		got := directedBroadcast(netip.MustParsePrefix(prefix))
		if want == "" && got.IsValid() || want != "" && got != netip.MustParseAddr(want) {
			t.Errorf("%s: %v, want %q", prefix, got, want)
		}
	}
}

func testNetwork(name, prefix string) Network {
	p := netip.MustParsePrefix(prefix)
	return Network{Interface: name, Address: p.Addr(), Prefix: p.Masked(), Loopback: name == "lo"}
}

func TestNetworksOf(t *testing.T) {
	wired := lan.Interface{Index: 2, Name: "eth0", Flags: net.FlagUp | net.FlagBroadcast, Prefixes: []netip.Prefix{
		netip.MustParsePrefix("192.168.1.5/24"), netip.MustParsePrefix("fe80::5/64"), netip.MustParsePrefix("10.0.0.5/8"),
	}}
	lo := lan.Interface{Index: 1, Name: "lo", Flags: net.FlagUp | net.FlagLoopback, Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}
	asked := func(i lan.Interface, address string) lan.Interface {
		i.Asked = netip.MustParseAddr(address)
		return i
	}
	for name, c := range map[string]struct {
		in   lan.Interface
		want []string
	}{
		"by name":         {wired, []string{"192.168.1.5", "10.0.0.5"}},
		"by address":      {asked(wired, "10.0.0.5"), []string{"10.0.0.5"}},
		"by IPv6 address": {asked(wired, "fe80::5"), []string{"192.168.1.5", "10.0.0.5"}},
		"loopback":        {asked(lo, "127.0.0.7"), []string{"127.0.0.1"}},
	} {
		var got []string
		for _, n := range networksOf(c.in) {
			got = append(got, n.Address.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestNetworksAreAbsent(t *testing.T) {
	if _, err := Networks("eth77"); !errors.Is(err, lan.ErrAbsent) {
		t.Error(err)
	}
	if list, err := Networks("lo"); err != nil || len(list) != 1 || !list[0].Loopback {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestNetworkFor(t *testing.T) {
	networks := []Network{testNetwork("eth0", "192.168.1.5/24"), testNetwork("eth1", "169.254.3.4/16")}
	if n, ok := networkFor(networks, netip.MustParseAddr("169.254.69.199")); !ok || n.Interface != "eth1" {
		t.Errorf("%+v, %v", n, ok)
	}
	if n, ok := networkFor(networks, netip.MustParseAddr("10.1.1.1")); ok {
		t.Errorf("%+v", n)
	}
}
