package bindings

import (
	"testing"
	"time"
)

// stageTests name the levels of slots at instants, at 120 BPM and with a frame
// every 10 ms.
var stageTests = []struct {
	name, text string
	levels     []string
}{
	{"set a number", `wash:set(7)`, []string{"0s 1=7 2=7 3=7 4=0"}},
	{"set a list", `wash:set{ 1, 2 }`, []string{"0s 1=1 2=2 3=0"}},
	{"set by name", `wash:set{ blue = 3, red = 1 }`, []string{"0s 1=1 2=0 3=3"}},
	{"set nothing", `wash:set(9) wash:set{}`, []string{"0s 1=9 2=9 3=9"}},
	{"set fractions", `wash:set{ 0.5, 0.4, 254.6 }`, []string{"0s 1=1 2=0 3=255"}},
	{"set what computing made of 255", `wash:set{ 255.0000001, -0.0000001 }`, []string{"0s 1=255 2=0"}},
	{"one of a bad table sets none", `clock.run(function() pcall(wash.set, wash, { red = 1, green = 300 }) pcall(wash.set, wash, { 1, 2, 300 }) end)`,
		[]string{"0s 1=0 2=0"}},

	{"fade", `wash:set(100) clock.after(1, function() wash:fade({ red = 200 }, 1) end)`,
		[]string{"1s 1=100 2=100", "1.5s 1=150 2=100", "2s 1=200 2=100"}},
	{"fade in beats", `clock.on_beat(4, function() wash:fade(200, "2b") end)`, []string{"2s 1=0", "2.5s 1=100", "3s 1=200"}},
	{"fade in beats follows the tempo", `clock.after(1, function() wash:fade(200, "4b") end) clock.after(2, function() clock.set_tempo(60) end)`,
		[]string{"2s 1=100", "3s 1=150", "4s 1=200"}},
	{"fade with no duration", `clock.after(1, function() wash:fade(200, 0) end)`, []string{"990ms 1=0", "1s 1=200"}},
	{"fade curves", `clock.after(1, function() for i, curve in ipairs{ "linear", "ease", "ease_in", "ease_out", "smooth", "step", "snap" } do one:fade(100 + i, 200, 1, { curve = curve }) end end)`,
		[]string{"1.25s 101=50 102=29 103=13 104=88 105=31 106=0 107=200", "2s 101=200 106=200"}},
	{"fade of a fixture, curve and delay", `clock.after(1, function() wash:fade(200, 1, { curve = "ease_in", delay = "1b" }) end)`,
		[]string{"1.5s 1=0", "2s 1=50", "2.5s 1=200"}},
	{"a set ends a fade", `wash:fade(200, 1) clock.after(0.5, function() wash:set{ red = 10 } end)`, []string{"490ms 1=98", "500ms 1=10 2=100", "1s 1=10 2=200"}},
	{"a fade goes on from the present level", `wash:fade(200, 1) clock.after(0.5, function() wash:fade({ red = 0 }, 1) end)`,
		[]string{"500ms 1=100 2=100", "1s 1=50 2=200", "1.5s 1=0"}},
	{"stop", `wash:fade(200, 1) clock.after(0.5, function() wash:stop() end)`, []string{"500ms 1=100", "1s 1=100"}},
	{"set and fade in one handler", `clock.after(1, function() wash:set(200) wash:fade(0, 1) end)`, []string{"1s 1=200", "1.5s 1=100"}},
	{"one handler, one frame", `clock.on_beat(1, function() wash:set(1) lamp:set(2) one:set(100, 3) end)`, []string{"490ms 1=0 10=0 100=0", "500ms 1=1 10=2 100=3"}},
	{"a task between its waits", `clock.run(function() wash:set(1) clock.sleep(1) wash:set(2) lamp:set(3) end)`, []string{"0s 1=1 10=0", "1s 1=2 10=3"}},
	{"the top level", `wash:set(1) lamp:fade(100, 1)`, []string{"0s 1=1 10=0", "500ms 10=50"}},
	{"what a handler did before it raised", `clock.after(1, function() wash:set(5) error("x") end)`, []string{"1s 1=5"}},
	{"a cancelled task's last words are dropped", `local t t = clock.run(function() wash:set(5) t:cancel() end)`, []string{"1s 1=0"}},

	{"16 bits", `head:set{ pan = 127.5 } clock.after(1, function() head:set{ pan = 255, tilt = 1 / 257 } end)`,
		[]string{"0s 20=128 21=0", "1s 20=255 21=255 22=0 23=1"}},
	{"16 bits, fading", `head:fade({ pan = 255 }, 2)`, []string{"1s 20=128 21=0"}},
	{"16 bits, list", `head:set{ 255, 0, 7 }`, []string{"0s 20=255 21=255 22=0 23=0 24=7"}},
	{"16 bits, number", `head:set(255)`, []string{"0s 20=255 21=255 24=255 31=255 32=0"}},
	{"fine channels of our own", `own:set{ zoom = 127.5, strobe = 3 }`, []string{"0s 40=128 41=0 42=3"}},

	{"group", `both:set{ 8 }`, []string{"0s 1=8 2=0 10=8"}},
	{"group by name, those that have it", `both:set{ dimmer = 3 } both:set{ red = 4 }`, []string{"0s 1=4 2=0 10=3"}},
	{"group of groups", `stage.group{ both, head }:set(6)`, []string{"0s 1=6 3=6 10=6 24=6"}},
	{"group fade and stop", `both:fade(200, 1) clock.after(0.5, function() both:stop() end)`, []string{"1s 1=100 10=100"}},
	{"group[i]", `both[1]:set(1) both[2]:set(2)`, []string{"0s 1=1 10=2"}},
	{"group:each", `both:each(function(f, i) f:set(i * 10) end)`, []string{"0s 1=10 10=20"}},
	{"group:each, waiting", `clock.run(function() both:each(function(f, i) clock.sleep(0.5) f:set(i) end) end)`, []string{"490ms 1=0", "500ms 1=1 10=0", "1s 10=2"}},
	{"group:each in group:each, waiting", `clock.run(function() both:each(function(f) both:each(function(g) clock.sync(1) g:set(g:get(g.kind == "rgb" and "red" or "dimmer") + 1) end) end) end)`,
		[]string{"500ms 1=1 10=0", "1s 1=1 10=1", "1.5s 1=2", "2s 10=2"}},

	{"universe", `one:set(512, 1) one:set{ [5] = 2, [6] = 3 } one:set{ 9 } one:fade(100, 200, 1)`, []string{"0s 512=1 5=2 6=3 1=9", "500ms 100=100", "1s 100=200"}},
	{"universe, fade options", `one:fade(1, 200, 1, { delay = 1, curve = "ease_in" })`, []string{"1s 1=0", "1.5s 1=50", "2s 1=200"}},
	{"universe, one of a bad table sets none", `clock.run(function() pcall(one.set, one, { [1] = 1, [600] = 1 }) end)`, []string{"0s 1=0"}},
	{"two universes", `net:universe(2):set(1, 5) signet.sender{ scope = "b" }:universe(1):set(1, 6)`, []string{"0s 1=0 1/1=5 2/1=6"}},
}

const patched = `local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } ` +
	`local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(10) } ` +
	`local head = stage.fixture{ name = "head", kind = "moving_head", at = one:slot(20) } ` +
	`local own = stage.fixture{ name = "own", channels = { "zoom", "zoom fine", "strobe" }, at = one:slot(40) } ` +
	`local both = stage.group{ name = "both", wash, lamp } `

func TestStage(t *testing.T) {
	for _, tt := range stageTests {
		t.Run(tt.name, func(t *testing.T) {
			s := live(t, patched+tt.text)
			for _, probe := range tt.levels {
				s.wantLevels(probe)
			}
		})
	}
}

var stageLogTests = []struct {
	name, text string
	log        []string
}{
	{"names and kinds", `print(wash.name, wash.kind, own.kind, both.name, stage.group{ wash }.name)`, []string{"0.000 wash\trgb\tnil\tboth\tnil"}},
	{"tostring", `print(wash, both, stage.group{ wash }, one, net, one:slot(7))`,
		[]string{"0.000 stage.fixture wash\tstage.group both\tstage.group\tsignet.universe 1\tsignet.sender local\taddress slot 7 of universe 1"}},
	{"getmetatable", `print(getmetatable(wash), pcall(setmetatable, wash, {}))`,
		[]string{"0.000 stage.fixture\tfalse\tbad argument #1 to 'setmetatable' (table expected, got userdata)"}},
	{"#group and group[i]", `print(#both, both[0], both[1] == wash, both[2] == lamp, both[3], both[1.5], both[-1], both[0/0], both[math.huge], both[-math.huge])`,
		[]string{"0.000 2\tnil\ttrue\ttrue\tnil\tnil\tnil\tnil\tnil\tnil"}},
	{"a fixture is one object", `local seen = { [wash] = "w" } both:each(function(f) print(seen[f]) end) print(stage.get("wash") == wash, stage.get("both") == both, stage.get("both")[1] == wash)`,
		[]string{"0.000 w", "0.000 nil", "0.000 true\ttrue\ttrue"}},
	{"stage.get", `print(stage.get("nobody"), stage.get("wash"), stage.get("wash"), stage.get("both"))`,
		[]string{"0.000 nil\tstage.fixture wash\tstage.fixture wash\tstage.group both"}},
	{"stage.get in a task", `clock.after(1, function() print(stage.get("wash") == wash, stage.get("x")) end)`, []string{"1.000 true\tnil"}},
	{"a fixture counts once", `print(#stage.group{ wash, both, wash }, #stage.group{ both, stage.group{ lamp, head } })`, []string{"0.000 2\t3"}},
	{"each counts", `both:each(function(...) print(...) end)`, []string{"0.000 stage.fixture wash\t1", "0.000 stage.fixture lamp\t2"}},
	{"get", `wash:set{ 1, 2, 3 } both:set{ dimmer = 4 } head:set{ pan = 127.5 } print(wash:get("red"))
		clock.after(1, function()
			local l = wash:get() print(l.red, l.green, l.blue, wash:get("blue"), both:get("dimmer"), both:get().red, both:get().dimmer, head:get("pan"))
			wash:set(9) print(wash:get("red"))
		end)
		clock.after(2, function() print(wash:get("red"), one:get(2), one:get(512), #one:levels(), one:levels()[3], one.number) end)`,
		[]string{"0.000 0", "1.000 1\t2\t3\t3\t4\t1\tnil\t127.5", "1.000 1", "2.000 9\t9\t0\t512\t9\t1"}},
	{"get tells what goes out while the task runs, not at its instant", `wash:fade(200, 1) clock.after(0.5, function() clock.sleep(0.05) print(wash:get("red")) end)`, []string{"0.550 98"}},
}

func TestStageTells(t *testing.T) {
	for _, tt := range stageLogTests {
		t.Run(tt.name, func(t *testing.T) {
			s := live(t, patched+tt.text)
			s.run(3 * time.Second)
			s.wantLog(tt.log...)
			s.wantFailures()
		})
	}
}

func TestPatchErrors(t *testing.T) {
	fixture := func(rest string) string { return patched + "\nstage.fixture{ name = " + rest + " }" }
	for text, want := range map[string]string{
		fixture(`"x", kind = "rgb", at = one:slot(8)`):                             `fixture "x" (slots 8-10) overlaps fixture "lamp" (slot 10) at slot 10`,
		fixture(`"x", kind = "dimmer", at = one:slot(21)`):                         `fixture "x" (slot 21) overlaps fixture "head" (slots 20-31) at slot 21`,
		fixture(`"x", kind = "rgb", at = one:slot(511)`):                           `fixture "x": 3 slots from slot 511 on run past the last slot, 512`,
		fixture(`"wash", kind = "rgb", at = one:slot(100)`):                        `fixture "wash": the name is taken by a fixture`,
		fixture(`"both", kind = "rgb", at = one:slot(100)`):                        `fixture "both": the name is taken by a group`,
		patched + "\nstage.group{ name = 'wash', lamp }":                           `group "wash": the name is taken by a fixture`,
		patched + "\nstage.group{ name = 'both', lamp }":                           `group "both": the name is taken by a group`,
		patched + ` stage.get("wash")` + "\nstage.group{ name = 'both', lamp }":    `group "both": the name is taken by a group`,
		patched + ` stage.get("wash") stage.get("both")` + "\nhead:set{ zom = 1 }": `fixture "head" has no channel "zom" (did you mean "zoom"?); it has pan, tilt, speed, dimmer, shutter, red, green, blue, white, zoom`,
		patched + "\n" + `head:set{ ["pan fine"] = 1 }`:                            `fixture "head": channel "pan fine" is the fine half of "pan", which takes fractions`,
	} {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + text})
		if err == nil {
			t.Errorf("%s\nloaded, want %s", text, want)
			continue
		}
		fn := map[byte]string{'f': "stage.fixture: ", 'g': "stage.group: "}[want[0]]
		if got := err.Error(); got != "show.lua:2: "+fn+want && got != "show.lua:2: stage.fixture:set: "+want {
			t.Errorf("%s\nraised %s\n  want %s", text, got, want)
		}
	}
	s := newStand(t)
	text := patched + `stage.fixture{ name = "x", kind = "rgb", at = net:universe(2):slot(1) } stage.fixture{ name = "y", kind = "dimmer", at = one:slot(512) }`
	if err := s.load(map[string]string{"show.lua": prelude + text}); err != nil {
		t.Error(err)
	}
	if n := len(s.show.Intensity()); n != 3+1+1+0+3+1 {
		t.Errorf("%d channels for the master", n)
	}
}

// TestHugeTables must come back at once.
func TestHugeTables(t *testing.T) {
	s := live(t, patched+`clock.run("t", function()
		local list, names, slots = {}, {}, {}
		for i = 1, 2e4 do list[i] = 1 names["n" .. i] = 1 slots[i] = 1 end
		print(pcall(function() wash:set(list) end))
		print(pcall(function() wash:set(names) end))
		print(pcall(function() one:set(slots) end))
		print(pcall(function() wash:fade(1, 1, names) end))
		print(pcall(function() stage.group(list) end))
		for i = 1, 2e4 do list[i] = wash end
		print(#stage.group(list))
	end)`)
	s.run(100 * time.Millisecond)
	s.wantLog(
		"0.000 false\tshow.lua:4: stage.fixture:set: 20000 levels for fixture \"wash\", which has 3 channels",
		"0.000 false\tshow.lua:5: stage.fixture:set: fixture \"wash\" has no channel \"n1\"; it has red, green, blue",
		"0.000 false\tshow.lua:6: signet.universe:set: slot must be 1-512, got 513",
		"0.000 false\tshow.lua:7: stage.fixture:fade: unknown option 'n1'; it takes curve, delay and space",
		"0.000 false\tshow.lua:8: stage.group: member 1 must be a fixture or a group, got 1",
		"0.000 1",
	)
	s.wantFailures()
}

// TestWaves go to and fro until something else is done with the channel, those of a group
// one after the other.
func TestWaves(t *testing.T) {
	s := live(t, `
local row = {}
for i = 1, 4 do row[i] = stage.fixture{ name = "spot " .. i, kind = "dimmer", at = one:slot(i) } end
stage.group(row):wave{ period = "4b", shape = "square", width = 1 / 4, spread = 1 }
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(10) }
wash:set(7)
wash:wave{ channels = { "red", "blue" }, period = 1, shape = "triangle", from = 40, to = 200, width = 1, phase = 0.5 }
clock.after(3, function() wash:set(9) row[1]:stop() end)`)
	s.wantLevels("250ms 1=255 2=0 3=0 4=0 10=160 11=7 12=160")
	s.wantLevels("750ms 1=0 2=255 3=0 4=0 10=80 11=7 12=80")
	s.wantLevels("1250ms 1=0 2=0 3=255 4=0")
	s.wantLevels("1750ms 1=0 2=0 3=0 4=255")
	s.wantLevels("3250ms 1=0 2=0 3=255 4=0 10=9 12=9")
	s.wantLevels("4250ms 1=0 2=0 3=0 4=0")
}

func TestRandomWavesRepeatWithTheSeed(t *testing.T) {
	text := `stage.fixture{ name = "a", kind = "dimmer", at = one:slot(1) }:wave{ period = 0.1, shape = "random" }
stage.fixture{ name = "b", kind = "dimmer", at = one:slot(2) }:wave{ period = 0.1, shape = "random" }`
	a, b := live(t, text), live(t, text)
	for at := 50 * time.Millisecond; at < time.Second; at += 100 * time.Millisecond {
		a.run(at)
		b.run(at)
		if a.level("1") != b.level("1") || a.level("1") == a.level("2") {
			t.Errorf("%v: %d, %d again, and beside it %d", at, a.level("1"), b.level("1"), a.level("2"))
		}
	}
}

// TestMaster scales what gives light, and nothing else.
func TestMaster(t *testing.T) {
	s := live(t, `
local head = stage.fixture{ name = "head", channels = { "pan", "dimmer" }, at = one:slot(1) }
head:set{ 200, 100 }
one:set(5, 200)
clock.after(1, function() stage.master(127.5, 1) end)
clock.after(3, function() stage.blackout(true) print(head:get("dimmer")) end)
clock.after(4, function() stage.blackout(false, 1) stage:master(255) end)`)
	s.wantLevels("900ms 1=200 2=100 5=200")
	s.wantLevels("1500ms 1=200 2=75 5=200")
	s.wantLevels("2500ms 1=200 2=50 5=200")
	s.wantLevels("3100ms 1=200 2=0 5=200")
	s.wantLevels("4500ms 2=50")
	s.wantLevels("5100ms 1=200 2=100 5=200")
	s.wantLog("3.000 100")
}
