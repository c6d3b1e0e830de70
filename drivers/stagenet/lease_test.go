package stagenet

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showrun/drivers/stagenet/wire"
)

// grant plans and commits, as the console does.
func grant(t *testing.T, tab *table, id string, count int) (Lease, bool) {
	t.Helper()
	l, changed, err := tab.plan(id, count, "")
	if err != nil {
		t.Fatalf("%s wants %d: %v", id, count, err)
	}
	tab.commit(l)
	return l, changed
}

func list(numbers ...Address) []Address { return numbers }

func emptyTable(t *testing.T, ceiling int) *table {
	t.Helper()
	tab, err := newTable(ceiling, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestLeases is PROTOCOL.md rulings 1 and 2 step by step.
func TestLeases(t *testing.T) {
	tab := emptyTable(t, 100)
	for _, step := range []struct {
		what    string
		id      string
		count   int
		lease   string
		want    []Address
		changed bool
	}{
		{"the first gets SN1 on", "a", 4, "lease_001", list(1, 2, 3, 4), true},
		{"the second the next", "b", 2, "lease_002", list(5, 6), true},
		{"the same again is the same", "a", 4, "lease_001", list(1, 2, 3, 4), false},
		{"more appends", "a", 6, "lease_001", list(1, 2, 3, 4, 7, 8), true},
		{"fewer frees the highest", "a", 3, "lease_001", list(1, 2, 3), true},
		{"what was freed is given again", "c", 3, "lease_003", list(4, 7, 8), true},
		{"zero frees all and keeps the lease", "c", 0, "lease_003", nil, true},
		{"zero again", "c", 0, "lease_003", nil, false},
		{"and back", "c", 1, "lease_003", list(4), true},
		{"growing never goes below the own last", "b", 3, "lease_002", list(5, 6, 7), true},
		{"the ceiling itself", "d", 100, "lease_004", nil, true},
	} {
		l, changed := grant(t, tab, step.id, step.count)
		if l.ID != step.lease || l.GatewayID != step.id || changed != step.changed || len(l.Addresses) != step.count {
			t.Errorf("%s: %+v, changed %v", step.what, l, changed)
		}
		if step.want != nil && !cmp.Equal(l.Addresses, step.want) {
			t.Errorf("%s: %v, want %v", step.what, l.Addresses, step.want)
		}
	}
	held := map[Address]string{}
	for id, l := range tab.leases {
		for i, a := range l.Addresses {
			if other, twice := held[a]; twice {
				t.Errorf("%s is held by %s and %s", a, id, other)
			}
			held[a] = id
			if p, ok := tab.find(a); !ok || p.lease != l || p.index != i {
				t.Errorf("%s is not found where it is", a)
			}
		}
	}
}

// TestRefusals is PROTOCOL.md ruling 4.
func TestRefusals(t *testing.T) {
	tab := emptyTable(t, 10)
	for _, c := range []struct {
		id    string
		count int
		want  string
	}{
		{"", 1, "GatewayID is empty"},
		{strings.Repeat("x", 256), 1, "longer than 255"},
		{"a", -1, "AddressCount -1: want 0-10"},
		{"a", 11, "AddressCount 11: want 0-10"},
	} {
		_, _, err := tab.plan(c.id, c.count, "")
		var r refusal
		if !errors.As(err, &r) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q wants %d: %v, want %q", c.id, c.count, err, c.want)
		}
	}
	if len(tab.leases) != 0 {
		t.Errorf("a refused lease is kept: %v", tab.leases)
	}
}

func TestLeasesRunOut(t *testing.T) {
	tab := emptyTable(t, MaxAddresses)
	grant(t, tab, "big", MaxAddresses-1)
	grant(t, tab, "one", 1)
	if _, _, err := tab.plan("two", 1, ""); err == nil {
		t.Error("more addresses than there are")
	}
	for n := len(tab.leases); n < MaxLeases; n++ {
		grant(t, tab, "g"+Address(n).String(), 0)
	}
	if _, _, err := tab.plan("last", 0, ""); err == nil {
		t.Error("more leases than there may be")
	}
}

// TestStoredLeases: what the store has is held from the start.
func TestStoredLeases(t *testing.T) {
	tab, err := newTable(100, []Lease{{GatewayID: "a", ID: "lease_007", Addresses: list(3, 4)}, {GatewayID: "b", ID: "x", Addresses: nil}})
	if err != nil {
		t.Fatal(err)
	}
	if l, changed := grant(t, tab, "a", 2); changed || l.ID != "lease_007" || !cmp.Equal(l.Addresses, list(3, 4)) {
		t.Errorf("came back as %+v, changed %v", l, changed)
	}
	if l, _ := grant(t, tab, "new", 3); !cmp.Equal(l.Addresses, list(1, 2, 5)) {
		t.Errorf("a new one: %+v", l)
	}
	for _, bad := range [][]Lease{
		{{GatewayID: "a", ID: "1", Addresses: list(1)}, {GatewayID: "b", ID: "2", Addresses: list(1)}},
		{{GatewayID: "a", ID: "1", Addresses: nil}, {GatewayID: "a", ID: "2", Addresses: nil}},
		{{GatewayID: "a", ID: "1", Addresses: nil}, {GatewayID: "b", ID: "1", Addresses: nil}},
		{{GatewayID: "a", ID: "1", Addresses: list(2, 1)}},
		{{GatewayID: "a", ID: "1", Addresses: list(0)}},
		{{GatewayID: "a", ID: "1", Addresses: list(MaxAddresses + 1)}},
		{{GatewayID: "", ID: "1", Addresses: nil}},
		{{GatewayID: "a", ID: "", Addresses: nil}},
	} {
		if _, err := newTable(100, bad); !errors.Is(err, ErrConflict) {
			t.Errorf("%v: %v, want ErrConflict", bad, err)
		}
	}
}

// TestMapping is PROTOCOL.md rulings 5 and 6.
func TestMapping(t *testing.T) {
	tab := emptyTable(t, 100)
	grant(t, tab, "a", 3)
	grant(t, tab, "b", 1)
	l := tab.leases["a"]
	l.set(0, 10)
	if got := l.collect(nil); got != nil {
		t.Errorf("sent without a mapping: %v", got)
	}
	d := l.remap(mappingsOf([]wire.Mapping{
		{Address: "SN1", HardwareType: "DMX", Channel: 0},
		{Address: "SN1", HardwareType: "DMX", Channel: 7}, // twice
		{Address: "SN4", HardwareType: "DMX", Channel: 8}, // of b
		{Address: "SN9", HardwareType: "DMX", Channel: 9}, // of nobody
		{Address: "x", HardwareType: "DMX", Channel: 9},
		{Address: "SN2", Channel: 9},
		{Address: "SN2", HardwareType: "DMX", Channel: -1},
		{Address: "SN2", HardwareType: "MIDI", Channel: 1},
	}), tab)
	if d != (dropped{foreign: 3, twice: 1, incomplete: 2}) {
		t.Errorf("dropped %+v", d)
	}
	if want := []Mapping{{1, "DMX", 0}, {2, "MIDI", 1}}; !cmp.Equal(l.mappings, want) {
		t.Errorf("mapping %v, want %v", l.mappings, want)
	}
	steps := []struct {
		what string
		do   func()
		want []change
	}{
		{"the value set before", func() {}, []change{{1, 10}}},
		{"nothing new", func() {}, nil},
		{"the newest wins", func() { l.set(1, 1); l.set(1, 2) }, []change{{2, 2}}},
		{"there and back is no change", func() { l.set(1, 9); l.set(1, 2) }, nil},
		{"unmapped addresses wait", func() { l.set(2, 5) }, nil},
		{"a mapping replaces and refreshes", func() {
			l.remap(mappingsOf([]wire.Mapping{{Address: "SN3", HardwareType: "DMX", Channel: 1}, {Address: "SN1", HardwareType: "DMX", Channel: 2}}), tab)
		}, []change{{1, 10}, {3, 5}}},
		{"shrinking drops values and mappings", func() { grant(t, tab, "a", 1); grant(t, tab, "a", 3); l.set(0, 11) }, []change{{1, 11}}},
		{"what came back has no value", func() {
			l.remap(mappingsOf([]wire.Mapping{{Address: "SN1", HardwareType: "D", Channel: 1}, {Address: "SN2", HardwareType: "D", Channel: 2}, {Address: "SN3", HardwareType: "D", Channel: 3}}), tab)
		}, []change{{1, 11}}},
		{"gone and back: nothing before the mapping", func() { l.unmap(); l.set(0, 12) }, nil},
	}
	for _, s := range steps {
		s.do()
		if got := l.collect(nil); !cmp.Equal(got, s.want, cmp.AllowUnexported(change{})) {
			t.Errorf("%s: %v, want %v", s.what, got, s.want)
		}
	}
}

func TestPacer(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(ms float64) time.Time { return start.Add(time.Duration(ms * float64(time.Millisecond))) }
	p := pacer{period: 20 * time.Millisecond}
	for _, s := range []struct {
		want, now float64 // want < 0: no wish
		due       bool
		next      float64 // 0: none
	}{
		{-1, 0, false, 0},
		{0, 0, true, 0},
		{20, 23, true, 0}, // late, but the frame's own instant counts
		{40, 40.5, true, 0},
		{59.99, 60, true, 0}, // rounded
		{65, 65, false, 79.99},
		{70, 70, false, 79.99}, // the newest wish
		{-1, 79.99, true, 0},
		{-1, 200, false, 0},
	} {
		if s.want >= 0 {
			p.want(at(s.want))
		}
		due, next := p.due(at(s.now))
		if due != s.due || !next.IsZero() && !next.Equal(at(s.next)) || next.IsZero() != (s.next == 0) {
			t.Errorf("at %v: due %v, next %v; want %v, %v", s.now, due, next.Sub(start), s.due, s.next)
		}
	}
}

// TestOneAddressHasAShareOfTheLeases: whoever asks for everything from one address leaves
// seven eighths to others.
func TestOneAddressHasAShareOfTheLeases(t *testing.T) {
	tab := emptyTable(t, DefaultMaxAddresses)
	refused := 0
	for n := range MaxLeases {
		l, _, err := tab.plan(Address(n).String(), DefaultMaxAddresses, "10.6.6.6")
		if err != nil {
			refused++
			continue
		}
		tab.commit(l)
	}
	if got := len(tab.leases) * DefaultMaxAddresses; got != MaxAddressesFrom || refused == 0 {
		t.Errorf("%d addresses of one place, want %d", got, MaxAddressesFrom)
	}
	if _, _, err := tab.plan("desk", 512, "10.0.0.1"); err != nil {
		t.Error(err)
	}
	tab = emptyTable(t, DefaultMaxAddresses)
	for n := range MaxLeases {
		if l, _, err := tab.plan(Address(n).String(), 0, "10.6.6.6"); err == nil {
			tab.commit(l)
		}
	}
	if len(tab.leases) != MaxLeasesFrom {
		t.Errorf("%d leases of one place, want %d", len(tab.leases), MaxLeasesFrom)
	}
	l, _, err := tab.plan("SN0", 0, "10.6.6.6")
	if err != nil || l.ID == "" {
		t.Errorf("one that has its lease: %v", err)
	}
}

func TestUnusedLeasesMakeRoom(t *testing.T) {
	tab := emptyTable(t, DefaultMaxAddresses)
	for _, g := range []struct{ id, from string }{{"a", "x"}, {"b", "x"}, {"c", "y"}, {"d", "y"}} {
		l, _, err := tab.plan(g.id, 1, g.from)
		if err != nil {
			t.Fatal(err)
		}
		tab.commit(l)
	}
	tab.leases["c"].Unused = false
	if got := tab.unused("y").GatewayID; got != "d" {
		t.Errorf("%s goes first", got)
	}
	tab.leases["d"].holder = &session{}
	if got := tab.unused("y").GatewayID; got != "a" {
		t.Errorf("%s goes first", got)
	}
}
