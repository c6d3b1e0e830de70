package stagenet

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
)

func run(first, count int) []stagenet.Address {
	list := make([]stagenet.Address, count)
	for i := range list {
		list[i] = stagenet.Address(first + i)
	}
	return list
}

// TestLeasesAreKept: each console has its own, by gateway.
func TestLeasesAreKept(t *testing.T) {
	store := &kept{}
	stage, other := leases{store, "stage", slog.Default()}, leases{store, "", slog.Default()}
	want := []stagenet.Lease{
		{GatewayID: "A", ID: "lease_001", Addresses: append(run(1, 512), 600, 601, 700)},
		{GatewayID: "B", ID: "lease_002", Addresses: run(513, 6)},
		{GatewayID: "empty", ID: "lease_003"},
	}
	for _, l := range want {
		if err := stage.Save(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Save(stagenet.Lease{GatewayID: "A", ID: "lease_001", Addresses: run(1, 2)}); err != nil {
		t.Fatal(err)
	}
	equal := func(a, b stagenet.Lease) bool {
		return a.GatewayID == b.GatewayID && a.ID == b.ID && slices.Equal(a.Addresses, b.Addresses)
	}
	if got := stage.load(); !slices.EqualFunc(got, want, equal) {
		t.Errorf("leases of the stage: %v", got)
	}
	if v, _, _ := store.Get(leaseBucket, "stage\x00A"); string(v) != `{"id":"lease_001","addresses":"1-512,600-601,700"}` {
		t.Errorf("kept as %s", v)
	}
	want[1].Addresses = run(513, 3)
	if err := errors.Join(stage.Save(want[1]), stage.Delete("A"), stage.Delete("A")); err != nil {
		t.Fatal(err)
	}
	if got := stage.load(); !slices.EqualFunc(got, want[1:], equal) {
		t.Errorf("leases of the stage: %v", got)
	}
	if got := other.load(); len(got) != 1 || len(got[0].Addresses) != 2 {
		t.Errorf("leases of the other console: %v", got)
	}
}

func TestLeasesThatCannotBe(t *testing.T) {
	l := leases{&kept{}, "c", slog.Default()}
	if err := l.Save(stagenet.Lease{GatewayID: "A", ID: "lease_001", Addresses: run(1, 512)}); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]stagenet.Lease{
		"no gateway": {ID: "lease_002"},
		"same id":    {GatewayID: "B", ID: "lease_001"},
		"taken":      {GatewayID: "B", ID: "lease_002", Addresses: []stagenet.Address{512, 513}},
		"zero":       {GatewayID: "B", ID: "lease_002", Addresses: []stagenet.Address{0, 600}},
		"twice":      {GatewayID: "B", ID: "lease_002", Addresses: []stagenet.Address{600, 600}},
		"falling":    {GatewayID: "B", ID: "lease_002", Addresses: []stagenet.Address{601, 600}},
		"too high":   {GatewayID: "B", ID: "lease_002", Addresses: []stagenet.Address{1 << 31}},
		"long id":    {GatewayID: strings.Repeat("x", 1<<15), ID: "lease_002"},
	} {
		err := l.Save(x)
		if err == nil || errors.Is(err, ErrTaken) != (name == "taken") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := l.load(); len(got) != 1 {
		t.Errorf("after refusals: %v", got)
	}
}

// TestBadLeases: what cannot be read or contradicts another is said and left out.
func TestBadLeases(t *testing.T) {
	for name, value := range map[string]string{
		"not JSON": "\x01\x02", "no id": `{"addresses":"1"}`, "falling": `{"id":"b","addresses":"7-6"}`, "zero": `{"id":"b","addresses":"0-6"}`,
		"no number": `{"id":"b","addresses":"1-x"}`, "endless": `{"id":"b","addresses":"1-2147483647"}`, "twice": `{"id":"b","addresses":"5,5"}`,
		"of another": `{"id":"b","addresses":"2-3"}`, "same id": `{"id":"a","addresses":"5"}`,
	} {
		store := &kept{}
		store.lease("c", "A", `{"id":"a","addresses":"1-2"}`)
		store.lease("c", "B", value)
		var log bytes.Buffer
		l := leases{store, "c", slog.New(slog.NewTextHandler(&log, nil))}
		if got := l.load(); len(got) != 1 || got[0].GatewayID != "A" || !strings.Contains(log.String(), `gateway \"B\"`) {
			t.Errorf("%s: loaded %v, log %s", name, got, log.String())
		}
		if err := l.Save(stagenet.Lease{GatewayID: "B", ID: "b", Addresses: run(3, 1)}); err != nil {
			t.Errorf("%s: B gets no lease: %v", name, err)
		}
	}
}

// FuzzRuns: what is read is written again in the same way.
func FuzzRuns(f *testing.F) {
	for _, text := range []string{"", "1", "1-512,600-601", "1-2147483647", "3,2", "1-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second runs
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		b, err := first.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.UnmarshalText(b); err != nil || !slices.Equal(first, second) {
			t.Errorf("%q is written as %q, %v", text, b, err)
		}
	})
}

// TestListAndForget is what a person does with leases.
func TestListAndForget(t *testing.T) {
	var store device.Store = &kept{}
	l := leases{store, "eth0", slog.Default()}
	if err := l.Save(stagenet.Lease{GatewayID: "A", ID: "lease_001", Addresses: run(3, 2), From: "10.0.0.7", Unused: true}); err != nil {
		t.Fatal(err)
	}
	list, err := Leases(store)
	if got := fmt.Sprint(list, err); got != "[{eth0 A lease_001 [3 4] 10.0.0.7 true}] <nil>" {
		t.Error(got)
	}
	if err := ForgetLease(store, "eth0", "A"); err != nil {
		t.Fatal(err)
	}
	if list, _ := Leases(store); len(list) > 0 {
		t.Errorf("still there: %v", list)
	}
}
