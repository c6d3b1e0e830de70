package console

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// A topic is something that pages are told as JSON: as it is, and since which tick.
type topic struct {
	json  []byte
	since tick
}

// take takes a value, unless it is as before or cannot be written.
func (p *topic) take(v any, now tick) {
	b, err := json.Marshal(v)
	if err == nil && !bytes.Equal(b, p.json) {
		p.json, p.since = b, now
	}
}

// The topics, in the order in which pages are told.
const (
	sceneTopic = iota
	boardTopic
	momentTopic
	moversTopic
	houseTopic
	alarmTopic
	topics
)

// topicNames are the members of messages.
var topicNames = [topics]string{"scene", "board", "moment", "movers", "house", "alarm"}

// A sample is how the show stood at a moment, with what has changed since when. The
// sampler writes it, pages read it.
type sample struct {
	now    tick
	time   float64 // show time in seconds
	topics [topics]topic
	looks  looks
	levels map[int]*levels // by number of output
	line   uint64          // the last one of the log
}

// appendMessage appends a message of one topic to b.
func (s *sample) appendMessage(b []byte, t int) []byte {
	return appendMember(b, s.time, topicNames[t], s.topics[t].json)
}

// appendMember appends a message with one member besides the time.
func appendMember(b []byte, time float64, name string, value []byte) []byte {
	b = append(b, `{"t":`...)
	if math.IsNaN(time) || math.IsInf(time, 0) {
		time = 0
	}
	b = strconv.AppendFloat(b, time, 'f', 6, 64)
	b = append(append(b, `,"`...), name...)
	b = append(append(b, `":`...), value...)
	return append(b, '}')
}

// A glance is what of a show moves all the time and is told once a second, as whoever sees
// it can tell for himself: time, and where decks are.
type glance struct {
	still []byte // the moment without these
	decks []Deck
	time  float64
}

// offBeat is how many beats a deck may be off where it was to be.
const offBeat = 0.1

// moved tells whether a moment is another one than was to be expected, and takes it.
func (g *glance) moved(m Moment) bool {
	quiet := m
	quiet.Time = 0
	quiet.Decks = slices.Clone(m.Decks)
	leapt := len(m.Decks) != len(g.decks)
	for i := range quiet.Decks {
		d := &quiet.Decks[i]
		if !leapt && math.Abs(d.Beat-g.decks[i].at(m.Time-g.time)) > offBeat {
			leapt = true
		}
		d.Beat = 0
	}
	still, err := json.Marshal(quiet)
	if err != nil || !leapt && m.Time-g.time < momentEvery && m.Time >= g.time && bytes.Equal(still, g.still) {
		return false
	}
	*g = glance{still, slices.Clone(m.Decks), m.Time}
	return true
}

// at is where a deck is so many seconds later.
func (d Deck) at(later float64) float64 {
	if !d.Playing {
		return d.Beat
	}
	return d.Beat + later*d.BPM/60
}

// momentEvery is how often a moment is told if nothing changes, in seconds; a little less
// than a second, so that who waits for one hears it every second.
const momentEvery = 0.95
