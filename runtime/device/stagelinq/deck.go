package stagelinq

import (
	"fmt"
	"math"
	"strings"
	"time"

	"showrun/runtime/device"
)

// Deck is what is known of a deck.
type Deck struct {
	Player Player // that it is of
	Number int    // counted from 1; 0 for one that is not there

	Playing, Master, Loaded bool
	Stopped                 bool // known not to be Playing
	Empty                   bool // known not to be Loaded
	OnAir                   bool // playing with its fader up
	Leads                   bool // it is the master deck of the sink, whatever it says itself
	BPM                     float64
	TotalBeats              float64
	Title, Artist           string
	Length                  time.Duration

	Told   bool   // of its track, with what it is
	Track  uint64 // counts tracks
	Placed bool   // it has told where it is since the track was put on it
}

// Signature is a text that is the same for the same track wherever it is played: title,
// artist and length, as in "One More Time / Daft Punk / 5:20". It is empty while no track is
// known; what is not known of one is "?".
func (d Deck) Signature() string {
	if !d.Loaded {
		return ""
	}
	part := func(text string) string {
		text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), " / ", "/")
		if text == "" {
			return "?"
		}
		return text
	}
	length := "?"
	if seconds := int(math.Round(d.Length.Seconds())); seconds > 0 {
		length = fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return part(d.Title) + " / " + part(d.Artist) + " / " + length
}

// DeckEvents are the events a sink reports of decks. "jump" comes from the beats,
// the others from states.
var DeckEvents = []string{"play", "stop", "track", "tempo", "jump", "master"}

// DeckTopic is the topic of an event of DeckEvents, or of Changed; source is one of the
// names of tempo sources above. It carries nothing.
func DeckTopic(source, event string) string { return device.SourceTopic(source, event) }

// Changed is the event of a deck that anything of these has changed: whether it plays, leads
// and is on air, its track, and whether it is there.
const Changed = "changed"

// changing are the states that make it.
var changing = []string{"PlayState", "DeckIsMaster", "ExternalMixerVolume", "Track/SongLoaded"}

// DecksTopic is the topic of Changed of every deck; it carries a DeckOf.
func (d *SinkDecl) DecksTopic() string { return d.Key() + " decks" }

// load is the track on a deck.
type load struct {
	count uint64 // of tracks before
	beats int    // messages since it was put there
	looks int    // messages until it is known where it loops; at most 0 = it is
}

// hear takes a changed state and reports whether the track is gone for another one.
func (l *load) hear(name string, before, value any) bool {
	text, _ := before.(string)
	switch {
	case name == "Track/LoopEnableState", strings.HasPrefix(name, "Track/CurrentLoop"):
		l.looks = loopsAfter
		return false
	case name == "Track/SongLoaded" && before == false:
		l.beats = 0 // of an empty deck
		return false
	case name == "Track/SongLoaded" && before == true:
	case name == "Track/SongName" && text != "" && value != "" && value != nil:
	default:
		return false
	}
	*l = load{count: l.count + 1}
	return true
}

// After how many beat messages it is known where a track is, for it takes a while to see that
// a deck stands elsewhere, and where it loops, for one may have been under way.
const (
	placedAfter = 5
	loopsAfter  = 2
)

// place takes a beat message and reports whether it is known by that where the track is, or
// where it loops.
func (l *load) place() bool {
	l.beats = min(l.beats+1, placedAfter+1)
	l.looks = max(l.looks-1, -1)
	return l.beats == placedAfter || l.looks == 0
}

// deck returns what is known of a deck; nothing of one that is not there.
func (s *Sink) deck(token string, n int) Deck {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref := s.master
	if n != 0 {
		ref = deckRef{s.first(), n}
		if token != "" {
			ref.unit = nil
		}
		for _, u := range s.units {
			if token == u.player.Token && !u.gone {
				ref.unit = u
			}
		}
	}
	if ref.unit == nil || ref.unit.gone {
		return Deck{}
	}
	d := ref.unit.deckView(ref.deck)
	d.Leads = s.master == ref
	return d
}

func (u *unit) deckView(n int) Deck {
	prefix := fmt.Sprintf("/Engine/Deck%d/", n)
	is := func(name string) bool { return u.states[prefix+name] == true }
	number := func(name string) float64 { f, _ := u.states[prefix+name].(float64); return f }
	text := func(name string) string { t, _ := u.states[prefix+name].(string); return t }
	d := Deck{
		Player: u.player, Number: n,
		Empty: u.states[prefix+"Track/SongLoaded"] == false, Stopped: u.states[prefix+"PlayState"] == false,
		Playing: is("PlayState"), Master: is("DeckIsMaster"), Loaded: is("Track/SongLoaded"),
		BPM: number("CurrentBPM"), TotalBeats: u.beats[n-1],
		Title: text("Track/SongName"), Artist: text("Track/ArtistName"),
		Track: u.loads[n-1].count, Placed: u.loads[n-1].beats >= placedAfter,
	}
	d.Told = d.Loaded && !u.songs[n-1].pending
	d.OnAir = d.Playing && number("ExternalMixerVolume") > 0
	if rate := number("Track/SampleRate"); rate > 0 {
		d.Length = time.Duration(number("Track/TrackLength") / rate * float64(time.Second))
	}
	return d
}

// deckEvent is the event that a changed state of a deck makes, or "".
func deckEvent(name string, value any) string {
	switch {
	case name == "PlayState" && value == true:
		return "play"
	case name == "PlayState" && value == false:
		return "stop"
	case name == "CurrentBPM":
		return "tempo"
	case name == "DeckIsMaster" && value == true:
		return "master"
	}
	return ""
}

// tell reports an event of a deck under every name the deck has.
func (s *Sink) tell(u *unit, n int, event string, at time.Duration) {
	names := []string{s.decl.UnitDeckKey(u.player.Token, n)}
	if s.first() == u {
		names = append(names, s.decl.DeckKey(n))
	}
	if s.master == (deckRef{u, n}) && event != "master" {
		names = append(names, s.decl.MasterKey())
		if event == "track" {
			s.led = u.deckView(n).Signature()
		}
	}
	for _, name := range names {
		s.event(name, event, at)
	}
}

// event reports an event of a tempo source.
func (s *Sink) event(source, event string, at time.Duration) {
	ev := device.Event{Topic: DeckTopic(source, event), At: at}
	if event == "tempo" { // a moving pitch fader makes many
		ev.Key = ev.Topic
	}
	s.env.Event(ev)
}

// change reports Changed of a deck.
func (s *Sink) change(u *unit, n int, at time.Duration) {
	s.tell(u, n, Changed, at)
	topic := s.decl.DecksTopic()
	s.env.Event(device.Event{
		Topic: topic, Key: fmt.Sprintf("%s %s %d", topic, u.player.Token, n), Brief: true, At: at,
		Value: DeckOf{Token: u.player.Token, Deck: n},
	})
}
