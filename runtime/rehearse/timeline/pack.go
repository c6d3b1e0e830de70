package timeline

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"time"
)

// block is a packed stretch of frames: the columns of slots, then three of each row for the
// colour in which it is seen.
type block struct {
	from, to    time.Duration
	frames      int
	slots, rows int
	packed      string
}

// packer puts columns into a block. It has, each with its length before it as all numbers a
// varint: the microseconds from each frame to the next, the kinds of the columns, and the
// values of those that change, as steps from one frame to the next. Columns that are the
// same are there once.
type packer struct {
	frames int
	kinds  []byte
	values []byte
	count  int
	first  map[uint64]int // by a hash of its values, which of those that change it is
	seed   maphash.Seed
	kept   [][]byte
}

// The kinds of columns: one value, of which the byte follows; or the n-th of those that
// change, which follows.
const (
	stands  = 0
	changes = 1
)

func newPacker(frames int) *packer {
	return &packer{frames: frames, first: map[uint64]int{}, seed: maphash.MakeSeed()}
}

// add adds a column: of one value, none for 0, or one for each frame.
func (p *packer) add(column []byte) {
	if len(column) < 2 {
		v := byte(0)
		if len(column) == 1 {
			v = column[0]
		}
		p.kinds = append(p.kinds, stands, v)
		return
	}
	sum := maphash.Bytes(p.seed, column)
	n, known := p.first[sum]
	if !known || !bytes.Equal(p.kept[n], column) {
		n = p.count
		p.count++
		p.first[sum] = n
		p.kept = append(p.kept, slices.Clone(column))
		before := byte(0)
		for _, v := range column {
			p.values = append(p.values, v-before)
			before = v
		}
	}
	p.kinds = append(p.kinds, changes)
	p.kinds = binary.AppendUvarint(p.kinds, uint64(n))
}

// pack ends the block.
func (p *packer) pack(times []time.Duration) string {
	var head []byte
	for i, at := range times {
		step := time.Duration(0)
		if i > 0 {
			step = at.Truncate(time.Microsecond) - times[i-1].Truncate(time.Microsecond)
		}
		head = binary.AppendUvarint(head, uint64(step/time.Microsecond))
	}
	out := binary.AppendUvarint(nil, uint64(len(head)))
	out = append(out, head...)
	out = binary.AppendUvarint(out, uint64(len(p.kinds)))
	out = append(out, p.kinds...)
	return packed(append(out, p.values...))
}

// packed is data as the page has it: compressed, in letters.
func packed(data []byte) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 4)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("timeline: packing into memory fails: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
