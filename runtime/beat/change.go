package beat

import (
	"math"
	"time"
)

// Kind says what changed about a beat.
type Kind uint8

// The kinds of changes.
const (
	Tempo    Kind = iota + 1 // the source plays at another tempo; the position goes on
	Jump                     // the position is another one: a new epoch has begun
	Lost                     // the source went silent; the timeline runs on at the last tempo
	Found                    // the source is heard again
	Stopped                  // the source is paused
	Started                  // the source plays
	Followed                 // another source drives the beat
)

var kindNames = [...]string{"", "tempo", "jump", "lost", "found", "stopped", "started", "followed"}

// String returns the kind's name in lower case, "" for a value that is none.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// Change is one thing that became different.
type Change struct {
	Kind   Kind
	At     time.Duration // show time of the call that noticed it
	BPM    float64       // the tempo since then, as the source names it
	Source string        // what drives the beat; empty for a lone follower
	Of     string        // the source whose own beat it is about; empty for that of the show
}

// standing is all about a published beat that changes are made of.
type standing struct {
	Source  string
	Epoch   uint32
	Tempo   float64
	Stopped bool
	Lost    bool
}

// tempoStep is the smallest difference in BPM worth a change.
const tempoStep = 0.01

// changes returns what became different from one standing to the next. The
// first position (after epoch 0) is no jump.
func changes(from, to standing, now time.Duration) []Change {
	var list []Change
	add := func(differs bool, k Kind) {
		if differs {
			list = append(list, Change{Kind: k, At: now, BPM: to.Tempo, Source: to.Source})
		}
	}
	add(from.Source != to.Source, Followed)
	add(from.Lost && !to.Lost && to.Source != Internal, Found)
	add(!from.Lost && to.Lost, Lost)
	add(math.Abs(from.Tempo-to.Tempo) >= tempoStep, Tempo)
	add(from.Epoch != to.Epoch && from.Epoch != 0, Jump)
	add(from.Stopped && !to.Stopped, Started)
	add(!from.Stopped && to.Stopped, Stopped)
	return list
}
