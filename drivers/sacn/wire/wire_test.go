package wire

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

var cid = CID{0xef, 0x07, 0xc8, 0xdd, 0x00, 0x64, 0x44, 0x01, 0xa3, 0xa2, 0x45, 0x9e, 0xf8, 0xe6, 0x14, 0x3e}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The packets below are laid out by hand from the tables of the standard: 4-1 (data), 4-2
// (synchronization), 4-3 (discovery), with the values that its appendix B uses.
const (
	headData = "0010 0000 4153432d45312e3137000000 7 26e 00000004 ef07c8dd00644401a3a2459ef8e6143e"
	nameHex  = "536f757263655f4100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
)

// TestVectors: packets are as the tables of the standard lay them out.
func TestVectors(t *testing.T) {
	slots := make([]byte, Slots)
	slots[0], slots[511] = 0x11, 0x22
	data := unhex(t, headData+"7 258 00000002"+nameHex[:128]+"64 1f1a 9a 80 0001 7 20b 02 a1 0000 0001 0201 00")
	data = append(data, slots...)
	sync := unhex(t, "0010 0000 4153432d45312e3137000000 7021 00000008 ef07c8dd00644401a3a2459ef8e6143e 700b 00000001 ff 1f1a 0000")
	list := unhex(t, "0010 0000 4153432d45312e3137000000 706e 00000008 ef07c8dd00644401a3a2459ef8e6143e 7058 00000002"+
		nameHex[:128]+"00000000 700e 00000001 00 01 0001 0002 f9ff")
	for name, c := range map[string]struct{ got, want []byte }{
		"data": {AppendData(nil, Packet{
			CID: cid, Name: []byte("Source_A"), Priority: 100, Sync: 7962, Sequence: 154, Options: Preview, Universe: 1, Slots: slots,
		}), data},
		"sync":      {AppendSync(nil, cid, 255, 7962), sync},
		"discovery": {AppendDiscovery(nil, cid, "Source_A", 0, 1, []uint16{1, 2, 63999}), list},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s:\n%x, want\n%x", name, c.got, c.want)
		}
	}
	var p Packet
	if err := Parse(data, &p); err != nil || p.Kind != KindData || string(p.Name) != "Source_A" || p.CID != cid || p.Priority != 100 ||
		p.Sync != 7962 || p.Sequence != 154 || p.Options != Preview || p.Universe != 1 || p.StartCode != 0 || !bytes.Equal(p.Slots, slots) {
		t.Errorf("data: %+v, %v", p, err)
	}
	if err := Parse(sync, &p); err != nil || p.Kind != KindSync || p.Sequence != 255 || p.Sync != 7962 || p.CID != cid {
		t.Errorf("sync: %+v, %v", p, err)
	}
	if err := Parse(list, &p); err != nil || p.Kind != KindDiscovery || p.LastPage != 1 || len(p.Universes()) != 3 || p.Universes()[2] != 63999 {
		t.Errorf("discovery: %+v, %v", p, err)
	}
	for _, whole := range [][]byte{data, sync, list} {
		for n := range whole {
			if err := Parse(whole[:n], &p); err == nil {
				t.Errorf("%d of %d bytes are taken", n, len(whole))
			}
		}
		if err := Parse(append(bytes.Clone(whole), 1, 2, 3), &p); err != nil {
			t.Errorf("bytes after the end: %v", err)
		}
	}
}

// TestMalformed: a packet with one wrong field is refused.
func TestMalformed(t *testing.T) {
	good := AppendData(nil, Packet{CID: cid, Universe: 1, Slots: make([]byte, 512)})
	for name, c := range map[string]struct {
		at    int
		value byte
	}{
		"preamble": {1, 0x11}, "name": {4, 'B'}, "root vector": {21, 5}, "root flags": {16, 0x02}, "framing flags": {38, 0x62},
		"framing vector": {43, 3}, "universe 0": {114, 0}, "universe above the last": {113, 0xFA}, "address type": {118, 0xa2},
		"first address": {120, 1}, "increment": {122, 2}, "no values": {123, 0}, "more values than there are": {124, 9},
		"dmp vector": {117, 3},
	} {
		b := bytes.Clone(good)
		b[c.at] = c.value
		if name == "no values" {
			b[124] = 0
		}
		if name == "more values than there are" {
			b[123] = 3
		}
		var p Packet
		if err := Parse(b, &p); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestSequence: 6.7.2 with its borders.
func TestSequence(t *testing.T) {
	for _, c := range []struct {
		before, now byte
		old         bool
	}{{1, 2, false}, {255, 0, false}, {5, 5, true}, {5, 4, true}, {0, 255, true}, {20, 1, true}, {20, 0, false}, {10, 246, false}, {0, 127, false}, {0, 128, false}} {
		if got := Old(c.before, c.now); got != c.old {
			t.Errorf("%d after %d: old %t", c.now, c.before, got)
		}
	}
}

// TestNames: a name is cut between characters and ends with a zero.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"":                                     "",
		"Pult":                                 "Pult",
		strings.Repeat("a", 70):                strings.Repeat("a", 63),
		strings.Repeat("ä", 32):                strings.Repeat("ä", 31),
		"bad \xff":                             "bad ?",
		strings.Repeat("x", 61) + "\U0001F3B5": strings.Repeat("x", 61),
	} {
		var p Packet
		if err := Parse(AppendData(nil, Packet{Name: []byte(name), Universe: 1}), &p); err != nil || string(p.Name) != want {
			t.Errorf("%q: %q, %v", name, p.Name, err)
		}
	}
	full := AppendData(nil, Packet{Universe: 1})
	copy(full[nameAt:], strings.Repeat("z", 64))
	var p Packet
	if err := Parse(full, &p); err != nil || len(p.Name) != 63 {
		t.Errorf("a name without zero: %q, %v", p.Name, err)
	}
}

// TestCID: a CID is read as it is written, and nothing else is.
func TestCID(t *testing.T) {
	c, err := NewCID(bytes.NewReader(bytes.Repeat([]byte{0xFF}, 16)))
	if err != nil || c.String() != "ffffffff-ffff-4fff-bfff-ffffffffffff" {
		t.Errorf("%v, %v", c, err)
	}
	for _, text := range []string{cid.String(), strings.ReplaceAll(cid.String(), "-", ""), strings.ToUpper(cid.String())} {
		if got, err := ParseCID(text); err != nil || got != cid {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", cid.String() + "0", cid.String()[1:], strings.Repeat("0", 32), strings.Repeat("g", 32), strings.Repeat("ab", 17)} {
		if got, err := ParseCID(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// FuzzParse: nothing crashes, and what was parsed is written as it came.
func FuzzParse(f *testing.F) {
	f.Add(AppendData(nil, Packet{CID: cid, Name: []byte("a"), Universe: 1, Slots: make([]byte, 512)}))
	f.Add(AppendSync(nil, cid, 1, 7962))
	f.Add(AppendDiscovery(nil, cid, "a", 0, 0, []uint16{1, 2}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, q Packet
		if Parse(b, &p) != nil {
			return
		}
		var again []byte
		switch p.Kind {
		case KindData:
			again = AppendData(nil, p)
		case KindSync:
			again = AppendSync(nil, p.CID, p.Sequence, p.Sync)
		case KindDiscovery:
			again = AppendDiscovery(nil, p.CID, string(p.Name), p.Page, p.LastPage, p.Universes())
		}
		if err := Parse(again, &q); err != nil || q.Kind != p.Kind || q.CID != p.CID || q.Universe != p.Universe || !bytes.Equal(q.Slots, p.Slots) ||
			!bytes.Equal(q.list, p.list) || q.Sync != p.Sync || q.Sequence != p.Sequence {
			t.Errorf("%+v is written as %+v: %v", p, q, err)
		}
	})
}
