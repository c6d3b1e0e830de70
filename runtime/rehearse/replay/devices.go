package replay

import (
	"errors"
	"time"

	"showrun/runtime/show"
)

// Devices are those of a recording, which say what they said then. It is repeated no further
// than somebody asks. They belong to one goroutine.
type Devices struct {
	player  *Player
	said    answers
	asked   map[string]bool // devices that were, by key
	now     time.Duration   // of the last question
	differs *Difference     // where it cannot be repeated any more
}

// NewDevices are those of a recording of which nothing has been played yet. They own the player.
func NewDevices(p *Player) *Devices {
	d := &Devices{player: p, said: answers{}, asked: map[string]bool{}, now: p.Began()}
	p.Answers(func(q show.AskDevice, value any) {
		d.asked[q.Key] = true
		d.said.heard(q, value, p.Now(), d.now)
	})
	return d
}

// Answer is what a device said to a question, as it was at a show time that is not before
// that of the last call; not known if nobody had asked it that by then. What was said last
// holds on when the recording is over. If that cannot be repeated up to there, differs tells
// where it comes apart.
func (d *Devices) Answer(q show.AskDevice, at time.Duration) (value any, known bool, differs *Difference) {
	d.now = at
	for in := d.player.next.input; in != nil && show.TimeOf(in) <= at+near && d.differs == nil; in = d.player.next.input {
		errors.As(d.player.Step(), &d.differs)
	}
	value, known = d.said.to(q, at)
	return value, known, d.differs
}

// Asked tells whether a device, by its key, was asked anything up to now.
func (d *Devices) Asked(key string) bool { return d.asked[key] }

// Close ends the replay.
func (d *Devices) Close() { d.player.Close() }
