package midi

import (
	"context"
	"sync/atomic"
	"time"

	mtc "showrun/drivers/midi/timecode"
	"showrun/drivers/midi/wire"
	"showrun/runtime/device/timecode"
)

// tape is the timecode that a port sends. The engine loop moves it, and a goroutine of the
// port plays what it is then.
type tape struct {
	state atomic.Pointer[taped] // nil while none is sent
	news  chan struct{}
}

// taped is how it stands, and how often it was put somewhere.
type taped struct {
	Timecode
	puts int
}

func newTape() tape { return tape{news: make(chan struct{}, 1)} }

// adopt sends a timecode of a rate from now on, or none. One that is sent at the rate
// already goes on.
func (t *tape) adopt(rate *TimecodeRate) {
	switch is := t.state.Load(); {
	case rate == nil:
		t.set(nil)
	case is == nil || is.Rate != *rate:
		t.set(&taped{Timecode: Timecode{Rate: *rate}})
	}
}

// move changes it at an instant.
func (t *tape) move(m timecode.Move, at time.Duration) {
	is := t.state.Load()
	if is == nil {
		return
	}
	next := *is
	next.Timecode = is.Moved(m, at)
	if m.Locate {
		next.puts++
	}
	t.set(&next)
}

func (t *tape) set(to *taped) {
	t.state.Store(to)
	select {
	case t.news <- struct{}{}:
	default:
	}
}

func (t *tape) standing() Standing {
	if is := t.state.Load(); is != nil {
		return Standing{is.Timecode, true}
	}
	return Standing{}
}

// play sends the timecode until ctx ends: a full frame where it is put, quarter frames while
// it runs.
func (p *Port) play(ctx context.Context) error {
	var is *taped
	var sender *mtc.Sender
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.tape.news:
		case <-timer.C:
		}
		if to := p.tape.state.Load(); to != is {
			if to == nil || is == nil || to.Rate != is.Rate {
				sender = nil
			}
			if to != nil {
				if sender == nil {
					sender = mtc.NewSender(wire.Rate(to.Rate))
				}
				p.cue(sender, is, to)
			}
			is = to
		}
		if sender == nil {
			continue
		}
		for due := true; due; {
			var m wire.Message
			if m, due = sender.Step(p.env.Time(p.env.Now())); due {
				p.deliver(m)
			}
		}
		if next := sender.Deadline(); !next.IsZero() {
			timer.Reset(p.env.Since(next) - p.env.Now())
		}
	}
}

// cue makes a sender play from where a timecode is that was another before.
func (p *Port) cue(s *mtc.Sender, before, to *taped) {
	known := 0
	if before != nil {
		known = before.puts
	}
	if to.puts > known {
		p.deliver(s.Locate(to.FrameAt(p.env.Now())))
	}
	if to.Running {
		s.Start(to.Frame, p.env.Time(to.At))
	} else {
		s.Stop()
	}
}

// deliver sends a message of a timecode, which is worth nothing later.
func (p *Port) deliver(m wire.Message) {
	if d := p.current(); d != nil && d.Send(m) != nil {
		p.unsent.Add(1)
	}
}
