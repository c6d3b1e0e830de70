// Package deckscript runs a Lua script that plays a virtual StageLinQ unit.
package deckscript

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"showrun/bindings"
	"showrun/bindings/module"
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/engine"
	"showrun/runtime/host"
	"showrun/runtime/script"
)

// Script is a script that plays a virtual unit. It runs without look-ahead:
// what it does holds from its logical instant on, however late it comes.
type Script struct {
	gen   *script.Generation
	clock *clock.Real
	tempo ownTempo
	close func() error
	log   *slog.Logger
}

// loadTimeout is how long the top level of a script may take.
const loadTimeout = 5 * time.Second

// Load loads a script file for a unit. Nothing happens before Run. The error is an
// fs.ErrNotExist without such a file, or a *host.LoadError.
func Load(ctx context.Context, file string, unit *source.Conn, log *slog.Logger) (*Script, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no script at %s: %w", file, fs.ErrNotExist)
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	clk := clock.NewReal()
	s := &Script{clock: clk, tempo: ownTempo{beat.NewConductor(0, 120)}, close: root.Close, log: log}
	show := bindings.New(bindings.Env{
		Env: module.Env{Tempo: s.tempo}, Name: "deck", File: filepath.Base(file), Dir: filepath.Dir(file),
	})
	ctx, cancel := context.WithTimeoutCause(ctx, loadTimeout, fmt.Errorf("the top level of the script ran for more than %v", loadTimeout))
	defer cancel()
	s.gen, err = script.Load(ctx, script.Config{
		Show: root.FS(), Main: filepath.Base(file), Modules: show.DeckModules(scriptDecks{unit, clk}), Number: 1,
		Seed: uint64(time.Now().UnixNano()), Timeline: s.tempo.Timeline(),
		Now: clk.Now, Stopwatch: clk.Now, Oracle: script.Live(script.World{Wall: time.Now, Clock: clk.Now, Getenv: os.LookupEnv}, nil),
		Submit: func(engine.Batch) {}, Failed: s.failed, Log: log,
	})
	if err != nil {
		root.Close()
		return nil, &host.LoadError{Err: err}
	}
	return s, nil
}

func (s *Script) failed(f *script.Failure) {
	args := []any{"task", f.Task}
	if f.Trace != "" {
		args = append(args, "traceback", f.Trace)
	}
	if f.Disabled != "" {
		args = append(args, "disabled", f.Disabled)
	}
	s.log.Error(f.Message, args...)
}

var tempoTopics = map[beat.Kind]string{
	beat.Lost: bindings.TopicLost, beat.Found: bindings.TopicFound,
	beat.Tempo: bindings.TopicTempo, beat.Jump: bindings.TopicJump,
}

// Run runs the script until ctx ends or the script gets stuck.
func (s *Script) Run(ctx context.Context) {
	defer s.close()
	defer s.gen.End()
	timer := time.NewTimer(0)
	defer timer.Stop()
	s.gen.SetTimeline(s.tempo.Timeline(), 0)
	err := s.gen.Start(0) // just over, so that everything begins on a beat
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err = s.step(s.clock.Now())
		timer.Reset(min(s.gen.Next()-s.clock.Now(), s.tempo.Next()-s.clock.Now(), time.Second))
	}
	s.log.Error("the script goes on no longer", "error", err)
}

func (s *Script) step(now time.Duration) error {
	for _, c := range s.tempo.Step(now) {
		if err := s.gen.Deliver(script.Event{Topic: tempoTopics[c.Kind], At: c.At, Value: c.BPM}); err != nil {
			return err
		}
	}
	s.gen.SetTimeline(s.tempo.Timeline(), now)
	_, err := s.gen.Step(now)
	return err
}

// ownTempo is the beat clock of a script that follows nobody.
type ownTempo struct{ *beat.Conductor }

// SetTempo implements module.Tempo.
func (t ownTempo) SetTempo(bpm float64, at time.Duration) (beat.Timeline, error) {
	err := t.Conductor.SetTempo(bpm, at)
	return t.Timeline(), err
}

// Nudge implements module.Tempo.
func (t ownTempo) Nudge(b beat.Micro, at time.Duration) (beat.Timeline, error) {
	err := t.Conductor.Nudge(b, at)
	return t.Timeline(), err
}

// Tap implements module.Tempo.
func (t ownTempo) Tap(at time.Duration) (beat.Timeline, error) {
	err := t.Conductor.Tap(at)
	return t.Timeline(), err
}

// Follow implements module.Tempo.
func (t ownTempo) Follow(source string, at time.Duration) beat.Timeline {
	t.Conductor.Follow(source, at)
	return t.Timeline()
}

// BPM implements module.Tempo.
func (t ownTempo) BPM() float64 { return t.Tempo() }

// Position implements module.Tempo.
func (t ownTempo) Position(string, time.Duration) (beat.Micro, bool) { return 0, false }

// scriptDecks are the decks of a unit for a script. A change holds from its
// logical instant on.
type scriptDecks struct {
	unit  *source.Conn
	clock *clock.Real
}

func (d scriptDecks) do(at time.Duration, f func(p *source.Player, at time.Time)) {
	d.unit.Do(func(p *source.Player, _ time.Time) { f(p, d.clock.Time(at)) })
}

// The methods of bindings.Decks.

func (d scriptDecks) Count() (n int) {
	d.unit.Do(func(p *source.Player, _ time.Time) { n = p.Decks() })
	return n
}

func (d scriptDecks) Loaded(n int) (loaded bool) {
	d.unit.Do(func(p *source.Player, now time.Time) { loaded = p.Deck(n, now).Loaded })
	return loaded
}

func (d scriptDecks) Load(n int, t bindings.Track, at time.Duration) {
	track := source.Track{Title: t.Title, Artist: t.Artist, BPM: t.BPM, Length: t.Length}
	d.do(at, func(p *source.Player, at time.Time) { p.Load(n, track, at) })
}

func (d scriptDecks) Unload(n int, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.Unload(n, at) })
}

func (d scriptDecks) Play(n int, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.Play(n, at) })
}

func (d scriptDecks) Pause(n int, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.Pause(n, at) })
}

func (d scriptDecks) Pitch(n int, percent float64, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.SetPitch(n, percent, at) })
}

func (d scriptDecks) Jump(n int, beats float64, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.Jump(n, beats, at) })
}

func (d scriptDecks) Seek(n int, beat float64, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.SeekBeat(n, beat, at) })
}

func (d scriptDecks) Loop(n int, beats float64, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) {
		if beats == 0 {
			p.EndLoop(n, at)
		} else {
			p.Loop(n, beats, at)
		}
	})
}

func (d scriptDecks) Master(n int, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.SetMaster(n, at) })
}

func (d scriptDecks) Fader(n int, level float64, at time.Duration) {
	d.do(at, func(p *source.Player, at time.Time) { p.SetFader(n, level, at) })
}

func (d scriptDecks) Beat(n int, at time.Duration) (b float64) {
	d.do(at, func(p *source.Player, at time.Time) { b = p.Beat(n, at) })
	return b
}
