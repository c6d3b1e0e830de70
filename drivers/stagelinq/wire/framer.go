package wire

import (
	"encoding/binary"
	"fmt"
)

// Framer cuts a service connection's byte stream into its length-prefixed
// messages (3.2). It holds at most one incomplete message, never more than its
// limit nor MaxKept, and grows only as bytes arrive. The zero Framer is not usable; see
// NewFramer. It has one owner.
type Framer struct {
	limit      int
	buf        []byte
	start, end int  // unread bytes are buf[start:end]
	begun      bool // there was a message with a length
	skip       int  // bytes still to be passed over
	skipped    uint64
}

// NewFramer returns a Framer that accepts messages of up to limit bytes.
func NewFramer(limit int) *Framer {
	return &Framer{limit: limit, buf: make([]byte, min(4096, limit+4))}
}

// Space returns room for the next read, at least one byte. Bytes returned by
// Next are no longer valid after it.
func (f *Framer) Space() []byte {
	if f.start > 0 {
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	if f.end == len(f.buf) {
		grown := make([]byte, min(2*len(f.buf), min(f.limit, MaxKept)+4))
		copy(grown, f.buf)
		f.buf = grown
	}
	return f.buf[f.end:]
}

// Advance says that n bytes were read into Space.
func (f *Framer) Advance(n int) { f.end += n }

// Next returns the payload of the next complete message, or ok == false when
// more bytes are needed. The payload is valid until Space is called. An error
// wraps ErrTooLong and is final: the bounds of the stream are lost. A length of 0
// before the first message begins a hello, which may come from either side and is passed
// over (3.1).
func (f *Framer) Next() (payload []byte, ok bool, err error) {
	passed := min(f.skip, f.end-f.start)
	f.start, f.skip = f.start+passed, f.skip-passed
	unread := f.buf[f.start:f.end]
	if len(unread) < 4 {
		return nil, false, nil
	}
	n := binary.BigEndian.Uint32(unread)
	if n == IDAnnounce && !f.begun {
		switch _, size, err := ParseMessage(unread); {
		case err == ErrShort:
			return nil, false, nil
		case err == nil:
			f.start += size
			return f.Next()
		}
	}
	if n > uint32(f.limit) {
		return nil, false, fmt.Errorf("%w: frame of %d bytes, at most %d", ErrTooLong, n, f.limit)
	}
	if n > MaxKept {
		f.skip, f.begun = 4+int(n), true
		f.skipped++
		return f.Next()
	}
	if len(unread) < 4+int(n) {
		return nil, false, nil
	}
	f.start += 4 + int(n)
	f.begun = f.begun || n > 0
	return unread[4 : 4+n], true, nil
}

// Hello takes the unframed message that opens a service connection (3.1).
// ok == false without an error means that more bytes are needed.
func (f *Framer) Hello() (m Message, ok bool, err error) {
	m, n, err := ParseMessage(f.buf[f.start:f.end])
	switch {
	case err == ErrShort:
		return Message{}, false, nil
	case err != nil:
		return Message{}, false, err
	}
	f.start += n
	return m, true, nil
}

// Skipped returns how many messages were passed over since the last call.
func (f *Framer) Skipped() uint64 {
	n := f.skipped
	f.skipped = 0
	return n
}
