package consoletest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keepPicture keeps what is seen in the folder that SHOWRUN_SCREENSHOTS names, if any.
func (b *tab) keepPicture(name string) {
	b.Helper()
	dir := os.Getenv("SHOWRUN_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := io.ReadAll(b.picture())
	if err == nil {
		err = errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
	}
	if err != nil {
		b.Error(err)
	}
}

// fine checks what holds for everything that is ever seen, and keeps a picture of it.
func (b *tab) fine(name string) {
	b.Helper()
	b.keepPicture(name)
	for _, fault := range b.faint() {
		b.Errorf("%s: %s", name, fault)
	}
	for _, fault := range b.unnamed() {
		b.Errorf("%s: %s", name, fault)
	}
	for _, fault := range b.wider() {
		b.Errorf("%s: %s", name, fault)
	}
}

// sizes are the screens that the console is looked at on.
var sizes = map[string]func(*tab){
	"desktop": func(*tab) {},
	"phone":   (*tab).phone,
}

// wear has the page be dark or light. On a phone the switch stands on the page of help.
func (b *tab) wear(theme string) {
	b.Helper()
	is := func() bool { return eval[string](b, `document.documentElement.dataset.theme`) == theme }
	switch {
	case is():
		return
	case len(b.look("button", `Switch to the .* theme`)) > 0:
		b.click(`Switch to the .* theme`)
	default:
		b.click(`Help.*`)
		b.click(`Dark or light`)
		b.click(`Close`)
	}
	b.until("the page is "+theme, is)
}

// TestSight: every page is readable, named and in its place, on a desk and on a phone, in
// the dark and in the light.
func TestSight(t *testing.T) {
	h := plays(t, "desk")
	h.ctl("go")
	for size, set := range sizes {
		t.Run(size, func(t *testing.T) {
			b := newTab(t)
			set(b)
			b.open(h.link)
			b.find("button", `GO.*`)
			for _, theme := range []string{"dark", "light"} {
				b.wear(theme)
				for _, page := range pages {
					b.turn(page)
					b.settle()
					b.fine(size + "-" + theme + "-" + page)
				}
			}
		})
	}
}

// TestSightOfTrouble: so is what is not seen every day.
func TestSightOfTrouble(t *testing.T) {
	h := plays(t, "desk", "--reload", "ask")
	h.ctl("go")
	h.ctl("trigger", "fail")
	h.edit(`main:cue{ 1, "Red"`, `main:cue{ 1, "Rose"`)
	h.ctl("stop")
	for size, set := range sizes {
		t.Run(size, func(t *testing.T) {
			b := newTab(t)
			set(b)
			b.open(h.link)
			for _, theme := range []string{"dark", "light"} {
				b.wear(theme)
				b.reads(`(?i)machinery is held`)
				b.reads(`(?i)a new version waits`)
				b.find("button", "Seen")
				b.settle()
				b.fine(size + "-" + theme + "-trouble")
			}
			b.click(`Help.*`)
			b.reads(`(?i)escape|esc`)
			b.settle()
			b.fine(size + "-light-help")
		})
	}
}

// TestPhone: on a phone what matters is in sight with no scrolling, and wide enough for a
// thumb.
func TestPhone(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.phone()
	b.open(h.link)
	for _, name := range []string{`GO, cue 1`, `Emergency stop`, `Back`, `Stop list`} {
		c := b.find("button", name)
		if r := b.boxNow(c); !b.seen(c) || r.Dx() < 44 || r.Dy() < 44 {
			t.Errorf("%v is at %v", c, r)
		}
	}
	b.tap(`GO, cue 1`)
	h.at(b, "1")
	for _, page := range pages {
		b.turn(page)
		if c := b.find("button", `Emergency stop`); !b.seen(c) {
			t.Errorf("%s: the emergency stop is at %v", page, b.boxNow(c))
		}
		for _, wide := range b.wider() {
			t.Errorf("%s: %s", page, wide)
		}
	}
}

// Limits of what a visit costs.
const (
	maxWeight   = 300_000 // bytes over the wire, all pages together
	maxRequests = 60
	maxBlocking = 8 // that the first picture waits for
)

// TestWeight: a visit of all pages is light, and nothing stands long in the way of its
// first picture. When that came is only told: other work on the machine delays it.
func TestWeight(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)
	b.find("button", `GO.*`)
	for _, page := range pages {
		b.turn(page)
		b.settle()
	}
	blocking := eval[[]string](b, `performance.getEntriesByType("resource").filter((r) => r.renderBlockingStatus === "blocking").map((r) => r.name)`)
	paint := eval[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
	b.mu.Lock()
	weight, requests := b.received, len(b.sent)
	b.mu.Unlock()
	t.Logf("first paint after %.0f ms, %d bytes in %d requests, of which %d block", paint, weight, requests, len(blocking))
	if weight > maxWeight || weight == 0 {
		t.Errorf("a visit weighs %d bytes, more than %d", weight, maxWeight)
	}
	if requests > maxRequests {
		t.Errorf("a visit takes %d requests, more than %d", requests, maxRequests)
	}
	if len(blocking) > maxBlocking {
		t.Errorf("the first picture waits for %d:\n%s", len(blocking), strings.Join(blocking, "\n"))
	}
}
