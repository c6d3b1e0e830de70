//go:build unix

package soak

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/control"
)

// fault is something that happens to a show. do returns when all is well again, and how long
// that took, or what did not hold.
type fault struct {
	name string
	do   func(s *soak, ctx context.Context) (time.Duration, error)
}

// allFaults are those there are.
func allFaults() []fault {
	return []fault{
		{"gateway away and back", (*soak).gatewayAway},
		{"gateway that hangs", (*soak).gatewayHangs},
		{"valve server away and back", (*soak).valveAway},
		{"player away and back", (*soak).playerAway},
		{"player that hangs", (*soak).playerHangs},
		{"player jumps", (*soak).playerJumps},
		{"player pauses", (*soak).playerPauses},
		{"player changes tempo", (*soak).playerTempo},
		{"good save", (*soak).goodSave},
		{"broken save", (*soak).brokenSave},
		{"twenty saves", (*soak).manySaves},
		{"emergency stop by ctl", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.stop(ctx, func() error { _, err := s.show.ask(control.Stop); return err })
		}},
		{"emergency stop by OSC", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.stop(ctx, func() error { return s.sendOSC(s.osc, "/showrun/stop") })
		}},
		{"show stopped for a while (SIGSTOP)", (*soak).suspended},
		{"show killed (kill -9)", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.killed(ctx, func() error { return nil })
		}},
		{"state cut off, show killed", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.killed(ctx, func() error { return os.Truncate(s.state()+"/showrun.db", 100+s.random.Int64N(2000)) })
		}},
		{"state overwritten", (*soak).stateOverwritten},
		{"show ended and started again", (*soak).endedAndStarted},
		{"message of a hand", (*soak).handMoves},
		{"handler that never ends", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.badHandler(ctx, "clock.on_beat(1, function() while true do end end)", "the handler that never ends is not called any more")
		}},
		{"handler that leaks", func(s *soak, ctx context.Context) (time.Duration, error) {
			return s.badHandler(ctx, "local keep = {} clock.every(0.02, function() for i = 1, 3000 do keep[#keep + 1] = { i } end end)", "the handler that leaks is stopped")
		}},
		{"few descriptors", (*soak).fewDescriptors},
	}
}

// pause is a random time.
func (s *soak) pause(least, most time.Duration) time.Duration {
	return least + time.Duration(s.random.Int64N(int64(most-least)))
}

func (s *soak) sendOSC(port int, address string, args ...any) error {
	c, err := osc.Dial(fmt.Sprintf("%s:%d", loopback, port), loopback)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Send(osc.Message{Address: address, Args: args})
}

func (s *soak) gatewayAway(ctx context.Context) (time.Duration, error) {
	l := []*lamp{s.box, s.strip}[s.random.IntN(2)]
	l.off()
	wait(ctx, s.pause(500*time.Millisecond, 4*time.Second))
	if err := l.turnOn(s.ctx); err != nil {
		return 0, err
	}
	return awaits(ctx, "values at gateway "+l.id, 15*time.Second, l.lit)
}

func (s *soak) gatewayHangs(ctx context.Context) (time.Duration, error) {
	l := []*lamp{s.box, s.strip}[s.random.IntN(2)]
	l.stalled.Lock()
	wait(ctx, s.pause(time.Second, 8*time.Second))
	l.stalled.Unlock()
	l.forget()
	return awaits(ctx, "values at gateway "+l.id, 15*time.Second, l.lit)
}

func (s *soak) valveAway(ctx context.Context) (time.Duration, error) {
	s.machines.off["valve"]()
	wait(ctx, s.pause(500*time.Millisecond, 4*time.Second))
	back := time.Now()
	if err := s.machines.turnOn(s.ctx, "valve"); err != nil {
		return 0, err
	}
	return awaits(ctx, "moves at the valve", 15*time.Second, func() bool { return s.machines.heard.newest("valve", "/move").at.After(back) })
}

// beatsGoOn waits for another beat in the light.
func (s *soak) beatsGoOn(ctx context.Context) (time.Duration, error) {
	b := s.ears.slot(1, 11)
	return awaits(ctx, "the next beat", 5*time.Second, func() bool { return s.ears.slot(1, 11) != b })
}

func (s *soak) playerAway(ctx context.Context) (time.Duration, error) {
	s.deckOff()
	wait(ctx, s.pause(500*time.Millisecond, 6*time.Second))
	if _, err := s.beatsGoOn(ctx); err != nil { // without a player
		return 0, err
	}
	if err := s.deckOn(100 + 5*float64(s.random.IntN(10))); err != nil {
		return 0, err
	}
	return awaits(ctx, "the tempo of the player that came back", 25*time.Second, s.inTempo)
}

func (s *soak) playerHangs(ctx context.Context) (took time.Duration, err error) {
	s.deck.Do(func(*source.Player, time.Time) { // everything of it waits
		wait(ctx, s.pause(time.Second, 6*time.Second))
		_, err = s.beatsGoOn(ctx)
	})
	if err != nil {
		return 0, err
	}
	return s.playerTempo(ctx)
}

func (s *soak) playerJumps(ctx context.Context) (time.Duration, error) {
	s.deck.Do(func(p *source.Player, now time.Time) { p.Jump(1, float64(s.random.IntN(200)-40), now) })
	return s.beatsGoOn(ctx)
}

func (s *soak) playerPauses(ctx context.Context) (time.Duration, error) {
	s.deck.Do(func(p *source.Player, now time.Time) { p.Pause(1, now) })
	wait(ctx, s.pause(500*time.Millisecond, 5*time.Second))
	s.deck.Do(func(p *source.Player, now time.Time) { p.Play(1, now) })
	if _, err := s.beatsGoOn(ctx); err != nil {
		return 0, err
	}
	return awaits(ctx, "the tempo of the player that plays again", 15*time.Second, s.inTempo)
}

func (s *soak) playerTempo(ctx context.Context) (time.Duration, error) {
	bpm := 90 + 5*float64(s.random.IntN(14))
	s.deck.Do(func(p *source.Player, now time.Time) { p.SetTempo(1, bpm, now) })
	s.bpm = bpm
	return awaits(ctx, fmt.Sprintf("the tempo %v", bpm), 15*time.Second, s.inTempo)
}

// versionSeen waits until the light is that of the version saved last.
func (s *soak) versionSeen(ctx context.Context) (time.Duration, error) {
	return awaits(ctx, fmt.Sprintf("version %d", s.version), 10*time.Second, func() bool { return s.ears.slot(1, 3) == s.version })
}

func (s *soak) goodSave(ctx context.Context) (time.Duration, error) {
	if err := s.save("", ""); err != nil {
		return 0, err
	}
	return s.versionSeen(ctx)
}

func (s *soak) brokenSave(ctx context.Context) (time.Duration, error) {
	breaks := []string{"this is no Lua", "error('no')", "one:set(513, 1)", "while true do end", "clock.every(-1, second)"}
	if err := s.save("99", breaks[s.random.IntN(len(breaks))]); err != nil {
		return 0, err
	}
	if _, err := awaits(ctx, "word of the broken save", 10*time.Second, func() bool {
		text, err := s.show.ask(control.Status)
		return err == nil && !strings.Contains(text, "failed reloads: 0")
	}); err != nil {
		return 0, err
	}
	return s.goodSave(ctx)
}

func (s *soak) manySaves(ctx context.Context) (time.Duration, error) {
	for range 20 {
		if err := s.save("", ""); err != nil {
			return 0, err
		}
		wait(ctx, s.pause(5*time.Millisecond, 120*time.Millisecond))
	}
	return s.versionSeen(ctx)
}

// stopLimit is how long a stop may take on a machine that is as busy as this one may be.
const stopLimit = 500 * time.Millisecond

// stop stops machinery, sees that it stays stopped, and releases it. It tells how long the
// valve was not vented.
func (s *soak) stop(ctx context.Context, how func() error) (time.Duration, error) {
	wait(ctx, s.pause(0, 600*time.Millisecond)) // anywhere in a beat
	asked := time.Now()
	if err := how(); err != nil {
		return 0, err
	}
	var vented time.Time
	if _, err := awaits(ctx, "the safe action of the valve", 5*time.Second, func() (safe bool) {
		vented, safe, _ = s.machines.safeSince(asked, true)
		return safe
	}); err != nil {
		return 0, err
	}
	took := vented.Sub(asked)
	s.machines.stops = append(s.machines.stops, took)
	wait(ctx, s.pause(time.Second, 3*time.Second))
	if noise := s.pulse.noise(); took > stopLimit+2*noise {
		return took, fmt.Errorf("the valve was vented %v after the stop (this process was up to %v late)", took, noise)
	}
	if moved := s.machines.movedSince(vented); moved != "" {
		return took, fmt.Errorf("%s in an emergency stop", moved)
	}
	released := time.Now()
	if _, err := s.show.ask(control.Release); err != nil {
		return took, err
	}
	_, err := awaits(ctx, "a move after the release", 10*time.Second, func() bool { return s.machines.movedSince(released) != "" })
	return took, err
}

func (s *soak) suspended(ctx context.Context) (time.Duration, error) {
	s.ears.excuse(true)
	if err := s.show.signal(syscall.SIGSTOP); err != nil {
		return 0, err
	}
	wait(ctx, s.pause(500*time.Millisecond, 4*time.Second))
	s.ears.excuse(false)
	back := time.Now()
	if err := s.show.signal(syscall.SIGCONT); err != nil {
		return 0, err
	}
	took, err := awaits(ctx, "light", 5*time.Second, func() bool { at, _ := s.ears.last(); return at.After(back) })
	if err != nil {
		return took, err
	}
	return took, s.allWell(ctx, back)
}

// killed kills the show at a random instant and starts it again, with its gateways coming in
// another order: it makes the valve safe before it does anything else, and is itself again.
// It tells how long there was no light.
func (s *soak) killed(ctx context.Context, damage func() error) (time.Duration, error) {
	wait(ctx, s.pause(0, 1500*time.Millisecond))
	if err := damage(); err != nil {
		return 0, err
	}
	s.ears.excuse(true)
	s.show.kill()
	dead := time.Now()
	left, none := s.point()
	[]*lamp{s.box, s.strip}[s.random.IntN(2)].off()
	light, err := s.comeUp(ctx)
	if err != nil {
		return light, err
	}
	if _, safe, err := s.machines.safeSince(dead, false); err != nil || !safe {
		return light, fmt.Errorf("after a kill the valve is not made safe first: %v", err)
	}
	if none == nil {
		return light, s.resumed(ctx, left, dead)
	}
	return light, nil
}

func (s *soak) stateOverwritten(ctx context.Context) (time.Duration, error) {
	junk := make([]byte, 5000)
	for i := range junk {
		junk[i] = byte(s.random.Uint32())
	}
	file := s.state() + "/showrun.db"
	if err := os.WriteFile(file, junk, 0o600); err != nil {
		return 0, err
	}
	return awaits(ctx, "a state file that is written anew", 15*time.Second, func() bool {
		b, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(b[max(0, len(b)-120):]), "showrun state")
	})
}

func (s *soak) endedAndStarted(ctx context.Context) (time.Duration, error) {
	if _, err := s.endWell(); err != nil {
		return 0, err
	}
	return s.comeUp(ctx)
}

func (s *soak) handMoves(ctx context.Context) (time.Duration, error) {
	v := 1 + s.random.IntN(255)
	began := time.Now()
	_, err := awaits(ctx, "what the hand has sent", 5*time.Second, func() bool {
		_ = s.sendOSC(s.hand, "/hand", int32(v)) // again, for a datagram may be lost
		return s.ears.slot(1, 14) == v
	})
	return time.Since(began), err
}

// badHandler saves a version with a handler that harms the show, waits until that is stopped,
// and mends it.
func (s *soak) badHandler(ctx context.Context, text, stopped string) (time.Duration, error) {
	s.ears.script(true)
	defer s.ears.script(false)
	s.version = s.version%250 + 1
	if err := s.save("7", text); err != nil {
		return 0, err
	}
	if _, err := awaits(ctx, stopped, 30*time.Second, func() bool {
		text, err := s.show.ask(control.Status)
		return err == nil && strings.Contains(text, "NOT CALLED ANY MORE")
	}); err != nil {
		return 0, err
	}
	return s.goodSave(ctx)
}

// fewDescriptors leaves the show without descriptors for a while, and callers at its door.
func (s *soak) fewDescriptors(ctx context.Context) (time.Duration, error) {
	pid, _ := s.show.pid()
	restore, err := allowDescriptors(pid, 16)
	if err != nil {
		return 0, err
	}
	defer restore()
	wait(ctx, s.pause(2*time.Second, 8*time.Second))
	l := s.box
	l.off() // it has to be dialled again
	if err := l.turnOn(s.ctx); err != nil {
		return 0, err
	}
	wait(ctx, time.Second)
	restore()
	return awaits(ctx, "values at gateway "+l.id, 20*time.Second, l.lit)
}
