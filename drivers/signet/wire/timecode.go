package wire

import (
	"fmt"
	"strconv"
	"time"
)

// TimecodeRate is the type byte of a timecode packet.
type TimecodeRate byte

// The eleven rates. There is none for 29.97, 59.94 or 119.88 without drop.
const (
	Rate24 TimecodeRate = iota
	Rate25
	Rate2997Drop
	Rate30
	Rate48
	Rate50
	Rate5994Drop
	Rate60
	Rate100
	Rate11988Drop
	Rate120
	rateCount
)

// rates holds name, exact rate as a fraction, labels per second, and labels
// dropped at each minute that is not divisible by ten.
var rates = [rateCount]struct {
	name            string
	num, den, label int64
	drop            int64
}{
	{"24", 24, 1, 24, 0},
	{"25", 25, 1, 25, 0},
	{"29.97", 30000, 1001, 30, 2},
	{"30", 30, 1, 30, 0},
	{"48", 48, 1, 48, 0},
	{"50", 50, 1, 50, 0},
	{"59.94", 60000, 1001, 60, 4},
	{"60", 60, 1, 60, 0},
	{"100", 100, 1, 100, 0},
	{"119.88", 120000, 1001, 120, 8},
	{"120", 120, 1, 120, 0},
}

// ParseTimecodeRate reads a rate as people write it: 24, 25, 29.97, 30, 48,
// 50, 59.94, 60, 100, 119.88 or 120 frames per second.
func ParseTimecodeRate(s string) (TimecodeRate, error) {
	for i, r := range rates {
		if r.name == s {
			return TimecodeRate(i), nil
		}
	}
	return 0, fmt.Errorf("timecode rate %q: want 24, 25, 29.97, 30, 48, 50, 59.94, 60, 100, 119.88 or 120", s)
}

// Valid tells whether the rate is not a reserved number.
func (r TimecodeRate) Valid() bool { return r < rateCount }

// String is the rate in frames per second.
func (r TimecodeRate) String() string {
	if !r.Valid() {
		return "reserved"
	}
	return rates[r].name
}

// Drop tells whether labels are dropped to keep up with the clock.
func (r TimecodeRate) Drop() bool { return r.Valid() && rates[r].drop > 0 }

// Labels is the number of frame labels in a second, 24 to 120.
func (r TimecodeRate) Labels() int { return int(rates[r].label) }

// FramesPerDay is the number of frames after which labels start again.
func (r TimecodeRate) FramesPerDay() int64 {
	c := rates[r]
	return 24 * 6 * (600*c.label - 9*c.drop)
}

// Frames is the number of whole frames in a duration that is not negative.
func (r TimecodeRate) Frames(d time.Duration) int64 {
	c := rates[r]
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	// Both products stay far inside 63 bits: seconds*num is exact, and what
	// it leaves over joins the part below a second.
	whole, left := seconds*c.num/c.den, seconds*c.num%c.den
	return whole + (left*int64(time.Second)+rest*c.num)/(c.den*int64(time.Second))
}

// At is the instant of frame n after frame 0, rounded up to a nanosecond so
// that Frames(At(n)) == n.
func (r TimecodeRate) At(n int64) time.Duration {
	c := rates[r]
	seconds, left := n*c.den/c.num, n*c.den%c.num
	return time.Duration(seconds)*time.Second + time.Duration((left*int64(time.Second)+c.num-1)/c.num)
}

// A Timecode is one label.
type Timecode struct {
	Hours, Minutes, Seconds, Frames byte
	Rate                            TimecodeRate
}

// TimecodeOf gives the label of a frame counted from 00:00:00:00; it wraps at
// a day in both directions. The rate must be valid.
func TimecodeOf(r TimecodeRate, frame int64) Timecode {
	day := r.FramesPerDay()
	frame = ((frame % day) + day) % day
	c := rates[r]
	if c.drop > 0 {
		tens := 600*c.label - 9*c.drop // frames in ten minutes
		minute := 60*c.label - c.drop  // frames in a minute that drops
		left := frame % tens
		frame += 9 * c.drop * (frame / tens)
		if left >= 60*c.label { // the first of ten minutes drops nothing
			frame += c.drop * (1 + (left-60*c.label)/minute)
		}
	}
	second := frame / c.label
	return Timecode{byte(second / 3600), byte(second / 60 % 60), byte(second % 60), byte(frame % c.label), r}
}

// Frame is the number of the label counted from 00:00:00:00. A label that
// drop-frame counting skips gives the frame that follows.
func (t Timecode) Frame() int64 {
	c := rates[t.Rate]
	minutes := int64(t.Hours)*60 + int64(t.Minutes)
	n := (minutes*60+int64(t.Seconds))*c.label + int64(t.Frames)
	if t.Skipped() {
		n += c.drop - int64(t.Frames)
	}
	return n - c.drop*(minutes-minutes/10)
}

// Skipped tells whether drop-frame counting never shows this label.
func (t Timecode) Skipped() bool {
	return int64(t.Frames) < rates[t.Rate].drop && t.Seconds == 0 && t.Minutes%10 != 0
}

// Valid tells whether all fields are in range.
func (t Timecode) Valid() bool {
	return t.Rate.Valid() && t.Hours < 24 && t.Minutes < 60 && t.Seconds < 60 && int(t.Frames) < t.Rate.Labels()
}

// String is 01:02:03:04, with a semicolon before the frames of a drop rate.
func (t Timecode) String() string {
	separator := ':'
	if t.Rate.Drop() {
		separator = ';'
	}
	return fmt.Sprintf("%02d:%02d:%02d%c%02d", t.Hours, t.Minutes, t.Seconds, separator, t.Frames)
}

// ParseTimecodeLabel reads hh:mm:ss:ff, with : or ; before the frames.
func ParseTimecodeLabel(s string, r TimecodeRate) (Timecode, error) {
	bad := fmt.Errorf("timecode %q: want hh:mm:ss:ff at %v frames per second", s, r)
	if !r.Valid() {
		return Timecode{}, bad
	}
	var fields [4]byte
	rest := s
	for i := range fields {
		end := 0
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		n, err := strconv.ParseUint(rest[:end], 10, 8)
		if err != nil {
			return Timecode{}, bad
		}
		fields[i], rest = byte(n), rest[end:]
		if i < 3 {
			if rest == "" || rest[0] != ':' && (i < 2 || rest[0] != ';') {
				return Timecode{}, bad
			}
			rest = rest[1:]
		}
	}
	t := Timecode{fields[0], fields[1], fields[2], fields[3], r}
	if rest != "" || !t.Valid() {
		return Timecode{}, bad
	}
	return t, nil
}

// AppendTimecode appends TID_TIMECODE.
func AppendTimecode(b []byte, t Timecode) []byte {
	b = AppendTLVHeader(b, TIDTimecode, 5)
	return append(b, t.Hours, t.Minutes, t.Seconds, t.Frames, byte(t.Rate))
}

// ParseTimecode reads the value of TID_TIMECODE.
func ParseTimecode(v []byte) (Timecode, error) {
	if len(v) != 5 || !validTimecode(v) {
		return Timecode{}, &ValueError{TIDTimecode, v}
	}
	return Timecode{v[0], v[1], v[2], v[3], TimecodeRate(v[4])}, nil
}

func validTimecode(v []byte) bool {
	return Timecode{v[0], v[1], v[2], v[3], TimecodeRate(v[4])}.Valid()
}
