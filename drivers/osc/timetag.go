package osc

import (
	"math/bits"
	"time"
)

// TimeTag is an instant as in NTP: seconds since 1900 in the upper 32 bits,
// fractions in the lower. The seconds overflow in 2036; tags without the highest
// bit are taken for instants from then to 2104 (PROTOCOL.md ruling 5).
type TimeTag uint64

// Immediately is the tag that means "as soon as it is read".
const Immediately TimeTag = 1

const (
	from1900  = 2208988800 // seconds to 1970
	era       = 1 << 32    // seconds to the overflow
	highestOf = 1 << 63
)

// Tag gives the tag of an instant, exact to a quarter of a nanosecond.
func Tag(t time.Time) TimeTag {
	fraction, _ := bits.Div64(uint64(t.Nanosecond()), 0, uint64(time.Second))
	fraction = (fraction + 1<<31) >> 32 // nearest, so that Time gives the same nanosecond
	return TimeTag(uint64(t.Unix()+from1900)<<32 + fraction)
}

// Time gives the instant of a tag, to the nanosecond. That of Immediately is
// the zero Time.
func (t TimeTag) Time() time.Time {
	if t == Immediately {
		return time.Time{}
	}
	seconds := int64(t>>32) - from1900
	if t&highestOf == 0 {
		seconds += era
	}
	nanoseconds := (uint64(uint32(t))*uint64(time.Second) + 1<<31) >> 32
	return time.Unix(seconds, int64(nanoseconds))
}
