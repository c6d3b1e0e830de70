package journal

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Kinds of chunks.
const (
	kindHeader  = 'H'
	kindEntries = 'E'
	kindEnd     = 'Z'
	kindTaken   = 'K'
)

const (
	magic     = "SRJ"
	headLen   = 16
	longest   = 1 << 30 // bytes of a chunk, packed or not: one entry may hold all files of a show
	flushSize = 1 << 20 // bytes of entries after which a chunk is written without being asked
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(head, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(head[3:12], castagnoli), castagnoli, body)
}

// packer makes chunks.
type packer struct {
	out    bytes.Buffer
	packed *flate.Writer
}

// chunk packs a chunk. It is lent until the next one.
func (p *packer) chunk(kind byte, body []byte) ([]byte, error) {
	if len(body) > longest {
		return nil, fmt.Errorf("an input of %d MiB is more than a recording takes", len(body)>>20)
	}
	p.out.Reset()
	p.out.Write(make([]byte, headLen))
	if p.packed == nil {
		p.packed, _ = flate.NewWriter(&p.out, flate.BestSpeed) // the level is a valid one
	} else {
		p.packed.Reset(&p.out)
	}
	p.packed.Write(body) // into memory
	p.packed.Close()
	chunk := p.out.Bytes()
	copy(chunk, magic)
	chunk[3] = kind
	binary.LittleEndian.PutUint32(chunk[4:], uint32(len(chunk)-headLen))
	binary.LittleEndian.PutUint32(chunk[8:], uint32(len(body)))
	binary.LittleEndian.PutUint32(chunk[12:], checksum(chunk, chunk[headLen:]))
	return chunk, nil
}

// Why a recording cannot be read on.
var (
	errNone    = errors.New("it has no end")
	errCut     = errors.New("it is cut off")
	errDamaged = errors.New("it is damaged")
)

// Taken is what goes to the end of a copy of a recording that goes on: turns that were under
// way when it was taken are not missed.
func Taken() []byte {
	chunk, _ := new(packer).chunk(kindTaken, nil) // in memory
	return chunk
}

// unpacker reads chunks and is what their entries are decoded from.
type unpacker struct {
	from io.Reader
	body bytes.Buffer // packed
	left *bytes.Reader
	kind byte
}

// next reads a chunk. The error is errNone if there is no further one.
func (u *unpacker) next() error {
	var head [headLen]byte
	switch n, err := io.ReadFull(u.from, head[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return errNone
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case err != nil:
		return err
	}
	packed, length := int64(binary.LittleEndian.Uint32(head[4:])), int64(binary.LittleEndian.Uint32(head[8:]))
	if string(head[:3]) != magic || packed > longest || length > longest {
		return errDamaged
	}
	u.body.Reset()
	switch n, err := io.CopyN(&u.body, u.from, packed); {
	case n < packed && errors.Is(err, io.EOF):
		return errCut
	case err != nil:
		return err
	}
	if checksum(head[:], u.body.Bytes()) != binary.LittleEndian.Uint32(head[12:]) {
		return errDamaged
	}
	var plain bytes.Buffer
	n, err := io.Copy(&plain, io.LimitReader(flate.NewReader(&u.body), length+1))
	if err != nil || n != length {
		return errDamaged
	}
	u.kind, u.left = head[3], bytes.NewReader(plain.Bytes())
	return nil
}

// Read implements io.Reader, within the present chunk: no value goes beyond one.
func (u *unpacker) Read(b []byte) (int, error) { return u.left.Read(b) }

// ReadByte implements io.ByteReader, so that who decodes reads no more than it needs.
func (u *unpacker) ReadByte() (byte, error) { return u.left.ReadByte() }
