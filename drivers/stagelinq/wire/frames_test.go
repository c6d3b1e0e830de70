package wire

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// vector is one entry of frames.json.
type vector struct {
	ID, Layer string
	Hex       string
	Fields    map[string]any
}

// vectorFile is what testdata/generate writes.
type vectorFile struct {
	Frames, Malformed []vector
	Session           struct {
		Streams   map[string]string
		Datagrams []string
	}
}

func loadVectors(t *testing.T) vectorFile {
	t.Helper()
	text, err := os.ReadFile("../testdata/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// onePayload cuts a framed message into its payload.
func onePayload(t *testing.T, b []byte, limit int) []byte {
	t.Helper()
	f := NewFramer(limit)
	f.Advance(copy(f.Space(), b))
	payload, ok, err := f.Next()
	if err != nil || !ok || len(payload) != len(b)-4 {
		t.Fatalf("Next: %d bytes of %d, %v, %v", len(payload), len(b), ok, err)
	}
	return payload
}

func TestFramesDecodeAndReencode(t *testing.T) {
	frames := loadVectors(t).Frames
	if len(frames) == 0 {
		t.Fatal("no frames")
	}
	for _, v := range frames {
		t.Run(v.ID, func(t *testing.T) {
			b := unhex(t, v.Hex)
			fields, again := decode(t, v, b)
			for name, want := range v.Fields {
				if got, ok := fields[name]; !ok {
					t.Errorf("field %s not decoded", name)
				} else if !equalJSON(t, got, want) {
					t.Errorf("%s = %v, want %v", name, got, want)
				}
			}
			if hex.EncodeToString(again) != v.Hex {
				t.Errorf("encoded again:\n got %x\nwant %s", again, v.Hex)
			}
		})
	}
}

// decode parses one message into fields named as in the vectors, and encodes
// the result again.
func decode(t *testing.T, v vector, b []byte) (fields map[string]any, again []byte) {
	t.Helper()
	switch v.Layer {
	case "discovery":
		a, err := ParseAnnouncement(b)
		if err != nil {
			t.Fatal(err)
		}
		action := actionHowdy
		if a.Exit {
			action = actionExit
		}
		return map[string]any{
			"magic": "airD", "token": hex.EncodeToString(a.Token[:]), "source": a.Name, "action": action,
			"software_name": a.Software, "software_version": a.Version, "port": a.Port,
		}, AppendAnnouncement(nil, a)
	case "main":
		m, n, err := ParseMessage(b)
		if err != nil || n != len(b) {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
		return map[string]any{
			"id": m.ID, "token": hex.EncodeToString(m.Token[:]), "token2": hex.EncodeToString(m.Token2[:]),
			"service": m.Service, "port": m.Port, "reference": m.Value,
			"reference_hex": hex.EncodeToString(appendUint64(m.Value)),
		}, AppendMessage(nil, m)
	case "statemap":
		payload := onePayload(t, b, MaxStateFrame)
		m, err := ParseState(payload)
		if err != nil {
			t.Fatal(err)
		}
		if m.Type != StateSubscribe {
			if _, err := m.Value(); err != nil {
				t.Error(err)
			}
		}
		names := map[uint32]string{StateEmit: "0x0", StateSet: "0x7d1", StateSubscribe: "0x7d2"}
		fields := map[string]any{
			"length": len(payload), "magic": "smaa", "type": names[m.Type], "path": m.Path,
			"interval": m.Interval, "json": any(m.JSON),
		}
		if m.Null {
			fields["json"] = nil
		}
		return fields, AppendState(nil, m)
	case "beatinfo":
		payload := onePayload(t, b, MaxBeatFrame)
		kind, info, err := ParseBeatInfo(payload, nil)
		if err != nil {
			t.Fatal(err)
		}
		decks := []map[string]any{}
		for _, d := range info.Decks {
			decks = append(decks, map[string]any{
				"beat": d.Beat, "total_beats": d.Total, "bpm": d.BPM, "sample_position": d.Sample,
			})
		}
		fields := map[string]any{
			"length": len(payload), "type": kind, "clock_ns": info.Clock, "deck_count": len(decks), "decks": decks,
		}
		if kind != BeatEmit {
			return fields, AppendBeatCommand(nil, kind)
		}
		return fields, AppendBeatInfo(nil, info)
	case "broadcast":
		// Framed UTF-8 text, no message of ours.
		payload := onePayload(t, b, 8<<10)
		return map[string]any{"length": len(payload), "json_utf8": string(payload)}, b
	case "filetransfer":
		// Framed binary without a use here; its path is a string as any other.
		payload := onePayload(t, b, 8<<10)
		c := cursor{b: payload}
		magic := string(c.take(4))
		request, kind := c.uint32(), c.uint32()
		path, _ := c.text(8 << 10)
		if c.err != nil {
			t.Fatal(c.err)
		}
		return map[string]any{
			"length": len(payload), "magic": magic, "request_id": request,
			"type": "0x" + hex.EncodeToString([]byte{byte(kind >> 8), byte(kind)})[1:],
			"path": decodeText(path), "trailing": hex.EncodeToString(c.b),
		}, b
	}
	t.Fatalf("layer %q", v.Layer)
	return nil, nil
}

func appendUint64(v uint64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	return b
}

// equalJSON compares a decoded field with its JSON form. 64-bit integers lose
// bits on the way through JSON numbers, equally on both sides.
func equalJSON(t *testing.T, got, want any) bool {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var back any
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(back)
	b, _ := json.Marshal(want)
	return string(a) == string(b)
}

func TestMalformedFramesGiveTypedErrors(t *testing.T) {
	want := map[string]error{
		"length-of-all-ones":           ErrTooLong,
		"length-of-2-GiB":              ErrTooLong,
		"decks-of-all-ones":            ErrBeats,
		"without-samples":              nil, // accepted without sample positions
		"string-of-odd-length":         ErrString,
		"string-longer-than-the-frame": ErrShort,
		"value-is-no-json":             ErrValue,
		"unknown-type":                 ErrType,
		"without-magic":                ErrMagic,
		"unknown-id":                   ErrType,
		"service-name-of-1-GiB":        ErrTooLong,
		"stray-datagram":               ErrMagic,
		"datagram-cut-short":           ErrShort,
		"datagram-with-more":           nil, // what follows the port is ignored
	}
	malformed := loadVectors(t).Malformed
	if len(malformed) != len(want) {
		t.Errorf("%d malformed vectors, this test knows %d", len(malformed), len(want))
	}
	for _, v := range malformed {
		t.Run(v.ID, func(t *testing.T) {
			if err := parseAny(v.Layer, unhex(t, v.Hex)); !errors.Is(err, want[v.ID]) {
				t.Errorf("error %v, want %v", err, want[v.ID])
			}
		})
	}
}

// parseAny parses the first message of a layer.
func parseAny(layer string, b []byte) error {
	switch layer {
	case "discovery":
		_, err := ParseAnnouncement(b)
		return err
	case "main":
		_, _, err := ParseMessage(b)
		return err
	}
	limit := MaxBeatFrame
	if layer == "statemap" {
		limit = MaxStateFrame
	}
	f := NewFramer(limit)
	f.Advance(copy(f.Space(), b))
	payload, ok, err := f.Next()
	if err != nil || !ok {
		return err
	}
	if layer == "beatinfo" {
		_, _, err := ParseBeatInfo(payload, nil)
		return err
	}
	m, err := ParseState(payload)
	if err == nil && m.Type != StateSubscribe {
		_, err = m.Value()
	}
	return err
}

// TestTruncatedMessagesFail cuts every good message at every length.
func TestTruncatedMessagesFail(t *testing.T) {
	frames := loadVectors(t).Frames
	for _, v := range frames {
		b := unhex(t, v.Hex)
		for n := range b {
			var err error
			switch v.Layer {
			case "discovery", "main":
				err = parseAny(v.Layer, b[:n])
			case "statemap":
				if n < 4 {
					continue
				}
				_, err = ParseState(b[4:n])
			case "beatinfo":
				// A beat message without its sample positions is legal.
				if n < 4 {
					continue
				}
				_, info, parseErr := ParseBeatInfo(b[4:n], nil)
				if parseErr == nil && len(b)-n == 8*len(info.Decks) {
					continue
				}
				err = parseErr
			default:
				continue
			}
			if err == nil {
				t.Errorf("%s cut to %d of %d bytes was accepted", v.ID, n, len(b))
			}
		}
	}
}
