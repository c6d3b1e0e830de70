package consoletest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// timelinePage rehearses a show and returns its page.
func timelinePage(t *testing.T, show string, args ...string) string {
	t.Helper()
	withChromium(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "show.lua"), []byte(show), 0o600); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "page.html")
	if out, err := exec.Command(lab.command, append([]string{"rehearse", dir, "--out", page}, args...)...).CombinedOutput(); err != nil {
		if _, missing := os.Stat(page); missing != nil {
			t.Fatalf("rehearse: %v\n%s", err, out)
		}
	}
	return page
}

// openTimeline opens a page as a file, and waits for its picture. The page must ask for
// nothing: not even the file is asked for again.
func openTimeline(t *testing.T, page string) *tab {
	t.Helper()
	b := newTab(t)
	b.must(chromedp.Navigate((&url.URL{Scheme: "file", Path: page}).String()))
	eval[bool](b, `showrun.ready.then((v) => { window.view = v; return true; })`)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for i, s := range b.sent {
			if i == 0 && strings.HasPrefix(s.url, "file:") {
				continue
			}
			if !strings.HasPrefix(s.url, "data:") {
				t.Errorf("the page has asked for %s", s.url)
			}
		}
		b.sent = nil
	})
	return b
}

// point moves the pointer to a time, in seconds, of the lane of a name, and returns what the
// card tells.
func (b *tab) point(lane string, seconds float64) string {
	b.Helper()
	at := eval[[2]float64](b, fmt.Sprintf(`(() => {
  const { top, rest, topHeight } = view.lanes, lane = [...top, ...rest].find((l) => l.name === %q);
  const box = view.stage.getBoundingClientRect();
  view.drawNow();
  return [box.left + view.x(%g * 1e6), box.top + lane.y + lane.h / 2 + (rest.includes(lane) ? topHeight - view.scroll : 0)];
})()`, lane, seconds))
	b.must(chromedp.MouseEvent("mouseMoved", at[0], at[1]))
	text := ""
	b.until("there is a card of "+lane, func() bool {
		text = eval[string](b, `document.getElementById("card").hidden ? "" : document.getElementById("card").innerText`)
		return strings.HasPrefix(text, lane) || lane == "main" && strings.Contains(text, "fired at")
	})
	return text
}

const timelineShow = `local clock, stage, cue, signet = require "clock", require "stage", require "cue", require "signet"
local u = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = u:slot(1) }
local odd = stage.fixture{ name = "</script><b>", kind = "dimmer", at = u:slot(9) }
local fine = stage.fixture{ name = "fine", channels = { "pan", "pan fine", "dimmer" }, at = u:slot(20) }
local main = cue.list{ name = "main" }
main:cue{ 1, "Up & <i>away</i>", go = function()
  wash:fade({ red = 200 }, 10)
end, fade = 10 }
clock.after(10, function() main:go() end)
clock.after(30, function() odd:set(77) fine:set{ pan = 100.5, dimmer = 255 } end)
clock.after(31, function() odd:set(0) end)
clock.every(7, function() error("it is broken") end)
`

// TestTimelineIsNeverBlank: a canvas that gets another size is empty, and what draws it again must
// not wait for the next frame, which a browser may show before.
func TestTimelineIsNeverBlank(t *testing.T) {
	b := openTimeline(t, timelinePage(t, timelineShow, "--for", "1m"))
	drawn := eval[bool](b, `(() => {
  view.arrange();
  const { width, height } = view.picture.canvas;
  return view.picture.getImageData(0, 0, width, height).data.some((v) => v > 0);
})()`)
	if !drawn {
		t.Error("the picture is empty after its size has changed")
	}
}

// TestTimelineTellsWhatThePointerIsOn: the value at the instant, to the frame, and the line
// and the cue that made it.
func TestTimelineTellsWhatThePointerIsOn(t *testing.T) {
	b := openTimeline(t, timelinePage(t, timelineShow, "--for", "1m"))
	eval[bool](b, `view.show(5e6, 35e6), true`)
	for _, c := range []struct {
		lane  string
		at    float64
		tells []string
	}{
		{"wash", 15, []string{`red\s+100`, `show.lua:8 faded at 0:00:10.000, cue main 1`}},
		{"wash", 8, []string{`red\s+0`}},
		{"wash", 25, []string{`red\s+200`, `green\s+0`}},
		{"</script><b>", 30.5, []string{`dimmer\s+77`, `show.lua:11 set at 0:00:30.000`}},
		{"</script><b>", 31.5, []string{`dimmer\s+0`, `show.lua:12 set`}},
		{"fine", 32, []string{`pan\s+100\.5`, `dimmer\s+255`}},
		{"main", 20, []string{`main 1 Up & <i>away</i>`, `fired at 0:00:10.000`, `fades for 10.00 s`}},
		{"Log", 14, []string{`error: show.lua:13: it is broken`}},
	} {
		text := b.point(c.lane, c.at)
		for _, want := range c.tells {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("%s at %v s has not %s:\n%s", c.lane, c.at, want, text)
			}
		}
	}
}

// TestTimelineMoves: keys and search.
func TestTimelineMoves(t *testing.T) {
	b := openTimeline(t, timelinePage(t, timelineShow, "--for", "1m"))
	span := func() float64 { return eval[float64](b, `(view.to - view.from) / 1e6`) }
	whole := span()
	b.press("+")
	b.until("half is seen", func() bool { return span() < whole*0.51 })
	b.press("0")
	b.until("all is seen", func() bool { return span() == whole })
	b.press("n")
	b.until("the cue is seen", func() bool { return eval[float64](b, `(view.goal ?? 0) / 1e6`) == 10 })
	for range 12 {
		b.press("+")
	}
	b.until("a frame is wide", func() bool { return span() < 0.1 })
	eval[bool](b, `(() => { const f = document.getElementById("find"); f.value = "fin"; f.dispatchEvent(new Event("input")); return true })()`)
	if rows := eval[string](b, `view.lanes.rest.filter((l) => l.kind === "row").map((l) => l.name).join()`); rows != "fine" {
		t.Errorf("the search for fin finds %q", rows)
	}
	b.press("\x1b")
	b.until("everything is there again", func() bool {
		return eval[int](b, `view.lanes.rest.filter((l) => l.kind === "row").length`) == 3
	})
}

// TestTimelineOfOddShows: nothing at all, and no light.
func TestTimelineOfOddShows(t *testing.T) {
	for name, show := range map[string]string{
		"empty":         "",
		"without light": `require("clock").every(1, function() require("show").log.info("x") end)`,
		"failing":       `require("clock").every(1, function() error("x") end)`,
	} {
		t.Run(name, func(t *testing.T) {
			b := openTimeline(t, timelinePage(t, show, "--for", "10s"))
			b.reads(`0:00:1\d · \d+ frames`)
			eval[bool](b, `view.show(1e6, 1.1e6), view.drawNow(), true`)
		})
	}
}

// TestTimelineOnAPhone and on paper: nothing runs off the edge, and there is a strip to print.
func TestTimelineOnAPhone(t *testing.T) {
	b := openTimeline(t, timelinePage(t, timelineShow, "--for", "1m"))
	b.phone()
	b.until("the picture fits", func() bool { return eval[float64](b, `view.width`) == 390 })
	if wide := eval[float64](b, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %v wide", wide)
	}
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil || len(pdf) < 10000 {
		t.Errorf("a PDF of %d bytes, %v", len(pdf), err)
	}
	if strips := eval[int](b, `document.querySelectorAll("#paper img").length`); strips != 1 {
		t.Errorf("%d strips are printed", strips)
	}
}

// TestTimelineOfManyCues: 10,000 of them, and their table.
func TestTimelineOfManyCues(t *testing.T) {
	b := openTimeline(t, timelinePage(t, `local list = require("cue").list{ name = "main" }
for i = 1, 10000 do list:cue{ i, "look " .. i } end
require("clock").every(0.1, function() list:go() end)`, "--for", "1010s"))
	b.reads(`10,000 cues`)
	if n := eval[int](b, `document.querySelectorAll("#text tbody tr").length`); n != 10000 {
		t.Errorf("%d cues are in the table", n)
	}
	b.press("n")
	b.until("the next cue is there", func() bool { return eval[float64](b, `view.goal ?? 0`) > 0 })
}

// BenchmarkTimelineOfANight opens the page that SHOWRUN_PAGE names.
func BenchmarkTimelineOfANight(b *testing.B) {
	page := os.Getenv("SHOWRUN_PAGE")
	if page == "" || !lab.asked || lab.missing != nil {
		b.Skip("opens a page in Chromium; set SHOWRUN_PEERS=1 and SHOWRUN_PAGE to one")
	}
	ctx, cancel := chromedp.NewContext(lab.browser, chromedp.WithNewBrowserContext())
	defer cancel()
	for b.Loop() {
		if err := chromedp.Do(ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: page}).String())); err != nil {
			b.Fatal(err)
		}
		ms, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`showrun.ready.then((v) => { v.drawNow(); return performance.now(); })`, chromedp.EvalAwaitPromise))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ms/float64(time.Second/time.Millisecond), "s/open")
	}
}
