package wire

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// vectors is the part of the vector file that this package checks.
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
	b, err := os.ReadFile("../testdata/vectors.json")
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
