package wire

import (
	"net/netip"
	"strconv"
)

// Kind is the resource a packet is about: the fourth segment of its path.
type Kind uint8

// The resources.
const (
	KindNone Kind = iota
	KindLevel
	KindPreview
	KindSync
	KindTimecode
	KindPoll
	KindManager
	KindNode
	KindNodeLost
	KindNodeBeacon
	KindAux
)

var kindNames = [...]string{
	"", "level", "preview", "sync", "timecode", "poll", "manager", "node", "node_lost", "node_beacon", "aux",
}

// String is the path segment.
func (k Kind) String() string { return kindNames[k] }

// A Resource is a routed path. Number is the universe, the timecode stream or
// the endpoint; TUID is the device of a node, node_lost, node_beacon or
// manager path.
type Resource struct {
	Kind   Kind
	Number uint16
	TUID   TUID
}

// Group is the multicast group the resource is sent to.
func (r Resource) Group() netip.Addr {
	switch r.Kind {
	case KindLevel:
		return Fold(r.Number)
	case KindPreview:
		return GroupPreview
	case KindSync, KindTimecode:
		return GroupTime
	case KindPoll:
		return GroupPoll
	case KindManager:
		return GroupManager
	case KindNodeLost:
		return GroupLost
	case KindNodeBeacon:
		return GroupBeacon
	case KindAux:
		return GroupAux
	}
	return GroupNode
}

// The first two segments of every path.
const (
	prefixSegment  = "sig-net"
	versionSegment = "v1"
)

// eachSegment calls f with every segment of the path of r, in wire order.
func (r Resource) eachSegment(scope string, f func(string)) {
	f(prefixSegment)
	f(versionSegment)
	f(scope)
	f(r.Kind.String())
	switch r.Kind {
	case KindLevel, KindPreview, KindTimecode:
		f(strconv.Itoa(int(r.Number)))
	case KindManager, KindNode, KindNodeLost, KindNodeBeacon, KindAux:
		f(r.TUID.String())
		f(strconv.Itoa(int(r.Number)))
	}
}

// AppendURI appends the text of the path as it enters the HMAC.
func AppendURI(b []byte, scope string, r Resource) []byte {
	r.eachSegment(scope, func(s string) {
		b = append(b, '/')
		b = append(b, s...)
	})
	return b
}

// Route checks the path of a parsed packet against the scope and names its
// resource. It looks at segments, never at the joined text: one segment
// "level/1" makes the same text as two.
func (p *Packet) Route(scope string) (Resource, Verdict) {
	var r Resource
	if p.segments < 1 || string(p.Segment(0)) != prefixSegment {
		return r, BadURI
	}
	if p.segments < 2 || string(p.Segment(1)) != versionSegment {
		return r, BadURIVersion
	}
	if p.segments < 3 || string(p.Segment(2)) != scope {
		return r, WrongScope
	}
	if p.segments < 4 || p.segments > maxSegments {
		return r, BadURI
	}
	for k := KindLevel; k <= KindAux; k++ {
		if string(p.Segment(3)) == kindNames[k] {
			r.Kind = k
			break
		}
	}
	ok := false
	switch r.Kind {
	case KindLevel, KindPreview:
		if p.segments == 5 {
			r.Number, ok = number(p.Segment(4), 1, LastUniverse)
		}
	case KindTimecode:
		if p.segments == 5 {
			r.Number, ok = number(p.Segment(4), 1, 255)
		}
	case KindSync, KindPoll:
		ok = p.segments == 4
	case KindAux:
		return r, NotSupported
	case KindNodeLost, KindNodeBeacon:
		r.TUID, ok = p.deviceSegment()
		if ok && p.segments == 6 {
			_, ok = number(p.Segment(5), 0, 0)
		}
	case KindManager, KindNode:
		r.TUID, ok = p.deviceSegment()
		if ok && p.segments == 6 {
			r.Number, ok = number(p.Segment(5), 0, 0xFFFF)
			reserved := r.Number > LastDataEndpoint && (r.Number != AllEndpoints || r.Kind == KindNode)
			ok = ok && !reserved
		} else {
			ok = false
		}
	}
	if !ok {
		return Resource{}, BadURI
	}
	return r, Accept
}

func (p *Packet) deviceSegment() (TUID, bool) {
	if p.segments < 5 {
		return TUID{}, false
	}
	return tuidFromSegment(p.Segment(4))
}

// number reads a decimal number without sign or leading zero.
func number(s []byte, low, high int) (uint16, bool) {
	if len(s) == 0 || len(s) > 5 || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return uint16(n), n >= low && n <= high
}
