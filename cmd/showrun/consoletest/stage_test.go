package consoletest

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// look is what the tests read of GET /api/looks.
type look struct {
	Fixture, Color string
	Intensity      int
	Pan, Tilt      float64
	Held           bool
}

func (h *house) looks() map[string]look {
	h.Helper()
	var list []look
	if code := h.ask("GET", "/api/looks", h.token, "", &list); code != 200 {
		h.Fatalf("GET /api/looks: %d", code)
	}
	by := map[string]look{}
	for _, l := range list {
		by[l.Fixture] = l
	}
	return by
}

// pixels are those of a colour where a control is seen, give or take what an eye does not
// tell apart.
func (b *tab) pixels(c control, want color.RGBA) (found []image.Point) {
	b.Helper()
	r := b.box(c)
	picture, err := png.Decode(b.picture())
	if err != nil {
		b.Fatal(err)
	}
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 4 }
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			at := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if near(at.R, want.R) && near(at.G, want.G) && near(at.B, want.B) {
				found = append(found, image.Pt(x, y))
			}
		}
	}
	return found
}

// shows waits until a fixture is seen in a colour on the stage, and returns where.
func (b *tab) shows(want color.RGBA) (at image.Point) {
	b.Helper()
	stage := b.find("img|image|canvas|graphics-document", `.*stage.*`)
	b.until(fmt.Sprintf("the stage shows %v", want), func() bool {
		found := b.pixels(stage, want)
		if len(found) < 30 { // a mark on its frame is no fixture
			return false
		}
		at = found[len(found)/2]
		return true
	})
	return at
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	cyan  = color.RGBA{0, 225, 255, 255}
)

// TestLevels: the stage shows light as it goes out, when a cue changes it and when nobody
// does anything.
func TestLevels(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)
	b.turn("stage")
	h.ctl("go")
	b.shows(red)
	h.ctl("go")
	b.shows(green)
	if l := h.looks()["left"]; l.Color != "#00ff00" || l.Intensity != 255 {
		t.Errorf("left is %+v", l)
	}
	h.ctl("blackout", "on")
	stage := b.find("img|image|canvas|graphics-document", `.*stage.*`)
	b.until("the stage is dark", func() bool { return len(b.pixels(stage, green)) == 0 })
	h.ctl("blackout", "off")
	b.shows(green)

	// A wave of the script goes on and off by itself.
	pulse := b.pulses()
	for _, want := range []bool{true, false, true} {
		b.until(fmt.Sprintf("pulse is lit: %v", want), func() bool { return pulse() == want })
	}

	// Slot by slot: universe 1 has left on slots 1 to 3, and pulse on 8.
	b.clickOn("tab", "Outputs")
	slots := b.find("img|image|canvas", `Levels of .*`)
	told := regexp.MustCompile(`slot 2\s+left · green\s+255`)
	b.until("slot 2 is told of", func() bool {
		r := b.boxNow(slots)
		b.must(chromedp.MouseEvent("mouseMoved", float64(middle(r).X), float64(r.Min.Y+10)))
		b.must(chromedp.MouseEvent("mouseMoved", float64(r.Min.X)+float64(r.Dx())/32*1.5, float64(r.Min.Y+10)))
		return told.MatchString(b.text())
	})
}

// pulses tells whether the fixture pulse is lit, by what Why says of it.
func (b *tab) pulses() func() bool {
	b.Helper()
	b.selectFixture("pulse")
	b.reads(`(?i)Why · pulse`)
	return func() bool {
		return strings.Contains(eval[string](b, `document.querySelector("[data-test=why]").innerText`), "100")
	}
}

// selectFixture chooses a fixture by its name.
func (b *tab) selectFixture(name string) {
	b.Helper()
	list := b.find("combobox|listbox|PopUpButton|MenuListPopup", `Select a fixture by its name`)
	call[chromedp.Void](b, list, `function(name) {
		this.value = [...this.options].find((o) => o.text === name).value
		this.dispatchEvent(new Event("change", { bubbles: true }))
	}`, name)
}

// TestHoldAndCopy: what a hand holds lies above the script until it lets go, and the Lua
// that is copied of it gives the same look in a show.
func TestHoldAndCopy(t *testing.T) {
	h := plays(t, "desk")
	h.ctl("go")
	b := newTab(t)
	b.open(h.link)
	b.turn("stage")
	at := b.shows(red)
	b.must(chromedp.MouseClickXY(float64(at.X), float64(at.Y)))
	b.reads(`(?i)Why · left`)

	b.clickOn("button", "cyan")
	b.shows(cyan)
	b.drag("Intensity", 0.4)
	b.until("left is dimmed", func() bool { l := h.looks()["left"]; return l.Held && l.Intensity > 70 && l.Intensity < 130 })
	b.selectFixture("head")
	b.until("left and head are selected", func() bool {
		return strings.Contains(b.text(), "left, head") || strings.Contains(b.text(), "2 selected")
	})
	b.click("none")
	b.selectFixture("head")
	b.drag("Intensity", 0.8)
	b.clickOn("button", "magenta")
	b.until("head is held", func() bool { l := h.looks()["head"]; return l.Held && l.Intensity > 180 && l.Color == "#ff00b4" })
	held := h.looks()
	h.ctl("go") // the script goes on below what is held
	h.at(b, "2")
	if l := h.looks()["left"]; l != held["left"] {
		t.Errorf("the script has moved what is held: %+v, was %+v", l, held["left"])
	}

	b.reads(`(?i)held by hand`)
	b.clipboardIsMine()
	b.click(`.*Copy as Lua`)
	lua := b.find("textbox", `The look as Lua`).value
	b.until("it is in the clipboard", func() bool { return b.clipboard() == lua })
	b.click(`Let go of all`)
	b.until("nothing is held", func() bool {
		return !slices.ContainsFunc([]string{"left", "head"}, func(name string) bool { return h.looks()[name].Held })
	})
	b.shows(green)

	pasted(t, lua, held)
}

// pasted plays a show whose first cue has a look as it was copied, and compares.
func pasted(t *testing.T, lua string, want map[string]look) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "desk.lua"))
	if err != nil {
		t.Fatal(err)
	}
	const cue = `main:cue{ 1, "Red",   look = { [left] = { color = "#ff0000", intensity = 255 }, [right] = 0 } }`
	h := plays(t, "desk")
	h.kill()
	show := strings.Replace(string(text), cue, `main:cue{ 1, "Held", `+asLook(lua)+` }`, 1)
	h.save(show)
	h.flags = append(h.flags, "--fresh")
	h.start()
	h.ctl("go")
	b := newTab(t)
	for _, name := range []string{"left", "head"} {
		w := want[name]
		b.until(fmt.Sprintf("%s is as it was held, %+v, by\n%s", name, w, lua), func() bool {
			got := h.looks()[name]
			got.Held = w.Held
			return got == w
		})
	}
}

// asLook is a copied look as a field of a cue.
func asLook(lua string) string {
	if strings.HasPrefix(strings.TrimSpace(lua), "look") {
		return lua
	}
	return "look = " + lua
}

// TestWhy: what a fixture does is told with the line of the show that has it do so.
func TestWhy(t *testing.T) {
	h := plays(t, "desk")
	h.ctl("go")
	b := newTab(t)
	b.open(h.link)
	b.turn("stage")
	at := b.shows(red)
	b.must(chromedp.MouseEvent("mouseMoved", float64(at.X), float64(at.Y)))
	b.reads(`(?is)Why · left.*cue.*main.*1`)
	b.selectFixture("pulse")
	b.must(chromedp.MouseEvent("mouseMoved", 5, 5))
	b.reads(`(?is)Why · pulse.*show\.lua:\d+`)
	h.ctl("hold", "left.intensity", "10%")
	b.must(chromedp.MouseEvent("mouseMoved", float64(at.X), float64(at.Y)))
	b.reads(`(?is)Why · left.*operator`)
}
