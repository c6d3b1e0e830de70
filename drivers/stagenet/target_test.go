package stagenet

import (
	"net/netip"
	"net/url"
	"slices"
	"testing"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/mdns"
	"showrun/drivers/stagenet/link"
)

func TestURLs(t *testing.T) {
	for a, want := range map[string]string{
		"10.0.0.1:4000":          "ws://10.0.0.1:4000/stagenet",
		"[fd00::1]:4000":         "ws://[fd00::1]:4000/stagenet",
		"[fe80::1%eth0.5]:4000":  "ws://[fe80::1%25eth0.5]:4000/stagenet",
		"[fe80::1%Wi-Fi 2]:4000": "ws://[fe80::1%25Wi-Fi%202]:4000/stagenet",
	} {
		got := urlOf(netip.MustParseAddrPort(a))
		if u, err := url.Parse(got); got != want || err != nil || u.Host != a {
			t.Errorf("%s: %s, %v; want %s", a, got, err, want)
		}
	}
}

func TestDialFrom(t *testing.T) {
	eth := lan.Interface{Index: 2, Name: "eth1", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.9/24"), netip.MustParsePrefix("fd00::9/64")}}
	for _, c := range []struct {
		from          lan.Interface
		host          string
		network, want string
	}{
		{eth, "10.0.0.1", "tcp", "10.0.0.9"},
		{eth, "fd00::1", "tcp", "fd00::9"},
		{eth, "fe80::1%eth0", "tcp", "invalid IP"},
		{eth, "gateway.local", "tcp4", "10.0.0.9"},
		{lan.Interface{}, "10.0.0.1", "tcp", "invalid IP"},
		{lan.Interface{}, "gateway.local", "tcp", "invalid IP"},
	} {
		network, ip, err := dialFrom(c.from, "tcp", c.host)
		if err != nil || network != c.network || ip.String() != c.want {
			t.Errorf("%s: %s from %s, %v, want %s from %s", c.host, network, ip, err, c.network, c.want)
		}
	}
}

// advert is what the browser says of a gateway.
func advert(kind mdns.EventKind, endpoints ...string) mdns.Event {
	e := mdns.Event{Kind: kind, At: time.Unix(1000, 0), Service: mdns.Service{Instance: "Box 1", Text: map[string]string{"id": "g1", "type": "DMX"}}}
	for _, a := range endpoints {
		e.Service.Endpoints = append(e.Service.Endpoints, netip.MustParseAddrPort(a))
	}
	return e
}

// TestTargets follows a gateway that is advertised, moves and goes.
func TestTargets(t *testing.T) {
	var told []Event
	c, err := New(Config{OnEvent: func(e Event) { told = append(told, e) }})
	if err != nil {
		t.Fatal(err)
	}
	tell := func(e mdns.Event) *target {
		t := c.advertisement(e)
		c.tell()
		return t
	}
	first := tell(advert(mdns.Added, "10.0.0.1:4000", "[fd00::1]:4000"))
	if first == nil || len(told) != 1 || told[0].Kind != Found || told[0].Gateway.ID != "g1" || told[0].Gateway.Type != "DMX" {
		t.Fatalf("added: %+v, %+v", first, told)
	}
	for _, want := range []string{"ws://10.0.0.1:4000/stagenet", "ws://[fd00::1]:4000/stagenet", "ws://10.0.0.1:4000/stagenet"} {
		if got := first.pick(); got != want {
			t.Errorf("dials %s, want %s", got, want)
		}
	}
	if tell(advert(mdns.Updated, "10.0.0.2:4000")) != nil || first.pick() != "ws://10.0.0.2:4000/stagenet" {
		t.Error("a gateway that is not connected needs no second target when it moves")
	}
	first.using = "ws://10.0.0.2:4000/stagenet"
	if tell(advert(mdns.Updated, "10.0.0.2:4000", "10.0.0.3:4000")) != nil {
		t.Error("a gateway that is connected needs no second target for a further address")
	}
	second := tell(advert(mdns.Updated, "10.0.0.3:4000"))
	if second == nil || !first.retired || second.retired {
		t.Fatal("a gateway that moved away from its connection is dialled anew")
	}
	tell(advert(mdns.Removed, "10.0.0.3:4000"))
	if !second.retired || len(c.targets) != 0 {
		t.Errorf("removed: %+v, %d targets", second, len(c.targets))
	}
	if len(told) != 2 || told[1].Kind != Lost || len(c.Gateways()) != 0 {
		t.Errorf("told %+v", told)
	}
	// A connection outlives its advertisement (PROTOCOL.md ruling 7), and takes it up again.
	third := tell(advert(mdns.Added, "10.0.0.3:4000"))
	third.using = "ws://10.0.0.3:4000/stagenet"
	tell(advert(mdns.Removed, "10.0.0.3:4000"))
	if tell(advert(mdns.Added, "10.0.0.3:4000")) != nil || third.retired {
		t.Error("a connected gateway that is advertised again is dialled anew")
	}
}

// TestTaken: a target whose gateways are held by another connection waits.
func TestTaken(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := grant(t, c.table, "g1", 1)
	holder := &session{target: newTarget("a", "a")}
	c.table.leases[l.GatewayID].holder = holder
	other := newTarget("b", "b")
	if c.taken(other) {
		t.Error("a target nothing is known of waits")
	}
	other.id = "g1"
	if !c.taken(other) {
		t.Error("a target that advertises a gateway we have is dialled")
	}
	other.ids = []string{"g1", "g2"}
	if c.taken(other) {
		t.Error("a target that has a gateway more waits")
	}
	other.ids = nil
	holder.target.retired = true
	if !c.taken(other) {
		t.Error("the new place of a gateway that is said to have moved is dialled while the old connection lives")
	}
}

// TestOneExitIsOneLost: a gateway that leaves ends its connection and then its
// advertisement, in either order, which is told once; and again when it was there again.
func TestOneExitIsOneLost(t *testing.T) {
	var told []string
	c, err := New(Config{OnEvent: func(e Event) { told = append(told, e.Kind.String()) }})
	if err != nil {
		t.Fatal(err)
	}
	advertise := func(kind mdns.EventKind) { c.advertisement(advert(kind, "10.0.0.1:4000")); c.tell() }
	var s *session
	connect := func() {
		s = &session{console: c, target: c.targets[serviceKey(advert(mdns.Added, "10.0.0.1:4000").Service.Instance)], log: c.log}
		c.mu.Lock()
		c.take(s, c.table.commit(Lease{GatewayID: "g1", ID: "lease", Addresses: []Address{1}}), time.Time{})
		c.event(Leased, "g1", "", time.Time{})
		c.mu.Unlock()
	}
	advertise(mdns.Added)
	connect()
	s.End(time.Time{}, link.ErrStuck)
	advertise(mdns.Removed)
	advertise(mdns.Added)
	connect()
	advertise(mdns.Removed)
	s.End(time.Time{}, link.ErrStuck)
	advertise(mdns.Added)
	advertise(mdns.Removed) // it was not there
	if want := []string{"found", "leased", "lost", "leased", "lost"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
