package wire

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// vectors is the part of the shared vector file that this package checks.
type vectors struct {
	Packets []struct {
		ID, Packet string
	}
	Negatives struct {
		Cases []struct{ ID, Packet string }
	}
	Folding struct {
		Cases []struct {
			Universe int
			Group    string
		}
		Invalid []struct{ Universe int }
	}
	Timecode struct {
		Rates map[string]string
		Cases []struct {
			Type  TimecodeRate
			Frame int64
			Label [4]byte
		}
	} `json:"timecode_labels"`
}

func loadVectors(t testing.TB) *vectors {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	name := filepath.Join(dir, "..", "shared", "data", "signet", "vectors.json")
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no shared vectors beside the repository (%v)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	v := &vectors{}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectorFolding(t *testing.T) {
	v := loadVectors(t)
	for _, c := range v.Folding.Cases {
		if got := Fold(uint16(c.Universe)); CheckUniverse(c.Universe) != nil || got.String() != c.Group {
			t.Errorf("universe %d: %v, want %s", c.Universe, got, c.Group)
		}
	}
	for _, c := range v.Folding.Invalid {
		if CheckUniverse(c.Universe) == nil {
			t.Errorf("universe %d taken", c.Universe)
		}
	}
}

func TestVectorTimecodeLabels(t *testing.T) {
	v := loadVectors(t)
	for number, fraction := range v.Timecode.Rates {
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		r := rates[n]
		if got := strconv.FormatInt(r.num, 10) + "/" + strconv.FormatInt(r.den, 10); got != fraction {
			t.Errorf("rate %d: %s, want %s", n, got, fraction)
		}
	}
	for _, c := range v.Timecode.Cases {
		want := Timecode{c.Label[0], c.Label[1], c.Label[2], c.Label[3], c.Type}
		if got := TimecodeOf(c.Type, c.Frame); got != want {
			t.Errorf("rate %v frame %d: %v, want %v", c.Type, c.Frame, got, want)
		}
	}
}

// TestFoldedByHand keeps one line of the folding table where the shared
// vectors are missing.
func TestFoldedByHand(t *testing.T) {
	for universe, want := range map[uint16]string{
		1: "239.254.0.1", 109: "239.254.0.109", 110: "239.254.0.1", 500: "239.254.0.64",
		512: "239.254.0.76", 1000: "239.254.0.19", 63999: "239.254.0.16",
	} {
		if got := Fold(universe); got != netip.MustParseAddr(want) {
			t.Errorf("universe %d: %v, want %s", universe, got, want)
		}
	}
}
