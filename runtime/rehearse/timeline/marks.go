package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/show"
)

// Bounds of what a page lists; what is more is counted.
const (
	mostMessages = 20000
	mostLines    = 5000
	longestText  = 300 // in bytes
)

// marks are what happens at instants.
type marks struct {
	beats    beats
	cues     []cueMark
	stands   map[string]show.List // cue lists, as they were looked at last
	fired    map[string]bool      // cues that have a mark, by list and number
	late     late
	decks    []deckMark
	playing  map[string]int // the last of decks of a deck
	machines []*machine
	messages []message
	more     int // messages that are not there
	lines    []logLine
	unlisted int // lines that are not there
	master   float64
	dark     bool
}

// cueMark is a cue that was fired, and until when its fades are under way.
type cueMark struct {
	at, to              time.Duration
	list, number, label string
}

// deckMark is a stretch in which a deck does the same.
type deckMark struct {
	from, to      time.Duration
	deck          string
	title, artist string
	playing, lead bool
	bpm           float64
}

// message is something between the show and the world.
type message struct {
	at            time.Duration
	way           string // out, in or hand
	device, words string
}

// logLine is a line of the log.
type logLine struct {
	at    time.Duration
	level string
	text  string
}

// machine is how machinery stands, from instant to instant.
type machine struct {
	name string
	of   device.Mechanism
	at   []time.Duration
	is   [][]float64 // of each axis, or how far a valve is open
}

func newMarks() marks {
	return marks{stands: map[string]show.List{}, fired: map[string]bool{}, playing: map[string]int{}, master: 255}
}

// board takes in what has changed on the board.
func (m *marks) board(b *show.Board, now time.Duration) {
	for _, l := range b.Lists {
		was := m.stands[l.Name]
		m.stands[l.Name] = l
		switch {
		case l.Current == "":
		case was.Current != l.Current || was.From != l.From:
			c, _ := l.Cue(l.Current)
			m.cues = append(m.cues, cueMark{l.From, l.To, l.Name, l.Current, c.Label})
			m.fired[l.Name+" "+l.Current] = true
		case was.To != l.To:
			m.prolong(l)
		}
	}
	if b.Master != m.master {
		m.message(now, "hand", "", fmt.Sprintf("master at %.4g%%", b.Master/255*100))
	}
	if b.Blackout != m.dark {
		m.message(now, "hand", "", map[bool]string{true: "blackout", false: "blackout ends"}[b.Blackout])
	}
	m.master, m.dark = b.Master, b.Blackout
}

// passed notes a cue that has done something and of which the board never told, as another
// was fired at the same instant. It is by its list and its number.
func (m *marks) passed(b *show.Board, cue string, at time.Duration) {
	end := strings.LastIndexByte(cue, ' ')
	if end < 0 || m.fired[cue] {
		return
	}
	m.fired[cue] = true
	list, number := cue[:end], cue[end+1:]
	label := ""
	if l, err := b.List(list); err == nil {
		if c, err := l.Cue(number); err == nil {
			label = c.Label
		}
	}
	i := len(m.cues)
	for i > 0 && m.cues[i-1].at >= at {
		i--
	}
	m.cues = slices.Insert(m.cues, i, cueMark{at, at, list, number, label})
}

// prolong notes that the fades of the cue that a list has fired last end at another instant.
func (m *marks) prolong(l show.List) {
	for i := len(m.cues) - 1; i >= 0; i-- {
		if c := &m.cues[i]; c.list == l.Name {
			c.to = l.To
			return
		}
	}
}

// message notes a message.
func (m *marks) message(at time.Duration, way, device, words string) {
	if len(m.messages) == mostMessages {
		m.more++
		return
	}
	m.messages = append(m.messages, message{at, way, device, cut(words)})
}

// devices looks at decks and machinery.
func (m *marks) devices(at time.Duration, opened []device.Opened) {
	for _, o := range opened {
		if p, ok := o.Device.(device.Player); ok {
			for _, d := range p.Decks() {
				m.deck(at, d)
			}
		}
		of, ok := o.Declaration.(device.Mechanical)
		if p, posed := o.Device.(device.Posed); ok && posed {
			m.machine(o.Declaration.String(), of.Mechanism()).look(at, p.Posture())
		}
	}
}

// deck notes how a deck is.
func (m *marks) deck(at time.Duration, d device.Deck) {
	is := deckMark{at, at, d.Name, d.Title, d.Artist, d.Playing, d.Leads, d.BPM}
	if i, known := m.playing[d.Name]; known {
		was := &m.decks[i]
		was.to = at
		alike := is
		alike.from = was.from
		if diff := alike.bpm - was.bpm; diff < 0.05 && diff > -0.05 {
			alike.bpm = was.bpm
		}
		if alike == *was {
			return
		}
	}
	m.playing[d.Name] = len(m.decks)
	m.decks = append(m.decks, is)
}

// machine finds a machine, or begins it.
func (m *marks) machine(name string, of device.Mechanism) *machine {
	for _, x := range m.machines {
		if x.name == name {
			return x
		}
	}
	x := &machine{name: name, of: of}
	m.machines = append(m.machines, x)
	return x
}

// look notes how a machine stands if that has changed.
func (x *machine) look(at time.Duration, p device.Posture) {
	is := p.Positions
	if x.of.Kind == "valve" {
		is = []float64{p.Open}
	}
	if n := len(x.is); n > 0 && slices.Equal(x.is[n-1], is) {
		return
	}
	x.at, x.is = append(x.at, at), append(x.is, slices.Clone(is))
}

// late notes what came too late, or not at all.
type late struct {
	was  show.Counts
	list []lateMark
}

type lateMark struct {
	at   time.Duration
	text string
}

// look compares the counters of a show with what they were. Orders for devices that are not there
// do not count: in a replay there is none.
func (l *late) look(at time.Duration, is show.Counts) {
	if is == l.was {
		return
	}
	was := l.was
	l.was = is
	for _, c := range []struct {
		was, is uint64
		what    string
	}{
		{was.Late, is.Late, "looks and orders after their instant"},
		{was.Frames, is.Frames, "frames left out"},
		{was.Skipped, is.Skipped, "points of grids passed over"},
		{was.Refused, is.Refused, "runs of handlers refused"},
		{was.Full, is.Full, "batches without room"},
		{was.Unknown, is.Unknown, "commands for slots that do not exist"},
		{was.Lost, is.Lost, "orders for devices that were gone"},
		{was.Events, is.Events, "events without room"},
		{was.Observations, is.Observations, "observations without room"},
	} {
		if c.is > c.was && len(l.list) < mostLines {
			text := fmt.Sprintf("%s: %d", c.what, c.is-c.was)
			if c.what[:5] == "looks" {
				text += fmt.Sprintf(", up to %.1f ms", float64(is.Worst)/float64(time.Millisecond))
			}
			l.list = append(l.list, lateMark{at, text})
		}
	}
}

// cut keeps what is shown short.
func cut(text string) string {
	if len(text) <= longestText {
		return text
	}
	end := longestText
	for end > 0 && text[end]&0xc0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}
