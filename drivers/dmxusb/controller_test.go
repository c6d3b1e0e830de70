package dmxusb_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/drivers/dmxusb/widget"
	"showrun/drivers/dmxusb/wire"
)

var serial = wire.Serial{0x45, 0x23, 0x01, 0x00}

// pair is a computer and a widget, with the line between them in the test's hands.
type pair struct {
	t      *testing.T
	now    time.Time
	c      *dmxusb.Controller
	w      *widget.Widget
	toward []byte // the computer
	cut    bool   // nothing reaches the widget
	heard  []string
	shown  []string
	rdm    [][]byte
}

func newPair(t *testing.T, cfg dmxusb.Config) *pair {
	t.Helper()
	p := &pair{t: t, now: time.Unix(1000, 0)}
	brief := func(levels []byte) string { return fmt.Sprint(levels[:min(len(levels), 3)], " of ", len(levels)) }
	cfg.OnLevels = func(levels []byte, at time.Time) {
		p.heard = append(p.heard, fmt.Sprintf("%v %s", at.Sub(time.Unix(1000, 0)), brief(levels)))
	}
	cfg.OnRDM = func(packet []byte, _ time.Time) { p.rdm = append(p.rdm, bytes.Clone(packet)) }
	p.w = widget.New(widget.Config{
		Serial: serial,
		OnLevels: func(levels []byte) {
			p.shown = append(p.shown, fmt.Sprintf("%v %s", p.now.Sub(time.Unix(1000, 0)), brief(levels)))
		},
		OnRDM: func(packet []byte) []byte { return append([]byte{wire.RDMCode, 0xff}, packet[2:]...) },
	}, func(b []byte) { p.toward = append(p.toward, b...) })
	var err error
	p.c, err = dmxusb.New(cfg, p.now, func(b []byte) error {
		if !p.cut {
			p.w.Receive(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run lets time pass to an instant after the start, from one deadline to the next.
func (p *pair) run(until time.Duration) {
	p.t.Helper()
	for end := time.Unix(1000, 0).Add(until); ; {
		if b := p.toward; len(b) > 0 {
			p.toward = nil
			p.c.Receive(p.now, b)
		}
		next := p.c.Deadline()
		if len(p.toward) == 0 && (next.IsZero() || next.After(end)) {
			p.now = end
			return
		}
		if next.After(p.now) {
			p.now = next
		}
		if err := p.c.Step(p.now); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *pair) want(what string, got *[]string, want ...string) {
	p.t.Helper()
	if !slices.Equal(*got, want) {
		p.t.Errorf("%s:\ngot  %q\nwant %q", what, *got, want)
	}
	*got = nil
}

// TestWidgetIsAsked for its number and parameters until it answers.
func TestWidgetIsAsked(t *testing.T) {
	p := newPair(t, dmxusb.Config{})
	p.cut = true
	p.run(2500 * time.Millisecond)
	if s, ok := p.c.Serial(); ok {
		t.Fatalf("nobody answered, and it is %v", s)
	}
	p.cut = false
	p.run(3 * time.Second)
	if s, ok := p.c.Serial(); !ok || s != serial {
		t.Errorf("got %v, %t, want %v", s, ok, serial)
	}
	if q, ok := p.c.Parameters(); !ok || q.Rate != 40 {
		t.Errorf("got %v, %t", q, ok)
	}
	p.run(5 * time.Second)
	if next := p.c.Deadline(); !next.IsZero() {
		t.Errorf("it goes on at %v though everything is known", next)
	}
}

// TestLevelsAreSentAtTheRate sends the newest ones, no sooner than the rate allows, and again
// each second while nothing changes: also before the widget has answered.
func TestLevelsAreSentAtTheRate(t *testing.T) {
	p := newPair(t, dmxusb.Config{Rate: 40})
	p.c.SetLevels([]byte{1})
	p.run(10 * time.Millisecond)
	p.c.SetLevels([]byte{2})
	p.c.SetLevels([]byte{3})
	p.run(2 * time.Second)
	p.want("shown", &p.shown, "0s [1 0 0] of 24", "25ms [3 0 0] of 24", "1.025s [3 0 0] of 24")
	p.c.SetLevels([]byte{3})
	p.run(2010 * time.Millisecond)
	p.want("the same levels", &p.shown)
	p.c.SetLevels(make([]byte, 600))
	p.run(2011 * time.Millisecond)
	p.want("too many", &p.shown, "2.01s [0 0 0] of 512")
	if _, err := dmxusb.New(dmxusb.Config{Rate: 45}, p.now, nil); err == nil {
		t.Error("45 frames a second were allowed")
	}
}

// TestInputIsHeardAndLost with packets, changes, and a widget that lost its power.
func TestInputIsHeardAndLost(t *testing.T) {
	p := newPair(t, dmxusb.Config{Input: true})
	p.run(0)
	p.w.Input([]byte{1, 2, 3, 4})
	p.run(500 * time.Millisecond)
	p.want("a packet", &p.heard, "0s [1 2 3] of 4")
	p.run(2 * time.Second)
	p.want("none for a second", &p.heard, "1s [] of 0")
	p.w.Receive(wire.AppendLevels(nil, nil)) // it forgot that it receives
	p.run(3 * time.Second)
	p.w.Input([]byte{7})
	p.run(3 * time.Second)
	p.want("it was told again", &p.heard, "3s [7] of 1")
	p.w.Receive(wire.AppendFrame(nil, wire.ReceiveMode, 1))
	p.w.Input([]byte{7, 0, 9})
	p.run(3 * time.Second)
	p.want("changes", &p.heard, "3s [7 0 9] of 512")
	if p.c.SetLevels([]byte{1}); p.c.Stats().Sent > 0 {
		t.Error("an input sends")
	}
}

// TestDamagedInputIsNotShown counts it instead.
func TestDamagedInputIsNotShown(t *testing.T) {
	p := newPair(t, dmxusb.Config{Input: true})
	p.toward = wire.AppendFrame(nil, wire.ReceivedDMX, 2, 0, 99)
	p.toward = wire.AppendFrame(p.toward, wire.ReceivedDMX, 1, 0, 5)
	p.toward = wire.AppendFrame(p.toward, wire.ReceivedDMX)
	p.toward = wire.AppendFrame(p.toward, wire.DMXChanged, 0, 3, 0, 0, 0, 0, 1)
	p.toward = append(p.toward, "garbage"...)
	p.run(time.Millisecond)
	p.want("heard", &p.heard, "0s [5] of 1")
	if s := p.c.Stats(); s.Lost != 2 || s.Bad != 2 || s.Skipped != 7 || s.Received != 1 {
		t.Errorf("counted %+v", s)
	}
}

// TestCutFrameDoesNotHoldBack what follows it.
func TestCutFrameDoesNotHoldBack(t *testing.T) {
	p := newPair(t, dmxusb.Config{})
	p.cut = true
	p.toward = append([]byte{0x7e, 5, 0x58, 2}, wire.AppendFrame(nil, wire.GetSerial, serial[:]...)...)
	p.run(100 * time.Millisecond)
	if _, ok := p.c.Serial(); ok {
		t.Fatal("it did not wait for the rest of the frame")
	}
	p.run(time.Second / 2)
	if _, ok := p.c.Serial(); !ok {
		t.Error("the answer is still taken for the data of the frame that was cut")
	}
}

// TestRDMIsPassedOver both ways, and nothing else is by the same calls.
func TestRDMIsPassedOver(t *testing.T) {
	p := newPair(t, dmxusb.Config{})
	packet := append([]byte{wire.RDMCode, 1}, bytes.Repeat([]byte{7}, 24)...)
	for _, send := range []func([]byte) error{p.c.SendRDM, p.c.DiscoverRDM} {
		if err := send(packet); err != nil {
			t.Fatal(err)
		}
		if send(packet[1:]) == nil || send(packet[:25]) == nil {
			t.Error("what is no RDM packet was sent")
		}
	}
	p.run(time.Millisecond)
	want := append([]byte{wire.RDMCode, 0xff}, packet[2:]...)
	if len(p.rdm) != 2 || !bytes.Equal(p.rdm[0], want) || !bytes.Equal(p.rdm[1], want) {
		t.Errorf("got % x", p.rdm)
	}
}

// TestLevelsGoOnAfterRDM: with an RDM packet the widget stops sending and waits for the answer. It
// is given time for that, and then the levels again.
func TestLevelsGoOnAfterRDM(t *testing.T) {
	p := newPair(t, dmxusb.Config{Rate: 40})
	p.c.SetLevels([]byte{1})
	p.run(500 * time.Millisecond)
	p.want("shown", &p.shown, "0s [1 0 0] of 24")
	if err := p.c.SendRDM(append([]byte{wire.RDMCode, 1}, make([]byte, 24)...)); err != nil {
		t.Fatal(err)
	}
	if err := p.c.Step(p.now); err != nil {
		t.Fatal(err)
	}
	p.run(510 * time.Millisecond)
	p.c.SetLevels([]byte{2})
	p.run(time.Second)
	p.want("shown", &p.shown, "500ms [] of 0", "550ms [2 0 0] of 24")
}

// TestAnswersOfDiscoveryArePassedOver: they have no start code of RDM (ANSI E1.20 7.5).
func TestAnswersOfDiscoveryArePassedOver(t *testing.T) {
	p := newPair(t, dmxusb.Config{})
	answers := [][]byte{append(bytes.Repeat([]byte{0xfe}, 7), 0xaa, 1, 2), {0xaa, 1, 2}}
	for _, a := range append(answers, []byte{0x17, 1, 2}) {
		p.c.Receive(p.now, wire.AppendFrame(nil, wire.ReceivedDMX, append([]byte{0}, a...)...))
	}
	if !slices.EqualFunc(p.rdm, answers, bytes.Equal) {
		t.Errorf("got % x", p.rdm)
	}
}

// FuzzController takes anything from the port and steps on.
func FuzzController(f *testing.F) {
	f.Add(wire.AppendFrame(nil, wire.GetSerial, 1, 2, 3, 4), true)
	f.Add(wire.AppendFrame(nil, wire.ReceivedDMX, 0, 0, 9), true)
	f.Add(wire.AppendFrame([]byte{0x7e, 5}, wire.DMXChanged, 0, 1, 0, 0, 0, 0, 9), false)
	f.Fuzz(func(t *testing.T, b []byte, input bool) {
		now := time.Unix(1000, 0)
		w := widget.New(widget.Config{OnRDM: func(p []byte) []byte { return p[:min(len(p), 500)] }}, func([]byte) {})
		w.Receive(b)
		w.Restart()
		c, err := dmxusb.New(dmxusb.Config{Input: input, OnRDM: func([]byte, time.Time) {}}, now, func([]byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		c.SetLevels(b)
		for range 100 {
			c.Receive(now, b)
			if err := c.Step(now); err != nil {
				t.Fatal(err)
			}
			next := c.Deadline()
			if next.IsZero() {
				return
			}
			if !next.After(now) {
				t.Fatalf("at %v it has something to do at %v, after its step", now, next)
			}
			now = next
		}
	})
}
