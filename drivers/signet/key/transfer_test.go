package key

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestVectorTransfer(t *testing.T) {
	for _, c := range loadVectors(t).Transfer {
		got, err := ParseTransfer([]byte(c.JSON))
		if (err == nil) != (c.Expect == "accept") {
			t.Errorf("%s: %v, want %s", c.JSON, err, c.Expect)
			continue
		}
		var typed *TransferError
		if err != nil {
			if !errors.As(err, &typed) {
				t.Errorf("%s: %T", c.JSON, err)
			}
			continue
		}
		if got.Scope != c.Scope || got.HasK0 != (c.K0 != "") {
			t.Errorf("%s: scope %q, root key %v", c.JSON, got.Scope, got.HasK0)
		}
		for want, k := range map[string][32]byte{c.K0: got.K0, c.KmGlobal: got.Guest.Manager, c.Ks: got.Guest.Sender, c.Kc: got.Guest.Citizen} {
			if want != "" && want != strings.ToLower(upperHex(k)) {
				t.Errorf("%s: a key differs", c.JSON)
			}
		}
	}
}

func TestTransferRoundTrip(t *testing.T) {
	k0, err := Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "show.k0")
	if err := WriteFile(name, AppendK0(nil, k0)); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(name)
	if err != nil || got != (Transfer{HasK0: true, K0: k0}) {
		t.Errorf("read back: %v, %v", got, err)
	}
	if err := WriteFile(name, AppendGuest(nil, "Hall_A", k0.Keys())); err != nil {
		t.Fatal(err)
	}
	got, err = ReadFile(name)
	if err != nil || got.Keys() != k0.Keys() || got.Scope != "Hall_A" || got.HasK0 {
		t.Errorf("guest keys read back: %v, %v", got, err)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(name); err != nil || runtime.GOOS != "windows" && !got.Exposed {
		t.Errorf("a file others can read is not told: %v", err)
	}
	if err := WriteFile(filepath.Join(t.TempDir(), "no", "where"), nil); err == nil {
		t.Error("written to a folder that is not there")
	}
}

func TestTransferErrorsNameTheMember(t *testing.T) {
	for text, want := range map[string]string{
		`{"sig-net_k0": 5}`:                                        `member "sig-net_k0" is not text`,
		`{"sig-net_k0": "12"}`:                                     `member "sig-net_k0" is not 64 hex digits`,
		`{"sig-net_guest_keys": []}`:                               `member "sig-net_guest_keys" is not a JSON object`,
		`{"sig-net_guest_keys": {}}`:                               `member "scope" is missing`,
		`{"sig-net_equal_keys": {"scope": "a"}}`:                   `member "k0" is missing`,
		`{"sig-net_guest_keys": {"scope": "a", "km_global": "x"}}`: `member "km_global" is not 64 hex digits`,
		`{}`:   "key file: holds none of",
		`null`: "key file: is not a JSON object",
		``:     "key file: is not a JSON object",
	} {
		if _, err := ParseTransfer([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestKeysAreRedacted(t *testing.T) {
	k0, err := FromPassphrase("Ge2p$E$4*A")
	if err != nil {
		t.Fatal(err)
	}
	keys := k0.Keys()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "k0", k0, "keys", keys, "key", keys.Sender)
	marshalled, err := json.Marshal(map[string]any{"k0": k0, "keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	outputs := []string{log.String(), string(marshalled), k0.String(), keys.Sender.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q", "% x"} {
		outputs = append(outputs, fmt.Sprintf(verb, k0), fmt.Sprintf(verb, keys), fmt.Sprintf(verb, &keys), fmt.Sprintf(verb, keys.Citizen))
	}
	for _, s := range outputs {
		for _, secret := range []string{"52fcc2", "52FCC2", "82 252", "78981f", "78981F", "120 152", "1973ce"} {
			if strings.Contains(s, secret) {
				t.Errorf("a key shows: %s", s)
			}
		}
	}
	if k0.Reveal() != "52fcc2e7749f40358ba00b1d557dc11861e89868e139f23014f6a0cfe59cf173" {
		t.Error("Reveal does not reveal")
	}
}

func TestGeneratePassphrase(t *testing.T) {
	seen := map[byte]bool{}
	for range 2000 {
		s, err := GeneratePassphrase(rand.Reader)
		if err != nil || CheckPassphrase(s) != nil {
			t.Fatalf("%q: %v", s, err)
		}
		for i := range len(s) {
			seen[s[i]] = true
		}
	}
	for _, class := range generatorClasses {
		for i := range len(class) {
			if !seen[class[i]] {
				t.Errorf("%q never drawn", class[i])
			}
		}
	}
	if _, err := GeneratePassphrase(strings.NewReader("")); err == nil {
		t.Error("a passphrase without random bytes")
	}
	if _, err := Generate(constant{}); err == nil {
		t.Error("a root key of equal bytes")
	}
}

// constant is a broken random generator.
type constant struct{}

func (constant) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func FuzzParseTransfer(f *testing.F) {
	f.Add([]byte(`{"sig-net_k0": "52FCC2E7749F40358BA00B1D557DC11861E89868E139F23014F6A0CFE59CF173"}`))
	f.Add([]byte(`{"sig-net_guest_keys": {"scope": "local", "km_global": "", "ks": "", "kc": ""}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseTransfer(b)
		if err != nil {
			return
		}
		again := AppendGuest(nil, got.Scope, got.Guest)
		if got.HasK0 {
			again = AppendK0(nil, got.K0)
			got.Scope = ""
		}
		if back, err := ParseTransfer(again); err != nil || back != got {
			t.Errorf("%s becomes %s: %v", b, again, err)
		}
	})
}

func FuzzPassphrase(f *testing.F) {
	f.Add("Ge2p$E$4*A")
	f.Fuzz(func(t *testing.T, s string) {
		if (CheckPassphrase(s) == nil) != (len(PassphraseFaults(s)) == 0) {
			t.Errorf("%q", s)
		}
	})
}
