package signet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"showrun/drivers/signet/wire"
)

// vectors is the part of the shared vector file that this package checks.
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
	Packets   []packetVector
	Negatives struct {
		Cases []struct {
			ID, Packet, Receiver string
			Expect               struct{ Verdict, Reason string }
		}
	}
	Truncations struct {
		Base   string
		Points []struct {
			Length int
			Reason string
		}
	}
	Sequences []struct {
		ID, Receiver string
		Steps        []struct {
			Packet, Expect, Reason string
			At                     float64 `json:"at_seconds"`
		}
	}
}

type packetVector struct {
	ID          string
	Conformant  bool
	Packet      string
	Destination string
	HMACInput   string `json:"hmac_input"`
	Inputs      struct {
		K0, Scope, URI, TUID string
		Key                  *string
		Mode                 byte   `json:"security_mode"`
		Endpoint             uint16 `json:"endpoint"`
		Mfg                  uint16 `json:"mfg_code"`
		Session              uint32 `json:"session_id"`
		Sequence             uint32 `json:"seq_num"`
		MessageID            uint16 `json:"message_id"`
		TLVs                 []struct{ TID, Value string }
	}
	Expect struct{ Verdict string }
}

func loadVectors(t testing.TB) *vectors {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
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

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everything wants every resource.
type everything struct{}

func (everything) Wants(wire.Resource) bool { return true }

func (v *vectors) k0(t testing.TB, id string) K0 {
	t.Helper()
	for _, k := range v.Keys {
		if k.ID == id {
			k0, err := ParseK0(k.K0)
			if err != nil {
				t.Fatal(err)
			}
			return k0
		}
	}
	t.Fatalf("no key %q", id)
	return K0{}
}

var vectorNode = TUID{0x7F, 0xF0, 0x80, 0x00, 0x01, 0x01}

// receiver is the Gate that the vectors were made for.
func (v *vectors) receiver(t testing.TB, open bool) *Gate {
	return NewGate(GateConfig{
		TUID: vectorNode, Open: open, Keys: v.k0(t, "sdk-published").NodeKeys(vectorNode), Interests: everything{},
		ReplayTUIDs: 32,
	})
}

var epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

func TestVectorKeys(t *testing.T) {
	for _, k := range loadVectors(t).Keys {
		k0, err := ParseK0(k.K0)
		if err != nil {
			t.Fatal(err)
		}
		if k.Passphrase != "" {
			derived, err := K0FromPassphrase(k.Passphrase)
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
			id, err := ParseTUID(tuid)
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
		k0, err := ParseK0(c.K0)
		if err != nil {
			t.Fatal(err)
		}
		if got := k0.entropy() >= 3; got != (c.Expect == "accept") {
			t.Errorf("%s: entropy %v, want %s", c.K0, k0.entropy(), c.Expect)
		}
	}
}

// TestVectorPackets parses and judges every packet, and makes every
// conformant one again, byte for byte.
func TestVectorPackets(t *testing.T) {
	v := loadVectors(t)
	for _, c := range v.Packets {
		t.Run(c.ID, func(t *testing.T) {
			raw := unhex(t, c.Packet)
			var keys Keys
			if c.Inputs.Key != nil {
				keys = v.k0(t, c.Inputs.K0).NodeKeys(vectorNode)
			}
			gate := NewGate(GateConfig{
				TUID: vectorNode, Scope: c.Inputs.Scope, Open: c.Inputs.Mode == 1, Keys: keys, Interests: everything{},
			})
			if TUID(unhex(t, c.Inputs.TUID)) == vectorNode {
				gate.cfg.TUID = TUID{}
				if c.Inputs.URI == "/sig-net/v1/local/manager/7FF080000101/1" {
					gate.cfg.TUID = vectorNode
				}
			}
			var p wire.Packet
			r, verdict := gate.Check(raw, epoch, &p)
			want := map[string]string{"accept": "ok", "beacon": "beacon", "ignore": "not_supported", "accept by an open-mode receiver": "ok"}[c.Expect.Verdict]
			if verdict.String() != want {
				t.Fatalf("verdict %v, want %s", verdict, want)
			}
			if verdict == wire.NotSupported {
				return
			}
			var payload []byte
			for _, tlv := range c.Inputs.TLVs {
				payload = wire.AppendTLV(payload, wire.TID(parseHex16(t, tlv.TID)), unhex(t, tlv.Value))
			}
			if !bytes.Equal(payload, p.Payload) {
				t.Errorf("payload % x", p.Payload)
			}
			if signed := p.AppendSigned(nil); c.HMACInput != "" && hex.EncodeToString(signed)+hex.EncodeToString(payload) != c.HMACInput {
				t.Errorf("signed % x", signed)
			}
			h := wire.Header{
				MessageID: p.MessageID, Mode: p.Mode, Sender: p.Sender, Mfg: p.Mfg, Session: p.Session, Sequence: p.Sequence,
			}
			in := c.Inputs
			if h != (wire.Header{
				MessageID: in.MessageID, Mode: wire.Mode(in.Mode), Sender: SenderID{TUID: TUID(unhex(t, in.TUID)), Endpoint: in.Endpoint},
				Mfg: in.Mfg, Session: in.Session, Sequence: in.Sequence,
			}) && c.ID != "odd-beacon-rust" {
				t.Errorf("header %+v", h)
			}
			if c.Destination != "" && r.Group().String()+":5683" != c.Destination {
				t.Errorf("group %v, want %s", r.Group(), c.Destination)
			}
			if !c.Conformant || string(wire.AppendURI(nil, in.Scope, r)) != in.URI {
				return
			}
			mac := gate.macs.of(r.Kind)
			if got := wire.Append(nil, h, in.Scope, r, payload, mac); !bytes.Equal(got, raw) {
				t.Errorf("made anew:\n got % x\nwant % x", got, raw)
			}
			if len(payload) > 0 && p.Mode == wire.ModeSecure {
				template := wire.NewTemplate(wire.Header{Sender: h.Sender, Mfg: h.Mfg}, in.Scope, r, payload)
				if got := template.Stamp(h.MessageID, h.Session, h.Sequence, mac); !bytes.Equal(got, raw) {
					t.Errorf("from a template:\n got % x\nwant % x", got, raw)
				}
			}
		})
	}
}

func parseHex16(t testing.TB, s string) uint16 {
	b := unhex(t, s[2:])
	return uint16(b[0])<<8 | uint16(b[1])
}

func TestVectorNegatives(t *testing.T) {
	v := loadVectors(t)
	for _, c := range v.Negatives.Cases {
		gate := v.receiver(t, c.Receiver != "")
		var p wire.Packet
		_, verdict := gate.Check(unhex(t, c.Packet), epoch, &p)
		if verdict.String() != c.Expect.Reason || verdict.Dropped() != (c.Expect.Verdict == "drop") {
			t.Errorf("%s (%s): %v, want %s %s", c.ID, c.Receiver, verdict, c.Expect.Verdict, c.Expect.Reason)
		}
	}
}

func TestVectorTruncations(t *testing.T) {
	v := loadVectors(t)
	base := unhex(t, v.Truncations.Base)
	for n := range base {
		var p wire.Packet
		if _, verdict := v.receiver(t, false).Check(base[:n], epoch, &p); !verdict.Dropped() {
			t.Errorf("prefix of %d bytes: %v", n, verdict)
		}
	}
	for _, point := range v.Truncations.Points {
		var p wire.Packet
		if _, verdict := v.receiver(t, false).Check(base[:point.Length], epoch, &p); verdict.String() != point.Reason {
			t.Errorf("prefix of %d bytes: %v, want %s", point.Length, verdict, point.Reason)
		}
	}
}

func TestVectorSequences(t *testing.T) {
	v := loadVectors(t)
	for _, s := range v.Sequences {
		gate := v.receiver(t, s.Receiver != "")
		for i, step := range s.Steps {
			var p wire.Packet
			at := epoch.Add(time.Duration(step.At * float64(time.Second)))
			if _, verdict := gate.Check(unhex(t, step.Packet), at, &p); verdict.String() != step.Reason {
				t.Errorf("%s step %d: %v, want %s", s.ID, i+1, verdict, step.Reason)
			}
		}
	}
}
