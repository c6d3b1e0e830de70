package device

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// vectors is the part of the vector file that this package checks.
type vectors struct {
	Keys []struct {
		ID, K0 string
	}
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

// everything wants every resource.
type everything struct{}

func (everything) Wants(wire.Resource) bool { return true }

func (v *vectors) k0(t testing.TB, id string) key.K0 {
	t.Helper()
	for _, k := range v.Keys {
		if k.ID == id {
			k0, err := key.Parse(k.K0)
			if err != nil {
				t.Fatal(err)
			}
			return k0
		}
	}
	t.Fatalf("no key %q", id)
	return key.K0{}
}

var vectorNode = wire.TUID{0x7F, 0xF0, 0x80, 0x00, 0x01, 0x01}

// receiver is the Gate that the vectors were made for.
func (v *vectors) receiver(t testing.TB, open bool) *Gate {
	return NewGate(GateConfig{
		TUID: vectorNode, Open: open, Keys: v.k0(t, "key-0").NodeKeys(vectorNode), Interests: everything{},
		ReplayTUIDs: 32,
	})
}

var epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

// TestVectorPackets parses and judges every packet, and makes every
// conformant one again, byte for byte.
func TestVectorPackets(t *testing.T) {
	v := loadVectors(t)
	for _, c := range v.Packets {
		t.Run(c.ID, func(t *testing.T) {
			raw := unhex(t, c.Packet)
			var keys key.Keys
			if c.Inputs.Key != nil {
				keys = v.k0(t, c.Inputs.K0).NodeKeys(vectorNode)
			}
			gate := NewGate(GateConfig{
				TUID: vectorNode, Scope: c.Inputs.Scope, Open: c.Inputs.Mode == 1, Keys: keys, Interests: everything{},
			})
			if wire.TUID(unhex(t, c.Inputs.TUID)) == vectorNode {
				gate.cfg.TUID = wire.TUID{}
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
				MessageID: in.MessageID, Mode: wire.Mode(in.Mode), Sender: wire.SenderID{TUID: wire.TUID(unhex(t, in.TUID)), Endpoint: in.Endpoint},
				Mfg: in.Mfg, Session: in.Session, Sequence: in.Sequence,
			}) {
				t.Errorf("header %+v", h)
			}
			if c.Destination != "" && r.Group().String()+":5683" != c.Destination {
				t.Errorf("group %v, want %s", r.Group(), c.Destination)
			}
			if !c.Conformant || string(wire.AppendURI(nil, in.Scope, r)) != in.URI {
				return
			}
			mac := gate.macs.Of(r.Kind)
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
