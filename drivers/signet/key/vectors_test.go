package key

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"showrun/drivers/signet/wire"
)

// vectors is the part of the vector file that this package checks.
type vectors struct {
	Keys []struct {
		ID         string
		Passphrase string
		K0, Ks, Kc string
		KmGlobal   string            `json:"km_global"`
		KmLocal    map[string]string `json:"km_local"`
	}
	Passphrases struct {
		Cases []struct {
			Hex    string `json:"utf8_hex"`
			Expect string
			All    []string `json:"all_failing_rules"`
		}
		Probe struct {
			Results [][2]string
		} `json:"symbol_class_probe"`
		NUL struct {
			Hex string `json:"utf8_hex"`
		} `json:"nul_byte"`
	}
	Entropy struct {
		Cases []struct {
			K0     string
			Expect string
		}
	} `json:"k0_entropy"`
	Transfer []struct {
		JSON, Expect, K0, Scope string
		KmGlobal                string `json:"km_global"`
		Ks, Kc                  string
	} `json:"transfer_formats"`
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

func TestVectorKeys(t *testing.T) {
	for _, k := range loadVectors(t).Keys {
		k0, err := Parse(k.K0)
		if err != nil {
			t.Fatal(err)
		}
		if k.Passphrase != "" {
			derived, err := FromPassphrase(k.Passphrase)
			if err != nil || derived != k0 {
				t.Errorf("%s: K0 differs: %v", k.ID, err)
			}
		}
		keys := k0.Keys()
		for name, pair := range map[string][2]string{
			"ks":        {hex.EncodeToString(keys.Sender[:]), k.Ks},
			"kc":        {hex.EncodeToString(keys.Citizen[:]), k.Kc},
			"km_global": {hex.EncodeToString(keys.Manager[:]), k.KmGlobal},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %s, want %s", k.ID, name, pair[0], pair[1])
			}
		}
		for tuid, want := range k.KmLocal {
			id, err := wire.ParseTUID(tuid)
			if err != nil {
				t.Fatal(err)
			}
			local := k0.NodeKeys(id).Local
			if got := hex.EncodeToString(local[:]); got != want {
				t.Errorf("%s: km_local of %s is %s, want %s", k.ID, tuid, got, want)
			}
		}
	}
}

func TestVectorPassphrases(t *testing.T) {
	v := loadVectors(t)
	for _, c := range v.Passphrases.Cases {
		s := string(unhex(t, c.Hex))
		got := "accept"
		var rule *PassphraseError
		if errors.As(CheckPassphrase(s), &rule) {
			got = rule.Rule.String()
		}
		if got != c.Expect {
			t.Errorf("%q: %s, want %s", s, got, c.Expect)
		}
		var all []string
		for _, r := range PassphraseFaults(s) {
			all = append(all, r.String())
		}
		if s != "" && !slices.Equal(all, c.All) {
			t.Errorf("%q: all faults %v, want %v", s, all, c.All)
		}
	}
	for _, probe := range v.Passphrases.Probe.Results {
		got := "accept"
		if err := CheckPassphrase("aqzwxm73k" + probe[0]); err != nil {
			got = err.(*PassphraseError).Rule.String()
		}
		if got != probe[1] {
			t.Errorf("symbol %q: %s, want %s", probe[0], got, probe[1])
		}
	}
	var rule *PassphraseError
	if err := CheckPassphrase(string(unhex(t, v.Passphrases.NUL.Hex))); !errors.As(err, &rule) || rule.Rule != RuleNUL {
		t.Errorf("NUL: %v", err)
	}
}

func TestVectorEntropy(t *testing.T) {
	for _, c := range loadVectors(t).Entropy.Cases {
		k0, err := Parse(c.K0)
		if err != nil {
			t.Fatal(err)
		}
		if got := k0.entropy() >= 3; got != (c.Expect == "accept") {
			t.Errorf("%s: entropy %v, want %s", c.K0, k0.entropy(), c.Expect)
		}
	}
}
