package console

import (
	"encoding/binary"
	"math"
)

// Binary frames, little endian:
//
//	looks:  1, f64 time, then for each fixture that changed
//	        u16 number, u8 intensity, u8 r, u8 g, u8 b, i16 pan, i16 tilt, u8 flags
//	levels: 2, f64 time, u16 output, then runs of
//	        u16 first slot (from 1), u16 count, count bytes
//
// Pan and tilt are in 1/32 degree. Flag 1 says that an operator holds any of it.
const (
	looksFrame  = 1
	levelsFrame = 2
	heldFlag    = 1
	maxFixtures = 1 << 16
	maxSlots    = 1<<16 - 1
)

// An image is a look as it goes over the wire, without its number.
type image [9]byte

func imageOf(l Look) (b image) {
	b[0], b[1], b[2], b[3] = l.Intensity, l.R, l.G, l.B
	binary.LittleEndian.PutUint16(b[4:], uint16(angle(l.Pan)))
	binary.LittleEndian.PutUint16(b[6:], uint16(angle(l.Tilt)))
	if l.Held {
		b[8] = heldFlag
	}
	return b
}

// angle is degrees in 1/32, as far as that goes.
func angle(degrees float64) int16 {
	if math.IsNaN(degrees) {
		return 0
	}
	return int16(max(math.MinInt16, min(math.MaxInt16, math.Round(degrees*32))))
}

// A tick is when something was sampled last; they are counted, and 0 is never.
type tick uint32

// looks are how fixtures look, and since which tick.
type looks struct {
	images []image
	since  []tick
	last   tick // at which any changed
}

// take takes what was sampled at a tick.
func (l *looks) take(sampled []Look, now tick) {
	sampled = sampled[:min(len(sampled), maxFixtures)]
	if len(sampled) != len(l.images) {
		l.images, l.since = make([]image, len(sampled)), make([]tick, len(sampled))
	}
	for i, look := range sampled {
		if b := imageOf(look); b != l.images[i] || l.since[i] == 0 {
			l.images[i], l.since[i], l.last = b, now, now
		}
	}
}

// append appends a frame with what changed after a tick; nothing if nothing has.
func (l *looks) append(b []byte, time float64, after tick) []byte {
	if l.last <= after {
		return b
	}
	b = appendHead(b, looksFrame, time)
	for i, since := range l.since {
		if since > after {
			b = binary.LittleEndian.AppendUint16(b, uint16(i))
			b = append(b, l.images[i][:]...)
		}
	}
	return b
}

func appendHead(b []byte, kind byte, time float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, kind), math.Float64bits(time))
}

// levels are those of an output, and since which tick.
type levels struct {
	slots []byte
	since []tick
	last  tick
}

func (l *levels) take(sampled []byte, now tick) {
	sampled = sampled[:min(len(sampled), maxSlots)]
	if len(sampled) != len(l.slots) {
		l.slots, l.since = make([]byte, len(sampled)), make([]tick, len(sampled))
	}
	for i, v := range sampled {
		if v != l.slots[i] || l.since[i] == 0 {
			l.slots[i], l.since[i], l.last = v, now, now
		}
	}
}

// bridge is how many slots that have not changed are sent all the same, as a new run would
// be longer.
const bridge = 4

// append appends a frame with what changed after a tick; nothing if nothing has.
func (l *levels) append(b []byte, time float64, output int, after tick) []byte {
	if l.last <= after {
		return b
	}
	b = binary.LittleEndian.AppendUint16(appendHead(b, levelsFrame, time), uint16(output))
	for i := 0; i < len(l.slots); i++ {
		if l.since[i] <= after {
			continue
		}
		end := i + 1
		for n := end; n < len(l.slots) && n <= end+bridge; n++ {
			if l.since[n] > after {
				end = n + 1
			}
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(i+1))
		b = binary.LittleEndian.AppendUint16(b, uint16(end-i))
		b = append(b, l.slots[i:end]...)
		i = end
	}
	return b
}
