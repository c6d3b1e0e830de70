// Package journal writes recordings of a show and reads them again: what entered the show,
// each input with its number, the hash of every frame that it made of that, and the lines
// of its log. All of it is plain values; the package does not know what they mean.
//
// A recording is chunks, one after the other. Each says how long it is and has a checksum,
// and is written at one go, so what a crash or a full disk cuts off is the end and no more.
// The first has a [Header]. An orderly end has a chunk of its own. One recording may go on in
// another, with a header of its own; each of the two can be read alone, and both as one.
//
//	offset  size  of a chunk
//	0       3     "SRJ"
//	3       1     'H' header, 'E' entries, 'Z' the end, 'K' the end of a copy of one that goes on
//	4       4     length of what follows the 16 bytes, little endian
//	8       4     how long that is when it is unpacked
//	12      4     CRC-32C of bytes 3-11 and of what follows
//	16      ...   packed by DEFLATE: a piece of a stream of encoding/gob, whole values only
package journal

import (
	"encoding/gob"
	"time"
)

// Header is what a recording says of itself before all else: what a machine has to be like
// that repeats it.
type Header struct {
	Format          int    // of the recording; Create fills it in
	Show, File, Dir string // name of the show, its file, and its folder, for people
	Program         string // version of the program that made it
	Rig             bool   // it ran on a virtual rig
	Tail            bool   // it begins with a Start, in the middle of a run
	Began           time.Time
	Zone            string // name of the time zone of Began, which is the date at show time 0

	// What the outcome depends on, as it was in effect.
	Rate      int           // frames a second
	Lookahead time.Duration // how far before its instant scheduled code runs
	Seed      uint64        // of math.random
	Budget    uint64        // instructions a task may run without waiting; 0 = the default of the program
	Memory    uint64        // bytes the process might hold, for people: what came of it is an input
}

// Format is that of the recordings this program makes. It reads those up to it.
const Format = 2

// An Entry is one of a recording: an input of the show, a Frame or a Line.
type Entry any

// A Start is an input with which a recording may begin: nothing before it is needed.
type Start interface{ Starts() }

// Frame is a frame that the input before it has made.
type Frame struct {
	At   time.Duration
	Hash uint64
}

// Line is one of the log. Where it stands among the inputs is only about when it was said.
type Line struct {
	At    time.Duration // show time
	Level int           // as in log/slog
	Text  string
	Attrs string // " name=value" each
	Trace string // a traceback below it, if it has one
}

// record is an entry as it is written: an interface carries its type.
type record struct {
	Number uint64 // of the input
	Input  any
	Frame  *Frame // that it made
	Line   *Line  // instead of all that
}

// Register makes the types of values known. It is called before anything is written or
// read, with a value of each type that inputs may hold.
func Register(values ...any) {
	for _, v := range values {
		gob.Register(v)
	}
}
