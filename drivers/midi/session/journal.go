package session

import (
	"showrun/drivers/midi/wire"
)

// journal is what a peer has to be told of notes in case that it lost packets: those that
// changed after the last packet it is known to have (RFC 6295 4). Other messages are not
// told again.
type journal struct {
	begun      bool
	checkpoint uint16
	notes      map[note]change
}

// note is one of a channel.
type note struct{ channel, number int }

// change is the last that happened to a note.
type change struct {
	sequence uint16
	velocity int // 0 for off
}

// add takes what a packet told.
func (j *journal) add(sequence uint16, list []wire.Message) {
	if !j.begun {
		j.begun, j.checkpoint, j.notes = true, sequence, map[note]change{}
	}
	for _, m := range list {
		n := note{m.Channel, m.Number}
		switch m.Kind {
		case wire.NoteOn:
			j.notes[n] = change{sequence, m.Value}
		case wire.NoteOff:
			j.notes[n] = change{sequence, 0}
		}
	}
}

// acknowledged forgets what a peer has.
func (j *journal) acknowledged(sequence uint16) {
	if !j.begun || int16(sequence-j.checkpoint) < 0 {
		return
	}
	j.checkpoint = sequence + 1
	for n, c := range j.notes {
		if int16(c.sequence-sequence) <= 0 {
			delete(j.notes, n)
		}
	}
}

// bytes is the journal for a packet; a packet before which there was none has an empty one.
func (j *journal) bytes(sequence uint16) []byte {
	out := wire.Journal{Checkpoint: sequence}
	if j.begun {
		out.Checkpoint = j.checkpoint
	}
	for ch := 1; ch <= 16; ch++ {
		c := wire.ChannelJournal{Channel: ch}
		for n := range 128 {
			switch v, told := j.notes[note{ch, n}]; {
			case !told:
			case v.velocity > 0:
				c.On = append(c.On, wire.Value{Number: n, Value: v.velocity})
			default:
				c.Off = append(c.Off, n)
			}
		}
		if len(c.On)+len(c.Off) > 0 {
			out.Channels = append(out.Channels, c)
		}
	}
	return wire.AppendJournal(nil, out)
}
