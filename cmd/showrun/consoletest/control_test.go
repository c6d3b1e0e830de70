package consoletest

import (
	"encoding/json"
	"fmt"
	"image"
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A control is something on the page as a screen reader tells of it.
type control struct {
	role, name, value string
	disabled          bool
	on                bool // pressed, checked or selected
	focusable         bool
	node              cdp.BackendNodeID
}

func (c control) String() string { return fmt.Sprintf("%s %q", c.role, c.name) }

// controls is everything on the page that a screen reader tells of.
func (b *tab) controls() []control {
	b.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.Fatal(err)
	}
	var list []control
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		c := control{role: word(n.Role), name: word(n.Name), value: word(n.Value), node: n.BackendDOMNodeID}
		for _, p := range n.Properties {
			is := word(p.Value) == "true"
			switch p.Name {
			case accessibility.PropertyNameDisabled:
				c.disabled = is
			case accessibility.PropertyNameFocusable:
				c.focusable = is
			case accessibility.PropertyNamePressed, accessibility.PropertyNameChecked, accessibility.PropertyNameSelected:
				c.on = c.on || is
			}
		}
		list = append(list, c)
	}
	return list
}

// word is a value of the tree as text.
func word(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var plain any
	if err := json.Unmarshal(v.Value, &plain); err != nil || plain == nil {
		return ""
	}
	return fmt.Sprint(plain)
}

// look finds the controls of a role whose whole name matches; roles is such as
// "button|link".
func (b *tab) look(roles, name string) []control {
	b.Helper()
	re := regexp.MustCompile(`^(?i:` + name + `)$`)
	is := strings.Split(roles, "|")
	return slices.DeleteFunc(b.controls(), func(c control) bool {
		return !slices.Contains(is, c.role) || !re.MatchString(strings.TrimSpace(c.name))
	})
}

// find waits until a control is there, and returns the first of that name.
func (b *tab) find(roles, name string) control {
	b.Helper()
	return b.findSo(roles, name, "there", func(control) bool { return true })
}

// findSo waits until a control is there and as wanted.
func (b *tab) findSo(roles, name, how string, is func(control) bool) (found control) {
	b.Helper()
	b.until(fmt.Sprintf("%s %q is %s", roles, name, how), func() bool {
		for _, c := range b.look(roles, name) {
			if is(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// click clicks a button, where a finger would hit it: what lies over it is hit instead,
// and fails the test.
func (b *tab) click(name string) { b.Helper(); b.clickOn("button|link|tab", name) }

func (b *tab) clickOn(roles, name string) {
	b.Helper()
	at := b.reach(roles, name)
	b.must(chromedp.MouseClickXY(float64(at.X), float64(at.Y)))
}

// tap taps a button with a finger.
func (b *tab) tap(name string) {
	b.Helper()
	at := b.reach("button|link|tab", name)
	b.must(chromedp.TapXY(float64(at.X), float64(at.Y)))
}

// keep keeps a button pressed until it is gone.
func (b *tab) keep(name string) {
	b.Helper()
	at := b.reach("button", name)
	x, y := float64(at.X), float64(at.Y)
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	b.until(name+" is gone", func() bool { return len(b.look("button", name)) == 0 })
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// focus gives a control the keyboard.
func (b *tab) focus(roles, name string) {
	b.Helper()
	c := b.find(roles, name)
	if _, err := chromedp.Call(b.ctx, dom.Focus, dom.FocusParams{BackendNodeID: c.node}); err != nil {
		b.Fatalf("%v: %v", c, err)
	}
}

// reach is the middle of a control that is enabled, and that nothing lies over.
func (b *tab) reach(roles, name string) image.Point {
	b.Helper()
	c := b.findSo(roles, name, "enabled", func(c control) bool { return !c.disabled })
	r := b.box(c)
	b.until(name+" stays where it is", func() bool { // while a page fills, a hand would miss it
		before := r
		eval[bool](b, twoFrames)
		r = b.boxNow(c)
		return r == before
	})
	if over := call[string](b, c, `function(x, y) {
		const top = document.elementFromPoint(x, y)
		if (top && (this.contains(top) || top.contains(this) || top.closest("label")?.control === this)) return ""
		return top ? top.outerHTML.slice(0, 200) : "nothing"
	}`, middle(r).X, middle(r).Y); over != "" {
		b.Fatalf("%v at %v: a click hits %s", c, r, over)
	}
	return middle(r)
}

func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }

// box is where a control is seen, in pixels of the viewport, scrolled into it.
func (b *tab) box(c control) image.Rectangle {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: c.node}); err != nil {
		b.Fatalf("%v: %v", c, err)
	}
	return b.boxNow(c)
}

// boxNow is where a control is, seen or not.
func (b *tab) boxNow(c control) image.Rectangle {
	b.Helper()
	at := call[[4]float64](b, c, `function() { const r = this.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }`)
	return image.Rect(int(at[0]), int(at[1]), int(at[2]), int(at[3]))
}

// call calls a function of the page's script with the element of a control as this.
func call[T any](b *tab, c control, function string, args ...any) T {
	b.Helper()
	object, err := chromedp.Call(b.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: c.node})
	if err != nil {
		b.Fatalf("%v: %v", c, err)
	}
	on := func(p *runtime.CallFunctionOnParams) { p.ObjectID = object.Object.ObjectID }
	v, err := chromedp.Run(b.ctx, chromedp.CallFunctionOn[T](function, on, args...))
	if err != nil {
		b.Fatalf("%v: %v", c, err)
	}
	return v
}

// drag takes the knob of a slider to a share of its way, 0-1, as a hand does.
func (b *tab) drag(name string, to float64) {
	b.Helper()
	c := b.findSo("slider", name, "enabled", func(c control) bool { return !c.disabled })
	r := b.box(c)
	at := call[float64](b, c, `function() { return (this.value - this.min) / (this.max - this.min) }`)
	x := func(share float64) float64 { return float64(r.Min.X) + 8 + share*float64(r.Dx()-16) }
	y := float64(middle(r).Y)
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x(at), y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	for i := 1; i <= 5; i++ {
		b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x(at+(to-at)*float64(i)/5), y, chromedp.ButtonLeft))
	}
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x(to), y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// repeat is what a key sends while it is held down.
func (b *tab) repeat(key string) {
	b.Helper()
	b.must(chromedp.KeyEvent(key, func(e *input.DispatchKeyEventParams) { e.AutoRepeat = new(true) }))
}
