package wire

import "encoding/binary"

// Dmx is an ArtDmx: the levels of a universe (section 4).
type Dmx struct {
	Sequence byte // 1-255, or 0 if packets are not to be put in order
	Physical byte // the input it came in by, which tells sources of one address apart
	Address  Address
	Levels   []byte // slot 1 first; of ParseDmx a part of the packet
}

// dmxHeader is the size of an ArtDmx without its levels.
const dmxHeader = headerSize + 2 + 6

// Offsets of what changes from one packet of a universe to the next.
const (
	dmxSequence = headerSize + 2
	dmxLevels   = dmxHeader
)

// AppendDmx appends an ArtDmx. Its levels are an even number from 2 to 512: one is added to
// an odd number, and what is beyond 512 is left out.
func AppendDmx(b []byte, d Dmx) []byte {
	levels := d.Levels[:min(len(d.Levels), Slots)]
	n := max(2, (len(levels)+1)&^1)
	b = append(appendHeader(b, OpDmx), d.Sequence, d.Physical)
	b = binary.LittleEndian.AppendUint16(b, uint16(d.Address))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = append(b, levels...)
	return append(b, make([]byte, n-len(levels))...)
}

// Renew puts another sequence and other levels into a packet of AppendDmx, as many levels
// as it has.
func Renew(b []byte, sequence byte, levels []byte) {
	b[dmxSequence] = sequence
	clear(b[dmxLevels+copy(b[dmxLevels:], levels):])
}

// ParseDmx reads an ArtDmx. An odd number of levels and a single one are taken, though
// nobody should send them.
func ParseDmx(b []byte) (Dmx, error) {
	f, err := body(b, OpDmx, dmxHeader)
	if err != nil {
		return Dmx{}, err
	}
	d := Dmx{Sequence: f[0], Physical: f[1], Address: Address(binary.LittleEndian.Uint16(f[2:]))}
	n := int(binary.BigEndian.Uint16(f[4:]))
	switch {
	case d.Address > LastAddress:
		return Dmx{}, ErrAddress
	case n < 1 || n > Slots:
		return Dmx{}, ErrLength
	case len(f) < 6+n:
		return Dmx{}, ErrShort
	}
	d.Levels = f[6 : 6+n]
	return d, nil
}

// Later tells whether a packet of a source is news after another by their sequences: an
// older one is up to 20 behind, as in E1.31; further back it has started anew (ruling R5).
func Later(sequence, last byte) bool {
	ahead := int8(sequence - last)
	return sequence == 0 || last == 0 || ahead > 0 || ahead <= -20
}

// Next is the sequence after another: 1 to 255, over and over.
func Next(sequence byte) byte {
	if sequence == 255 {
		return 1
	}
	return sequence + 1
}

// AppendSync appends an ArtSync, which lets nodes show what they hold (section 5).
func AppendSync(b []byte) []byte { return append(appendHeader(b, OpSync), 0, 0) }

// ParseSync reads an ArtSync; it says no more than that it is one.
func ParseSync(b []byte) error {
	_, err := body(b, OpSync, 0)
	return err
}
