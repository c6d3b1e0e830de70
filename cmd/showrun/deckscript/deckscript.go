// Package deckscript runs a Lua script that plays a virtual StageLinQ unit: the machine
// of a show, with other modules, on the real clock and one goroutine.
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
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/host"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Script is a script that plays a virtual unit. It runs without look-ahead:
// what it does holds from its logical instant on, however late it comes.
type Script struct {
	show  *show.Machine
	load  *show.Load
	clock *clock.Real
	close func() error
	log   *slog.Logger
}

// Load loads a script file for a unit with so many decks. Nothing happens before Run.
// The error is an fs.ErrNotExist without such a file, or a *host.LoadError.
func Load(ctx context.Context, file string, unit *source.Conn, decks int, log *slog.Logger) (*Script, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no script at %s: %w", file, fs.ErrNotExist)
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	clk := clock.NewReal()
	s := &Script{clock: clk, close: root.Close, log: log}
	s.show = show.New(show.Config{
		Name: "deck", File: filepath.Base(file), Dir: filepath.Base(filepath.Dir(file)), Seed: host.DrawSeed(),
		Bind: bindings.NewDeck(decks), Now: clk.Now, Stopwatch: clk.Now,
		World: script.World{Wall: time.Now, Clock: clk.Now, Getenv: os.LookupEnv}, Log: log,
	})
	if s.load, err = s.show.Prepare(ctx, root.FS(), show.First()); err != nil {
		root.Close()
		return nil, &host.LoadError{Err: err}
	}
	player := stagelinq.NewVirtualPlayer(func(f func(*source.Player)) {
		unit.Do(func(p *source.Player, _ time.Time) { f(p) })
	}, clk.Time)
	given := map[string]device.Device{}
	for _, d := range s.load.Declarations() {
		given[d.Key()] = player
	}
	s.load.Provide(given)
	return s, nil
}

// Run runs the script until ctx ends or the script gets stuck.
func (s *Script) Run(ctx context.Context) {
	defer s.close()
	defer s.load.End()
	timer := time.NewTimer(0)
	defer timer.Stop()
	s.show.Swap(s.load, 0) // just over, so that everything begins on a beat
	s.show.Engine(0)
	for {
		select {
		case <-ctx.Done():
			s.load.Detach()
			return
		case <-timer.C:
		case <-s.show.Ready():
		}
		more, err := s.show.Script(s.clock.Now())
		if err != nil {
			s.log.Error("the script goes on no longer", "error", err)
			return
		}
		s.show.Engine(s.clock.Now())
		next := time.Duration(0)
		if !more {
			next = min(s.show.ScriptNext(), s.show.EngineNext()) - s.clock.Now()
		}
		timer.Reset(min(max(next, 0), time.Second))
	}
}
