package wire

import (
	"encoding/binary"
	"hash"
)

// A Template is one stream's packet, kept whole and patched in place: per
// packet only numbers, tag and values change. It is not safe for concurrent
// use.
type Template struct {
	packet []byte
	signed []byte // path and fixed fields of the HMAC input; session and sequence are its last 8 bytes
	head   int    // length of the packet up to its payload marker
	mode   Mode
}

// NewTemplate makes the packet of a resource with a payload of fixed length
// that is not empty; Payload gives access to its bytes.
func NewTemplate(h Header, scope string, r Resource, payload []byte) *Template {
	t := &Template{mode: h.Mode}
	head := AppendHead(make([]byte, 0, 160), h, scope, r)
	t.head = len(head)
	t.packet = make([]byte, 0, len(head)+1+len(payload))
	t.packet = append(append(append(t.packet, head...), 0xFF), payload...)
	t.signed = appendSignedFields(AppendURI(nil, scope, r), h)
	return t
}

// Payload is the part behind the marker; the caller writes values into it.
func (t *Template) Payload() []byte { return t.packet[t.head+1:] }

// Stamp numbers and, in ModeSecure, signs the packet as it stands and returns
// it. The bytes are valid until the next call. It never allocates.
func (t *Template) Stamp(messageID uint16, session, sequence uint32, mac hash.Hash) []byte {
	binary.BigEndian.PutUint16(t.packet[offsetMessageID:], messageID)
	if t.mode != ModeSecure {
		return t.packet
	}
	binary.BigEndian.PutUint32(t.packet[t.head-backSession:], session)
	binary.BigEndian.PutUint32(t.packet[t.head-backSequence:], sequence)
	fields := t.signed[len(t.signed)-8:]
	binary.BigEndian.PutUint32(fields, session)
	binary.BigEndian.PutUint32(fields[4:], sequence)
	mac.Reset()
	mac.Write(t.signed)
	mac.Write(t.packet[t.head+1:])
	mac.Sum(t.packet[:t.head-backTag])
	return t.packet
}
