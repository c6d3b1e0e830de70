package midi

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/midi"
	"showrun/drivers/midi/session"
	mtc "showrun/drivers/midi/timecode"
	"showrun/drivers/midi/wire"
	"showrun/runtime/device/timecode"
)

// TestTimecodeIsPlayed has a port send a timecode into a session, at all four rates: where it
// is put is told at once, and from there it runs.
func TestTimecodeIsPlayed(t *testing.T) {
	for _, rate := range []TimecodeRate{TimecodeRate(wire.Rate24), TimecodeRate(wire.Rate25), TimecodeRate(wire.RateDrop), TimecodeRate(wire.Rate30)} {
		t.Run(rate.String(), func(t *testing.T) {
			frames, peers := make(chan mtc.Event, 1000), make(chan bool, 10)
			reader := mtc.New(0, func(e mtc.Event) { frames <- e })
			ear, err := midi.Open(midi.Config{
				Name: "ear", Interface: "127.0.0.1", Host: true, Hidden: true,
				OnMessage: func(r session.Received) { reader.Receive(r.Message, r.At) },
				OnPeer:    func(_ string, present bool, _ time.Time) { peers <- present },
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			var running sync.WaitGroup
			running.Go(func() { ear.Run(ctx) })
			t.Cleanup(func() { cancel(); running.Wait() })

			h := &host{}
			env := h.env()
			decl := &PortDecl{Host: "127.0.0.1", Port: int(ear.Addr().Port()), Sends: &rate}
			d, err := decl.Open(env)
			if err != nil {
				t.Fatal(err)
			}
			p := d.(*Port)
			p.Adopt(decl)
			run(t, p)
			<-peers
			for len(p.WaitsFor()) > 0 {
				<-time.After(time.Millisecond)
			}
			p.Take(env.Now(), MoveTimecode{timecode.Move{Locate: true, To: 1799}}) // before labels are left out
			if e := <-frames; e.Change != mtc.Found || e.Number != 1799 || e.Rate != wire.Rate(rate) {
				t.Errorf("found %+v", e)
			}
			if e := <-frames; e.Change != mtc.Frame || e.Number != 1799 || e.Running {
				t.Errorf("is put to %+v", e)
			}
			p.Take(env.Now(), MoveTimecode{timecode.Move{Start: true}})
			var heard []int64
			for len(heard) < 5 {
				if e := <-frames; e.Change == mtc.Frame && e.Running {
					heard = append(heard, e.Number)
				}
			}
			for i, n := range heard[1:] {
				if n != heard[i]+1 || heard[0] < 1799 || heard[0] > 1803 {
					t.Fatalf("frames %v", heard)
				}
			}
			if is := p.Answer(TimecodeOf{Sent: true}).(Standing); !is.Known || !is.Running || is.Frame != 1799 {
				t.Errorf("it stands at %+v", is)
			}
			p.Adopt(&PortDecl{})
			if is := p.Answer(TimecodeOf{Sent: true}).(Standing); is.Known {
				t.Errorf("it is sent on: %+v", is)
			}
		})
	}
}

// kept is a driver that keeps what is sent.
type kept struct {
	sent []wire.Message
	all  chan struct{}
}

func (k *kept) Run(ctx context.Context) error { <-ctx.Done(); return nil }
func (k *kept) Close() error                  { return nil }
func (k *kept) Send(list ...wire.Message) error {
	if k.sent = append(k.sent, list...); len(k.sent) == 9 {
		close(k.all)
	}
	return nil
}

// TestTimecodeOnACable compares the bytes: a full frame where it is put, then the quarter
// frames from the beginning of a label on.
func TestTimecodeOnACable(t *testing.T) {
	h := &host{}
	rate := TimecodeRate(wire.Rate30)
	p := newPort(&PortDecl{Name: "x"}, h.env())
	cable := &kept{all: make(chan struct{})}
	p.driver = cable
	p.Adopt(&PortDecl{Sends: &rate})
	ctx, cancel := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	playing.Go(func() { p.play(ctx) })
	p.Take(p.env.Now(), MoveTimecode{timecode.Move{Locate: true, To: 3601, Start: true}})
	<-cable.all
	cancel()
	playing.Wait()
	var b []byte
	for _, m := range cable.sent[1:9] {
		b = wire.AppendMessage(b, m)
	}
	if want := []byte{0xf1, 0x02, 0xf1, 0x10, 0xf1, 0x20, 0xf1, 0x30, 0xf1, 0x42, 0xf1, 0x50, 0xf1, 0x60, 0xf1, 0x76}; !slices.Equal(b, want) {
		t.Errorf("% x, want % x", b, want)
	}
	full, ok := wire.ParseFullFrame(cable.sent[0].Data)
	if !ok || full.Number() < 3601 || full.Number() > 3602 {
		t.Errorf("full frame %+v", full)
	}
}
