package wire

import "encoding/binary"

// TLVHeader is the size of type and length in bytes.
const TLVHeader = 4

// AppendTLV appends one TLV.
func AppendTLV(b []byte, t TID, value []byte) []byte {
	b = AppendTLVHeader(b, t, len(value))
	return append(b, value...)
}

// AppendTLVHeader appends type and length; the caller appends the value.
func AppendTLVHeader(b []byte, t TID, length int) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(t))
	return binary.BigEndian.AppendUint16(b, uint16(length))
}

// A TLV is one element of a payload; Value points into it.
type TLV struct {
	TID   TID
	Value []byte
}

// NextTLV splits the first TLV off a payload. It is false at the end and at
// anything that is no TLV; then rest is the payload as it was.
func NextTLV(payload []byte) (t TLV, rest []byte, ok bool) {
	if len(payload) < TLVHeader {
		return TLV{}, payload, false
	}
	length := int(binary.BigEndian.Uint16(payload[2:]))
	if length > len(payload)-TLVHeader {
		return TLV{}, payload, false
	}
	end := TLVHeader + length
	return TLV{TID(binary.BigEndian.Uint16(payload)), payload[TLVHeader:end:end]}, payload[end:], true
}

// uses tells whether a resource carries a TID; others are stepped over.
func (k Kind) uses(t TID) bool {
	switch k {
	case KindLevel:
		return t == TIDLevel || t == TIDPriority
	case KindPreview:
		return t == TIDPreview
	case KindSync:
		return t == TIDSync || t == TIDUniverse
	case KindTimecode:
		return t == TIDTimecode
	case KindPoll:
		return t == TIDPoll
	case KindManager, KindNode, KindNodeLost, KindNodeBeacon:
		return true
	}
	return false
}

// CheckPayload parses the whole list of a resource. It is false if the
// structure is broken or a TLV the resource uses has a forbidden length or
// value; then the whole packet is void (ruling 30). On a manager path length 0
// asks for a value, and on a node path an empty value is no value.
func CheckPayload(k Kind, payload []byte) bool {
	for len(payload) > 0 {
		t, rest, ok := NextTLV(payload)
		if !ok {
			return false
		}
		payload = rest
		if !k.uses(t.TID) || t.TID.Manufacturer() {
			continue
		}
		e, known := Lookup(t.TID)
		if !known {
			continue
		}
		configuration := k == KindManager || k == KindNode || k == KindNodeLost || k == KindNodeBeacon
		if len(t.Value) == 0 && configuration {
			continue
		}
		if len(t.Value) < e.Min || len(t.Value) > e.Max {
			return false
		}
		if e.Check != nil && !e.Check(t.Value) {
			return false
		}
	}
	return true
}

// FindTLV gives the last TLV of a type, as the last one counts. The payload
// must have passed CheckPayload.
func FindTLV(payload []byte, want TID) (value []byte, ok bool) {
	for {
		t, rest, more := NextTLV(payload)
		if !more {
			return value, ok
		}
		if t.TID == want {
			value, ok = t.Value, true
		}
		payload = rest
	}
}
