package lan

import (
	"net/netip"
	"testing"
)

func TestPlaces(t *testing.T) {
	p := Places{Total: 5, Each: 2}
	a, b, lo := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("127.0.0.1")
	for i, step := range []struct {
		from netip.Addr
		want bool
	}{{a, true}, {netip.MustParseAddr("::ffff:10.0.0.1"), true}, {a, false}, {b, true}, {lo, true}, {lo, true}, {b, false}} {
		if got := p.Take(step.from); got != step.want {
			t.Errorf("step %d: %v has a place: %v", i, step.from, got)
		}
	}
	p.Give(a)
	if p.Take(netip.MustParseAddr("10.0.0.3")) != true || p.Take(a) {
		t.Error("a place given back is not there, or there twice")
	}
	for _, from := range []netip.Addr{a, b, lo, lo} {
		p.Give(from)
	}
	if len(p.by) != 1 || p.taken != 1 {
		t.Errorf("%v, %d taken", p.by, p.taken)
	}
}
