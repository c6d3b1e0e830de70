// Package wire is the Sig-Net 1.0 byte layout: CoAP packets, paths, TLVs,
// groups and timecode labels. It is pure: no sockets, no clock, no keys
// beyond a ready-made HMAC.
//
// A packet is a CoAP NON POST (RFC 7252) whose path names a resource, whose
// six private options say who sent it, when in its life, and with which tag,
// and whose payload is a list of TLVs. All integers are big-endian.
//
// Sig-Net™ Designed by and Copyright Singularity (UK) Ltd.
package wire

import (
	"encoding/binary"
	"hash"
)

// Mode is the security mode of a packet.
type Mode byte

// The security modes.
const (
	ModeSecure     Mode = 0x00 // signed with HMAC-SHA256
	ModeOpen       Mode = 0x01 // Open Mode, no keys
	ModeOffboarded Mode = 0xFF // beacon of a device without keys
)

// TagSize is the length of the HMAC in bytes.
const TagSize = 32

// CoAP header values.
const (
	typeNON  = 1
	codePOST = 0x02
)

// Option numbers.
const (
	optionURIPath  = 11
	optionURIQuery = 15
	optionMode     = 2076
	optionSender   = 2108
	optionMfg      = 2140
	optionSession  = 2172
	optionSequence = 2204
	optionAuth     = 2236
)

// Bits of Packet.has.
const (
	hasMode = 1 << iota
	hasSender
	hasMfg
	hasSession
	hasSequence
	hasAuth
	hasAll = hasMode | hasSender | hasMfg | hasSession | hasSequence | hasAuth
)

// maxSegments is one more than any path we know has.
const maxSegments = 7

// A Packet is a parsed packet. Its slices point into the bytes it was parsed
// from.
type Packet struct {
	Type      byte // CoAP type: 0 CON, 1 NON, 2 ACK, 3 RST
	Code      byte // CoAP code
	MessageID uint16
	Mode      Mode
	Sender    SenderID
	Mfg       uint16 // manufacturer whose TIDs from 0x8000 are inside, 0 for none
	Session   uint32
	Sequence  uint32
	Auth      []byte // the tag, 32 bytes or none
	Payload   []byte // the TLVs, without the marker

	has      uint8
	queries  int
	options  []byte
	segments int
	segment  [maxSegments][]byte
}

// Segment is the i-th segment of the path, counted from 0, or nil.
func (p *Packet) Segment(i int) []byte {
	if i >= p.segments || i >= maxSegments {
		return nil
	}
	return p.segment[i]
}

// HasSender tells whether the Sender-ID was there.
func (p *Packet) HasSender() bool { return p.has&hasSender != 0 }

// Conformant tells whether all six private options were there; only a beacon
// may be used without.
func (p *Packet) Conformant() bool { return p.has == hasAll }

// Parse reads the structure of a packet into p, steps 1 to 4 of the receive
// pipeline. It keeps references into b and never allocates.
func Parse(b []byte, p *Packet) Verdict {
	*p = Packet{}
	if len(b) < 4 || len(b) > MaxReceive {
		return Malformed
	}
	if b[0]>>6 != 1 {
		return BadVersion
	}
	p.Type = b[0] >> 4 & 3
	p.Code = b[1]
	p.MessageID = binary.BigEndian.Uint16(b[2:])
	token := int(b[0] & 15)
	if token > 8 || len(b) < 4+token {
		return Malformed
	}
	o := optionReader{rest: b[4+token:]}
	p.options = o.rest
	for o.next() {
		if !p.take(o.number, o.value) {
			return Malformed
		}
	}
	if o.broken {
		return Malformed
	}
	p.options = p.options[:len(p.options)-len(o.rest)]
	if len(o.rest) > 0 { // the marker 0xFF
		p.Payload = o.rest[1:]
		if len(p.Payload) == 0 {
			return Malformed
		}
	}
	return Accept
}

// take stores one option; it is false when the packet is to be refused.
func (p *Packet) take(number int, v []byte) bool {
	if p.has&hasAuth != 0 {
		return false // the tag is the last option
	}
	once := func(bit uint8, width int) bool {
		ok := p.has&bit == 0 && len(v) == width
		p.has |= bit
		return ok
	}
	switch number {
	case optionURIPath:
		if len(v) == 0 {
			return false
		}
		if p.segments < maxSegments {
			p.segment[p.segments] = v
		}
		p.segments++
	case optionURIQuery:
		p.queries++
	case optionMode:
		if !once(hasMode, 1) {
			return false
		}
		p.Mode = Mode(v[0])
	case optionSender:
		if !once(hasSender, 8) {
			return false
		}
		copy(p.Sender.TUID[:], v)
		p.Sender.Endpoint = binary.BigEndian.Uint16(v[6:])
	case optionMfg:
		if !once(hasMfg, 2) {
			return false
		}
		p.Mfg = binary.BigEndian.Uint16(v)
	case optionSession:
		if !once(hasSession, 4) {
			return false
		}
		p.Session = binary.BigEndian.Uint32(v)
	case optionSequence:
		if !once(hasSequence, 4) {
			return false
		}
		p.Sequence = binary.BigEndian.Uint32(v)
	case optionAuth:
		if len(v) != 0 && len(v) != TagSize {
			return false
		}
		p.has |= hasAuth
		p.Auth = v
	default:
		return number&1 == 0 // an unknown odd option is critical (RFC 7252 5.4.1)
	}
	return true
}

// CheckMode judges mode and completeness, steps 5 to 12 of the receive
// pipeline. A beacon is told by the verdict Beacon.
func (p *Packet) CheckMode(openReceiver bool) Verdict {
	if p.has&hasMode == 0 {
		return Malformed
	}
	switch p.Mode {
	case ModeSecure, ModeOpen:
	case ModeOffboarded:
		return Beacon
	default:
		return UnsupportedMode
	}
	if p.has != hasAll {
		return Malformed
	}
	if (p.Mode == ModeOpen) != openReceiver {
		return ModeMismatch
	}
	if p.Mode == ModeSecure && len(p.Auth) != TagSize || p.Mode == ModeOpen && !p.AuthBlank() {
		return Malformed
	}
	if p.Type != typeNON {
		return BadType
	}
	if p.Code != codePOST {
		return BadCode
	}
	return Accept
}

// AuthBlank: without keys the tag is left out, or 32 zero bytes (ruling 1).
func (p *Packet) AuthBlank() bool {
	for _, c := range p.Auth {
		if c != 0 {
			return false
		}
	}
	return true
}

// AppendSigned appends what the tag covers, without the payload: the path, the
// queries and the five option values. It must not be asked before Route
// accepted the path.
func (p *Packet) AppendSigned(b []byte) []byte {
	for i := range min(p.segments, maxSegments) {
		b = append(b, '/')
		b = append(b, p.segment[i]...)
	}
	if p.queries > 0 {
		o := optionReader{rest: p.options}
		separator := byte('?')
		for o.next() {
			if o.number == optionURIQuery {
				b = append(b, separator)
				b = append(b, o.value...)
				separator = '&'
			}
		}
	}
	return appendSignedFields(b, Header{Mode: p.Mode, Sender: p.Sender, Mfg: p.Mfg, Session: p.Session, Sequence: p.Sequence})
}

// optionReader walks CoAP options up to the payload marker.
type optionReader struct {
	rest   []byte
	number int
	value  []byte
	broken bool
}

// next reads one option. It is false at the marker, at the end, and with
// broken set at anything that is no option.
func (o *optionReader) next() bool {
	if len(o.rest) == 0 || o.rest[0] == 0xFF {
		return false
	}
	delta, length := int(o.rest[0]>>4), int(o.rest[0]&15)
	o.rest = o.rest[1:]
	delta = o.extend(delta)
	length = o.extend(length)
	o.number += delta
	if o.broken || o.number > 0xFFFF || length > len(o.rest) {
		o.broken = true
		return false
	}
	o.value, o.rest = o.rest[:length:length], o.rest[length:]
	return true
}

// extend resolves a nibble: 13 has one more byte, 14 two, 15 is reserved.
func (o *optionReader) extend(nibble int) int {
	switch {
	case nibble < 13:
		return nibble
	case nibble == 13 && len(o.rest) >= 1:
		n := int(o.rest[0]) + 13
		o.rest = o.rest[1:]
		return n
	case nibble == 14 && len(o.rest) >= 2:
		n := int(binary.BigEndian.Uint16(o.rest)) + 269
		o.rest = o.rest[2:]
		return n
	}
	o.broken = true
	return 0
}

// A Header is what a sender decides about a packet besides path and payload.
type Header struct {
	MessageID uint16
	Mode      Mode
	Sender    SenderID
	Mfg       uint16
	Session   uint32
	Sequence  uint32
}

// Offsets of the fields that change from packet to packet, counted back from
// the end of the head of a signed packet (its tag is the last 32 bytes).
const (
	offsetMessageID = 2
	backTag         = TagSize
	backSequence    = TagSize + 3 + 4
	backSession     = backSequence + 2 + 4
)

// AppendHead appends the packet up to and with the auth option. The tag is
// left zero in ModeSecure and is empty in the other modes.
func AppendHead(b []byte, h Header, scope string, r Resource) []byte {
	b = append(b, 1<<6|typeNON<<4, codePOST)
	b = binary.BigEndian.AppendUint16(b, h.MessageID)
	delta := byte(optionURIPath)
	r.eachSegment(scope, func(s string) {
		if len(s) < 13 {
			b = append(b, delta<<4|byte(len(s)))
		} else {
			b = append(b, delta<<4|13, byte(len(s)-13))
		}
		b = append(b, s...)
		delta = 0
	})
	b = append(b, 0xE1, 0x07, 0x04, byte(h.Mode))
	b = append(b, 0xD8, 0x13)
	b = append(b, h.Sender.TUID[:]...)
	b = binary.BigEndian.AppendUint16(b, h.Sender.Endpoint)
	b = append(b, 0xD2, 0x13)
	b = binary.BigEndian.AppendUint16(b, h.Mfg)
	b = append(b, 0xD4, 0x13)
	b = binary.BigEndian.AppendUint32(b, h.Session)
	b = append(b, 0xD4, 0x13)
	b = binary.BigEndian.AppendUint32(b, h.Sequence)
	if h.Mode != ModeSecure {
		return append(b, 0xD0, 0x13)
	}
	b = append(b, 0xDD, 0x13, 0x13)
	return append(b, make([]byte, TagSize)...)
}

func appendSignedFields(b []byte, h Header) []byte {
	b = append(b, byte(h.Mode))
	b = append(b, h.Sender.TUID[:]...)
	b = binary.BigEndian.AppendUint16(b, h.Sender.Endpoint)
	b = binary.BigEndian.AppendUint16(b, h.Mfg)
	b = binary.BigEndian.AppendUint32(b, h.Session)
	return binary.BigEndian.AppendUint32(b, h.Sequence)
}

// Append appends a whole packet. mac is keyed with the key of the resource and
// is used in ModeSecure only.
func Append(b []byte, h Header, scope string, r Resource, payload []byte, mac hash.Hash) []byte {
	start := len(b)
	b = AppendHead(b, h, scope, r)
	head := len(b)
	if len(payload) > 0 {
		b = append(b, 0xFF)
		b = append(b, payload...)
	}
	if h.Mode == ModeSecure {
		mac.Reset()
		mac.Write(appendSignedFields(AppendURI(make([]byte, 0, 96), scope, r), h))
		mac.Write(payload)
		mac.Sum(b[start : head-backTag])
	}
	return b
}
