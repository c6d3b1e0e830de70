// Package wire is the byte layout of Art-Net 4: packets are appended to and parsed from
// slices, and nothing is remembered between two of them.
//
// Sections and rulings in comments are those of PROTOCOL.md.
package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Port is the UDP port of the protocol, 0x1936, at both ends (section 2).
const Port = 6454

// Slots is the size of a universe.
const Slots = 512

// version is the only protocol version there is; receivers take it and higher ones.
const version = 14

// The kinds of packets this package knows (section 2).
const (
	OpPoll      Op = 0x2000
	OpPollReply Op = 0x2100
	OpDmx       Op = 0x5000
	OpSync      Op = 0x5200
	OpAddress   Op = 0x6000
)

// Op is the kind of a packet.
type Op uint16

// String is the name of the kind.
func (o Op) String() string {
	switch o {
	case OpPoll:
		return "ArtPoll"
	case OpPollReply:
		return "ArtPollReply"
	case OpDmx:
		return "ArtDmx"
	case OpSync:
		return "ArtSync"
	case OpAddress:
		return "ArtAddress"
	}
	return fmt.Sprintf("packet 0x%04x", uint16(o))
}

// What is wrong with a packet.
var (
	ErrForeign = errors.New("not an Art-Net packet")
	ErrShort   = errors.New("packet too short")
	ErrVersion = errors.New("protocol version below 14")
	ErrLength  = errors.New("wrong number of levels")
	ErrAddress = errors.New("port address above 32767")
)

// id begins every packet.
const id = "Art-Net\x00"

const headerSize = len(id) + 2

// Kind tells what a packet is. It is ErrForeign or ErrShort for what is none.
func Kind(b []byte) (Op, error) {
	switch {
	case len(b) < headerSize:
		return 0, ErrShort
	case string(b[:len(id)]) != id:
		return 0, ErrForeign
	}
	return Op(binary.LittleEndian.Uint16(b[len(id):])), nil
}

// body is what follows the kind and the version of a packet.
func body(b []byte, op Op, least int) ([]byte, error) {
	switch kind, err := Kind(b); {
	case err != nil:
		return nil, err
	case kind != op:
		return nil, ErrForeign
	case len(b) < max(least, headerSize+2):
		return nil, ErrShort
	case binary.BigEndian.Uint16(b[headerSize:]) < version:
		return nil, ErrVersion
	}
	return b[headerSize+2:], nil
}

func appendHeader(b []byte, op Op) []byte {
	return binary.BigEndian.AppendUint16(binary.LittleEndian.AppendUint16(append(b, id...), uint16(op)), version)
}

// Address is a Port-Address: a universe on the whole network, 0 to 32767 (section 3).
type Address uint16

// LastAddress is the highest Port-Address.
const LastAddress Address = 0x7fff

// AddressOf makes a Port-Address of its parts: net 0-127, subnet and universe 0-15.
func AddressOf(net, subnet, universe int) Address {
	return Address(net&0x7f<<8 | subnet&0xf<<4 | universe&0xf)
}

// Net is the highest part, 0-127, Subnet the one below, 0-15, and Universe the lowest, 0-15.
func (a Address) Net() byte { return byte(a >> 8 & 0x7f) }

// Subnet is the middle part.
func (a Address) Subnet() byte { return byte(a >> 4 & 0xf) }

// Universe is the lowest part.
func (a Address) Universe() byte { return byte(a & 0xf) }

// String is net:subnet:universe.
func (a Address) String() string { return fmt.Sprintf("%d:%d:%d", a.Net(), a.Subnet(), a.Universe()) }

// text reads a field of text that ends at its first null. What is no text in it becomes
// question marks.
func text(b []byte) string {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return strings.ToValidUTF8(string(b), "?")
}

// appendText writes a field of text, cut to its size less the null. A character of more
// than one byte is not cut in two.
func appendText(b []byte, s string, size int) []byte {
	end := 0
	for i, r := range s {
		if n := i + utf8.RuneLen(r); n < size {
			end = n
		} else {
			break
		}
	}
	b = append(b, s[:end]...)
	return append(b, make([]byte, size-end)...)
}

// Who we are: no maker and no product has been registered for showrun, so the codes are
// those for experiments (ruling R1).
const (
	Maker uint16 = 0x7ff0 // ESTA: prototypes
	Oem   uint16 = 0x00ff // OemUnknown
)
