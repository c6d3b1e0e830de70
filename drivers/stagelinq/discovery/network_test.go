package discovery

import (
	"errors"
	"net/netip"
	"testing"
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

func TestSelectNetworks(t *testing.T) {
	lo := testNetwork("lo", "127.0.0.1/8")
	wired := testNetwork("eth0", "192.168.1.5/24")
	second := testNetwork("eth0", "10.0.0.5/8")
	link := testNetwork("eth1", "169.254.3.4/16")
	all := []Network{lo, wired, second, link}
	for selector, want := range map[string][]Network{
		"":             {wired, second, link},
		"lo":           {lo},
		"127.0.0.1":    {lo},
		"eth0":         {wired, second},
		"10.0.0.5":     {second},
		"169.254.3.4":  {link},
		"eth9":         nil,
		"192.168.1.6":  nil,
		"192.168.1.05": nil,
	} {
		got, err := selectNetworks(all, selector)
		if len(got) != len(want) || (err != nil) != (want == nil) {
			t.Errorf("%q: %v, %v", selector, got, err)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %v", selector, got)
			}
		}
		if want == nil && !errors.Is(err, ErrInterface) {
			t.Errorf("%q: %v", selector, err)
		}
	}
	if got, err := selectNetworks([]Network{lo}, ""); err != nil || len(got) != 1 {
		t.Errorf("a machine with loopback only: %v, %v", got, err)
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
