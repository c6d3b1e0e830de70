package scripts

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"showrun/bindings"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
)

const (
	duration = `a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar"`
	prelude  = `local stage, signet, clock = require "stage", require "signet", require "clock" ` +
		`local fx, palette, seq, loop, pick, map = require "fx", require "palette", require "seq", require "loop", require "pick", require "map" ` +
		`local one = signet.sender{}:universe(1) ` +
		`local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } ` +
		`local fog = stage.fixture{ name = "fog", channels = { "output" }, at = one:slot(9) } ` +
		`local both = stage.group{ name = "both", wash, fog } ` +
		`local function f() end ` +
		"local p = palette.new{ warm = \"orange\", cold = \"blue\" }\n"
)

// mistakes are what newcomers write, on line 2 of show.lua, and what they are told.
var mistakes = []struct{ call, want string }{
	{`fx.chase(both, { evry = "1b" })`, `fx.chase: unknown option 'evry' (did you mean 'every'?)`},
	{`fx.chase(both, { speed = 3 })`, `fx.chase: unknown option 'speed'; it takes every, look, off, order and tail`},
	{`fx.chase(both, "1b")`, `fx.chase: the options must be a table such as { every = … }, got "1b"`},
	{`fx.chase({ wash, fog })`, `fx.chase: the group must be a group or a fixture, got a table`},
	{`fx.chase("both")`, `fx.chase: the group must be a group or a fixture, got "both"`},
	{`fx.chase(both, { every = "1beat" })`, `fx.chase: every must be ` + duration + `, got "1beat": the units are ms, s, m, h, b (beats) and bar`},
	{`fx.chase(both, { every = 0 })`, `fx.chase: every must be more than 0, got 0`},
	{`fx.chase(both, { order = "foward" })`, `fx.chase: order must be forward, backward, bounce or random, got "foward" (did you mean 'forward'?)`},
	{`fx.chase(both, { order = { 1, 3 } })`, `fx.chase: place 2 of order must be a whole number 1-2, got 3`},
	{`fx.chase(wash, { look = { color = "oragne" } })`, `fx.chase: look: color: "oragne": no colour has that name (did you mean "orange"?)`},
	{`fx.chase(wash, { look = { gren = 3 } })`, `fx.chase: look: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`fx.chase(wash, { look = true })`, `fx.chase: look must be an intensity or a table such as { color = "red" }, got true`},
	{`fx.chase(wash, { look = 300 })`, `fx.chase: look: intensity must be a number 0-255, got 300`},
	{`fx.chase(fog)`, `fx.chase: look: intensity: fixture "fog" gives no light; it has output`},
	{`fx.ramp(wash, { channel = "dimmer" })`, `fx.ramp: fixture "wash" has no channel "dimmer"; it has red, green, blue`},
	{`fx.ramp(wash, { shape = "sow" })`, `fx.ramp: shape must be saw, sine, triangle, square or random, got "sow" (did you mean 'saw'?)`},
	{`fx.ramp(wash, { to = 1000 })`, `fx.ramp: to must be a number 0-255, got 1000`},
	{`fx.cycle(wash, "red", "1b")`, `fx.cycle: the colours must be a list such as { "red", "blue" }, got "red"`},
	{`fx.cycle(wash, {}, "1b")`, `fx.cycle: the colours must be a list such as { "red", "blue" }, got one with nothing in it`},
	{`fx.cycle(wash, { "red", "bleu" }, "1b")`, `fx.cycle: colour 2: color: "bleu": no colour has that name (did you mean "blue"?)`},
	{`fx.cycle(wash, { "red", "blue" })`, `fx.cycle: the duration of a colour must be ` + duration + `, got nil`},
	{`fx.rainbow(fog)`, `fx.rainbow: the group: color: fixture "fog" makes no colour; it has output`},
	{`fx.rainbow(wash, { saturation = 100 })`, `fx.rainbow: saturation must be a number 0-1, got 100`},
	{`fx.sparkle(both, { count = 3 })`, `fx.sparkle: count must be a whole number 1-2, got 3`},
	{`fx.sparkle(wash, { chance = "0.5" })`, `fx.sparkle: chance must be a number 0-1, got "0.5"; a number stands without quotes`},
	{`fx.strobe(wash, { rate = 2, every = "1b" })`, `fx.strobe: give either rate or every`},
	{`fx.strobe(wash, { rate = 0 })`, `fx.strobe: rate must be a number 0.01-100, got 0`},
	{`fx.strobe(wash, { unsafe = 1 })`, `fx.strobe: unsafe must be true or false, got 1`},
	{`fx.stobe(wash)`, `attempt to call a nil value (field 'stobe'); did you mean 'strobe'?`},
	{`palette.new{ warm = "oragne" }`, `palette.new: warm: "oragne": no colour has that name (did you mean "orange"?)`},
	{`palette.new{ "red", "blue" }`, `palette.new: the entries must be a table by name such as { warm = "orange" }, got a table`},
	{`palette.new{ warm = {} }`, `palette.new: warm has nothing in it`},
	{`wash:set(p.wram)`, `palette: there is no "wram" (did you mean 'warm'?)`},
	{`wash:set(p.hot)`, `palette: there is no "hot"; it has cold, warm`},
	{`p.hot = "red"`, `palette: "hot" cannot be put in later; give it to palette.new`},
	{`palette.blend(p.warm, p.cold, 50)`, `palette.blend: the part must be a number 0-1, got 50`},
	{`palette.blend(p.warm, 3, 0)`, `palette.blend: the second entry must be a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }, got 3`},
	{`palette.steps("red", "blue", 1)`, `palette.steps: the count must be a whole number 2-1000, got 1`},
	{`seq.new()`, `seq.new: the values must be a list such as { 1, 2, 3 }, got nil`},
	{`seq.new{}`, `seq.new: the values must be a list such as { 1, 2, 3 }, got one with nothing in it`},
	{`seq.new{ 1 }:set(2)`, `seq:set: the values must be a list such as { 1, 2, 3 }, got 2`},
	{`seq.euclid(9, 8)`, `seq.euclid: the number of hits must be a whole number 0-8, got 9`},
	{`seq.euclid(3)`, `seq.euclid: the number of steps must be a whole number 1-1024, got nil`},
	{`seq.euclid(2.5, 8)`, `seq.euclid: the number of hits must be a whole number 0-8, got 2.5`},
	{`seq.play("1/4b", { 1 }, f())`, `seq.play: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`seq.play(f, { 1 }, "1/4b")`, `seq.play: the length of a step must be ` + duration + `, before the function, got a function`},
	{`seq.play("1/4b", { 1 }, f, { swing = 66 })`, `seq.play: swing must be a number 0.5-0.8, got 66`},
	{`seq.play("1/4b", { 1 }, f, { prob = 0.5 })`, `seq.play: unknown option 'prob'; it takes swing and chance`},
	{`seq.chance("50%")`, `seq.chance: the probability must be a number 0-1, got "50%"`},
	{`loop("1b", f)`, `loop: the length of a pass must be ` + duration + `, before the function, got a function`},
	{`loop(f, "1b", "hats")`, `loop: the name must be a text that is not empty, got a function`},
	{`loop("hats", "1b", f())`, `loop: the body must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`loop("hats", "1b", { f, 3 })`, `loop: part 2 of the body must be a function, got 3`},
	{`loop("hats", "1b", {})`, `loop: the body must be a list such as { fn, false, fn }, got one with nothing in it`},
	{`loop("hats", "1b", false)`, `loop: the body must be a function, got false`},
	{`loop("hats", "1b", f) loop("hats", "2b", f)`, `loop: there is a loop "hats" in this version already; each has a name of its own`},
	{`pick.one{}`, `pick.one: the list must be a list such as { "red", "blue" }, got one with nothing in it`},
	{`pick.bag("red")`, `pick.bag: the list must be a list such as { "red", "blue" }, got "red"`},
	{`pick.weights{ red = "3" }`, `pick.weights: the weight of red must be a number 0-1e+09, got "3"; a number stands without quotes`},
	{`pick.weights{ red = 0 }`, `pick.weights: at least one weight must be more than 0`},
	{`pick.weight{ red = 0 }`, `attempt to call a nil value (field 'weight'); did you mean 'weights'?`},
	{`map.range(1, 0, 0, 0, 255)`, `map.range: the range must have two ends, got 0 twice`},
	{`map.range("7", 0, 10, 0, 255)`, `map.range: the number must be a number, got "7"; a number stands without quotes`},
	{`map.range(1, 0, 10, 0, 255, "easy")`, `map.range: the curve must be linear, ease, ease_in, ease_out, smooth, step or snap, got "easy" (did you mean 'ease'?)`},
	{`map.points{ { 0, 0 }, { 0, 1 } }`, `map.points: x of point 2 must be more than that of the point before, 0, got 0`},
	{`require "palete"`, `require: no module "palete" (did you mean 'palette'?): not built in (clock, stage, show, cue, signet, sacn, artnet, stagelinq, stagenet, theater, osc, dmx, midi), not in the library (fx, loop, map, palette, pick, seq, test), no palete.lua or palete/init.lua in the show folder`},
	{`require "test"`, `test: tests are not part of a show; they stand in show_test.lua beside it, and showrun test runs them`},
}

// function are calls of functions of a module.
var function = regexp.MustCompile(`^((fx|seq|pick|map|palette)\.\w+[({ ][^:]*|loop\(.*|require .*)$`)

// TestMistakes makes each mistake at the top level, in a function whose value is returned,
// and in a handler: all of them are blamed on the line of the show.
func TestMistakes(t *testing.T) {
	for i, m := range mistakes {
		if i%raced.Of(1, 5) != 0 {
			continue
		}
		twice := strings.Contains(m.call, ") loop(") // two calls in a row, which are one mistake at the top level only
		returned := m.call
		if function.MatchString(m.call) && !twice {
			returned = "return " + m.call
		}
		want := "show.lua:2: " + m.want
		if err := load(t, prelude+m.call, nil); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", m.call, err, want)
		}
		text := prelude + "local function made() " + returned + " end\nmade()"
		if err := load(t, text, nil); err == nil || err.Error() != want {
			t.Errorf("%s, in a function:\n got %v\nwant %s", returned, err, want)
		}
		if twice {
			continue
		}
		told := &told{Handler: slog.DiscardHandler}
		if err := load(t, prelude+"clock.run(function() "+returned+" end)", told); err != nil || len(told.failures) != 1 || told.failures[0] != want {
			t.Errorf("%s, in a task:\n got %v %q\nwant %s", returned, err, told.failures, want)
		}
	}
}

// told keeps what tasks failed with.
type told struct {
	slog.Handler
	failures []string
}

func (h *told) Enabled(context.Context, slog.Level) bool { return true }

func (h *told) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.failures = append(h.failures, r.Message)
	}
	return nil
}

// load runs a show for a second.
func load(t *testing.T, text string, log slog.Handler) error {
	t.Helper()
	if log == nil {
		log = slog.DiscardHandler
	}
	folder := fstest.MapFS{"show.lua": &fstest.MapFile{Data: []byte(text)}}
	return rehearse.Play(context.Background(), rehearse.Options{
		Name: "test", File: "show.lua", Dir: "test", Bind: bindings.New, Shipped: Files(), Log: slog.New(log),
	}, folder, 1e9)
}
