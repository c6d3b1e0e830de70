package consoletest

import (
	"cmp"
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// crowd has more fixtures than a screen is tall.
const crowd = timelineShow + `for i = 1, 60 do stage.fixture{ name = "par " .. i, kind = "dimmer", at = u:slot(100 + i) }:set(i) end
`

// stretch is what of a timeline is seen, in seconds, and how far down in pixels.
type stretch struct{ From, To, Scroll float64 }

func (b *tab) stretch() stretch {
	b.Helper()
	return eval[stretch](b, `({ From: view.from / 1e6, To: view.to / 1e6, Scroll: view.scroll })`)
}

// show has a stretch of seconds be seen, from the top.
func (b *tab) show(from, to float64) {
	b.Helper()
	eval[bool](b, fmt.Sprintf(`view.scroll = 0, view.show(%g * 1e6, %g * 1e6), view.drawNow(), true`, from, to))
}

// across is where on the screen a time is, in seconds.
func (b *tab) across(seconds float64) float64 {
	b.Helper()
	return eval[float64](b, fmt.Sprintf(`view.stage.getBoundingClientRect().left + view.x(%g * 1e6)`, seconds))
}

// near tells whether two times are the same but for a pixel or so.
func near(a, b float64) bool { return math.Abs(a-b) < 0.1 }

// The keys that are held while a wheel turns.
const (
	ctrl  = 2
	shift = 8
)

// TestTimelineGoesByTheWheel: in and out around the pointer, to the sides, and over the names
// up and down.
func TestTimelineGoesByTheWheel(t *testing.T) {
	b := openTimeline(t, timelinePage(t, crowd, "--for", "1m"))
	const from, to, at = 10, 40, 20
	const none = 1e-9 // pixels; the browser wants both
	for _, c := range []struct {
		name   string
		x      float64 // seconds; 0 = over the names
		held   int64
		dx, dy float64
		is     func(stretch) bool
	}{
		{"towards me goes out", at, 0, 0, 100, func(s stretch) bool { return near(s.To-s.From, 30*math.Exp(0.2)) }},
		{"away from me goes in", at, 0, 0, -100, func(s stretch) bool { return near(s.To-s.From, 30*math.Exp(-0.2)) }},
		{"what two fingers on a pad do goes in further", at, ctrl, 0, -50, func(s stretch) bool { return near(s.To-s.From, 30*math.Exp(-0.5)) }},
		{"to the right goes on", at, 0, 100, 10, func(s stretch) bool { return s.From > from+1 && near(s.To-s.From, 30) && s.Scroll == 0 }},
		{"with shift it goes on too", at, shift, 0, 100, func(s stretch) bool { return s.From > from+1 && near(s.To-s.From, 30) && s.Scroll == 0 }},
		{"to the left goes back", at, 0, -100, 0, func(s stretch) bool { return s.From < from-1 && near(s.To-s.From, 30) }},
		{"over the names it goes down", 0, 0, 0, 30, func(s stretch) bool { return s.Scroll == 30 && near(s.From, from) && near(s.To, to) }},
	} {
		b.show(from, to)
		x := 20.0
		if c.x > 0 {
			x = b.across(c.x)
		}
		wheel := func(e *input.DispatchMouseEventParams) {
			e.DeltaX, e.DeltaY, e.Modifiers = cmp.Or(c.dx, none), cmp.Or(c.dy, none), c.held
		}
		b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseWheel, x, 500, wheel))
		b.until(c.name, func() bool { return c.is(b.stretch()) })
		if c.dx == 0 && c.held != shift && c.x > 0 {
			if is := b.across(c.x); math.Abs(is-x) > 1 {
				t.Errorf("%s: what was under the pointer at %v is at %v", c.name, x, is)
			}
		}
	}
}

// fingers is where fingers lie on the screen, from the left; none is to lift all.
func (b *tab) fingers(typ input.DispatchTouchEventType, across ...float64) {
	b.Helper()
	p := input.DispatchTouchEventParams{Type: typ}
	for i, x := range across {
		p.TouchPoints = append(p.TouchPoints, &input.TouchPoint{X: x, Y: 500, ID: new(float64(i))})
	}
	if _, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, p); err != nil {
		b.Fatal(err)
	}
}

// TestTimelineGoesByFingers: what lies under them stays there, however they move, and one of
// them alone goes to the sides.
func TestTimelineGoesByFingers(t *testing.T) {
	b := openTimeline(t, timelinePage(t, crowd, "--for", "1m"))
	b.phone()
	b.until("the picture fits", func() bool { return eval[float64](b, `view.width`) == 390 })
	b.show(10, 40)
	left, right := b.across(20), b.across(28)
	under := func(what string, left, right float64) {
		t.Helper()
		b.until(what, func() bool { return math.Abs(b.across(20)-left) < 3 && math.Abs(b.across(28)-right) < 3 })
	}

	b.fingers(input.DispatchTouchEventTypeTouchStart, left)
	b.fingers(input.DispatchTouchEventTypeTouchStart, left, right)
	for range 10 {
		left, right = left-3, right+5
		b.fingers(input.DispatchTouchEventTypeTouchMove, left, right)
	}
	under("they are apart", left, right)
	for range 10 {
		left, right = left+5, right+2
		b.fingers(input.DispatchTouchEventTypeTouchMove, left, right)
	}
	under("they have moved to the right", left, right)
	wide := b.stretch()

	b.fingers(input.DispatchTouchEventTypeTouchEnd)
	b.fingers(input.DispatchTouchEventTypeTouchStart, 200)
	for x := 195.0; x >= 150; x -= 5 {
		b.fingers(input.DispatchTouchEventTypeTouchMove, x)
	}
	b.fingers(input.DispatchTouchEventTypeTouchEnd)
	b.until("one has moved on", func() bool {
		s := b.stretch()
		return s.From > wide.From && near(s.To-s.From, wide.To-wide.From)
	})
}
