// Package mdns finds and advertises services by DNS-SD over multicast DNS (RFC 6762, RFC
// 6763). A [Browser] finds them as long as it runs: services that leave, vanish without
// a word, or come back at another address are told.
package mdns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// Record types, RFC 1035 3.2.2, RFC 3596, RFC 2782.
const (
	typeA    = 1
	typePTR  = 12
	typeTXT  = 16
	typeAAAA = 28
	typeSRV  = 33
)

const (
	classIN    = 1
	topBit     = 0x8000 // of a class: flush the cache, or answer by unicast
	headerSize = 12
	response   = 0x80 // in the third byte
)

// Limits on what is read. A name has at most 255 bytes by the standard.
const (
	maxName    = 255
	maxLabel   = 63
	maxHops    = 16
	maxRecords = 512
	maxText    = 1300 // bytes of TXT data, RFC 6763 6.2
)

// errMessage says that a datagram is not a DNS message we can read on.
var errMessage = errors.New("mdns: malformed message")

// name is a domain name: its labels, each after a byte with its length. Labels
// may hold any byte, dots and spaces too.
type name string

// nameOf makes a name of labels.
func nameOf(labels ...string) name {
	var b strings.Builder
	for _, l := range labels {
		b.WriteByte(byte(len(l)))
		b.WriteString(l)
	}
	return name(b.String())
}

// String is the name for people.
func (n name) String() string {
	var labels []string
	for n != "" {
		var l string
		l, n = n.label()
		labels = append(labels, l)
	}
	return strings.Join(labels, ".")
}

// label returns the first label of a name and the rest.
func (n name) label() (first string, rest name) {
	if n == "" {
		return "", ""
	}
	end := 1 + int(n[0])
	return string(n[1:end]), n[end:]
}

// fold is the form that is compared: DNS names ignore the case of ASCII letters.
// A length is at most 63, so no length is taken for a letter.
func (n name) fold() name {
	b := []byte(n)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return name(b)
}

// appendName appends a name without compression.
func appendName(b []byte, n name) []byte { return append(append(b, n...), 0) }

// readName reads the name at off, following compression (RFC 1035 4.1.4), and
// returns where it ends.
func readName(m []byte, off int) (name, int, error) {
	var out [maxName]byte
	n, end, hops := 0, -1, 0
	for {
		if off >= len(m) {
			return "", 0, errMessage
		}
		l := int(m[off])
		switch {
		case l == 0:
			if end < 0 {
				end = off + 1
			}
			return name(out[:n]), end, nil
		case l&0xc0 == 0xc0:
			if off+1 >= len(m) || hops == maxHops {
				return "", 0, errMessage
			}
			if end < 0 {
				end = off + 2
			}
			off = (l&0x3f)<<8 | int(m[off+1])
			hops++
		case l > maxLabel:
			return "", 0, errMessage
		default:
			if off+1+l > len(m) || n+1+l >= maxName {
				return "", 0, errMessage
			}
			n += copy(out[n:], m[off:off+1+l])
			off += 1 + l
		}
	}
}

// record is one resource record of a type we know.
type record struct {
	name  name
	kind  uint16
	flush bool   // the other records of its name and type are outdated
	ttl   uint32 // seconds; 0 is a goodbye

	target name       // PTR, SRV
	port   uint16     // SRV
	text   string     // TXT, as it stands in the message
	addr   netip.Addr // A, AAAA, without zone
}

// parse calls use for each record of a response. Records of other types and
// broken ones are skipped by their length; use has been called for those before
// when the message itself is broken. Queries have no records for us.
func parse(m []byte, use func(record)) error {
	if len(m) < headerSize {
		return errMessage
	}
	if m[2]&response == 0 {
		return nil
	}
	count := func(at int) int { return int(binary.BigEndian.Uint16(m[at:])) }
	off := headerSize
	for range count(4) { // questions
		_, end, err := readName(m, off)
		if err != nil || end+4 > len(m) {
			return errMessage
		}
		off = end + 4
	}
	for i := range count(6) + count(8) + count(10) { // answers, authorities, additions
		if i == maxRecords {
			return errMessage
		}
		n, end, err := readName(m, off)
		if err != nil || end+10 > len(m) {
			return errMessage
		}
		r := record{name: n, kind: binary.BigEndian.Uint16(m[end:]), ttl: binary.BigEndian.Uint32(m[end+4:])}
		class := binary.BigEndian.Uint16(m[end+2:])
		r.flush = class&topBit != 0
		begin := end + 10
		if off = begin + int(binary.BigEndian.Uint16(m[end+8:])); off > len(m) {
			return errMessage
		}
		if class&^topBit == classIN && r.read(m, begin, off) {
			use(r)
		}
	}
	return nil
}

// read reads the data of a record, and reports whether it is of use.
func (r *record) read(m []byte, begin, end int) bool {
	data := m[begin:end]
	var err error
	after := end
	switch r.kind {
	case typePTR:
		r.target, after, err = readName(m, begin)
	case typeSRV:
		if len(data) < 7 {
			return false
		}
		r.port = binary.BigEndian.Uint16(data[4:])
		r.target, after, err = readName(m, begin+6)
	case typeTXT:
		if len(data) > maxText {
			return false
		}
		r.text = string(data)
	case typeA:
		if len(data) != 4 {
			return false
		}
		r.addr = netip.AddrFrom4([4]byte(data))
	case typeAAAA:
		if len(data) != 16 {
			return false
		}
		r.addr = netip.AddrFrom16([16]byte(data))
	default:
		return false
	}
	return err == nil && after == end
}

// text reads the entries of TXT data, by their key (RFC 6763 6.4): keys ignore
// case, the first one counts, and one without "=" has no value.
func text(data string) map[string]string {
	entries := map[string]string{}
	for data != "" {
		n := int(data[0])
		if 1+n > len(data) {
			break
		}
		key, value, _ := strings.Cut(data[1:1+n], "=")
		key = strings.ToLower(key)
		if _, twice := entries[key]; !twice && key != "" {
			entries[key] = value
		}
		data = data[1+n:]
	}
	return entries
}

// question is what a query asks for.
type question struct {
	name name
	kind uint16
}

// maxQuery keeps queries within what every network carries in one piece.
const maxQuery = 1200

// appendQuery appends a query with as many of the questions as fit, and returns
// the others.
func appendQuery(b []byte, questions []question) ([]byte, []question) {
	start := len(b)
	b = append(b, make([]byte, headerSize)...)
	n := 0
	for ; n < len(questions) && len(b)-start+maxName+5 <= maxQuery; n++ {
		b = appendName(b, questions[n].name)
		b = binary.BigEndian.AppendUint16(b, questions[n].kind)
		b = binary.BigEndian.AppendUint16(b, classIN)
	}
	binary.BigEndian.PutUint16(b[start+4:], uint16(n))
	return b, questions[n:]
}
