package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const artNet = "41 72 74 2d 4e 65 74 00"

// TestVectors: the packets of the tables of the specification, field by field.
func TestVectors(t *testing.T) {
	var levels = []byte{1, 2, 3, 4}
	for name, v := range map[string]struct {
		got  []byte
		want string
	}{
		"ArtDmx":     {AppendDmx(nil, Dmx{5, 2, AddressOf(1, 2, 3), levels}), "00 50 00 0e 05 02 23 01 00 04 01 02 03 04"},
		"odd":        {AppendDmx(nil, Dmx{0, 0, 0, levels[:3]}), "00 50 00 0e 00 00 00 00 00 04 01 02 03 00"},
		"no levels":  {AppendDmx(nil, Dmx{}), "00 50 00 0e 00 00 00 00 00 02 00 00"},
		"ArtSync":    {AppendSync(nil), "00 52 00 0e 00 00"},
		"ArtPoll":    {AppendPoll(nil, Poll{OnChange: true}), "00 20 00 0e 02 00 00 00 00 00 00 00 00 00"},
		"targeted":   {AppendPoll(nil, Poll{Targeted: true, Top: 0x123, Bottom: 0x120, Maker: 0x7ff0, Oem: 0xff}), "00 20 00 0e 20 00 01 23 01 20 7f f0 00 ff"},
		"ArtAddress": {AppendProgram(nil, Program{1, CommandMergeLTP | 2}), "00 60 00 0e 7f 01" + strings.Repeat("00", 82) + strings.Repeat("7f", 9) + "ff 12"},
	} {
		if want := unhex(t, artNet+v.want); !bytes.Equal(v.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", name, v.got, want)
		}
	}
}

var reply = Reply{
	IP: netip.MustParseAddr("2.0.0.7"), Version: 0x0102, Net: 3, Subnet: 4, Oem: 0xff, Maker: 0x5053, ShortName: "node", LongName: "node of the stage",
	Report: "#0001 [0001] fine", Style: StyleNode, MAC: [6]byte{1, 2, 3, 4, 5, 6}, BindIP: netip.MustParseAddr("2.0.0.1"), BindIndex: 2,
	RefreshHz: 44, Responding: true,
	Ports: [4]PortState{{Output: true, SwOut: 5, Sending: true, Merging: true, LTP: true}, {Input: true, SwIn: 6, Sending: true}},
}

func TestReplyIsLaidOutAsSpecified(t *testing.T) {
	b := AppendReply(nil, reply)
	if len(b) != 239 {
		t.Fatalf("ArtPollReply has %d bytes, want 239", len(b))
	}
	for _, f := range []struct {
		name string
		at   int
		want string
	}{
		{"header", 0, artNet + "00 21"}, {"address, port low byte first", 10, "02 00 00 07 36 19"}, {"version", 16, "01 02"},
		{"net, subnet", 18, "03 04"}, {"oem", 20, "00 ff"}, {"maker, low byte first", 24, "53 50"}, {"short name", 26, "6e 6f 64 65 00"},
		{"long name", 44, "6e 6f 64 65 20"}, {"report", 108, "23 30 30 30 31"}, {"ports", 172, "00 02"}, {"types", 174, "80 40 00 00"},
		{"good input", 178, "00 80 00 00"}, {"good output", 182, "8a 00 00 00"}, {"input addresses", 186, "00 06 00 00"},
		{"output addresses", 190, "05 00 00 00"}, {"style, mac", 200, "00 01 02 03 04 05 06"}, {"bind address, page, status 2", 207, "02 00 00 01 02 08"},
		{"refresh", 226, "00 2c"},
	} {
		if want := unhex(t, f.want); !bytes.Equal(b[f.at:f.at+len(want)], want) {
			t.Errorf("%s at %d: got %x, want %x", f.name, f.at, b[f.at:f.at+len(want)], want)
		}
	}
	got, err := ParseReply(b)
	if err != nil || !reflect.DeepEqual(got, reply) {
		t.Errorf("read back as\n%+v, %v\nwant\n%+v", got, err, reply)
	}
	old, err := ParseReply(b[:198])
	if err != nil || old.BindIndex != 0 || old.Output(0) != AddressOf(3, 4, 5) {
		t.Errorf("the shortest ArtPollReply: %+v, %v", old, err)
	}
	if !got.Subscribes(AddressOf(3, 4, 5)) || !got.Subscribes(AddressOf(3, 4, 6)) || got.Subscribes(AddressOf(3, 4, 0)) {
		t.Error("a device subscribes to the addresses of its ports, and not to those of ports it has not got")
	}
}

// parse reads a packet of any kind.
func parse(b []byte) (any, error) {
	op, err := Kind(b)
	if err != nil {
		return nil, err
	}
	switch op {
	case OpPoll:
		return ParsePoll(b)
	case OpPollReply:
		return ParseReply(b)
	case OpDmx:
		return ParseDmx(b)
	case OpSync:
		return nil, ParseSync(b)
	case OpAddress:
		return ParseProgram(b)
	}
	return nil, ErrForeign
}

func packets() map[int][]byte {
	return map[int][]byte{ // by how short they may be
		12: AppendPoll(nil, Poll{OnChange: true}), 13: AppendSync(nil)[:12], 198: AppendReply(nil, reply),
		18 + 512: AppendDmx(nil, Dmx{1, 0, 7, make([]byte, 512)}), 107: AppendProgram(nil, Program{1, CommandCancelMerge}),
	}
}

func TestEveryPrefixFailsCleanly(t *testing.T) {
	for least, b := range packets() {
		for n := range min(least, len(b)) {
			if least == 13 && n >= 12 {
				continue
			}
			if _, err := parse(b[:n]); err == nil {
				t.Errorf("%v of %d bytes was taken", Op(uint16(b[9])<<8|uint16(b[8])), n)
			}
		}
	}
}

func TestBadPackets(t *testing.T) {
	good := AppendDmx(nil, Dmx{1, 0, 7, make([]byte, 512)})
	change := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"another id": {change(0, 'X'), ErrForeign}, "old version": {change(10, 0, 13), ErrVersion},
		"address": {change(14, 0, 0x80), ErrAddress}, "none": {change(16, 0, 0), ErrLength}, "too many": {change(16, 2, 1), ErrLength},
		"fewer than said": {good[:len(good)-1], ErrShort},
	} {
		if _, err := parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := parse(change(10, 0, 15)); err != nil {
		t.Errorf("a newer version: %v", err)
	}
}

func TestSequence(t *testing.T) {
	for _, c := range []struct {
		now, last byte
		later     bool
	}{
		{2, 1, true}, {1, 255, true}, {1, 1, false}, {255, 1, false}, {100, 119, false}, {100, 120, true}, {0, 9, true}, {9, 0, true},
	} {
		if Later(c.now, c.last) != c.later {
			t.Errorf("%d after %d: later is %v", c.now, c.last, !c.later)
		}
	}
	if Next(255) != 1 || Next(0) != 1 || Next(1) != 2 {
		t.Error("sequences run 1 to 255, never 0")
	}
}

func TestNamesAreCutBetweenCharacters(t *testing.T) {
	r := Reply{ShortName: "Bühnenbeleuchtungü", LongName: strings.Repeat("ä", 40)}
	got, _ := ParseReply(AppendReply(nil, r))
	if got.ShortName != "Bühnenbeleuchtun" && got.ShortName != "Bühnenbeleuchtung"[:17] || got.LongName != strings.Repeat("ä", 31) {
		t.Errorf("%q, %q", got.ShortName, got.LongName)
	}
}

// FuzzParse: whatever is taken and sent again is taken as the same.
func FuzzParse(f *testing.F) {
	for _, b := range packets() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parse(b)
		if err != nil {
			return
		}
		again := send(v)
		w, err := parse(again)
		if err != nil || !bytes.Equal(send(w), again) {
			t.Errorf("%+v\nbecomes\n%+v, %v", v, w, err)
		}
	})
}

func send(v any) []byte {
	switch v := v.(type) {
	case Poll:
		return AppendPoll(nil, v)
	case Reply:
		return AppendReply(nil, v)
	case Program:
		return AppendProgram(nil, v)
	case Dmx:
		return AppendDmx(nil, v)
	}
	return AppendSync(nil)
}
