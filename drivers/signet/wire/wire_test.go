package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// published is the packet whose tag V1.11 prints in its Appendix G.
const published = "50021234b77369672d6e6574027631056c6f63616c056c6576656c0131" +
	"e1070400d813123456789abc0001d2130000d41300000005d413000000a2" +
	"dd1313c7126005fb474564dc7ce4c122e3e60d4b13dedeb8c6ad1e8daa51e5c66a8225" +
	"ff01010003ff8000"

func TestPublishedPacket(t *testing.T) {
	raw := unhex(t, published)
	var p Packet
	if v := Parse(raw, &p); v != Accept {
		t.Fatalf("parse: %v", v)
	}
	if v := p.CheckMode(false); v != Accept {
		t.Fatalf("mode: %v", v)
	}
	r, v := p.Route("local")
	if v != Accept || r != (Resource{Kind: KindLevel, Number: 1}) {
		t.Fatalf("route: %v %v", r, v)
	}
	const signed = "2f7369672d6e65742f76312f6c6f63616c2f6c6576656c2f3100123456789abc0001000000000005000000a2"
	if got := hex.EncodeToString(p.AppendSigned(nil)); got != signed {
		t.Errorf("signed %s", got)
	}
	if !p.Conformant() || !p.HasSender() || string(p.Segment(4)) != "1" || p.Segment(5) != nil {
		t.Error("options of the packet are not all there")
	}
	h := Header{MessageID: 0x1234, Sender: p.Sender, Session: 5, Sequence: 0xA2}
	made := Append([]byte("kept"), h, "local", r, p.Payload, hmac.New(sha256.New, make([]byte, 32)))
	if !bytes.Equal(made[4:66], raw[:62]) || string(made[:4]) != "kept" || len(made) != 4+len(raw) {
		t.Errorf("made anew % x", made)
	}
}

// TestParseNeverPanics cuts every vector short at every byte and flips bytes.
func TestParseNeverPanics(t *testing.T) {
	for _, c := range loadVectors(t).Packets {
		raw := unhex(t, c.Packet)
		for n := range raw {
			judge(raw[:n])
			broken := bytes.Clone(raw)
			for _, x := range []byte{0x01, 0x0F, 0x80, 0xF0, 0xFF} {
				broken[n] = raw[n] ^ x
				judge(broken)
			}
		}
	}
}

// judge runs every parser that may see bytes from outside.
func judge(b []byte) {
	var p Packet
	if Parse(b, &p) != Accept {
		return
	}
	p.CheckMode(false)
	r, v := p.Route("local")
	if v != Accept {
		return
	}
	p.AppendSigned(nil)
	if !CheckPayload(r.Kind, p.Payload) {
		return
	}
	for rest := p.Payload; ; {
		tlv, more, ok := NextTLV(rest)
		if !ok {
			return
		}
		rest = more
		parseValue(tlv)
	}
}

func parseValue(t TLV) {
	switch t.TID {
	case TIDPoll:
		ParsePoll(t.Value)
	case TIDPollReply:
		ParsePollReply(t.Value)
	case TIDUniverse:
		ParseAnnouncement(t.Value)
	case TIDTimecode:
		ParseTimecode(t.Value)
	case TIDSupportedTIDs:
		ParseSupported(t.Value)
	case TIDFirmwareVersion:
		ParseFirmware(t.Value)
	case TIDSecurityEvent:
		ParseSecurityEvent(t.Value)
	case TIDEPFailover:
		ParseFailover(t.Value)
	default:
		ParseLabel(t.Value)
		Flags(t.Value)
	}
}

func TestRoute(t *testing.T) {
	tuid := TUID{0x7F, 0xF0, 0x80, 0, 1, 1}
	for _, r := range []Resource{
		{Kind: KindLevel, Number: 1}, {Kind: KindLevel, Number: LastUniverse}, {Kind: KindPreview, Number: 42},
		{Kind: KindSync}, {Kind: KindTimecode, Number: 255}, {Kind: KindPoll},
		{Kind: KindManager, TUID: tuid}, {Kind: KindManager, TUID: tuid, Number: AllEndpoints},
		{Kind: KindNode, TUID: tuid, Number: LastDataEndpoint}, {Kind: KindNodeLost, TUID: tuid}, {Kind: KindNodeBeacon, TUID: tuid},
	} {
		for _, scope := range []string{"a", "12-CHAR-SCOP", "13-CHAR-SCOPE", "abcdefghijklmnopqrstuvwxyz012345"} {
			var p Packet
			b := Append(nil, Header{Mode: ModeOpen, Sender: SenderID{tuid, 1}}, scope, r, nil, nil)
			if v := Parse(b, &p); v != Accept {
				t.Fatalf("%v: %v", r, v)
			}
			if got, v := p.Route(scope); v != Accept || got != r {
				t.Errorf("%v in %s: %v %v", r, scope, got, v)
			}
			if _, v := p.Route(scope + "x"); v != WrongScope {
				t.Errorf("%v in another scope: %v", r, v)
			}
		}
	}
	for _, r := range []Resource{
		{Kind: KindLevel}, {Kind: KindLevel, Number: 64000}, {Kind: KindTimecode}, {Kind: KindTimecode, Number: 256},
		{Kind: KindManager, TUID: tuid, Number: 0xFF01}, {Kind: KindNode, TUID: tuid, Number: AllEndpoints},
		{Kind: KindNodeLost, TUID: tuid, Number: 1},
	} {
		var p Packet
		Parse(Append(nil, Header{Mode: ModeOpen}, "local", r, nil, nil), &p)
		if _, v := p.Route("local"); v != BadURI {
			t.Errorf("%v: %v", r, v)
		}
	}
}

func TestUnknownOptionsAndLongPaths(t *testing.T) {
	var p Packet
	long := []byte{0x50, 2, 0, 1, 0xB1, 'a', 1, 'b', 1, 'c', 1, 'd', 1, 'e', 1, 'f', 1, 'g', 1, 'h', 1, 'i'}
	if v := Parse(long, &p); v != Accept || p.Segment(8) != nil {
		t.Errorf("path of nine segments: %v", v)
	}
	if _, v := p.Route("c"); v != BadURI {
		t.Errorf("nine segments routed: %v", v)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want Verdict
	}{
		"elective content format": {[]byte{0x50, 2, 0, 1, 0xC0}, Accept},
		"critical uri host":       {[]byte{0x50, 2, 0, 1, 0x31, 'h'}, Malformed},
		"extension cut":           {[]byte{0x50, 2, 0, 1, 0xD0}, Malformed},
		"two-byte extension cut":  {[]byte{0x50, 2, 0, 1, 0xE0, 1}, Malformed},
		"value cut":               {[]byte{0x50, 2, 0, 1, 0xB2, 'a'}, Malformed},
	} {
		if v := Parse(c.raw, &p); v != c.want {
			t.Errorf("%s: %v, want %v", name, v, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	last := TID(0)
	for _, e := range Table() {
		if found, ok := Lookup(e.TID); e.TID <= last || !ok || found.Name != e.Name || e.TID.String() != e.Name {
			t.Errorf("%v is out of place", e.Name)
		}
		if e.Min > e.Max || e.Place == 0 {
			t.Errorf("%v: bounds %d-%d, place %d", e.Name, e.Min, e.Max, e.Place)
		}
		for _, n := range []int{e.Min, e.Max} { // checks must stand any length in bounds
			if e.Check != nil {
				e.Check(make([]byte, n))
			}
		}
		last = e.TID
	}
	if _, ok := Lookup(0x7ABC); ok || TID(0x7ABC).String() != "TID_7ABC" {
		t.Error("an unknown TID is in the table")
	}
	if !TID(0x8000).Manufacturer() || TID(0xFF01).Manufacturer() {
		t.Error("manufacturer range")
	}
	if !strings.HasPrefix(Verdict(200).String(), "unknown") || BadPayload.String() != "bad_payload" || OwnPacket.Dropped() || !Flood.Dropped() {
		t.Error("verdicts")
	}
}

func TestPayloadRules(t *testing.T) {
	level := AppendTLV(nil, TIDLevel, []byte{1, 2})
	for name, c := range map[string]struct {
		kind    Kind
		payload []byte
		want    bool
	}{
		"nothing":                      {KindLevel, nil, true},
		"level":                        {KindLevel, level, true},
		"level elsewhere is no matter": {KindSync, AppendTLV(nil, TIDLevel, make([]byte, 600)), true},
		"unknown before":               {KindLevel, append(AppendTLV(nil, 0x7ABC, []byte("x")), level...), true},
		"manufacturer before":          {KindLevel, append(AppendTLV(nil, 0x8001, nil), level...), true},
		"stray byte":                   {KindLevel, append(bytes.Clone(level), 0), false},
		"a query":                      {KindManager, AppendTLV(nil, TIDDeviceLabel, nil), true},
		"short value":                  {KindManager, AppendTLV(nil, TIDEPUniverse, []byte{1}), false},
		"universe too high":            {KindManager, AppendTLV(nil, TIDEPUniverse, []byte{0xFA, 0}), false},
		"no scene 0":                   {KindManager, AppendTLV(nil, TIDEPFailover, []byte{3, 0, 0}), false},
		"label with NUL":               {KindManager, AppendTLV(nil, TIDEPLabel, []byte("a\x00")), false},
		"cleared label":                {KindManager, AppendTLV(nil, TIDEPLabel, []byte{0}), true},
		"encoded label":                {KindNode, AppendTLV(nil, TIDEPLabel, append([]byte{0}, make64()...)), true},
		"label of 65":                  {KindNode, AppendTLV(nil, TIDEPLabel, append(make64(), 'x')), false},
		"four-byte role":               {KindNode, AppendTLV(nil, TIDRoleCapability, []byte{0, 0, 0, 2}), true},
		"six-byte capability":          {KindNode, AppendTLV(nil, TIDEPCapability, []byte{0, 0, 0, 0, 0, 2}), true},
		"event placeholder":            {KindNode, AppendTLV(nil, TIDSecurityEvent, []byte{0}), true},
		"nine-byte universe":           {KindSync, AppendTLV(nil, TIDUniverse, []byte{0, 1, 1, 0, 0, 0, 0, 0, 1}), true},
		"eight-byte universe":          {KindSync, AppendTLV(nil, TIDUniverse, []byte{0, 1, 1, 0, 0, 0, 0, 0}), false},
		"five rows of tod":             {KindNode, AppendTLV(nil, TIDRDMTODData, make([]byte, 2+5*6)), true},
		"odd tod":                      {KindNode, AppendTLV(nil, TIDRDMTODData, make([]byte, 7)), false},
		"odd list":                     {KindNode, AppendTLV(nil, TIDSupportedTIDs, make([]byte, 3)), false},
	} {
		if got := CheckPayload(c.kind, c.payload); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	twice := append(AppendTLV(nil, TIDLevel, []byte{1}), AppendTLV(nil, TIDLevel, []byte{2})...)
	if v, ok := FindTLV(twice, TIDLevel); !ok || v[0] != 2 {
		t.Error("the last of two equal TIDs counts")
	}
	if _, ok := FindTLV(twice, TIDPriority); ok {
		t.Error("found what is not there")
	}
}

func make64() []byte { return bytes.Repeat([]byte("x"), 64) }

// value strips the header of the only TLV in b.
func value(t *testing.T, b []byte, want TID) []byte {
	t.Helper()
	tlv, rest, ok := NextTLV(b)
	if !ok || len(rest) != 0 || tlv.TID != want {
		t.Fatalf("% x is not one %v", b, want)
	}
	return tlv.Value
}

func TestValuesRoundTrip(t *testing.T) {
	tuid := TUID{1, 2, 3, 4, 5, 6}
	poll := Poll{Manager: tuid, SoemCode: 0x7FF00001, Low: TUID{1}, High: TUID{2}, Endpoint: AllEndpoints, Level: QueryFull}
	if got, err := ParsePoll(value(t, AppendPoll(nil, poll), TIDPoll)); err != nil || got != poll {
		t.Errorf("poll %+v, %v", got, err)
	}
	if !poll.Covers(tuid) || !poll.Covers(poll.Low) || !poll.Covers(poll.High) || poll.Covers(TUID{2, 1}) || poll.Covers(TUID{}) {
		t.Error("range of a poll")
	}
	reply := PollReply{TUID: tuid, SoemCode: 9, ChangeCount: 0xFFFF}
	if got, err := ParsePollReply(value(t, AppendPollReply(nil, reply), TIDPollReply)); err != nil || got != reply {
		t.Errorf("reply %+v, %v", got, err)
	}
	for _, group := range []netip.Addr{{}, netip.MustParseAddr("239.200.1.2")} {
		a := Announcement{Universe: 63999, Command: UniverseLeave, Group: group}
		if got, err := ParseAnnouncement(value(t, AppendAnnouncement(nil, a), TIDUniverse)); err != nil || got != a {
			t.Errorf("announcement %+v, %v", got, err)
		}
	}
	if a, err := ParseAnnouncement([]byte{0, 1, 1, 0, 0, 0, 0, 0, 7}); err != nil || !a.Extended || a.Endpoint != 7 {
		t.Errorf("nine bytes: %+v, %v", a, err)
	}
	for in, want := range map[string]string{
		"": "", "Dimmer 7": "Dimmer 7", strings.Repeat("é", 40): strings.Repeat("é", 32), "x" + strings.Repeat("é", 40): "x" + strings.Repeat("é", 31),
	} {
		if got := ParseLabel(value(t, AppendLabel(nil, TIDEPLabel, in), TIDEPLabel)); got != want {
			t.Errorf("label %q: %q", in, got)
		}
	}
	if ParseLabel([]byte("\x00Hall")) != "Hall" || ParseLabel([]byte{0xFF}) != "�" {
		t.Error("labels of others")
	}
	tids := []TID{TIDPoll, TIDLevelFoldback}
	if got, err := ParseSupported(value(t, AppendSupported(nil, tids), TIDSupportedTIDs)); err != nil || len(got) != 2 || got[1] != tids[1] {
		t.Errorf("supported %v, %v", got, err)
	}
	if n, text, err := ParseFirmware(value(t, AppendFirmware(nil, 7, "1.2"), TIDFirmwareVersion)); err != nil || n != 7 || text != "1.2" {
		t.Errorf("firmware %d %q %v", n, text, err)
	}
	for _, address := range []netip.Addr{{}, netip.MustParseAddr("10.0.0.66"), netip.MustParseAddr("fe80::1")} {
		e := SecurityEvent{Code: EventAuth, Count: 17, Address: address}
		if got, err := ParseSecurityEvent(value(t, AppendSecurityEvent(nil, e), TIDSecurityEvent)); err != nil || got != e {
			t.Errorf("event %+v, %v", got, err)
		}
	}
	if e, err := ParseSecurityEvent([]byte{0, 1, 0, 0, 0, 1, 1, 10}); err != nil || e.Address.IsValid() {
		t.Errorf("event with half an address: %+v, %v", e, err)
	}
	fail := Failover{FailoverScene, 65535}
	if got, err := ParseFailover(value(t, AppendFailover(nil, fail), TIDEPFailover)); err != nil || got != fail {
		t.Errorf("failover %+v, %v", got, err)
	}
	if Flags([]byte{0, 0, 1, 2}) != 0x102 || Flags(nil) != 0 {
		t.Error("flags")
	}
}

func TestValuesRefused(t *testing.T) {
	var typed *ValueError
	for name, err := range map[string]error{
		"poll":         second(ParsePoll(make([]byte, 24))),
		"reply":        second(ParsePollReply(nil)),
		"announcement": second(ParseAnnouncement(make([]byte, 6))),
		"timecode":     second(ParseTimecode([]byte{0, 0, 0, 30, byte(Rate30)})),
		"supported":    second(ParseSupported([]byte{1})),
		"event":        second(ParseSecurityEvent(make([]byte, 6))),
		"failover":     second(ParseFailover([]byte{9, 0, 0})),
	} {
		if !errors.As(err, &typed) || err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := ParseFirmware([]byte{1}); err == nil {
		t.Error("firmware of one byte")
	}
}

func second[T any](_ T, err error) error { return err }

func TestIdentity(t *testing.T) {
	for in, want := range map[string]string{
		"7FF0A1B2C3D4": "7FF0:A1B2C3D4", "7ff0:a1b2c3d4": "7FF0:A1B2C3D4",
		"7FF0A1B2C3D": "", "7FF0A1B2C3D4E": "", "7FF0A1B2C3DX": "", "7FF0-A1B2C3D4": "", "": "",
	} {
		got, err := ParseTUID(in)
		if (err == nil) != (want != "") || err == nil && got.Screen() != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	reserved := append(bytes.Repeat([]byte{0xFF}, 4), 0x12, 0x34, 0x56, 0x78)
	got, err := NewTUID(bytes.NewReader(reserved))
	if err != nil || got.String() != "7FF092345678" || got.Manufacturer() != PrototypeManufacturer {
		t.Errorf("the reserved range is drawn again: %v, %v", got, err)
	}
	if _, err := NewTUID(bytes.NewReader(nil)); err == nil {
		t.Error("a TUID from nothing")
	}
	for scope, ok := range map[string]bool{
		"local": true, "A-z.0_~": true, strings.Repeat("x", 32): true,
		"": false, strings.Repeat("x", 33): false, "Hall A": false, "é": false, "a/b": false,
	} {
		if (CheckScope(scope) == nil) != ok {
			t.Errorf("scope %q", scope)
		}
	}
	if s := (SenderID{TUID{0x7F, 0xF0, 1, 2, 3, 4}, 2}).String(); s != "7FF0:01020304/2" {
		t.Error(s)
	}
}

func TestTemplateAllocatesNothing(t *testing.T) {
	mac := hmac.New(sha256.New, make([]byte, 32))
	template := NewTemplate(Header{}, "local", Resource{Kind: KindLevel, Number: 1}, AppendTLV(nil, TIDLevel, make([]byte, 512)))
	n := uint32(0)
	if allocs := testing.AllocsPerRun(100, func() { n++; template.Stamp(uint16(n), 1, n, mac) }); allocs > 0 {
		t.Errorf("%v allocations per packet", allocs)
	}
	raw := template.Stamp(1, 1, 1, mac)
	var p Packet
	if allocs := testing.AllocsPerRun(100, func() { Parse(raw, &p); p.CheckMode(false); p.Route("local") }); allocs > 0 {
		t.Errorf("%v allocations to parse", allocs)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, published))
	f.Add([]byte{0x50, 2, 0, 1, 0xFF, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		judge(b)
		var p Packet
		if Parse(b, &p) != Accept || p.CheckMode(p.Mode == ModeOpen) != Accept {
			return
		}
		scope := string(p.Segment(2))
		r, v := p.Route(scope)
		if v != Accept || CheckScope(scope) != nil {
			return
		}
		// What we make of it parses to the same again.
		h := Header{p.MessageID, p.Mode, p.Sender, p.Mfg, p.Session, p.Sequence}
		again := Append(nil, h, scope, r, p.Payload, hmac.New(sha256.New, nil))
		var q Packet
		if v := Parse(again, &q); v != Accept {
			t.Fatalf("made anew: %v", v)
		}
		if r2, v := q.Route(scope); v != Accept || r2 != r || q.Sender != p.Sender || q.Sequence != p.Sequence || !bytes.Equal(q.Payload, p.Payload) {
			t.Fatalf("made anew: %v %v %+v", r2, v, q)
		}
	})
}

func FuzzPayload(f *testing.F) {
	f.Add(byte(KindNode), AppendPollReply(nil, PollReply{}))
	f.Add(byte(KindManager), AppendFailover(nil, Failover{3, 1}))
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		k := Kind(kind % byte(KindAux+1))
		if !CheckPayload(k, b) {
			return
		}
		var again []byte
		for rest := b; len(rest) > 0; {
			tlv, more, ok := NextTLV(rest)
			if !ok {
				t.Fatal("a checked payload does not parse")
			}
			again = AppendTLV(again, tlv.TID, tlv.Value)
			parseValue(tlv)
			rest = more
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("% x becomes % x", b, again)
		}
	})
}
