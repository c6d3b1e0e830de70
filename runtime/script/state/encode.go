package state

import (
	"encoding/binary"
	"errors"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// What a value in an encoded state begins with.
const (
	isFalse  = 'f'
	isTrue   = 't'
	isNumber = 'n' // eight bytes follow
	isString = 's' // its length and its bytes follow
	isTable  = 'T' // its number follows; the root is 0
)

// GobEncode implements gob.GobEncoder: what was read is written down, so that another
// process can make the same tables of it. It may be called on any goroutine.
func (p *Passage) GobEncode() ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(p.tables)))
	for i := range p.tables {
		first := 0
		if i > 0 {
			first = p.ends[i-1]
		}
		b = binary.AppendUvarint(b, uint64(p.ends[i]-first))
		for e := range p.of(i) {
			b = p.append(p.append(b, e.key), e.value)
		}
	}
	return b, nil
}

func (p *Passage) append(b []byte, v lua.LValue) []byte {
	switch v := v.(type) {
	case lua.LBool:
		if v {
			return append(b, isTrue)
		}
	case lua.LNumber:
		return binary.LittleEndian.AppendUint64(append(b, isNumber), math.Float64bits(float64(v)))
	case lua.LString:
		b = binary.AppendUvarint(append(b, isString), uint64(len(v)))
		return append(b, v...)
	case *lua.LTable:
		return binary.AppendUvarint(append(b, isTable), uint64(p.index[v]))
	}
	return append(b, isFalse)
}

var errEncoded = errors.New("state: what was written down cannot be read")

// GobDecode implements gob.GobDecoder. The passage is good for Copy then.
func (p *Passage) GobDecode(b []byte) error {
	r := reading{b: b}
	n := r.number()
	if n < 1 || n > len(b) {
		return errEncoded
	}
	*p = Passage{index: make(map[*lua.LTable]int, n)}
	for range n {
		p.add(&lua.LTable{Metatable: lua.LNil})
	}
	entries := 0
	for range n {
		for range r.number() {
			e := entry{r.value(p), r.value(p)}
			if r.bad || !isKey(e.key) {
				return errEncoded
			}
			if entries%chunk == 0 {
				p.chunks = append(p.chunks, make([]entry, chunk))
			}
			p.chunks[entries/chunk][entries%chunk] = e
			entries++
		}
		p.ends = append(p.ends, entries)
	}
	if r.bad || len(r.b) > 0 {
		return errEncoded
	}
	return nil
}

// reading is what is left of an encoded state.
type reading struct {
	b   []byte
	bad bool // it is not one
}

func (r *reading) number() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > math.MaxInt32 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *reading) bytes(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return make([]byte, 8)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reading) value(p *Passage) lua.LValue {
	switch r.bytes(1)[0] {
	case isFalse:
		return lua.LFalse
	case isTrue:
		return lua.LTrue
	case isNumber:
		return lua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64(r.bytes(8))))
	case isString:
		return lua.LString(r.bytes(r.number()))
	case isTable:
		if n := r.number(); n < len(p.tables) {
			return p.tables[n]
		}
	}
	r.bad = true
	return lua.LNil
}
