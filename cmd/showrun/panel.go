package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagelinq/source"
)

// deckKeys says what the keys do.
const deckKeys = `space play, pause · 1-4 deck · + - pitch 0.1 % · ↑ ↓ or k j jump 4 beats
l loop 4 beats · m master · n next track · ? these keys · q quit`

// crate are the tracks that key n loads, one after the other.
var crate = []source.Track{
	{Title: "Paper Moons", Artist: "Night Ferry", BPM: 122, Key: "Am", Length: 6 * time.Minute},
	{Title: "Long Exposure", Artist: "Halogen", BPM: 126, Key: "Em", Length: 7 * time.Minute, Anchor: 320 * time.Millisecond},
	{Title: "Undertow", Artist: "Brass Lung", BPM: 128, Key: "Gm", Length: 5 * time.Minute},
	{Title: "Kilometre Zero", Artist: "Night Ferry", BPM: 132, Key: "Dm", Length: 6 * time.Minute, Anchor: time.Second},
	{Title: "Static Garden", Artist: "Ada Voss", BPM: 174, Key: "F", Length: 4 * time.Minute},
	{Title: "Slow Shutter", Artist: "Halogen", BPM: 96, Key: "C", Length: 5 * time.Minute},
}

// panel is what a person plays a virtual unit on: its keys and its status line.
type panel struct {
	unit   *source.Conn
	isTake bool
	decks  int

	chosen atomic.Int32 // the deck that keys are for, from 1
	next   int          // in crate; of press
}

func (pn *panel) help() string {
	if pn.isTake {
		return "q quit"
	}
	return deckKeys
}

// press does what a key is for. It is called by one goroutine.
func (pn *panel) press(key rune, screen io.Writer, end context.CancelCauseFunc) {
	switch key {
	case 'q', terminal.KeyEnd:
		end(nil)
	case terminal.KeyInterrupt:
		end(signalled{os.Interrupt})
	case '?', 'h':
		fmt.Fprintln(screen, pn.help())
	default:
		if !pn.isTake {
			pn.unit.Do(func(p *source.Player, now time.Time) { pn.play(p, key, now) })
		}
	}
}

func (pn *panel) play(p *source.Player, key rune, now time.Time) {
	const beats = 4 // of a jump and of a loop
	n := int(pn.chosen.Load())
	deck := p.Deck(n, now)
	turn := func(percent float64) { p.SetPitch(n, math.Round(10*(deck.Pitch+percent))/10, now) }
	switch key {
	case '1', '2', '3', '4':
		if chosen := key - '0'; int(chosen) <= pn.decks {
			pn.chosen.Store(chosen)
		}
	case ' ':
		if deck.Playing {
			p.Pause(n, now)
		} else {
			p.Play(n, now)
		}
	case '+', '=':
		turn(0.1)
	case '-', '_':
		turn(-0.1)
	case terminal.KeyUp, 'k':
		p.Jump(n, beats, now)
	case terminal.KeyDown, 'j':
		p.Jump(n, -beats, now)
	case 'l':
		if deck.Looping {
			p.EndLoop(n, now)
		} else {
			p.Loop(n, beats, now)
		}
	case 'm':
		p.SetMaster(n, now)
	case 'n':
		p.Load(n, crate[pn.next%len(crate)], now)
		pn.next++
	}
}

// status is a line on how the unit stands.
func (pn *panel) status() string {
	st := pn.unit.Stats()
	clients := terminal.Plural(max(st.States, st.Beats), "client")
	if pn.isTake {
		return pn.takeStatus() + " · " + clients
	}
	n := int(pn.chosen.Load())
	var deck source.DeckState
	pn.unit.Do(func(p *source.Player, now time.Time) { deck = p.Deck(n, now) })
	fields := []string{fmt.Sprintf("deck %d %s", n, playing(deck.Playing)), tempoAndBeat(deck.BPM, deck.Beat), "empty"}
	if deck.Loaded {
		fields[2] = deck.Track.Title
	}
	if deck.Pitch != 0 {
		fields = append(fields, fmt.Sprintf("pitch %+.1f %%", deck.Pitch))
	}
	if deck.Looping {
		fields = append(fields, "loop")
	}
	if deck.Master {
		fields = append(fields, "master")
	}
	return strings.Join(append(fields, clients), " · ")
}

func (pn *panel) takeStatus() (line string) {
	pn.unit.DoTake(func(p *source.TakePlayer, now time.Time) {
		at, end := p.Position(now)
		fields := []string{fmt.Sprintf("take %s of %s", minutes(at), minutes(end))}
		if !p.Begun() {
			fields = append(fields, "waiting for a client")
		}
		for i, deck := range p.BeatInfo().Decks {
			state, _ := p.State(fmt.Sprintf("/Engine/Deck%d/PlayState", i+1))
			fields = append(fields, fmt.Sprintf("deck %d %s %s", i+1, playing(strings.Contains(state, "true")), tempoAndBeat(deck.BPM, deck.Beat)))
		}
		line = strings.Join(fields, " · ")
	})
	return line
}

func playing(on bool) string {
	if on {
		return "▶"
	}
	return "⏸"
}

func tempoAndBeat(bpm, beat float64) string {
	return fmt.Sprintf("%.1f BPM ♩ %.0f", bpm, math.Floor(beat))
}

// minutes writes a time as on a player.
func minutes(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
