package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// grant is a lease and whose it is.
type grant struct {
	gatewayID, id string
	addresses     []uint32
}

// leases returns what a console has granted.
func leases(s *Store, console string) (list []grant, err error) {
	err = s.Leases(console, func(gatewayID, id string, addresses []uint32) {
		list = append(list, grant{gatewayID, id, addresses})
	})
	return list, err
}

// save keeps a lease.
func save(s *Store, console string, l grant) error {
	return s.SaveLease(console, l.gatewayID, l.id, l.addresses)
}

// exported lets cmp look into grants.
var exported = cmp.AllowUnexported(grant{})

// run returns so many addresses from first on.
func run(first, count uint32) []uint32 {
	list := make([]uint32, count)
	for i := range list {
		list[i] = first + uint32(i)
	}
	return list
}

func TestLeasesSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	stage := []grant{
		{"A", "lease_001", append(run(1, 512), 600, 601, 700)},
		{"B", "lease_002", run(513, 6)},
		{"empty", "lease_003", nil},
	}
	other := []grant{{"A", "lease_001", run(1, 2)}}
	for _, l := range stage {
		if err := save(s, "stage", l); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(s, "", other[0]); err != nil {
		t.Fatal(err)
	}
	want := func(console string, want ...grant) {
		t.Helper()
		got, err := leases(s, console)
		if err != nil || !cmp.Equal(got, want, exported) {
			t.Errorf("leases of console %q: %v\n%s", console, err, cmp.Diff(want, got, exported))
		}
	}
	want("stage", stage...)
	s.Close()
	s = open(t, dir)
	want("stage", stage...)
	want("", other...)
	var all []string
	err := s.AllLeases(func(console, gatewayID, id string, addresses []uint32) {
		all = append(all, fmt.Sprint(console, "/", gatewayID, " ", id, " ", len(addresses)))
	})
	if list := strings.Join(all, ", "); err != nil || list != "/A lease_001 2, stage/A lease_001 515, stage/B lease_002 6, stage/empty lease_003 0" {
		t.Errorf("leases of all consoles: %v\n%s", err, list)
	}
	want("stag")

	// What a gateway holds changes, and goes.
	stage[1].addresses = run(513, 3)
	if err := save(s, "stage", stage[1]); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteLease("stage", "A"); err != nil {
		t.Fatal(err)
	}
	want("stage", stage[1:]...)
	want("", other...)
	if err := s.DeleteLease("stage", "A"); err != nil {
		t.Errorf("deleting twice: %v", err)
	}
}

func TestLeasesThatCannotBe(t *testing.T) {
	s := open(t, t.TempDir())
	if err := save(s, "c", grant{"A", "lease_001", run(1, 512)}); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]grant{
		"no gateway":     {"", "lease_002", nil},
		"long gateway":   {strings.Repeat("x", bbolt.MaxKeySize), "lease_002", nil},
		"same id":        {"B", "lease_001", nil},
		"taken":          {"B", "lease_002", []uint32{512, 513}},
		"zero":           {"B", "lease_002", []uint32{0, 600}},
		"twice":          {"B", "lease_002", []uint32{600, 600}},
		"falling":        {"B", "lease_002", []uint32{601, 600}},
		"beyond the end": {"B", "lease_002", []uint32{maxAddress + 1}},
		"too many":       {"B", "lease_002", run(600, maxLeaseAddresses+1)},
	} {
		err := save(s, "c", l)
		if err == nil {
			t.Errorf("%s: was kept", name)
		}
		if errors.Is(err, ErrTaken) != (name == "taken") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := save(s, "c\x00", grant{"B", "lease_002", nil}); err == nil {
		t.Error("a console with a zero byte: was kept")
	}
	if got, err := leases(s, "c"); err != nil || len(got) != 1 {
		t.Errorf("after refusals: %v, %v", got, err)
	}
}

// TestDamagedLease has what is no lease: it is missed, named, and the others are there.
func TestDamagedLease(t *testing.T) {
	s := open(t, t.TempDir())
	for i, id := range []string{"A", "B", "C"} {
		if err := save(s, "c", grant{id, "lease_" + id, run(1+512*uint32(i), 512)}); err != nil {
			t.Fatal(err)
		}
	}
	const key = "c\x00B"
	good, _, err := s.Get(leaseBucket, key)
	if want := `{"id":"lease_B","addresses":"513-1024"}`; err != nil || string(good) != want {
		t.Fatalf("kept as %s, %v, want %s", good, err, want)
	}
	bad := []string{"null", "{}", `{"id":"","addresses":"7"}`, `{"id":"x","addresses":[7]}`, string(good) + "0"}
	for i := range good {
		bad = append(bad, string(good[:i]))
	}
	for _, addresses := range []string{",", "1,", "0", "-1", "1-", "2-1", "1,1", "2,1", "1-3,3", "1--2", "x", "1 ", "2147483648", "1-1048577", "1-9,11-1048578"} {
		bad = append(bad, fmt.Sprintf(`{"id":"x","addresses":%q}`, addresses))
	}
	for _, v := range bad {
		if err := s.Put(leaseBucket, key, []byte(v)); err != nil {
			t.Fatal(err)
		}
		got, err := leases(s, "c")
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), `gateway "B"`) {
			t.Errorf("%s: error %v", v, err)
		}
		if len(got) != 2 || got[0].gatewayID != "A" || got[1].gatewayID != "C" || len(got[1].addresses) != 512 {
			t.Errorf("%s: got %v", v, got)
		}
	}
	// A new grant mends it.
	if err := save(s, "c", grant{"B", "lease_B", run(513, 512)}); err != nil {
		t.Fatal(err)
	}
	if got, err := leases(s, "c"); err != nil || len(got) != 3 {
		t.Errorf("after mending: %v, %v", got, err)
	}
}

// FuzzRuns: addresses that can be read are ones that can be kept, and are written as they
// were read.
func FuzzRuns(f *testing.F) {
	for _, text := range []string{"", "1", "1-512,600-601,700", "1,3,2147483647", "5-4"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r runs
		if r.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := check(r); err != nil {
			t.Fatalf("%q: read, but cannot be kept: %v", text, err)
		}
		again, err := r.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var r2 runs
		if err := r2.UnmarshalText(again); err != nil || !cmp.Equal(r, r2) {
			t.Fatalf("%q: %v\n%s", again, err, cmp.Diff(r, r2))
		}
	})
}

// TestKilledWhileGranting kills a process that grants leases as fast as it can.
// Those it had reported as granted are there afterwards.
func TestKilledWhileGranting(t *testing.T) {
	const variable = "SHOWRUN_STORE_GRANT"
	if dir := os.Getenv(variable); dir != "" {
		s := open(t, dir)
		for i := uint32(0); ; i++ {
			id := strconv.Itoa(int(i))
			if err := save(s, "c", grant{id, "lease_" + id, run(1+512*i, 512)}); err != nil {
				t.Fatal(err)
			}
			os.Stdout.WriteString("+")
		}
	}
	dir := filepath.Join(t.TempDir(), "state")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileGranting$")
	cmd.Env = append(os.Environ(), variable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	granted, b := 0, make([]byte, 1)
	for granted < 20 {
		if _, err := out.Read(b); err != nil {
			t.Fatal(err)
		}
		granted++
	}
	cmd.Process.Kill()
	for { // what it reported before it died
		if _, err := out.Read(b); err != nil {
			break
		}
		granted++
	}
	cmd.Wait()
	got, err := leases(open(t, dir), "c")
	if err != nil || len(got) < granted {
		t.Errorf("%d leases after %d grants, %v", len(got), granted, err)
	}
	for _, l := range got {
		if len(l.addresses) != 512 {
			t.Errorf("gateway %s has %d addresses", l.gatewayID, len(l.addresses))
		}
	}
}
