package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/journal"
	"showrun/runtime/raced"
)

// rehearsing is what a command says and how it ends.
type rehearsing struct {
	code     exitCode
	out, err string
}

// rehearseIn runs rehearse on the show of a folder.
func rehearseIn(t testing.TB, dir string, args ...string) rehearsing {
	t.Helper()
	var out, err bytes.Buffer
	code := execute(append([]string{"rehearse", dir}, args...), &out, &err, make(chan os.Signal, 1))
	return rehearsing{code, out.String(), err.String()}
}

// folderOf writes a show into a folder of its own.
func folderOf(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "show.lua"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readAll(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const cues = `local stage, cue, signet, osc = require "stage", require "cue", require "signet", require "osc"
local u = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "dimmer", at = u:slot(1) }
local main = cue.list{ name = "main" }
main:cue{ 1, "Up", fade = 3, go = function() wash:fade(200, 3) end, follow = 5 }
main:cue{ 2, "Down", go = function() wash:fade(10, 2) end, fade = 2 }
local other = cue.list{ name = "other" }
other:cue{ 7, "Full", go = function() wash:set(255) end }
osc.receiver{ port = 9000 }:on("/level", function(_, level, text, on) wash:set(level) print(text, on) end)
`

// TestRehearseReadsTheEnvironment as a run does.
func TestRehearseReadsTheEnvironment(t *testing.T) {
	t.Setenv("SHOWRUN_TEST_VENUE", "the barn")
	dir := folderOf(t, `print("at " .. tostring(os.getenv "SHOWRUN_TEST_VENUE"))`)
	if r := rehearseIn(t, dir, "--for", "1s", "-v"); !strings.Contains(r.err, "at the barn") {
		t.Errorf("%+v", r)
	}
}

// TestRehearsalLog counts what failed, and keeps all that a line has, whoever writes it.
func TestRehearsalLog(t *testing.T) {
	var b bytes.Buffer
	log := &rehearsalLog{slog.NewTextHandler(&b, nil), &rehearsed{}}
	slog.New(log).With("a", 1).With("b", 2).WithGroup("c").Error("wrong", "d", 3)
	if log.failed.count != 1 || !strings.HasSuffix(b.String(), "msg=wrong a=1 b=2 c.d=3\n") {
		t.Errorf("%d failed, logged %s", log.failed.count, b.String())
	}
}

// TestRehearseTwiceIsTheSame: two runs write the same frames and the same page.
func TestRehearseTwiceIsTheSame(t *testing.T) {
	dir, to := folderOf(t, longShow(20, 6)), t.TempDir()
	var logs, pages []string
	for n := range 2 {
		log, page := filepath.Join(to, fmt.Sprint(n, ".log")), filepath.Join(to, fmt.Sprint(n, ".html"))
		if r := rehearseIn(t, dir, "--for", "2m", "--deck", "128", "--frames", log, "--out", page); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
		logs, pages = append(logs, readAll(t, log)), append(pages, readAll(t, page))
	}
	if logs[0] != logs[1] || len(logs[0]) == 0 {
		t.Errorf("frame logs of %d and %d bytes differ", len(logs[0]), len(logs[1]))
	}
	if pages[0] != pages[1] || !strings.Contains(pages[0], "<td>Look 3<") {
		t.Errorf("pages of %d and %d bytes differ, or have no cue", len(pages[0]), len(pages[1]))
	}
}

// TestRehearseAllCues: each waits until the one before has come to rest, what follows by
// itself included.
func TestRehearseAllCues(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	r := rehearseIn(t, folderOf(t, cues), "--cues", "all", "--out", page)
	if r.code != exitOK || !strings.Contains(r.out, "3 cues") || !strings.Contains(r.out, "no errors") {
		t.Fatalf("%+v", r)
	}
	text := readAll(t, page)
	for _, row := range []string{"<td>main<td>1<td>Up<td>3 s", "<td>0:00:05.050<td>3.3<td>main<td>2<td>Down<td>2 s", "<td>other<td>7<td>Full<td>"} {
		if !strings.Contains(text, row) {
			t.Errorf("the page has not %s:\n%s", row, text[strings.Index(text, "<tbody>"):][:600])
		}
	}
}

// TestRehearseGoAndMessages: GO comes at its times, messages at theirs, with their values.
func TestRehearseGoAndMessages(t *testing.T) {
	dir := folderOf(t, cues)
	events := filepath.Join(dir, "events.txt")
	os.WriteFile(events, []byte(`# when address values
20s /level 33 "good # evening" true

  25.5 /level 44
30s /showrun/go "other" # a comment
`), 0o600)
	log := filepath.Join(dir, "frames.log")
	r := rehearseIn(t, dir, "--for", "40s", "--go", "1s, 15s", "--osc", events, "--frames", log, "-v")
	if r.code != exitOK || !strings.Contains(r.err, "good # evening") {
		t.Fatalf("%+v", r)
	}
	if short := rehearseIn(t, dir, "--for", "22s", "--osc", events); !strings.Contains(short.out, "the end came first: 2 things of --go and --osc") {
		t.Errorf("%+v", short)
	}
	text := readAll(t, log)
	for _, line := range []string{"20.000000 0/1=33\n", "25.500000 0/1=44\n", "30.000000 0/1=255\n"} {
		if !strings.Contains("\n"+text, "\n"+line) {
			t.Errorf("the log has not %q:\n%s", line, text)
		}
	}
}

// TestRehearseMessagesToOnePort: of two receivers the one that is named hears it.
func TestRehearseMessagesToOnePort(t *testing.T) {
	dir := folderOf(t, `local osc, show = require "osc", require "show"
for _, port in ipairs{ 8001, 8002 } do
  for _, pattern in ipairs{ "/*", "/showrun/*" } do
    osc.receiver{ port = port }:on(pattern, function(address) show.log.info(port .. " hears " .. address) end)
  end
end`)
	events := filepath.Join(dir, "events.txt")
	os.WriteFile(events, []byte("1s :8002/a\n2s /b\n3s :8001/showrun/go\n"), 0o600)
	r := rehearseIn(t, dir, "--for", "4s", "--osc", events, "-v")
	if r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	heard := regexp.MustCompile(`\d+ hears \S+`).FindAllString(r.err, -1)
	slices.Sort(heard)
	if want := []string{"8001 hears /b", "8001 hears /showrun/go", "8002 hears /a", "8002 hears /b"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, expected %q:\n%s", heard, want, r.err)
	}
}

// TestRehearseSaysWhatIsWrong: how it ends tells what kind of thing went wrong, and where.
func TestRehearseSaysWhatIsWrong(t *testing.T) {
	fails := folderOf(t, `require("clock").every(1, function() error("broken") end)`)
	fine := folderOf(t, cues)
	silent := folderOf(t, "")
	broken := folderOf(t, "local x =")
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "events.txt")
		os.WriteFile(name, []byte(text), 0o600)
		return name
	}
	for name, c := range map[string]struct {
		dir  string
		args []string
		code exitCode
		says string
	}{
		"the show fails":        {fails, []string{"--for", "3s"}, exitFailed, "show.lua:1: broken (3 times)"},
		"it does not load":      {broken, nil, exitScript, "show.lua:1"},
		"there is none":         {fine + "x", nil, exitUsage, "no show at"},
		"no tempo":              {fine, []string{"--deck", "nan"}, exitUsage, "--deck must be 20-999 BPM"},
		"a tempo":               {fine, []string{"--deck", "3"}, exitUsage, "--deck must be 20-999 BPM"},
		"a mark before a line":  {fine, []string{"--osc", file("\ufeff1s /level 1\nx")}, exitUsage, "events.txt:2: a time is"},
		"no take":               {fine, []string{"--deck", "nothing.take"}, exitUsage, "no recording at nothing.take"},
		"a take that is none":   {fine, []string{"--deck", file("hello")}, exitFailed, "events.txt"},
		"a time":                {fine, []string{"--go", "12s,soon"}, exitUsage, `--go: a time is such as 12s or 1m30s, got "soon"`},
		"cues":                  {fine, []string{"--cues", "some"}, exitUsage, "all"},
		"a time of a message":   {fine, []string{"--osc", file("\nx /a 1")}, exitUsage, `events.txt:2: a time is such as`},
		"an address":            {fine, []string{"--osc", file("1s")}, exitUsage, "events.txt:1: after the time comes an address"},
		"an address and a port": {fine, []string{"--osc", file("1s :8000")}, exitUsage, "events.txt:1: after the time comes an address"},
		"a port":                {fine, []string{"--osc", file("1s :65536/a")}, exitUsage, `events.txt:1: a port in front of an address is 1-65535, as in :8000/door, got ":65536/a"`},
		"a port nobody has":     {fine, []string{"--osc", file("1s :9/a")}, exitUsage, "events.txt:1: the show has no osc.receiver on port 9 that could hear /a"},
		"a value":               {fine, []string{"--osc", file("1s /a\n2s /a one")}, exitUsage, "events.txt:2: a value is a number"},
		"a text without an end": {fine, []string{"--osc", file(`1s /a "one`)}, exitUsage, "events.txt:1: a text in quotes does not end"},
		"nobody who hears":      {silent, []string{"--osc", file("1s /a")}, exitUsage, "events.txt:1: the show has no osc.receiver"},
		"no such operation":     {fine, []string{"--osc", file("1s /showrun/dance")}, exitUsage, `events.txt:1: there is no command "dance"`},
		"no file of messages":   {fine, []string{"--osc", "none.txt"}, exitUsage, "none.txt"},
		"a GO without a list":   {silent, []string{"--go", "1s"}, exitUsage, "--go: "},
		"a page that cannot be": {fine, []string{"--for", "1s", "--out", filepath.Join(fine, "no", "page.html")}, exitUsage, "page.html cannot be written: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := rehearseIn(t, c.dir, c.args...)
			if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
				t.Errorf("ends with %d, want %d with %q:\n%s%s", r.code, c.code, c.says, r.out, r.err)
			}
		})
	}
}

// TestRehearseRecording: a recorded player plays the deck, its titles and all, for as long as it goes.
func TestRehearseRecording(t *testing.T) {
	unit := take.Unit{Token: wire.Token{1, 6: 0x40, 8: 0x80}, Name: "prime4", Software: "JC11", Version: "3.4.0"}
	other := take.Unit{Token: wire.Token{2, 6: 0x40, 8: 0x80}, Name: "sc6000", Software: "JP13", Version: "2.0.0"}
	dir := folderOf(t, `local clock, stagelinq = require "clock", require "stagelinq"
local dj = stagelinq.sink{}
clock.follow(dj:master())
for _, event in ipairs{ "found", "lost" } do dj:on(event, function(d) print(event, d.name, clock.time()) end) end
clock.on_beat(16, function(b) print(b.number, b.bpm, dj:deck(1).title) end)`)
	name := filepath.Join(dir, "gig.take")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	journal.Register(take.Event{})
	w, err := journal.Create(file, journal.Header{Began: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	number := uint64(0)
	told := func(e take.Event) {
		number++
		if e.Unit.Name == "" {
			e.Unit = unit
		}
		if err := w.Input(number, e, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range [][2]string{
		{"Deck1/Track/SongLoaded", `{"state":true,"type":1}`}, {"Deck1/Track/SongName", `{"string":"Night Ferry","type":8}`},
		{"Deck1/PlayState", `{"state":true,"type":1}`}, {"Deck1/DeckIsMaster", `{"state":true,"type":1}`},
	} {
		told(take.Event{Kind: take.State, Path: "/Engine/" + s[0], JSON: s[1]})
	}
	for n := range 600 {
		at := time.Duration(n) * time.Second / 30
		told(take.Event{At: at, Kind: take.Beats, BeatInfo: wire.BeatInfo{
			Clock: uint64(at), Decks: []wire.DeckBeat{{Beat: at.Minutes() * 150, Total: 512, BPM: 150}},
		}})
		if n%300 == 150 { // another player comes at 5 s and goes at 15
			told(take.Event{At: at, Unit: other, Kind: take.Device, Change: []stagelinq.DeviceKind{stagelinq.Connected, stagelinq.Lost}[n/300]})
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := rehearseIn(t, dir, "--deck", name, "-v")
	if r.code != exitOK || !strings.Contains(r.out, "0:00:20 of show") || !strings.Contains(r.err, "32\t150\tNight Ferry") {
		t.Errorf("%+v", r)
	}
	for _, line := range []string{"found\tprime4\t0", "found\tsc6000\t5", "lost\tsc6000\t15"} {
		if !strings.Contains(r.err, line) {
			t.Errorf("no %q in %s", line, r.err)
		}
	}
}

// longShow is the script of a show with so many cues and fixtures, all of them busy: what
// two hours of a night are rehearsed with.
func longShow(cues, fixtures int) string {
	return fmt.Sprintf(`local cues, fixtures = %d, %d
local clock, stage, cue, signet, stagelinq, osc = require "clock", require "stage", require "cue", require "signet", require "stagelinq", require "osc"
local net, dj = signet.sender{}, stagelinq.sink{}
clock.follow(dj:master())
local kinds = { { "front", "dimmer", 1 }, { "wash", "rgbw", 4 }, { "spots", "moving_head", 12 }, { "floor", "rgba", 4 } }
local groups, slot = {}, 1
for k, kind in ipairs(kinds) do
  local list = { name = kind[1] }
  for i = k, fixtures, #kinds do
    list[#list + 1] = stage.fixture{ name = kind[1] .. " " .. i, kind = kind[2], at = net:universe(1):slot(slot) }
    slot = slot + kind[3]
  end
  groups[kind[1]] = stage.group(list)
end
local colours = { "red", "navy", "#ff8800", "teal", "purple", "gold", "#2040ff", "hotpink" }
local main = cue.list{ name = "main" }
for i = 1, cues do
  local fade = 1 + i %% 5
  main:cue{ i, "Look " .. i, fade = fade, go = function()
    groups.wash:fade({ color = colours[i %% 8 + 1] }, fade)
    groups.front:fade(i %% 7 * 36, fade)
    groups.floor:wave{ channels = { "intensity" }, shape = "sine", period = (1 + i %% 3) .. "b", from = 20, to = 255, spread = 1 }
    groups.spots:fade({ color = colours[i * 3 %% 8 + 1], intensity = 255 }, fade)
    groups.spots:wave{ channels = { "pan" }, shape = "sine", period = (8 + i %% 5) .. "b", from = 60, to = 200, spread = 0.5 }
    groups.spots:wave{ channels = { "tilt" }, shape = "sine", period = (4 + i %% 3) .. "b", from = 80, to = 160, spread = 1 }
  end }
end
clock.every(18, function() main:go() end)
clock.on_beat(4, function(b)
  if b.bar %% 4 == 0 then groups.wash:wave{ channels = { "intensity" }, shape = "saw", period = "1b", from = 255, to = 60 } end
  if b.bar %% 4 == 2 then groups.wash:fade({ intensity = 255 }, "1b") end
end)
local screen = osc.sender{ host = "127.0.0.1", port = 9000 }
main:on("go", function(c) screen:send("/screen/cue", c.number, c.label) end)
`, cues, fixtures)
}

// BenchmarkRehearseNight rehearses two hours of a show with 400 cues and 40 fixtures, with a
// deck that tells its beat 30 times a second, the page and the frame log included.
func BenchmarkRehearseNight(b *testing.B) {
	dir, to := folderOf(b, longShow(400, 40)), b.TempDir()
	for b.Loop() {
		page := filepath.Join(to, "page.html")
		r := rehearseIn(b, dir, "--for", "2h", "--deck", "128", "--frames", filepath.Join(to, "frames.log"), "--out", page)
		if r.code != exitOK || !strings.Contains(r.out, "400 cues") {
			b.Fatalf("%+v", r)
		}
		if st, err := os.Stat(page); err == nil {
			b.ReportMetric(float64(st.Size())/1e6, "MB/page")
		}
	}
}

// TestRehearseNightRepeats: a long night with decks, twice, has the same frames.
func TestRehearseNightRepeats(t *testing.T) {
	length := raced.Of(5*time.Minute, time.Minute)
	dir, to := folderOf(t, longShow(400, 40)), t.TempDir()
	var logs []string
	for n := range 2 {
		log := filepath.Join(to, fmt.Sprint(n))
		if r := rehearseIn(t, dir, "--for", length.String(), "--deck", "127.3", "--frames", log); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
		logs = append(logs, readAll(t, log))
	}
	if logs[0] != logs[1] {
		t.Errorf("two logs of %d and %d bytes differ", len(logs[0]), len(logs[1]))
	}
}

// TestRehearseOfCuesThatLeadBack: a list without an end is gone through once.
func TestRehearseOfCuesThatLeadBack(t *testing.T) {
	dir := folderOf(t, `local cue, clock = require "cue", require "clock"
local main = cue.list{ name = "main" }
main:cue{ 1, "Round" }
main:cue{ 2, "And round", go = function() clock.after(1, function() main:jump(1) end) end, follow = 2 }
main:cue{ 3, "Out of reach" }
`)
	if r := rehearseIn(t, dir, "--cues", "all"); r.code != exitOK || !strings.Contains(r.out, "no errors") {
		t.Errorf("%+v", r)
	}
}

// TestRehearseOfTheDeaf: a player that nobody hears is told of.
func TestRehearseOfTheDeaf(t *testing.T) {
	const deaf = "nobody heard --deck"
	if r := rehearseIn(t, folderOf(t, cues), "--deck", "128", "--for", "1s"); !strings.Contains(r.out, deaf) {
		t.Errorf("%+v", r)
	}
	if r := rehearseIn(t, folderOf(t, `require "stagelinq".sink{}`), "--deck", "128", "--for", "1s"); strings.Contains(r.out, deaf) {
		t.Errorf("%+v", r)
	}
}

// TestRehearseBrokenOff: what was rehearsed before a signal is on the page.
func TestRehearseBrokenOff(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	var out, err bytes.Buffer
	dir, signals := folderOf(t, longShow(400, 40)), make(chan os.Signal, 1)
	done := make(chan exitCode)
	go func() {
		done <- execute([]string{"rehearse", dir, "--for", "999h", "--out", page}, &out, &err, signals)
	}()
	signals <- os.Interrupt
	if code := <-done; code != 130 || !strings.Contains(out.String(), "page: "+page) || !strings.Contains(readAll(t, page), "</html>") {
		t.Errorf("ended with %d: %s%s", code, out.String(), err.String())
	}
}
