package source

import (
	"bytes"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
)

// The JSON of states, with its keys in alphabetical order as units write
// them (3.5).

func boolState(kind int, state bool) string {
	return `{"state":` + strconv.FormatBool(state) + `,"type":` + strconv.Itoa(kind) + `}`
}

func textState(kind int, text string) string {
	return `{"string":` + quote(text) + `,"type":` + strconv.Itoa(kind) + `}`
}

func colorState(color string) string {
	return `{"color":` + quote(color) + `,"type":16}`
}

// numberState writes a value. Type 0 has the precision of a float32 (3.5).
func numberState(kind int, value float64) string {
	if kind == 0 {
		value = float64(float32(value))
	}
	return `{"type":` + strconv.Itoa(kind) + `,"value":` + strconv.FormatFloat(value, 'f', -1, 64) + `}`
}

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("source: string does not encode: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// publish brings all states in line with the model (5).
func (p *Player) publish() {
	p.publishUnit()
	for n := range p.decks {
		p.publishDeck(n + 1)
	}
}

// publishFixed sets the states that never change here.
func (p *Player) publishFixed() {
	p.set("/Client/Preferences/Player", textState(4, strconv.Itoa(p.config.Number)))
	p.set("/Client/Preferences/LayerA", boolState(1, true))
	p.set("/Client/Preferences/LayerB", boolState(1, false))
	p.set("/Client/Preferences/PlayerJogColorA", colorState("#ffea2828"))
	p.set("/Client/Preferences/PlayerJogColorB", colorState("#ff1d6bf2"))
	p.set("/Client/Preferences/Profile/Application/SyncMode", textState(4, "Beat"))
	p.set("/Client/Librarian/DevicesController/CurrentDevice", textState(8, "/media/Virtual"))
	p.set("/Client/Librarian/DevicesController/HasSDCardConnected", boolState(1, false))
	p.set("/Client/Librarian/DevicesController/HasUsbDeviceConnected", boolState(1, true))
	p.set("/GUI/Decks/Deck/ActiveDeck", textState(8, "1"))
	p.set("/Engine/DeckCount", numberState(10, float64(len(p.decks))))
	for n := range p.decks {
		prefix := deckPrefix(n + 1)
		set := func(name, json string) { p.set(prefix+name, json) }
		set("SyncMode", textState(4, "Off"))
		set("SpeedOffsetUp", boolState(1, false))
		set("SpeedOffsetDown", boolState(1, false))
		set("PlayStatePath", textState(8, prefix+"Track/PlayPauseLEDState"))
		set("ExternalScratchWheelTouch", boolState(2, false))
		set("Pads/View", textState(4, "CUES"))
		set("Track/Bleep", boolState(2, false))
		set("Track/KeyLock", boolState(1, false))
		set("Track/SoundSwitchGuid", textState(8, ""))
		set("Track/TrackUri", textState(8, ""))
		for pad := 1; pad <= 8; pad++ {
			set("Track/Loop/QuickLoop"+strconv.Itoa(pad), boolState(2, false))
		}
	}
}

// publishUnit sets what belongs to no single deck.
func (p *Player) publishUnit() {
	p.set("/Engine/Sync/Network/MasterStatus", boolState(1, p.master != 0))
	tempo := 120.0
	if p.master != 0 {
		tempo = p.decks[p.master-1].bpm()
	}
	p.set("/Engine/Master/MasterTempo", numberState(0, tempo))
	p.set("/Mixer/CrossfaderPosition", numberState(0, midi(p.cross)/100))
}

// publishDeck sets the states of one deck and its channel.
func (p *Player) publishDeck(n int) {
	d, prefix := &p.decks[n-1], deckPrefix(n)
	set := func(name, json string) { p.set(prefix+name, json) }
	p.set("/Mixer/CH"+strconv.Itoa(n)+"faderPosition", numberState(0, midi(d.fader)/100))
	set("ExternalMixerVolume", numberState(0, midi(d.fader)/127))
	set("DeckIsMaster", boolState(1, p.master == n))
	set("CurrentBPM", numberState(0, d.bpm()))
	set("Track/CurrentBPM", numberState(0, d.bpm()))
	reach := speedRange(d.pitch)
	set("SpeedRange", textState(4, strconv.FormatFloat(reach, 'f', -1, 64)))
	set("Speed", numberState(0, 0.5+d.pitch/(2*reach)))
	set("SpeedState", numberState(0, math.Round(100*d.pitch)/100))
	set("SpeedNeutral", boolState(1, d.pitch == 0))

	// A track is there after what it is, and gone before.
	if !d.loaded {
		set("Track/SongLoaded", boolState(1, false))
	}
	p.publishTrack(set, d)
	if d.loaded {
		set("Track/SongLoaded", boolState(1, true))
	}
	set("Track/LoopEnableState", boolState(1, d.looping))
	set("Track/TrackWasPlayed", boolState(1, d.played))
	set("Track/PlayPauseLEDState", boolState(1, d.playing))
	set("Play", boolState(1, d.playing))
	set("PlayState", boolState(1, d.playing))
}

// publishTrack sets what a deck's track is, all zero and empty without one.
func (p *Player) publishTrack(set func(name, json string), d *deck) {
	var rate, samples, bytes, cue, loop float64
	path := ""
	if d.loaded {
		rate, samples, cue, path = d.track.SampleRate, d.track.length(), max(0, d.track.anchor()), p.networkPath(d.track)
		bytes = math.Round(d.track.Length.Seconds() * mp3BytesPerSecond)
	}
	if d.looping {
		loop = (d.out - d.in) / d.track.perBeat()
	}
	set("Track/SongName", textState(8, d.track.Title))
	set("Track/ArtistName", textState(8, d.track.Artist))
	set("Track/TrackName", textState(8, path))
	set("Track/TrackNetworkPath", textState(8, path))
	set("Track/CurrentKey", textState(8, d.track.Key))
	set("Track/SampleRate", numberState(14, rate))
	set("Track/TrackLength", numberState(10, samples))
	set("Track/TrackBytes", numberState(10, bytes))
	set("Track/CuePosition", numberState(14, cue))
	set("Track/TrackData", boolState(3, d.loaded))
	set("Track/SongAnalyzed", boolState(1, d.loaded && d.track.BPM > 0))
	set("Track/CurrentLoopInPosition", numberState(14, d.in))
	set("Track/CurrentLoopOutPosition", numberState(14, d.out))
	set("Track/CurrentLoopSizeInBeats", numberState(14, loop))
}

// mp3BytesPerSecond is the size of a file at 320 kbit/s.
const mp3BytesPerSecond = 40000

func deckPrefix(n int) string { return "/Engine/Deck" + strconv.Itoa(n) + "/" }

// networkPath names a track in the form of a unit's own drive.
func (p *Player) networkPath(t Track) string {
	if t.Path != "" {
		return t.Path
	}
	name := t.Title
	if t.Artist != "" {
		name = t.Artist + " - " + t.Title
	}
	return "net://" + p.config.Token.String() + "/Virtual/Engine Library/Music/" + url.PathEscape(name) + ".mp3"
}

// set stores a state and notes its change.
func (p *Player) set(path, json string) {
	if old, known := p.states[path]; known && old == json {
		return
	}
	p.states[path] = json
	if p.noting {
		p.changes = append(p.changes, Change{path, json})
	}
}

// speedRanges are the pitch ranges a deck can be switched to, in percent.
var speedRanges = []float64{8, 10, 20, 50, 100}

// speedRange returns the smallest pitch range that reaches a pitch.
func speedRange(pitch float64) float64 {
	for _, r := range speedRanges {
		if math.Abs(pitch) <= r {
			return r
		}
	}
	return speedRanges[len(speedRanges)-1]
}

// midi returns a level of 0 to 1 as the 0 to 127 of the hardware.
func midi(level float64) float64 { return math.Round(127 * level) }
