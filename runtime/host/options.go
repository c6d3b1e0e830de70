package host

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"showrun/drivers/osc"
	"showrun/runtime/device"
	"showrun/runtime/show"
)

// Reload says when a changed show is loaded again.
type Reload string

// The ways to reload.
const (
	ReloadAuto   Reload = "auto"   // whenever a file is saved
	ReloadAsk    Reload = "ask"    // likewise, but it goes live when somebody asks
	ReloadManual Reload = "manual" // when asked to
	ReloadOff    Reload = "off"    // never
)

// ReloadAt says when a show that was loaded again goes live.
type ReloadAt string

// The moments to go live.
const (
	AtOnce ReloadAt = "once"
	AtBeat ReloadAt = "beat" // on the next beat
	AtBar  ReloadAt = "bar"  // on the next bar
)

// Exit says what the light does when the show has ended.
type Exit string

// The looks to end with.
const (
	ExitHold     Exit = "hold"     // the last one stays
	ExitBlackout Exit = "blackout" // dark
)

// Options say which show to run, and how.
type Options struct {
	Show      string            // the show file, or a folder with a show.lua
	Bind      show.Bind         // makes the Lua modules of a load
	Shipped   fs.FS             // Lua that comes with the runtime; may be nil
	Protocols []device.Protocol // that devices of the show may speak

	Rig       bool          // run a virtual rig on loopback as well
	Fresh     bool          // forget what earlier runs of the show have left
	For       time.Duration // end by itself after so long; 0 = never
	Interface string        // network interface of devices that name none
	StateDir  string        // folder of what is kept between runs
	ExitTime  time.Duration // that the script may take to say goodbye, fades included
	Exit      Exit          // default hold
	Lookahead time.Duration // default 50 ms
	Rate      int           // frames a second, default 44
	Reload    Reload        // default auto
	ReloadAt  ReloadAt      // default at once
	Seed      uint64        // of math.random; 0 = draw one

	Budget       uint64        // instructions a handler may run without waiting; 0 = 40 million
	Guard, Grace time.Duration // see script.Config; 0 = the defaults
	Memory       uint64        // bytes the process may hold before what makes it more is stopped; 0 = the default

	Ports   map[string]int // by protocol: UDP ports to use instead of the usual ones; nil = the usual ones, or free ones with a rig
	Control string         // folder of the control socket; "" = none
	OSC     string         // address to take OSC commands at, such as 127.0.0.1:7770; "" = none
	Getenv  func(string) (string, bool)
	Log     *slog.Logger

	Unlogged func() uint64          // how many lines of the log were dropped; nil = none is
	Links    func() (string, error) // to the console, a line each of role and link; nil = there is none
	Refused  func() uint64          // how often the console did not do what somebody asked; nil = never

	Frames show.FrameSink // is shown every frame, on the engine loop; may be nil

	Program  string // version of the program, for recordings
	Record   string // file to record the show to; "" = none
	BlackBox int64  // bytes that the black box may have, where the show is not recorded; 0 = there is none
}

// Limits of options.
const (
	defaultLookahead = 50 * time.Millisecond
	MaxLookahead     = time.Second
	defaultRate      = 44
	MaxRate          = 250
	MaxExitTime      = 10 * time.Minute
)

// complete checks options and fills in what was left out.
func (o *Options) complete() error {
	if o.Lookahead == 0 {
		o.Lookahead = defaultLookahead
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.Exit == "" {
		o.Exit = ExitHold
	}
	if o.Reload == "" {
		o.Reload = ReloadAuto
	}
	if o.ReloadAt == "" {
		o.ReloadAt = AtOnce
	}
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Unlogged == nil {
		o.Unlogged = func() uint64 { return 0 }
	}
	if o.Links == nil {
		o.Links = func() (string, error) { return "", errors.New("the show has no console") }
	}
	if o.Refused == nil {
		o.Refused = func() uint64 { return 0 }
	}
	if o.Seed == 0 {
		o.Seed = DrawSeed()
	}
	if o.OSC != "" {
		if _, err := osc.Resolve(o.OSC); err != nil {
			return fmt.Errorf("OSC commands: %w", err)
		}
	}
	switch {
	case o.Lookahead < 0 || o.Lookahead > MaxLookahead:
		return fmt.Errorf("lookahead must be 0-%v, got %v", MaxLookahead, o.Lookahead)
	case o.Rate < 1 || o.Rate > MaxRate:
		return fmt.Errorf("rate must be 1-%d frames a second, got %d", MaxRate, o.Rate)
	case o.ExitTime < 0 || o.ExitTime > MaxExitTime:
		return fmt.Errorf("exit time must be 0-%v, got %v", MaxExitTime, o.ExitTime)
	case o.Exit != ExitHold && o.Exit != ExitBlackout:
		return fmt.Errorf("exit must be hold or blackout, got %q", o.Exit)
	case !slices.Contains([]Reload{ReloadAuto, ReloadAsk, ReloadManual, ReloadOff}, o.Reload):
		return fmt.Errorf("reload must be auto, ask, manual or off, got %q", o.Reload)
	case !slices.Contains([]ReloadAt{AtOnce, AtBeat, AtBar}, o.ReloadAt):
		return fmt.Errorf("reload-at must be once, beat or bar, got %q", o.ReloadAt)
	}
	return nil
}

// DrawSeed draws a seed for math.random, short enough to be typed again.
func DrawSeed() uint64 { return rand.Uint64N(1e9) + 1 }
