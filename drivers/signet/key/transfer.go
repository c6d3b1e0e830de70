package key

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"showrun/drivers/signet/wire"
)

// A Transfer is the content of a key file: either the root key, or the keys of
// a guest Manager, which may read but not command.
type Transfer struct {
	HasK0   bool
	K0      K0
	Guest   Keys   // Sender, Citizen and Manager; only without K0
	Scope   string // "" if the file names none
	Exposed bool   // ReadFile only: other users of this computer may read the file
}

// Keys gives the derived keys, whichever the file held.
func (t Transfer) Keys() Keys {
	if t.HasK0 {
		return t.K0.Keys()
	}
	return t.Guest
}

// A TransferError tells what is wrong with a key file. It never holds a key.
type TransferError struct {
	Member  string // of the JSON object, "" for the whole file
	Problem string
}

// Error names the member.
func (e *TransferError) Error() string {
	if e.Member == "" {
		return "key file: " + e.Problem
	}
	return fmt.Sprintf("key file: member %q %s", e.Member, e.Problem)
}

// Members of key files (section 4.4).
const (
	memberK0    = "sig-net_k0"
	memberGuest = "sig-net_guest_keys"
	memberEqual = "sig-net_equal_keys" // V1.06, read only
)

// AppendK0 appends the transfer file of a root key.
func AppendK0(b []byte, k K0) []byte {
	return fmt.Appendf(b, "{%q: %q}\n", memberK0, upperHex(k))
}

// AppendGuest appends the transfer file of a guest Manager.
func AppendGuest(b []byte, scope string, k Keys) []byte {
	return fmt.Appendf(b, "{%q: {\"scope\": %q, \"km_global\": %q, \"ks\": %q, \"kc\": %q}}\n",
		memberGuest, scope, upperHex(k.Manager), upperHex(k.Sender), upperHex(k.Citizen))
}

func upperHex(k [32]byte) string { return strings.ToUpper(hex.EncodeToString(k[:])) }

// ParseTransfer reads a key file. Unknown members are ignored; names are
// compared exactly. The error is a *TransferError.
func ParseTransfer(b []byte) (Transfer, error) {
	members, err := object(b, "")
	if err != nil {
		return Transfer{}, err
	}
	var t Transfer
	switch {
	case members[memberK0] != nil:
		k, err := keyMember(members, memberK0)
		return Transfer{HasK0: true, K0: K0(k)}, err
	case members[memberEqual] != nil:
		if members, err = object(members[memberEqual], memberEqual); err != nil {
			return t, err
		}
		k, err := keyMember(members, "k0")
		if err != nil {
			return t, err
		}
		scope, err := scopeMember(members)
		return Transfer{HasK0: true, K0: K0(k), Scope: scope}, err
	case members[memberGuest] != nil:
		if members, err = object(members[memberGuest], memberGuest); err != nil {
			return t, err
		}
		if t.Scope, err = scopeMember(members); err != nil {
			return Transfer{}, err
		}
		for _, m := range []struct {
			name string
			key  *Key
		}{{"km_global", &t.Guest.Manager}, {"ks", &t.Guest.Sender}, {"kc", &t.Guest.Citizen}} {
			if *m.key, err = keyMember(members, m.name); err != nil {
				return Transfer{}, err
			}
		}
		return t, nil
	}
	return t, &TransferError{Problem: fmt.Sprintf("holds none of %s, %s, %s", memberK0, memberGuest, memberEqual)}
}

func object(b []byte, name string) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil || members == nil {
		return nil, &TransferError{name, "is not a JSON object"}
	}
	return members, nil
}

func keyMember(members map[string]json.RawMessage, name string) (Key, error) {
	s, err := textMember(members, name)
	if err != nil {
		return Key{}, err
	}
	k, err := parseKey(s)
	if err != nil {
		return Key{}, &TransferError{name, "is not 64 hex digits"}
	}
	return k, nil
}

func scopeMember(members map[string]json.RawMessage) (string, error) {
	s, err := textMember(members, "scope")
	if err != nil {
		return "", err
	}
	if wire.CheckScope(s) != nil {
		return "", &TransferError{"scope", "is not 1 to 32 of A-Z a-z 0-9 - . _ ~"}
	}
	return s, nil
}

func textMember(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok {
		return "", &TransferError{name, "is missing"}
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", &TransferError{name, "is not text"}
	}
	return s, nil
}
