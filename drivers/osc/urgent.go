package osc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// maxLookedAt is how many messages of a packet are looked at for one that is wanted: what
// a datagram that is not costs has to be little, for those behind it wait.
const maxLookedAt = 256

// wants tells whether a packet has a message that is wanted, without decoding it.
func (c *Conn) wants(b []byte, from netip.AddrPort) bool {
	left := maxLookedAt
	return c.wanted(b, from, 0, &left)
}

func (c *Conn) wanted(b []byte, from netip.AddrPort, depth int, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	if len(b) > 0 && b[0] == '/' {
		end := bytes.IndexByte(b, 0)
		return end > 0 && c.cfg.Wanted(b[:end], from)
	}
	const head = len(bundleHead) + 8
	if depth == MaxDepth || len(b) < head || string(b[:len(bundleHead)]) != bundleHead {
		return false
	}
	for rest := b[head:]; len(rest) >= 4 && *left > 0; {
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest)-4) {
			return false
		}
		if c.wanted(rest[4:4+size], from, depth+1, left) {
			return true
		}
		rest = rest[4+size:]
	}
	return false
}
