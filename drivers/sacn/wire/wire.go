// Package wire is the packets of ANSI E1.31-2018, streaming ACN: levels and per-address
// priorities, synchronisation, and universe discovery. Sections are those of the standard.
package wire

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// What the protocol fixes (appendix A).
const (
	Port              = 5568
	Slots             = 512
	LastUniverse      = 63999
	DiscoveryUniverse = 64214
	MaxPriority       = 200
	DefaultPriority   = 100
	TTL               = 64

	DataLoss          = 2500 * time.Millisecond // of a source, of its priorities, of synchronisation
	DiscoveryInterval = 10 * time.Second
	SamplingPeriod    = 1500 * time.Millisecond // rule 13 of per-address priority
	PageUniverses     = 512                     // in one discovery packet
)

// Start codes of data packets.
const (
	StartLevels   = 0x00
	StartPriority = 0xDD // per-address priority, as ETC defines it
)

// Options of data packets (6.2.6).
const (
	Preview    = 1 << 7 // for visualisers, not for live output
	Terminated = 1 << 6 // the source ends the universe
	ForceSync  = 1 << 5 // without synchronisation packets levels show as they come
)

// CID is the identity of a source, which stays over its restarts.
type CID [16]byte

// NewCID draws one, a random UUID.
func NewCID(random io.Reader) (CID, error) {
	var c CID
	if _, err := io.ReadFull(random, c[:]); err != nil {
		return c, fmt.Errorf("draw a CID: %w", err)
	}
	c[6], c[8] = c[6]&0x0F|0x40, c[8]&0x3F|0x80
	return c, nil
}

// ParseCID reads one as String writes it; the dashes may be missing.
func ParseCID(text string) (CID, error) {
	var c CID
	digits := strings.ReplaceAll(text, "-", "")
	if n, err := hex.Decode(c[:min(len(digits)/2, 16)], []byte(digits[:min(len(digits), 32)])); err != nil || n != 16 || len(digits) != 32 || c == (CID{}) {
		return CID{}, fmt.Errorf("%q is not a CID such as 5a7ab3a0-3fa4-4b71-9b1c-6d2c3a7d0a10", text)
	}
	return c, nil
}

// String is the CID as a UUID.
func (c CID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", c[0:4], c[4:6], c[6:8], c[8:10], c[10:])
}

// Group is the multicast group of a universe (9.3.1).
func Group(universe uint16) netip.Addr {
	return netip.AddrFrom4([4]byte{239, 255, byte(universe >> 8), byte(universe)})
}

// CheckUniverse tells what is wrong with the number of a universe.
func CheckUniverse(n int) error {
	if n < 1 || n > LastUniverse {
		return fmt.Errorf("universe must be 1-%d, got %d", LastUniverse, n)
	}
	return nil
}

// Kind is the kind of a packet.
type Kind uint8

// The kinds.
const (
	KindData Kind = iota + 1
	KindSync
	KindDiscovery
)

// Packet is a packet as it was parsed. What its kind does not have is zero. Name and
// Slots are part of the bytes that were parsed.
type Packet struct {
	Kind     Kind
	CID      CID
	Name     []byte // of data and discovery
	Sequence byte   // of data and sync
	Sync     uint16 // universe on which synchronisation comes; 0 for none

	Universe  uint16 // these of data
	Priority  byte
	Options   byte
	StartCode byte
	Slots     []byte // 0-512 values after the start code

	Page, LastPage byte // these of discovery
	list           []byte
}

// Universes are those that a discovery packet lists.
func (p *Packet) Universes() []uint16 {
	list := make([]uint16, len(p.list)/2)
	for i := range list {
		list[i] = binary.BigEndian.Uint16(p.list[2*i:])
	}
	return list
}

// Vectors (appendix A).
const (
	rootData     = 4
	rootExtended = 8

	framingData      = 2
	framingSync      = 1
	framingDiscovery = 2

	listVector = 1
	dmpVector  = 2
)

// Offsets of fields.
const (
	rootVector = 18
	cidAt      = 22
	framing    = 38

	nameAt     = 44
	nameLength = 64

	priorityAt = 108
	syncAt     = 109
	sequenceAt = 111
	optionsAt  = 112
	universeAt = 113
	dmpAt      = 115
	countAt    = 123
	startAt    = 125
	slotsAt    = 126

	syncSequenceAt = 44
	syncAddressAt  = 45
	syncSize       = 49

	listAt       = 112
	pageAt       = 118
	universesAt  = 120
	universeSize = 2
)

// preamble begins every packet: sizes of preamble and postamble, and the name of ACN (5.1-5.3).
const preamble = "\x00\x10\x00\x00ASC-E1.17\x00\x00\x00"

// dmp is what stands in every data packet between the length of its last layer and the
// number of values: vector, type of address, first address, increment (7.2-7.5).
const dmp = "\x02\xa1\x00\x00\x00\x01"

// Errors of Parse.
var (
	ErrForeign   = errors.New("not streaming ACN")
	ErrTruncated = errors.New("truncated")
	ErrMalformed = errors.New("malformed")
)

// Parse reads a packet into p. Bytes after the end it tells of itself are ignored.
func Parse(b []byte, p *Packet) error {
	*p = Packet{}
	if len(b) < framing+6 || string(b[:len(preamble)]) != preamble {
		return ErrForeign
	}
	b, err := layer(b, len(preamble))
	if err != nil {
		return err
	}
	if len(b) < framing+6 {
		return ErrTruncated
	}
	if b, err = layer(b, framing); err != nil {
		return err
	}
	if len(b) < framing+6 {
		return ErrTruncated
	}
	p.CID = CID(b[cidAt:])
	root, frame := binary.BigEndian.Uint32(b[rootVector:]), binary.BigEndian.Uint32(b[framing+2:])
	switch {
	case root == rootData && frame == framingData:
		return p.data(b)
	case root == rootExtended && frame == framingSync:
		return p.sync(b)
	case root == rootExtended && frame == framingDiscovery:
		return p.discovery(b)
	}
	return ErrForeign
}

// layer gives the bytes up to the end of the layer that begins at an offset with its flags
// and length.
func layer(b []byte, at int) ([]byte, error) {
	if len(b) < at+2 {
		return nil, ErrTruncated
	}
	head := binary.BigEndian.Uint16(b[at:])
	end := at + int(head&0x0FFF)
	if head>>12 != 7 {
		return nil, ErrMalformed
	}
	if end > len(b) {
		return nil, ErrTruncated
	}
	return b[:end], nil
}

func (p *Packet) data(b []byte) error {
	b, err := layer(b, min(dmpAt, len(b)))
	if err != nil {
		return err
	}
	if len(b) < slotsAt {
		return ErrTruncated
	}
	count := int(binary.BigEndian.Uint16(b[countAt:]))
	p.Universe = binary.BigEndian.Uint16(b[universeAt:])
	switch {
	case string(b[dmpAt+2:countAt]) != dmp || count < 1 || count > 1+Slots || CheckUniverse(int(p.Universe)) != nil:
		return ErrMalformed
	case len(b) < startAt+count:
		return ErrTruncated
	}
	p.Kind = KindData
	p.Name = name(b)
	p.Priority, p.Sync = b[priorityAt], binary.BigEndian.Uint16(b[syncAt:])
	p.Sequence, p.Options = b[sequenceAt], b[optionsAt]
	p.StartCode, p.Slots = b[startAt], b[slotsAt:startAt+count]
	return nil
}

func (p *Packet) sync(b []byte) error {
	if len(b) < syncSize {
		return ErrTruncated
	}
	p.Sequence, p.Sync = b[syncSequenceAt], binary.BigEndian.Uint16(b[syncAddressAt:])
	if CheckUniverse(int(p.Sync)) != nil {
		return ErrMalformed
	}
	p.Kind = KindSync
	return nil
}

func (p *Packet) discovery(b []byte) error {
	b, err := layer(b, min(listAt, len(b)))
	if err != nil {
		return err
	}
	if len(b) < universesAt {
		return ErrTruncated
	}
	p.list = b[universesAt:]
	if binary.BigEndian.Uint32(b[listAt+2:]) != listVector || len(p.list)%universeSize != 0 || len(p.list) > universeSize*PageUniverses {
		return ErrMalformed
	}
	p.Kind = KindDiscovery
	p.Name = name(b)
	p.Page, p.LastPage = b[pageAt], b[pageAt+1]
	return nil
}

// name is the name of a source, up to its zero (6.2.2).
func name(b []byte) []byte {
	field := b[nameAt : nameAt+nameLength]
	for i, c := range field {
		if c == 0 {
			return field[:i]
		}
	}
	return field[:nameLength-1]
}

// appendHead begins a packet whose size is known.
func appendHead(b []byte, size int, root uint32, cid CID, frame uint32) []byte {
	b = append(b, preamble...)
	b = appendLength(b, size-len(preamble))
	b = binary.BigEndian.AppendUint32(b, root)
	b = append(b, cid[:]...)
	b = appendLength(b, size-framing)
	return binary.BigEndian.AppendUint32(b, frame)
}

func appendLength(b []byte, n int) []byte { return binary.BigEndian.AppendUint16(b, 7<<12|uint16(n)) }

// appendName puts a name into its field, cut between characters.
func appendName(b []byte, name string) []byte {
	name = strings.ToValidUTF8(name, "?")
	for len(name) >= nameLength {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	b = append(b, name...)
	return append(b, make([]byte, nameLength-len(name))...)
}

// AppendData writes a data packet; at most 512 slots.
func AppendData(b []byte, p Packet) []byte {
	size := slotsAt + len(p.Slots)
	b = appendHead(b, size, rootData, p.CID, framingData)
	b = appendName(b, string(p.Name))
	b = append(b, p.Priority)
	b = binary.BigEndian.AppendUint16(b, p.Sync)
	b = append(b, p.Sequence, p.Options)
	b = binary.BigEndian.AppendUint16(b, p.Universe)
	b = appendLength(b, size-dmpAt)
	b = append(b, dmp...)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(p.Slots)))
	b = append(b, p.StartCode)
	return append(b, p.Slots...)
}

// AppendSync writes a synchronisation packet (6.3).
func AppendSync(b []byte, cid CID, sequence byte, universe uint16) []byte {
	b = appendHead(b, syncSize, rootExtended, cid, framingSync)
	b = append(b, sequence)
	b = binary.BigEndian.AppendUint16(b, universe)
	return append(b, 0, 0)
}

// AppendDiscovery writes one page of a list of universes, in their order (8).
func AppendDiscovery(b []byte, cid CID, name string, page, last byte, universes []uint16) []byte {
	size := universesAt + universeSize*len(universes)
	b = appendHead(b, size, rootExtended, cid, framingDiscovery)
	b = appendName(b, name)
	b = append(b, 0, 0, 0, 0)
	b = appendLength(b, size-listAt)
	b = binary.BigEndian.AppendUint32(b, listVector)
	b = append(b, page, last)
	for _, u := range universes {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}

// A Template is a data packet that is sent again and again.
type Template []byte

// NewTemplate lays a packet out.
func NewTemplate(p Packet) Template { return AppendData(nil, p) }

// Slots are the values in the template.
func (t Template) Slots() []byte { return t[slotsAt:] }

// Stamp sets what is another in every packet.
func (t Template) Stamp(sequence byte) { t[sequenceAt] = sequence }

// SetPriority sets the priority of the packet.
func (t Template) SetPriority(p byte) { t[priorityAt] = p }

// Old tells whether a packet of a sequence number comes after one of another out of its
// order (6.7.2).
func Old(before, now byte) bool {
	d := int8(now - before)
	return d <= 0 && d > -20
}
