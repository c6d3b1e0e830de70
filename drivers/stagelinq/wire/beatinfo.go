package wire

import (
	"encoding/binary"
	"math"
)

// DeckBeat is the position of one deck (4.2).
type DeckBeat struct {
	Beat   float64 // beats since the first grid anchor; negative before it
	Total  float64 // length of the track in beats after the anchor
	BPM    float64 // effective tempo with pitch; 0 without a grid
	Sample float64 // position in the audio file, in its own samples
}

// BeatInfo is one beat message of a unit. Decks[i] is deck i+1 (4.1).
type BeatInfo struct {
	Clock uint64 // monotonic clock of the unit in nanoseconds
	Decks []DeckBeat
}

// AppendBeatCommand appends a start or stop message with its length prefix.
// command is BeatStart or BeatStop.
func AppendBeatCommand(b []byte, command uint32) []byte {
	b = binary.BigEndian.AppendUint32(b, 4)
	return binary.BigEndian.AppendUint32(b, command)
}

// AppendBeatInfo appends an emit message with its length prefix.
func AppendBeatInfo(b []byte, info BeatInfo) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(16+32*len(info.Decks)))
	b = binary.BigEndian.AppendUint32(b, BeatEmit)
	b = binary.BigEndian.AppendUint64(b, info.Clock)
	b = binary.BigEndian.AppendUint32(b, uint32(len(info.Decks)))
	for _, d := range info.Decks {
		b = appendFloat(b, d.Beat)
		b = appendFloat(b, d.Total)
		b = appendFloat(b, d.BPM)
	}
	for _, d := range info.Decks {
		b = appendFloat(b, d.Sample)
	}
	return b
}

func appendFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(f))
}

// ParseBeatInfo reads the payload of one frame of a BeatInfo connection and
// returns its message type: BeatStart, BeatStop or, with the message, BeatEmit.
// The decks of the result are appended to decks[:0], so a reader that passes
// its slice back does not allocate. A message without the block of sample
// positions is accepted; they are zero then (4.1).
func ParseBeatInfo(b []byte, decks []DeckBeat) (uint32, BeatInfo, error) {
	c := cursor{b: b}
	kind := c.uint32()
	switch {
	case c.err != nil:
		return 0, BeatInfo{}, c.err
	case kind == BeatStart || kind == BeatStop:
		return kind, BeatInfo{}, nil
	case kind != BeatEmit:
		return 0, BeatInfo{}, ErrType
	}
	info := BeatInfo{Clock: c.uint64()}
	n := c.uint32()
	if c.err != nil {
		return 0, BeatInfo{}, c.err
	}
	samples := uint64(len(c.b)) == 32*uint64(n)
	if n > MaxBeatDecks || !samples && uint64(len(c.b)) != 24*uint64(n) {
		return 0, BeatInfo{}, ErrBeats
	}
	info.Decks = decks[:0]
	for range n {
		info.Decks = append(info.Decks, DeckBeat{Beat: c.float(), Total: c.float(), BPM: c.float()})
	}
	if samples {
		for i := range info.Decks {
			info.Decks[i].Sample = c.float()
		}
	}
	if c.err != nil {
		return 0, BeatInfo{}, c.err
	}
	return kind, info, nil
}

// float reads a finite binary64.
func (c *cursor) float() float64 {
	f := math.Float64frombits(c.uint64())
	if c.err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
		c.err = ErrBeats
	}
	return f
}
