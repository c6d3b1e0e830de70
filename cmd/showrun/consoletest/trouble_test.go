package consoletest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The pages of the console, by their addresses.
var pages = []string{"now", "stage", "network", "log"}

// turn goes to a page as people do.
func (b *tab) turn(page string) {
	b.Helper()
	b.click(page + `.*`)
	b.until("the page "+page+" is shown", func() bool { return eval[string](b, `location.hash`) == "#"+page })
}

// TestEmergency: from every page the emergency stop holds machinery, every page says so in
// red until it is released, and a short tap releases nothing.
func TestEmergency(t *testing.T) {
	h := plays(t, "desk")
	b, other := newTab(t), newTab(t)
	b.open(h.link)
	other.open(h.link)
	held := func(want bool) {
		t.Helper()
		b.until("machinery is held", func() bool { return strings.Contains(h.ctl("status"), "held by an EMERGENCY STOP") == want })
	}
	for _, page := range pages {
		b.turn(page)
		stop := b.findSo("button", "Emergency stop", "enabled", func(c control) bool { return !c.disabled })
		if r := b.boxNow(stop); !b.seen(stop) || r.Dx() < 44 || r.Dy() < 44 {
			t.Errorf("%s: the stop is at %v", page, r)
		}
		b.click("Emergency stop")
		held(true)
		for _, each := range []*tab{b, other} {
			each.find("alert", ".*")
			each.reads(`(?i)machinery is held`)
		}
		b.click(`Release.*`)
		b.reads(`(?i)nothing moves until`)
		held(true)
		b.keep(`Release.*`)
		held(false)
		for _, each := range []*tab{b, other} {
			each.readsNot(`(?i)nothing moves until`) // the log goes on to tell of it
		}
	}

	// Escape stops too, also out of a field; the keyboard releases with two presses.
	b.turn("now")
	b.clickOn("textbox", "motto")
	b.press(kb.Escape)
	held(true)
	b.focus("button", `Release.*`)
	b.press("\r")
	b.find("button", `Press again to release`)
	held(true)
	b.press("\r")
	held(false)
}

// TestBrokenSave: a save that does not load is told in red with its file and line until
// somebody has seen it, while the running version plays on.
func TestBrokenSave(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)
	b.click(`GO, cue 1`)
	h.at(b, "1")
	h.edit(`local main = cue.list`, "local main = = cue.list")
	b.find("alert", `.*`)
	b.reads(`show\.lua:\d+:.*`)
	b.settle()           // what comes at once after a GO is taken for a bounce
	b.click(`GO, cue 2`) // the running version plays on
	h.at(b, "2")
	for _, page := range pages {
		b.turn(page)
		b.reads(`show\.lua:\d+:`)
		b.find("button", "Seen")
	}
	b.turn("now")
	b.click("Seen")
	b.until("the banner is gone", func() bool { return len(b.look("button", "Seen")) == 0 })
	b.reload()
	b.find("button", `GO, cue 3`)
	if len(b.look("button", "Seen")) > 0 {
		t.Error("what has been seen is shown again")
	}

	// The next one is news.
	h.edit("local main = = cue.list", "local main = = = cue.list")
	b.find("button", "Seen")
	h.edit("local main = = = cue.list", "local main = cue.list")
	b.until("a good load takes the banner away", func() bool { return len(b.look("button", "Seen")) == 0 })
}

// TestHandlerFails: an error of a running handler is told with its line and its traceback.
func TestHandlerFails(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.open(h.link)
	b.click("fail")
	b.find("alert", `.*`)
	b.reads(`desk.*show\.lua:\d+: the lamp is out|show\.lua:\d+: the lamp is out`)
	b.turn("log")
	b.reads(`(?s)the lamp is out.*in `)
}

// TestAsk: with --reload ask a new version waits until somebody takes it over.
func TestAsk(t *testing.T) {
	h := plays(t, "desk", "--reload", "ask")
	b := newTab(t)
	b.open(h.link)
	b.find("button", `GO, cue 1`)
	h.edit(`main:cue{ 1, "Red"`, `main:cue{ 1, "Rose"`)
	b.reads(`(?i)a new version waits`)
	if strings.Contains(b.text(), "Rose") {
		t.Error("the new version was not waited for")
	}
	b.click(`Take it over`)
	b.reads(`Rose`)
	b.readsNot(`(?i)a new version waits`)
}

// TestKilled: a page says that the show is gone, takes no commands meanwhile, and comes
// back by itself when the show does.
func TestKilled(t *testing.T) {
	h := plays(t, "desk")
	b := newTab(t)
	b.excuse(`WebSocket connection to .* failed|net::ERR_CONNECTION_REFUSED`)
	b.open(h.link)
	b.click(`GO, cue 1`)
	h.at(b, "1")
	h.kill()
	b.reads(`(?im)^no connection$`)
	b.findSo("button", `GO.*`, "disabled", func(c control) bool { return c.disabled })
	b.findSo("button", `Emergency stop`, "enabled all the same", func(c control) bool { return !c.disabled })
	b.click(`Emergency stop`)
	b.reads(`(?i)the stop did not get through`)
	h.start()
	b.readsNot(`(?im)^no connection$`)
	// Where it goes on, the restore point says. A press that comes before the show has loaded,
	// or while it is silent, is refused and said so, and is made again; and so is one that met
	// a page which was just filled again, and of which nothing is said.
	b.until("the show takes commands again", func() bool {
		if regexp.MustCompile(`✕ .*(no cue lists|so it was not asked|(?i:stop did not get through))`).MatchString(b.text()) {
			b.click(`Seen`)
			b.click(`GO, cue .*`)
		}
		lists := h.board().Lists
		return len(lists) > 0 && lists[0].Current != ""
	})
	if n := b.visits(); n != 1 {
		t.Errorf("the page was loaded %d times", n)
	}
}
