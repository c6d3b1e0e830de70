// Package key derives the keys of a Sig-Net installation: passphrase rules, the
// root key K0, the key of each role, and the files that carry keys from one
// device to another (section 4). Keys print as [redacted] everywhere.
package key

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"math"

	"showrun/drivers/signet/wire"
)

// redacted is what every print, log and marshalling of a key shows.
const redacted = "[redacted]"

// K0 is the root key of an installation. Whoever holds it may do everything;
// derive Keys from it and forget it unless you are a Manager. It prints as
// [redacted] everywhere; only Reveal and AppendTransfer show it.
type K0 [32]byte

// A Key is a derived key. It prints as [redacted] everywhere.
type Key [32]byte

// String hides the key.
func (K0) String() string { return redacted }

// Format hides the key from every verb.
func (K0) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText hides the key; transfer files are made by AppendTransfer.
func (K0) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the key.
func (K0) LogValue() slog.Value { return slog.StringValue(redacted) }

// String hides the key.
func (Key) String() string { return redacted }

// Format hides the key from every verb.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText hides the key.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// IsZero tells whether the key is absent.
func (k Key) IsZero() bool { return k == Key{} }

// Reveal shows the root key in the form for a screen, 64 lower-case digits.
// Never log it.
func (k K0) Reveal() string { return hex.EncodeToString(k[:]) }

// FromPassphrase makes the root key of a passphrase as typed, without
// trimming or normalising. It takes about 20 ms. The error is a
// *PassphraseError that names the broken rule.
func FromPassphrase(passphrase string) (K0, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return K0{}, err
	}
	b, err := pbkdf2.Key(sha256.New, passphrase, []byte("Sig-Net-K0-Salt-v1"), 100_000, 32)
	if err != nil {
		return K0{}, fmt.Errorf("derive K0: %w", err)
	}
	return K0(b), nil
}

// FromEnvironment makes the root key of the passphrase in an environment variable, which
// lookup finds. The error names the variable, never its content.
func FromEnvironment(variable string, lookup func(string) (string, bool)) (K0, error) {
	passphrase, _ := lookup(variable)
	if passphrase == "" {
		return K0{}, fmt.Errorf("the environment variable %s, which should hold the passphrase, is not set", variable)
	}
	k0, err := FromPassphrase(passphrase)
	if err != nil {
		return K0{}, fmt.Errorf("the passphrase in %s: %w", variable, err)
	}
	return k0, nil
}

// ErrKeyLength tells that text is not a root key.
var ErrKeyLength = errors.New("key: want 64 hex digits")

// Parse reads 64 hex digits of any case. It is for files and machine
// interfaces; people type passphrases.
func Parse(s string) (K0, error) {
	k, err := parseKey(s)
	return K0(k), err
}

func parseKey(s string) (Key, error) {
	var k Key
	if len(s) != 64 {
		return k, ErrKeyLength
	}
	if _, err := hex.Decode(k[:], []byte(s)); err != nil {
		return Key{}, ErrKeyLength
	}
	return k, nil
}

// Generate draws a root key and rejects one whose hex digits look too
// regular. rand must be a cryptographic generator.
func Generate(rand io.Reader) (K0, error) {
	for range 8 {
		var k K0
		if _, err := io.ReadFull(rand, k[:]); err != nil {
			return K0{}, fmt.Errorf("draw K0: %w", err)
		}
		if k.entropy() >= 3 {
			return k, nil
		}
	}
	return K0{}, errors.New("draw K0: the random generator repeats itself")
}

// entropy is the Shannon entropy of the 64 hex digits in bits per digit. Equal
// shares are summed exactly, so that eight digits used evenly give 3.
func (k K0) entropy() float64 {
	var count [16]int
	for _, c := range k {
		count[c>>4]++
		count[c&15]++
	}
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			bits += float64(n) * (6 - math.Log2(float64(n)))
		}
	}
	return bits / 64
}

// Keys are the derived keys of one device. A zero key means the device does
// not hold it.
type Keys struct {
	Sender  Key // Ks: level, preview, sync, timecode
	Citizen Key // Kc: what a device says about itself
	Manager Key // Km_global: polls
	Local   Key // Km_local of this device: commands to it; Nodes only
}

// Keys derives what a Sender, Receiver or guest Manager holds.
func (k K0) Keys() Keys {
	return Keys{
		Sender:  k.expand("Sig-Net-Sender-v1"),
		Citizen: k.expand("Sig-Net-Citizen-v1"),
		Manager: k.expand("Sig-Net-Manager-v1"),
	}
}

// NodeKeys derives what the Node with this TUID holds.
func (k K0) NodeKeys(t wire.TUID) Keys {
	keys := k.Keys()
	keys.Local = k.expand("Sig-Net-Manager-v1-" + t.String())
	return keys
}

// expand is HKDF-Expand with K0 as the pseudo-random key.
func (k K0) expand(info string) Key {
	b, err := hkdf.Expand(sha256.New, k[:], info, 32)
	if err != nil {
		panic("key: " + err.Error()) // 32 bytes are always available
	}
	return Key(b)
}

// MACs holds one reusable HMAC per key; not safe for concurrent use.
type MACs struct {
	sender, citizen, manager, local hash.Hash
}

// NewMACs makes the HMACs of the keys that are there.
func NewMACs(k Keys) MACs {
	mac := func(k Key) hash.Hash {
		if k.IsZero() {
			return nil
		}
		return hmac.New(sha256.New, k[:])
	}
	return MACs{mac(k.Sender), mac(k.Citizen), mac(k.Manager), mac(k.Local)}
}

// Of gives the HMAC that signs a resource, nil if we do not hold its key.
func (m *MACs) Of(k wire.Kind) hash.Hash {
	switch k {
	case wire.KindLevel, wire.KindPreview, wire.KindSync, wire.KindTimecode:
		return m.sender
	case wire.KindPoll:
		return m.manager
	case wire.KindManager:
		return m.local
	case wire.KindNode, wire.KindNodeLost:
		return m.citizen
	}
	return nil
}
