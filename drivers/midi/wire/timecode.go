package wire

import (
	"fmt"
	"strings"
	"time"
)

// Rate is a rate of MIDI time code, as its two bits on the wire.
type Rate byte

// The rates. Of drop frames the labels ;00 and ;01 are left out of every minute that is no
// multiple of ten, so that they keep to the clock.
const (
	Rate24 Rate = iota
	Rate25
	RateDrop // 30000/1001 frames a second
	Rate30
)

// String is the rate in frames a second.
func (r Rate) String() string { return [...]string{"24", "25", "29.97", "30"}[r&3] }

// base is how many frame numbers a second has.
func (r Rate) base() int64 { return [...]int64{24, 25, 30, 30}[r&3] }

// exact is the rate as a fraction.
func (r Rate) exact() (frames, seconds int64) {
	if r == RateDrop {
		return 30000, 1001
	}
	return r.base(), 1
}

// framesOfDay is how many frames there are before the labels begin anew.
func (r Rate) framesOfDay() int64 {
	if r == RateDrop {
		return 24 * 6 * dropTen
	}
	return 24 * 3600 * r.base()
}

// Time is the instant of a frame, counted from frame 0.
func (r Rate) Time(frame int64) time.Duration {
	f, s := r.exact()
	whole, rest := frame/f, frame%f
	return time.Duration(whole*s)*time.Second + time.Duration(rest*s*int64(time.Second)/f)
}

// Frames is how many frames are through after a time, which is not negative.
func (r Rate) Frames(d time.Duration) int64 {
	f, s := r.exact()
	period := s * int64(time.Second)
	whole, rest := int64(d)/period, int64(d)%period
	return whole*f + rest*f/period
}

// Label is a position of a timecode.
type Label struct {
	Rate                           Rate
	Hours, Minutes, Seconds, Frame int
}

// Drop frames: 2 less a minute, but not in the tenth.
const (
	dropMinute = 60*30 - 2
	dropTen    = 10*dropMinute + 2
)

// Valid tells whether there is such a label at its rate.
func (l Label) Valid() bool {
	return l.Rate <= Rate30 && l.Hours >= 0 && l.Hours < 24 && l.Minutes >= 0 && l.Minutes < 60 && l.Seconds >= 0 && l.Seconds < 60 &&
		l.Frame >= 0 && l.Frame < int(l.Rate.base()) &&
		!(l.Rate == RateDrop && l.Frame < 2 && l.Seconds == 0 && l.Minutes%10 != 0)
}

// Number is the frame of the label, counted from 00:00:00:00.
func (l Label) Number() int64 {
	minutes := int64(l.Hours)*60 + int64(l.Minutes)
	n := (minutes*60+int64(l.Seconds))*l.Rate.base() + int64(l.Frame)
	if l.Rate == RateDrop {
		n -= 2 * (minutes - minutes/10)
	}
	return n
}

// LabelOf is the label of a frame; beyond a day they begin anew.
func LabelOf(r Rate, frame int64) Label {
	day := r.framesOfDay()
	frame = (frame%day + day) % day
	if r == RateDrop {
		tens, rest := frame/dropTen, frame%dropTen
		frame += 18 * tens
		if rest >= 1800 {
			frame += 2 * ((rest-1800)/dropMinute + 1)
		}
	}
	base := r.base()
	s := frame / base
	return Label{r, int(s / 3600), int(s / 60 % 60), int(s % 60), int(frame % base)}
}

// String is hh:mm:ss:ff, with ; before the frames of a drop rate.
func (l Label) String() string {
	colon := ":"
	if l.Rate == RateDrop {
		colon = ";"
	}
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", l.Hours, l.Minutes, l.Seconds, colon, l.Frame)
}

// ParseLabel reads hh:mm:ss:ff, or with a ; before the frames.
func ParseLabel(text string, r Rate) (Label, error) {
	l := Label{Rate: r}
	var rest string
	n, _ := fmt.Sscanf(strings.Replace(text, ";", ":", 1), "%2d:%2d:%2d:%2d%s", &l.Hours, &l.Minutes, &l.Seconds, &l.Frame, &rest)
	if n != 4 || strings.ContainsAny(text, "+- ") {
		return Label{}, fmt.Errorf("midi: %q is no timecode, want hh:mm:ss:ff", text)
	}
	if !l.Valid() {
		return Label{}, fmt.Errorf("midi: there is no %s at %v frames a second", text, r)
	}
	return l, nil
}

// QuarterFrames are the eight data bytes that tell a label, in the order in which they are
// sent forwards (MIDI time code 1.0, "Quarter Frame Messages").
func QuarterFrames(l Label) (pieces [8]byte) {
	fields := [4]int{l.Frame, l.Seconds, l.Minutes, l.Hours | int(l.Rate)<<5}
	for i := range pieces {
		pieces[i] = byte(i<<4 | fields[i/2]>>(4*(i%2))&0x0f)
	}
	return pieces
}

// LabelOfQuarters puts eight nibbles together, of the pieces 0 to 7. The label may not be
// valid.
func LabelOfQuarters(nibbles [8]byte) Label {
	field := func(i int) int { return int(nibbles[2*i]&0x0f) | int(nibbles[2*i+1]&0x0f)<<4 }
	hours := field(3)
	return Label{Rate(hours >> 5 & 3), hours & 0x1f, field(2), field(1), field(0)}
}

// allDevices is the device id that every device hears.
const allDevices = 0x7f

// AppendFullFrame appends the system exclusive data of a full frame message for all
// devices, which says where the timecode is while it does not run.
func AppendFullFrame(b []byte, l Label) []byte {
	return append(b, realTimeUniversal, allDevices, 0x01, 0x01, byte(l.Rate)<<5|byte(l.Hours), byte(l.Minutes), byte(l.Seconds), byte(l.Frame))
}

// realTimeUniversal begins the system exclusive messages that all makers share and that
// are of the instant.
const realTimeUniversal = 0x7f

// ParseFullFrame reads the data of a system exclusive message; false if it is no full
// frame message with a valid label.
func ParseFullFrame(data string) (Label, bool) {
	if len(data) != 8 || data[0] != realTimeUniversal || data[2] != 0x01 || data[3] != 0x01 {
		return Label{}, false
	}
	l := Label{Rate(data[4] >> 5 & 3), int(data[4] & 0x1f), int(data[5]), int(data[6]), int(data[7])}
	return l, l.Valid()
}
