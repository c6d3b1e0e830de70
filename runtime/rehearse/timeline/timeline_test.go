package timeline_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/timeline"
	"showrun/scripts"
)

// rehearsed runs a show for so long, with a deck at 120 BPM, and returns its timeline.
func rehearsed(t testing.TB, text string, d time.Duration) *timeline.Timeline {
	t.Helper()
	var run *rehearse.Run
	line := timeline.New(timeline.Config{
		Name: "gala", File: "show.lua",
		Say:    func(m any) string { return said(m) },
		Opened: func() []device.Opened { return run.Opened() },
	})
	run, err := rehearse.New(rehearse.Options{
		Name: "gala", File: "show.lua", Bind: bindings.New, Shipped: scripts.Files(), Protocols: []device.Protocol{stagelinq.Protocol()},
		Rate: 44, Lookahead: 50 * time.Millisecond, Frames: line, Record: line.Input, Log: slog.New(line.Handler(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	line.Watch(run.Show(), run.Now)
	if err := run.Load(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
	if err := run.Until(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	line.End(run.Now())
	return line
}

// said puts what goes out by OSC into words.
func said(message any) string {
	if m, ok := message.(osc.Message); ok {
		return m.Address
	}
	return ""
}

// page is the page of a timeline.
func page(t testing.TB, line *timeline.Timeline) string {
	t.Helper()
	var b bytes.Buffer
	if err := line.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unpacked is what an element of a page holds.
func unpacked(t testing.TB, page, id string) []byte {
	t.Helper()
	m := regexp.MustCompile(`<script type="text/plain" id="` + id + `">([^<]*)</script>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no %s", id)
	}
	packed, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// head is some of what a page knows from the start.
type head struct {
	Runs []struct {
		Name     string
		Begin    int64
		End      int64
		Frames   int
		Rows     []struct{ N string }
		Groups   []struct{ N string }
		Lists    []string
		Cues     [][]any
		Decks    [][]any
		Messages [][]any
		Machines [][]any
		Late     [][]any
		Log      [][]any
		Sources  [][4]string
		Blocks   [][5]int64
	}
	Differs []struct {
		N string
		S [][2]int64
	}
}

func headOf(t testing.TB, page string) (h head) {
	t.Helper()
	if err := json.Unmarshal(unpacked(t, page, "head"), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

const gala = `local clock, stage, cue, signet, stagelinq, osc, show = require "clock", require "stage", require "cue", require "signet", require "stagelinq", require "osc", require "show"
local u = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgbw", at = u:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = u:slot(11) }
stage.group{ name = "front", spot }
clock.follow(stagelinq.sink{}:master())
local main = cue.list{ name = "main" }
main:cue{ 1, "Red", go = function() wash:fade({ color = "red" }, 2) end, fade = 2 }
main:cue{ 2, "Wave", go = function() wash:wave{ channels = { "intensity" }, shape = "sine", period = "1b", from = 0, to = 255 } end }
local screen = osc.sender{ host = "127.0.0.1", port = 9 }
clock.every(5, function() main:go() screen:send("/cue") end)
clock.after(3, function() spot:set(200) show.log.info("three") end)
u:set(40, 7)
`

// TestPageOfTwoRunsIsTheSame, to the byte.
func TestPageOfTwoRunsIsTheSame(t *testing.T) {
	a, b := page(t, rehearsed(t, gala, time.Minute)), page(t, rehearsed(t, gala, time.Minute))
	if a != b {
		t.Errorf("two runs make pages of %d and %d bytes that differ", len(a), len(b))
	}
}

// TestPageBeginsWithTheRecording, which may be days after the show did.
func TestPageBeginsWithTheRecording(t *testing.T) {
	line := rehearsed(t, gala, time.Second)
	if run := headOf(t, page(t, line)).Runs[0]; run.Begin != 0 || run.End < 1e6 {
		t.Errorf("from %d to %d us", run.Begin, run.End)
	}
	late := timeline.New(timeline.Config{Name: "gala"})
	run, err := rehearse.New(rehearse.Options{Bind: bindings.New, Frames: late})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	late.Watch(run.Show(), run.Now)
	late.Frame(&level.Frame{At: 72*time.Hour + 300*time.Millisecond})
	late.End(72*time.Hour + time.Second)
	if run := headOf(t, page(t, late)).Runs[0]; run.Begin != 72*3600e6 || run.End != run.Begin+1e6 {
		t.Errorf("from %d to %d us", run.Begin, run.End)
	}
}

func TestPageTellsTheShow(t *testing.T) {
	line := rehearsed(t, gala, time.Minute)
	run := headOf(t, page(t, line)).Runs[0]
	if got := fmt.Sprint(run.Cues); got != "[[5e+06 7e+06 main 1 Red] [1e+07 1e+07 main 2 Wave]]" {
		t.Errorf("cues %s", got)
	}
	if got := fmt.Sprint(run.Rows); !strings.HasPrefix(got, "[{wash} {spot} {") || !strings.HasSuffix(got, ", slot 40}]") {
		t.Errorf("rows %s", got)
	}
	if got := fmt.Sprint(run.Groups, run.Lists); got != "[{front}] [main]" {
		t.Errorf("groups and lists %s", got)
	}
	if len(run.Messages) != 12 || fmt.Sprint(run.Messages[0][1:]) != `[out osc sender to 127.0.0.1:9 on "" /cue]` {
		t.Errorf("%d messages: %v", len(run.Messages), run.Messages)
	}
	if len(run.Decks) == 0 || run.Decks[0][3] != "Click" {
		t.Errorf("decks %v", run.Decks)
	}
	if got := fmt.Sprint(run.Log); !strings.Contains(got, "three") {
		t.Errorf("log %s", got)
	}
	if n := line.Totals(); n.Beats < 115 || n.Beats > 125 || n.Cues != 2 || n.Frames != run.Frames {
		t.Errorf("totals %+v", n)
	}
	if got := fmt.Sprint(run.Sources); !strings.Contains(got, "[show.lua:8 cue 1 Red of main main 1 ") {
		t.Errorf("sources %s", got)
	}
}

// TestPageTellsMachinery: how axes and valves stand, as often as that changes.
func TestPageTellsMachinery(t *testing.T) {
	text := page(t, rehearsed(t, `local clock, theater = require "clock", require "theater"
local lift = theater.motion{ limits = { x = { min = -90, max = 90 } } }
local haze = theater.valve{}
clock.after(1, function() lift:spline("x", { 20, 60, 80, 80, 40, 0 }) haze:move(1, 80) end)
clock.after(9, function() haze:empty() end)`, 20*time.Second))
	run := headOf(t, text).Runs[0]
	if got := fmt.Sprint(run.Machines); !strings.HasPrefix(got, "[[theater.motion 127.0.0.1:21000 motion [[x -90 90 ") || !strings.Contains(got, "valve [[open 0 1 ]]") {
		t.Errorf("machines %s", got)
	}
	for n, least := range []int{20, 3} { // standing still, fed and vented
		data := unpacked(t, text, fmt.Sprintf("r0m%d", n))
		if count, _ := binary.Uvarint(data); int(count) < least || n == 1 && int(count) > least {
			t.Errorf("machine %d stood %d ways", n, count)
		}
	}
}

// TestPageAsksNobody: there is nothing on it that a browser would fetch, and its policy
// allows what it is made of and nothing else.
func TestPageAsksNobody(t *testing.T) {
	text := page(t, rehearsed(t, gala, 10*time.Second))
	for _, bad := range []string{"http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "style="} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, tag := range []string{"script", "style"} {
		inner := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(text)
		sum := sha256.Sum256([]byte(inner[1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(text, want) {
			t.Errorf("the policy of the page has not %s", want)
		}
	}
}

// TestNamesAreText, whatever they look like.
func TestNamesAreText(t *testing.T) {
	const evil = "</script><b>&\"'"
	text := page(t, rehearsed(t, fmt.Sprintf(`local stage, cue, signet = require "stage", require "cue", require "signet"
local x = stage.fixture{ name = %[1]q, kind = "dimmer", at = signet.sender{}:universe(1):slot(1) }
local list = cue.list{ name = %[2]q }
list:cue{ 1, %[2]q, go = function() x:set(3) end }
require("clock").after(1, function() list:go() require("show").log.info(%[2]q) end)`, evil, evil+"2"), 3*time.Second))
	if strings.Contains(text, "<b>") || strings.Contains(text, evil) {
		t.Error("a name has become part of the page")
	}
	if !strings.Contains(text, "&lt;/script&gt;&lt;b&gt;&amp;&#34;&#39;2") {
		t.Error("the table has not the label")
	}
	if opens, closes := strings.Count(text, "<script"), strings.Count(text, "</script>"); opens != closes {
		t.Errorf("%d scripts begin, %d end", opens, closes)
	}
	run := headOf(t, text).Runs[0]
	if run.Rows[0].N != evil || run.Cues[0][4] != evil+"2" {
		t.Errorf("rows %v, cues %v", run.Rows, run.Cues)
	}
}

// TestPagesOfOddShows: nothing at all, no light, nothing but errors, more cues than anybody
// has.
func TestPagesOfOddShows(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		length time.Duration
		check  func(t *testing.T, h head, text string)
	}{
		"empty": {"", time.Second, func(t *testing.T, h head, text string) {
			if len(h.Runs[0].Rows) != 0 || !strings.Contains(text, "No cue was fired.") {
				t.Errorf("%+v", h)
			}
		}},
		"of no time": {"", 0, func(t *testing.T, h head, _ string) {
			if h.Runs[0].Name != "gala" {
				t.Errorf("%+v", h)
			}
		}},
		"without light": {`local s = require("osc").sender{ host = "127.0.0.1", port = 9 }
require("clock").every(1, function() s:send("/x") end)`, 10 * time.Second, func(t *testing.T, h head, _ string) {
			if n := len(h.Runs[0].Messages); n != 10 {
				t.Errorf("%d messages", n)
			}
		}},
		"that errs": {`require("clock").every(1, function() error("it is broken") end)`, 5 * time.Second, func(t *testing.T, h head, _ string) {
			if got := fmt.Sprint(h.Runs[0].Log); strings.Count(got, "ERROR show.lua:1: it is broken") != 5 {
				t.Errorf("log %s", got)
			}
		}},
		"of cues at one instant": {`local w = require("stage").fixture{ name = "w", kind = "dimmer", at = require("signet").sender{}:universe(1):slot(1) }
local main = require("cue").list{ name = "main" }
main:cue{ 1, "A", follow = 0, go = function() w:set(1) end }
main:cue{ 2, "B", go = function() w:set(2) end }
require("clock").after(5, function() main:go() end)`, 10 * time.Second, func(t *testing.T, h head, _ string) {
			if got := fmt.Sprint(h.Runs[0].Cues); got != "[[5e+06 5e+06 main 1 A] [5e+06 5e+06 main 2 B]]" {
				t.Errorf("cues %s", got)
			}
		}},
		"of 10,000 cues": {`local list = require("cue").list{ name = "main" }
for i = 1, 10000 do list:cue{ i, "look " .. i } end
local clock = require "clock"
clock.after(1, function() clock.every(0.02, function() list:go() end) end)`, 202 * time.Second, func(t *testing.T, h head, text string) {
			if len(h.Runs[0].Cues) != 10000 || strings.Count(text, "<td>look ") != 10000 {
				t.Errorf("%d cues, %d of them as text", len(h.Runs[0].Cues), strings.Count(text, "<td>look "))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			text := page(t, rehearsed(t, c.text, c.length))
			c.check(t, headOf(t, text), text)
		})
	}
}

// TestCompareTellsWhereRunsDiffer, and what is the same is not told.
func TestCompareTellsWhereRunsDiffer(t *testing.T) {
	show := func(level int) string {
		return fmt.Sprintf(`local stage, signet, clock = require "stage", require "signet", require "clock"
local u = signet.sender{}:universe(1)
local one = stage.fixture{ name = "one", kind = "dimmer", at = u:slot(1) }
local two = stage.fixture{ name = "two", kind = "dimmer", at = u:slot(2) }
clock.after(20, function() one:set(%d) two:set(9) end)
clock.after(30, function() one:set(0) end)`, level)
	}
	tonight, tomorrow := rehearsed(t, show(50), time.Minute), rehearsed(t, show(60), time.Minute)
	var b bytes.Buffer
	if err := timeline.Compare(&b, "gala", tonight, tomorrow); err != nil {
		t.Fatal(err)
	}
	h := headOf(t, b.String())
	if len(h.Runs) != 2 || fmt.Sprint(h.Differs) != "[{one [[20000000 30000000]]}]" {
		t.Errorf("%d runs differ in %v", len(h.Runs), h.Differs)
	}
}
