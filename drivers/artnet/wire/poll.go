package wire

import "encoding/binary"

// Poll is an ArtPoll: who is there? (section 6)
type Poll struct {
	OnChange   bool // reply also whenever something changes
	Targeted   bool // only who listens to an address from Bottom to Top is to reply
	Top        Address
	Bottom     Address
	Maker, Oem uint16 // who made what asks; 0 if not said
}

const (
	pollOnChange = 1 << 1
	pollTargeted = 1 << 5
)

// pollLeast is the shortest ArtPoll there was: without the priority of diagnostics and
// what came later. Missing fields are zero.
const pollLeast = headerSize + 2

// AppendPoll appends an ArtPoll.
func AppendPoll(b []byte, p Poll) []byte {
	var flags byte
	if p.OnChange {
		flags |= pollOnChange
	}
	if p.Targeted {
		flags |= pollTargeted
	}
	b = append(appendHeader(b, OpPoll), flags, 0)
	for _, v := range []uint16{uint16(p.Top), uint16(p.Bottom), p.Maker, p.Oem} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// ParsePoll reads an ArtPoll.
func ParsePoll(b []byte) (Poll, error) {
	rest, err := body(b, OpPoll, pollLeast)
	if err != nil {
		return Poll{}, err
	}
	var f [10]byte
	copy(f[:], rest)
	word := func(at int) uint16 { return binary.BigEndian.Uint16(f[at:]) }
	return Poll{
		OnChange: f[0]&pollOnChange != 0, Targeted: f[0]&pollTargeted != 0,
		Top: Address(word(2)), Bottom: Address(word(4)), Maker: word(6), Oem: word(8),
	}, nil
}

// Wants tells whether somebody who listens to an address is asked.
func (p Poll) Wants(a Address) bool { return !p.Targeted || a >= p.Bottom && a <= p.Top }
