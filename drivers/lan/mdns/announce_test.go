package mdns

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"showrun/drivers/lan"
)

func TestServiceNames(t *testing.T) {
	if got := escapeLabel("Café v1.2\x01"); got != `Caf\195\169\ v1\.2\001` {
		t.Errorf("escaped %s", got)
	}
	if got := clip(strings.Repeat("é", 40)); got != strings.Repeat("é", 31) {
		t.Errorf("clipped to %q", got)
	}
	if got := hostName("box-Bühne 1"); got != "box-b-hne-1.local." {
		t.Errorf("host %s", got)
	}
}

func TestAdvertiseRefuses(t *testing.T) {
	_, err := Advertise(Advertisement{
		Instance: "x", Service: "_lighting._tcp", Host: "x", Listen: netip.MustParseAddrPort("0.0.0.0:4000"), Interface: "nowhere7",
	})
	if !errors.Is(err, lan.ErrAbsent) {
		t.Error(err)
	}
}
