package mdns

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packetOf writes a response for tests, without compression.
func packetOf(records ...record) []byte {
	m := make([]byte, headerSize)
	m[2] = 0x84
	binary.BigEndian.PutUint16(m[6:], uint16(len(records)))
	for _, r := range records {
		m = appendName(m, r.name)
		m = binary.BigEndian.AppendUint16(m, r.kind)
		class := uint16(classIN)
		if r.flush {
			class |= topBit
		}
		m = binary.BigEndian.AppendUint16(m, class)
		m = binary.BigEndian.AppendUint32(m, r.ttl)
		var data []byte
		switch r.kind {
		case typePTR:
			data = appendName(nil, r.target)
		case typeSRV:
			data = appendName(binary.BigEndian.AppendUint16(make([]byte, 4), r.port), r.target)
		case typeTXT:
			data = []byte(r.text)
		case typeA, typeAAAA:
			data = r.addr.AsSlice()
		}
		m = binary.BigEndian.AppendUint16(m, uint16(len(data)))
		m = append(m, data...)
	}
	return m
}

var (
	gatewayService = nameOf("_lighting", "_tcp", "local")
	cafe           = nameOf("Café v1.2 Stage", "_lighting", "_tcp", "local")
	host           = nameOf("desk", "local")
)

// full is everything about one service.
func full(ttl uint32, port uint16, addresses ...string) []record {
	records := []record{
		{name: gatewayService, kind: typePTR, ttl: ttl, target: cafe},
		{name: cafe, kind: typeSRV, ttl: ttl, flush: true, port: port, target: host},
		{name: cafe, kind: typeTXT, ttl: ttl, flush: true, text: "\x05id=g1\x08type=DMX"},
	}
	for _, a := range addresses {
		r := record{name: host, kind: typeA, ttl: ttl, flush: true, addr: netip.MustParseAddr(a)}
		if r.addr.Is6() {
			r.kind = typeAAAA
		}
		records = append(records, r)
	}
	return records
}

func collected(m []byte) (list []record, err error) {
	err = parse(m, func(r record) { list = append(list, r) })
	return list, err
}

var compareNames = cmp.AllowUnexported(record{})

func equalRecords(a, b []record) string {
	return cmp.Diff(a, b, compareNames, cmp.Comparer(func(x, y netip.Addr) bool { return x == y }))
}

func TestParse(t *testing.T) {
	want := full(120, 4000, "10.0.0.1", "fe80::1")
	m := packetOf(want...)
	got, err := collected(m)
	if diff := equalRecords(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for i := range m {
		if _, err := collected(m[:i]); err == nil {
			t.Errorf("the first %d bytes of %d parse", i, len(m))
		}
	}
}

// TestParseCompressed reads an answer with pointers, behind a question, an
// unknown record and one that is broken within its length.
func TestParseCompressed(t *testing.T) {
	m := []byte{0, 0, 0x84, 0, 0, 1, 0, 2, 0, 0, 0, 2}
	m = append(m, "\x09_lighting\x04_tcp\x05local\x00"...) // at 12
	m = append(m, 0, typePTR, 0, classIN)                  // question
	m = append(m, 0xc0, 12, 0, typePTR, 0, classIN, 0, 0, 0, 9, 0, 6)
	at := len(m)
	m = append(m, "\x03Gw1\xc0\x0c"...)
	m = append(m, 0xc0, byte(at), 0, 47, 0x80, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12) // NSEC without a bitmap
	m = append(m, 0xc0, byte(at), 0, typeSRV, 0x80, 1, 0, 0, 0, 9, 0, 3, 1, 2, 3)
	m = append(m, 0xc0, byte(at), 0, typeSRV, 0x80, 1, 0, 0, 0, 9, 0, 11, 0, 0, 0, 0, 0x0f, 0xa0, 2, 'p', 'i', 0xc0, 12+15)
	got, err := collected(m)
	gw := nameOf("Gw1", "_lighting", "_tcp", "local")
	want := []record{
		{name: gatewayService, kind: typePTR, ttl: 9, target: gw},
		{name: gw, kind: typeSRV, ttl: 9, flush: true, port: 4000, target: nameOf("pi", "local")},
	}
	if diff := equalRecords(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestMalformedNames(t *testing.T) {
	long := make([]byte, 0, 400)
	for range 5 {
		long = append(append(long, 63), make([]byte, 63)...)
	}
	for what, m := range map[string][]byte{
		"empty":             {},
		"label cut":         {3, 'a', 'b'},
		"no end":            {1, 'a'},
		"pointer cut":       {0xc0},
		"pointer to itself": {0xc0, 0},
		"pointer outside":   {0xc0, 200},
		"pointers in turns": {0xc0, 2, 0xc0, 0},
		"label type 1":      {0x41, 'a', 0},
		"label type 2":      {0x80, 0},
		"too long":          append(long, 0),
	} {
		if n, _, err := readName(m, 0); err == nil {
			t.Errorf("%s: read as %q", what, n)
		}
	}
}

func TestNames(t *testing.T) {
	first, rest := cafe.label()
	if first != "Café v1.2 Stage" || rest != gatewayService || cafe.String() != "Café v1.2 Stage._lighting._tcp.local" {
		t.Errorf("label %q, rest %q, %s", first, rest, cafe)
	}
	if a, b := nameOf("GATEWAY", "Ä").fold(), nameOf("gateway", "Ä").fold(); a != b {
		t.Errorf("%q and %q", a, b)
	}
}

func TestText(t *testing.T) {
	got := text("\x05id=g1\x04ID=2\x04flag\x02=x\x00\x09type=a=b \x09cut")
	want := map[string]string{"id": "g1", "flag": "", "type": "a=b "}
	// "type=a=b " is 9 bytes; what follows claims more than there is.
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestQueries(t *testing.T) {
	var questions []question
	for range 20 {
		questions = append(questions, question{cafe, typeSRV})
	}
	sent := 0
	for len(questions) > 0 {
		var m []byte
		m, questions = appendQuery(nil, questions)
		if len(m) > maxQuery {
			t.Errorf("a query of %d bytes", len(m))
		}
		n := int(binary.BigEndian.Uint16(m[4:]))
		off := headerSize
		for range n {
			got, end, err := readName(m, off)
			if err != nil || got != cafe {
				t.Fatal(got, err)
			}
			off = end + 4
		}
		if off != len(m) || n == 0 {
			t.Fatalf("%d questions end at %d of %d", n, off, len(m))
		}
		sent += n
		if list, err := collected(m); err != nil || list != nil {
			t.Errorf("a query has records: %v, %v", list, err)
		}
	}
	if sent != 20 {
		t.Errorf("%d questions sent, want 20", sent)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(packetOf(full(120, 4000, "10.0.0.1", "fe80::1")...))
	f.Add([]byte("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x09\x00\x02\xc0\x0c"))
	f.Fuzz(func(t *testing.T, m []byte) {
		var list []record
		parse(m, func(r record) { list = append(list, r) })
		if len(list) == 0 {
			return
		}
		again, err := collected(packetOf(list...))
		if diff := equalRecords(list, again); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}
