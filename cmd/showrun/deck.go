package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/deckscript"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
	"showrun/drivers/stagelinq/take"
	"showrun/runtime/host"
	"showrun/runtime/journal"
)

// deckFlags are the flags of deck.
type deckFlags struct {
	iface, name string
	port        int
	decks       int
	bpm         float64
	play        bool
	rate        int
	script      string
	take, unit  string
	from        time.Duration
	loop        bool
	length      time.Duration
	verbose     bool
}

const deckHelp = `deck is a StageLinQ player without the hardware: shows, and every other program
that listens to Denon players, find it on the network and follow it. Without
--interface it is on every network but loopback; programs on this machine find it
there as well, or on --interface lo if they use that too.

In a terminal it is played with keys:

` + deckKeys + `

With --script a Lua script plays it. The script has module clock, as in shows, on
a tempo of its own, 120 BPM until clock.set_tempo changes it, and module deck:

  deck.load(n, {title=, artist=, bpm=120, length="5m"})   put a track on deck n
  deck.unload(n)   deck.play(n)   deck.pause(n)
  deck.pitch(n, percent)     move the pitch fader, -100 to 100
  deck.jump(n, beats)        by so many beats; deck.seek(n, beat) to one of the track
  deck.loop(n, beats)        loop from here; deck.loop(n) ends it
  deck.master(n)             make it the tempo master
  deck.fader(n, level)       0 to 1
  deck.beat(n)               the beat it is at

With --take a recording made by showrun record is played back, beginning with the
first client. It comes under its own name and token, so keep the recorded unit off
that network. The command ends with the take, or goes on with --loop.`

func (a *app) deck() *cobra.Command {
	var f deckFlags
	cmd := &cobra.Command{
		Use:   "deck",
		Short: "Play a virtual StageLinQ deck",
		Long:  deckHelp,
		Example: `  showrun deck --play --bpm 126                   a deck that plays at 126 BPM
  showrun deck --interface lo --decks 2           for shows that run with --interface lo
  showrun deck --script set.lua --for 10m         a script plays
  showrun deck --take gig.recording --from 5m --loop  a recorded player`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd.Flags().Changed); err != nil {
				return usageError{err}
			}
			return a.playDeck(cmd.Context(), f)
		},
	}
	p := cmd.Flags()
	p.StringVar(&f.iface, "interface", "", "network interface: a name or an IPv4 address (default: all but loopback)")
	p.StringVar(&f.name, "name", "", `device name to announce (default "prime4", with two decks "sc6000")`)
	p.IntVar(&f.port, "port", 0, "UDP port of discovery, for tests (default 51337)")
	p.IntVar(&f.decks, "decks", 4, "number of decks, 2-4")
	p.Float64Var(&f.bpm, "bpm", 120, "tempo of the track on deck 1")
	p.BoolVar(&f.play, "play", false, "let deck 1 play at once")
	p.IntVar(&f.rate, "rate", 30, "beat messages a second, 1-100")
	p.StringVar(&f.script, "script", "", "Lua file that plays the decks")
	p.StringVar(&f.take, "take", "", "recording to play back")
	p.StringVar(&f.unit, "unit", "", "name or token of the unit in the recording (default: the first)")
	p.DurationVar(&f.from, "from", 0, "where in the recording to begin, such as 1m30s")
	p.BoolVar(&f.loop, "loop", false, "begin the recording again after its end")
	p.DurationVar(&f.length, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	settings.Between(p, "port", 0, 65535, "")
	settings.Between(p, "decks", 2, 4, "")
	settings.Between(p, "bpm", 20, 999, "")
	settings.Between(p, "rate", 1, 100, "beat messages a second")
	settings.AtLeast(p, "from", time.Duration(0))
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Path(p, "script", "take")
	settings.Shared(p, "verbose")
	return cmd
}

// check refuses what cannot be. given tells whether a flag was given.
func (f *deckFlags) check(given func(string) bool) error {
	first := func(names ...string) string {
		for _, n := range names {
			if given(n) {
				return n
			}
		}
		return ""
	}
	if f.script != "" && f.take != "" {
		return errors.New("--script and --take do not go together")
	}
	if n := first("unit", "from", "loop"); n != "" && f.take == "" {
		return fmt.Errorf("--%s goes with --take only", n)
	}
	if n := first("decks", "bpm", "play", "rate"); n != "" && f.take != "" {
		return fmt.Errorf("--%s does not go with --take, which decides that", n)
	}
	if n := first("bpm", "play"); n != "" && f.script != "" {
		return fmt.Errorf("--%s does not go with --script, which decides that", n)
	}
	return nil
}

// playDeck puts a virtual unit on the network until it is told to end.
func (a *app) playDeck(ctx context.Context, f deckFlags) error {
	log := terminal.NewLogger(a.screen, "text", f.verbose)
	unit, err := f.open(log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	if f.script != "" {
		s, err := deckscript.Load(ctx, f.script, unit, f.decks, log)
		if errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("no script at %s", f.script)}
		}
		if err != nil {
			return err
		}
		running.Go(func() { s.Run(ctx) })
	}
	if f.take != "" {
		running.Go(func() { awaitTake(ctx, unit, func() { log.Info("the take is over"); cancel(nil) }) })
	}
	if f.length > 0 {
		defer time.AfterFunc(f.length, func() { cancel(nil) }).Stop()
	}
	pn := &panel{unit: unit, isTake: f.take != "", decks: f.decks}
	pn.chosen.Store(1)
	a.takeSignals()
	keys, err := terminal.OpenKeyboard(os.Stdin, a.screen)
	if err != nil {
		return err
	}
	defer keys.Restore()
	if keys.IsThere() {
		fmt.Fprintln(a.screen, pn.help())
		go keys.Read(func(key rune) { pn.press(key, a.screen, cancel) }) // until the process ends
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("deck", keys.Restore, ended, cancel, log)
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(func(width int) string { return terminal.Fit(pn.status(), width) })()
	}
	self := unit.Self()
	log.Info("the deck is on", "name", self.Name, "software", self.Software, "token", self.Token)
	if err := unit.Run(ctx); err != nil {
		return &host.DeviceError{Device: "deck", Err: err}
	}
	return signalOf(ctx)
}

// open makes the unit that the flags describe.
func (f *deckFlags) open(log *slog.Logger) (*source.Conn, error) {
	config := source.Config{Name: f.name, Interface: f.iface, DiscoveryPort: f.port, Log: log}
	if f.take != "" {
		return f.playTake(config)
	}
	var err error
	if config.Token, err = stagelinq.NewToken(rand.Reader); err != nil {
		return nil, err
	}
	config.Decks, config.BeatRate = f.decks, f.rate
	unit, err := source.Open(config)
	if err != nil {
		return nil, err
	}
	if f.script == "" {
		unit.Do(func(p *source.Player, now time.Time) {
			p.Load(1, source.Track{Title: "Click", Artist: "showrun", BPM: f.bpm, Length: 24 * time.Hour}, now)
			if f.play {
				p.Play(1, now)
			}
		})
	}
	return unit, nil
}

// playTake makes a unit that plays a recording back.
func (f *deckFlags) playTake(config source.Config) (*source.Conn, error) {
	recorded, header, err := openTake(f.take, f.unit, config.Log)
	if err != nil {
		return nil, err
	}
	player, err := source.NewTakePlayer(source.TakeConfig{Take: recorded, From: f.from, Loop: f.loop})
	if err != nil {
		return nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	config.Log.Info("playing a take", "file", f.take, "unit", recorded.Unit.String(), "length", recorded.End().Round(time.Second), "recorded", header.Began.Format(time.DateOnly))
	var others []string
	for _, u := range recorded.Units {
		if u.Token != recorded.Unit.Token {
			others = append(others, u.String())
		}
	}
	if len(others) > 0 {
		config.Log.Info("the take has other units too; choose with --unit", "others", strings.Join(others, ", "))
	}
	return source.OpenTake(config, player)
}

// openTake reads the part of one unit, of the first if none is named. Of a recording that
// breaks off it is what there is.
func openTake(path, unit string, log *slog.Logger) (*take.Take, journal.Header, error) {
	return openPlayers(path, log, func(next func() (take.Event, error)) (*take.Take, error) {
		t, err := take.Load(next, unit)
		if errors.Is(err, take.ErrUnit) {
			err = usageError{fmt.Errorf("--unit: %w", err)}
		}
		return t, err
	})
}

// openPlayers opens a recording of players and has load read its events.
func openPlayers[T any](path string, log *slog.Logger, load func(next func() (take.Event, error)) (T, error)) (t T, header journal.Header, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, header, usageError{fmt.Errorf("no recording at %s", path)}
	}
	if err != nil {
		return t, header, err
	}
	defer file.Close()
	journal.Register(take.Event{})
	r, err := journal.Open(bufio.NewReader(file))
	if err != nil {
		return t, header, fmt.Errorf("%s: %w", path, err)
	}
	if r.Header.Show != "" {
		return t, header, usageError{fmt.Errorf("%s is a recording of the show %s, which showrun replay plays; showrun record makes one of players", path, r.Header.Show)}
	}
	t, err = load(func() (take.Event, error) {
		entry, err := r.Next()
		if broken := new(journal.Broken); errors.As(err, &broken) {
			log.Warn(err.Error())
			return take.Event{}, io.EOF
		}
		e, ok := entry.(take.Event)
		if err == nil && !ok {
			err = fmt.Errorf("it has a %T, which is none of a player", entry)
		}
		return e, err
	})
	if wrong := (usageError{}); err != nil && !errors.As(err, &wrong) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return t, r.Header, err
}

// takeTail is how long a unit stays on the network after its take, so that its
// clients get the last of it.
const takeTail = time.Second

// awaitTake calls over when the take of a unit has ended.
func awaitTake(ctx context.Context, unit *source.Conn, over func()) {
	tick := time.NewTicker(takeTail)
	defer tick.Stop()
	for ended := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if ended {
			over()
			return
		}
		unit.DoTake(func(p *source.TakePlayer, _ time.Time) { ended = p.Ended() })
	}
}
