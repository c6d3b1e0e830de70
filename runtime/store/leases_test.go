package store

import (
	"bytes"
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

// leases returns what a console has granted.
func leases(s *Store, console string) (list []lease, err error) {
	err = s.Leases(console, func(gatewayID, id string, addresses []uint32) {
		list = append(list, lease{gatewayID, id, addresses})
	})
	return list, err
}

// save keeps a lease.
func save(s *Store, console string, l lease) error {
	return s.SaveLease(console, l.gatewayID, l.id, l.addresses)
}

// exported lets cmp look into leases.
var exported = cmp.AllowUnexported(lease{})

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
	stage := []lease{
		{"A", "lease_001", append(run(1, 512), 600, 601, 700)},
		{"B", "lease_002", run(513, 6)},
		{"empty", "lease_003", nil},
	}
	other := []lease{{"A", "lease_001", run(1, 2)}}
	for _, l := range stage {
		if err := save(s, "stage", l); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(s, "", other[0]); err != nil {
		t.Fatal(err)
	}
	want := func(console string, want ...lease) {
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
	if err := save(s, "c", lease{"A", "lease_001", run(1, 512)}); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]lease{
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
	if err := save(s, "c\x00", lease{"B", "lease_002", nil}); err == nil {
		t.Error("a console with a zero byte: was kept")
	}
	if got, err := leases(s, "c"); err != nil || len(got) != 1 {
		t.Errorf("after refusals: %v, %v", got, err)
	}
}

// TestDamagedLease damages each byte of a lease in turn: it is missed, named, and
// the others are there.
func TestDamagedLease(t *testing.T) {
	s := open(t, t.TempDir())
	for i, id := range []string{"A", "B", "C"} {
		if err := save(s, "c", lease{id, "lease_" + id, run(1+512*uint32(i), 512)}); err != nil {
			t.Fatal(err)
		}
	}
	put := func(v []byte) {
		t.Helper()
		if err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(leaseBucket).Put([]byte("c\x00B"), v) }); err != nil {
			t.Fatal(err)
		}
	}
	good, err := appendLease(nil, []byte("c\x00B"), lease{"B", "lease_B", run(513, 512)})
	if err != nil {
		t.Fatal(err)
	}
	var bad [][]byte
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 0x10
		bad = append(bad, flipped, good[:i])
	}
	bad = append(bad, append(bytes.Clone(good), 0))
	for _, v := range bad {
		put(v)
		got, err := leases(s, "c")
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), `gateway "B"`) {
			t.Errorf("%x: error %v", v, err)
		}
		if len(got) != 2 || got[0].gatewayID != "A" || got[1].gatewayID != "C" || len(got[1].addresses) != 512 {
			t.Errorf("%x: got %v", v, got)
		}
	}
	// A new grant mends it.
	if err := save(s, "c", lease{"B", "lease_B", run(513, 512)}); err != nil {
		t.Fatal(err)
	}
	if got, err := leases(s, "c"); err != nil || len(got) != 3 {
		t.Errorf("after mending: %v, %v", got, err)
	}
}

func FuzzParseLease(f *testing.F) {
	key := []byte("c\x00A")
	for _, l := range []lease{{"A", "lease_001", run(1, 512)}, {"A", "", nil}, {"A", "x", []uint32{1, 3, maxAddress}}} {
		b, err := appendLease(nil, key, l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[5:])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append([]byte{leaseFormat, 0, 0, 0, 0}, body...)
		sum := leaseSum(key, body)
		b[1], b[2], b[3], b[4] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
		l, err := parseLease(key, b)
		if err != nil {
			return
		}
		again, err := appendLease(nil, key, l)
		if err != nil {
			t.Fatalf("%x: read, but cannot be written: %v", b, err)
		}
		if l2, err := parseLease(key, again); err != nil || !cmp.Equal(l, l2, exported) {
			t.Fatalf("%x: %v\n%s", b, err, cmp.Diff(l, l2, exported))
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
			if err := save(s, "c", lease{id, "lease_" + id, run(1+512*i, 512)}); err != nil {
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
