package stagenet

import (
	"strings"
	"testing"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
)

// TestLeasesInWords: who holds what, whether it is there or not, and who is there that the
// show does not name.
func TestLeasesInWords(t *testing.T) {
	desk, stopDesk := newBox(t, "desk", "127.0.0.1:0", gateway.Channels("DMX", 1, 3)...)
	guest, _ := newBox(t, "guest", "127.0.0.1:0", gateway.Channels("DMX", 1, 1)...)
	d := &ConsoleDecl{URLs: []string{desk.URL(), guest.URL()}, Gateways: []*GatewayDecl{{ID: "desk", Levels: []Levels{{Type: "DMX", Output: 1, Slots: 512}, {Output: 2, Slots: 512}}}}}
	s := newStage(t, d)
	s.Adopt(d)
	if list := strings.Join(s.Leases(), "\n"); list != "old holds SN1-SN2, 0 channels mapped, not there" {
		t.Errorf("at first there are %q", list)
	}
	s.run()
	s.wait("mapped", "desk", "guest")
	leases := strings.Join(s.Leases(), "\n")
	if !strings.Contains(leases, "desk holds SN") || !strings.Contains(leases, ", 3 channels mapped, connected from 127.0.0.1:") {
		t.Error(leases)
	}
	if others := s.Others(); len(others) != 1 || others[0].ID != "guest" || !strings.HasPrefix(others[0].What, "gateway") {
		t.Errorf("%+v", others)
	}
	stopDesk()
	s.wait("lost", "desk")
	if leases := strings.Join(s.Leases(), "\n"); !strings.Contains(leases, ", not there") {
		t.Error(leases)
	}
	if a, b := d.OutputName(1), d.OutputName(2); a != "gateway desk, DMX" || b != "gateway desk, by address" || d.OutputName(3) != "" {
		t.Errorf("outputs are called %q and %q", a, b)
	}
}

// TestAddressesInWords: runs, and not too many.
func TestAddressesInWords(t *testing.T) {
	for want, list := range map[string][]stagenet.Address{
		"no addresses": nil, "SN7": {7}, "SN1-SN3, SN9": {1, 2, 3, 9},
		"SN1, SN3, SN5, SN7 and more, 6 addresses": {1, 3, 5, 7, 9, 11},
	} {
		if got := addresses(list); got != want {
			t.Errorf("%v is %q, want %q", list, got, want)
		}
	}
}
