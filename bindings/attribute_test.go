package bindings

import (
	"testing"
	"time"
)

// lamps are fixtures of many kinds: wash 1-3, lamp 10, head 20-31, w 50-53, a 60-64, cmy
// 70-73, fan 80, white 90.
const lamps = patched + `local w = stage.fixture{ name = "w", kind = "rgbw", at = one:slot(50) } ` +
	`local a = stage.fixture{ name = "a", channels = { "red", "green", "blue", "amber", "lime", "uv" }, at = one:slot(60) } ` +
	`local cmy = stage.fixture{ name = "cmy", channels = { "cyan", "magenta", "yellow", "dimmer" }, at = one:slot(70) } ` +
	`local fan = stage.fixture{ name = "fan", channels = { "speed" }, at = one:slot(80) } ` +
	`local white = stage.fixture{ name = "white", channels = { "warm white", "cold white" }, at = one:slot(90) } ` +
	`local all = stage.group{ name = "all", wash, lamp, head, w, a, cmy, fan, white } ` +
	`local ps = {} for i = 1, 4 do ps[i] = stage.fixture{ name = "p" .. i, kind = "rgb", at = one:slot(97 + 3 * i) } end local tube = stage.group(ps) ` +
	`local function later(f) clock.after(1, f) end `

var attributeTests = []struct {
	name, text string
	levels     []string
}{
	{"a name", `wash:set{ color = "orange" }`, []string{"0s 1=255 2=165 3=0"}},
	{"six digits", `wash:set{ color = "#123456" }`, []string{"0s 1=18 2=52 3=86"}},
	{"three digits", `wash:set{ color = "#f80" }`, []string{"0s 1=255 2=136 3=0"}},
	{"capitals and spaces", `wash:set{ color = "Dark Orange" }`, []string{"0s 1=255 2=140 3=0"}},
	{"a filter", `wash:set{ color = "L106" } tube:set{ color = "R80" }`, []string{"0s 1=230 2=0 3=18 100=8 101=40 102=176"}},
	{"red, green, blue", `wash:set{ color = { 1, 2.4, "100%" } }`, []string{"0s 1=1 2=2 3=255"}},
	{"hue", `wash:set{ color = { h = 120, s = 1, v = 0.5 } } tube:set{ color = { h = -120 } }`, []string{"0s 1=0 2=128 3=0 100=0 101=0 102=255"}},
	{"an entry of a palette", `local warm = { name = "warm", color = { color = "red" } } wash:set{ color = warm }`, []string{"0s 1=255 2=0 3=0"}},
	{"a palette entry is levels as well", `wash:set(9) local p = { color = "red", intensity = "50%" } wash:set(p)`, []string{"0s 1=128 2=0 3=0"}},
	{"percent", `wash:set("50%") head:set{ pan = "50%", dimmer = "100%" } one:set(100, "20%") lamp:fade("100%", 1)`,
		[]string{"0s 1=128 2=128 3=128 20=128 21=0 25=255 100=51", "500ms 10=128"}},
	{"percent of the master", `lamp:set(200) stage.master("50%")`, []string{"0s 10=100"}},

	{"colour alone lights up", `wash:set{ color = "red" }`, []string{"0s 1=255 2=0 3=0"}},
	{"intensity alone is white", `wash:set{ intensity = 100 }`, []string{"0s 1=100 2=100 3=100"}},
	{"intensity scales", `wash:set{ color = "#804000", intensity = "50%" }`, []string{"0s 1=64 2=32 3=0"}},
	{"in any order", `wash:set{ intensity = "50%", color = "#804000" }`, []string{"0s 1=64 2=32 3=0"}},
	{"in two steps", `wash:set{ color = "#804000" } wash:set{ intensity = "50%" }`, []string{"0s 1=64 2=32 3=0"}},
	{"dark stays dark", `wash:set{ intensity = 0 } later(function() wash:set{ color = "red" } end) clock.after(2, function() wash:set{ intensity = 255 } end)`,
		[]string{"1s 1=0 2=0", "2s 1=255 2=0"}},
	{"told to be black", `wash:set{ color = "black" } wash:set{ intensity = 255 }`, []string{"0s 1=0 2=0 3=0"}},
	{"a dimmer is the intensity", `head:set{ color = "red" } later(function() head:set{ intensity = 100 } end)`, []string{"0s 25=0 27=255 28=0 29=0 30=0", "1s 25=100 27=255"}},

	{"white is taken out", `w:set{ color = "#ff8040" }`, []string{"0s 50=191 51=64 52=0 53=64"}},
	{"amber, lime and uv", `a:set{ color = "#ffbf00" } later(function() a:set{ color = "#8000ff" } end) clock.after(2, function() a:set{ color = "#c0ff00" } end)`,
		[]string{"0s 60=0 61=0 62=0 63=255 64=0 65=0", "1s 60=128 61=0 62=255 63=0 64=0 65=255", "2s 60=0 61=111 62=0 63=192 64=0 65=0"}},
	{"filters", `cmy:set{ color = "orange", intensity = 10 }`, []string{"0s 70=0 71=90 72=255 73=10"}},
	{"whites", `white:set{ intensity = 99 }`, []string{"0s 90=99 91=99"}},

	{"red to blue is bright", `wash:set{ color = "red" } later(function() wash:fade({ color = "blue" }, 2) end)`,
		[]string{"1s 1=255 3=0", "1.5s 1=255 2=0 3=85", "2s 1=255 3=255", "2.5s 1=85 3=255", "3s 1=0 3=255"}},
	{"unless asked", `wash:set{ color = "red" } later(function() wash:fade({ color = "blue" }, 2, { space = "direct" }) end)`,
		[]string{"2s 1=128 3=128"}},
	{"from dark, as the colour", `later(function() wash:fade({ color = "red", intensity = 200 }, 2) end)`, []string{"1s 1=0", "2s 1=100 2=0 3=0", "3s 1=200 2=0"}},
	{"colour alone from dark", `later(function() wash:fade({ color = "#ff8000" }, 1) end)`, []string{"1.5s 1=128 2=64 3=0", "2s 1=255 2=128"}},
	{"intensity under a colour fade", `wash:set{ color = "red" } later(function() wash:fade({ color = "blue" }, 2) wash:fade({ intensity = 0 }, 2) end)`,
		[]string{"2s 1=128 3=128", "3s 1=0 3=0"}},
	{"fade options", `wash:set{ color = "red" } later(function() wash:fade({ color = "lime" }, "2b", { delay = "1b", curve = "ease_in" }) end)`,
		[]string{"1.5s 1=255 2=0", "2s 1=255 2=85", "2.5s 1=0 2=255"}},

	{"a channel beside the colour", `wash:set{ color = "white", green = 10 }`, []string{"0s 1=255 2=10 3=255"}},
	{"a channel in place of the mix", `wash:set{ color = "white" } wash:set{ red = 10 } later(function() wash:fade({ intensity = 0 }, 1) end)`,
		[]string{"0s 1=10 2=255", "1s 1=10 2=255", "1.5s 1=5 2=128 3=128", "2s 1=0 2=0"}},
	{"colour from what channels make", `wash:set{ 100, 0, 0 } later(function() wash:fade({ color = "blue" }, 1) end)`,
		[]string{"1s 1=100 3=0", "1.5s 1=70 2=0 3=178", "2s 1=0 3=255"}},
	{"nothing jumps where the mix would be another", `w:set{ 200, 200, 200, 0 } later(function() w:fade({ color = "black" }, 1) end)`,
		[]string{"1s 50=200 53=0", "1.5s 50=100 51=100 52=100 53=0", "2s 50=0 53=0"}},
	{"bright channels at a low intensity", `wash:set{ intensity = 100, color = "white" } wash:set{ red = 200 } later(function() wash:fade({ color = "blue" }, 1) end)`,
		[]string{"1s 1=200 2=100 3=100", "2s 1=0 2=0 3=100"}},
	{"stop", `wash:set{ color = "red" } wash:fade({ color = "blue" }, 2) later(function() wash:stop() end) clock.after(1.5, function() wash:fade({ intensity = 0 }, 1) end)`,
		[]string{"1s 1=255 3=255", "1.5s 1=255 3=255", "2s 1=128 3=128"}},

	{"mixed groups", `all:set{ color = "blue", intensity = "100%" }`, []string{"0s 1=0 3=255 10=255 25=255 29=255 30=0 52=255 53=0 62=255 65=0 70=255 71=255 72=0 73=255 80=0 90=255"}},
	{"mixed groups fade", `all:set{ color = "red", intensity = 100 } later(function() all:fade({ color = "blue", intensity = 200 }, 1) end)`,
		[]string{"1.5s 1=150 3=150 10=150 25=150 27=255 29=255"}},

	{"wave of intensity", `wash:set{ color = "#ff8000" } wash:wave{ channels = { "intensity" }, period = 1, shape = "triangle", from = 0, to = "100%" }`,
		[]string{"250ms 1=128 2=64", "500ms 1=255 2=128", "750ms 1=128", "1s 1=0 2=0"}},
	{"wave of colour, spread", `tube:wave{ channels = { "color" }, period = 2, shape = "square", from = "blue", to = "red", spread = 1 }`,
		[]string{"100ms 100=255 102=0 103=0 105=255", "1100ms 100=0 102=255 103=255 106=255", "1600ms 103=0 106=255 109=255"}},
	{"wave of colour is bright", `wash:wave{ channels = { "color" }, period = 2, shape = "triangle", from = "red", to = "blue" }`, []string{"500ms 1=255 3=255", "1s 1=0 3=255"}},
	{"wave of a dimmer", `head:wave{ channels = { "intensity" }, period = 1, shape = "square", to = 200 }`, []string{"100ms 25=200", "600ms 25=0"}},

	{"pixels", `tube:pixels{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "100%" }`, []string{"0s 100=1 101=2 102=3 103=4 109=10 111=255"}},
	{"pixels and intensity", `tube:pixels{ 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120 } tube:set{ intensity = "50%" }`, []string{"0s 100=5 101=10 103=20 111=60"}},
	{"pixels of other kinds", `stage.group{ w, head }:pixels{ 255, 255, 255, 255, 0, 0 }`, []string{"0s 50=0 53=255 27=255 30=0"}},

	{"master", `wash:set{ color = "red" } head:set{ color = "red", intensity = 255 } stage.master("50%")`, []string{"0s 1=128 25=128 27=255"}},
	{"blackout", `all:set{ color = "white", intensity = 255 } later(function() stage.blackout(true) end) clock.after(2, function() all:set{ color = "red" } end) clock.after(3, function() stage.blackout(false) end)`,
		[]string{"0s 1=255 10=255 25=255 53=255", "1s 1=0 10=0 25=0 53=0 90=0", "2s 1=0 50=0", "3s 1=255 2=0 50=255 53=0"}},

	{"degrees", `turn:set{ pan = 0, tilt = -135 } later(function() turn:fade({ pan = 270 }, 1) end)`, []string{"0s 200=128 201=0 202=0", "1.5s 200=191 201=255", "2s 200=255 201=255"}},
	{"wave in degrees", `turn:wave{ channels = { "pan" }, period = 1, shape = "square", from = -270, to = 0 }`, []string{"0s 200=128", "600ms 200=0"}},
	{"wave of all channels is of levels", `turn:wave{ period = 1, shape = "square", from = 0, to = 255 }`, []string{"0s 200=255 202=255", "600ms 200=0 202=0"}},
	{"aim straight down", `turn:aim{ 0, 0, 0 }`, []string{"0s 200=128 201=0 202=128"}},
	{"aim to the right", `turn:aim{ 4, 0, 0 }`, []string{"0s 200=170 201=170 202=170 203=170"}},
	{"aim away", `turn:aim{ x = 0, y = 4, z = 0 }`, []string{"0s 200=128 201=0 202=170 203=170"}},
	{"aim with a fade", `turn:aim({ 4, 0, 0 }, 1)`, []string{"500ms 200=85 201=85", "1s 200=170 201=170"}},
	{"aim from the floor", `floor:aim{ 0, 0, 9 }`, []string{"0s 210=128 211=0 212=128 213=0"}},
	{"aim the nearest way", `turn:set{ pan = 0 } turn:aim{ 0.1, -4, 0 } later(function() turn:aim{ -0.1, -4, 0 } end)`, []string{"0s 202=85", "1s 202=85"}},
}

const heads = `local turn = stage.fixture{ name = "turn", channels = { "pan", "pan fine", "tilt", "tilt fine" }, at = one:slot(200), range = { pan = 540, tilt = 270 }, at_position = { 0, 0, 4 } } ` +
	`local floor = stage.fixture{ name = "floor", channels = { "pan", "pan fine", "tilt", "tilt fine" }, at = one:slot(210), range = { pan = 540, tilt = 270 }, at_position = { 0, 0, 0 }, rotation = { 180, 0, 0 } } `

func TestAttributes(t *testing.T) {
	for _, tt := range attributeTests {
		t.Run(tt.name, func(t *testing.T) {
			s := live(t, lamps+heads+tt.text)
			for _, probe := range tt.levels {
				s.wantLevels(probe)
			}
			s.wantFailures()
		})
	}
}

var attributeLogTests = []struct {
	name, text string
	log        []string
}{
	{"at the start", `later(function() print(wash:get("color"), wash:get("intensity"), lamp:get("intensity"), head:get("intensity")) end)`, []string{"1.000 #000000\t255\t0\t0"}},
	{"what was told", `wash:set{ color = "#804000", intensity = 100 } head:set{ color = "red", intensity = "50%" } later(function() print(wash:get("color"), wash:get("intensity"), head:get("color"), head:get("intensity")) end)`,
		[]string{"1.000 #804000\t100\t#ff0000\t127.5"}},
	{"what channels make", `wash:set{ 255, 0, 128 } w:set{ 0, 0, 0, 100 } later(function() print(wash:get("color"), wash:get("intensity"), w:get("color")) end)`, []string{"1.000 #ff0080\t255\t#646464"}},
	{"all", `wash:set{ color = "red", intensity = 51 } later(function() local l = wash:get() print(l.red, l.green, l.color, l.intensity) local h = lamp:get() print(h.dimmer, h.intensity, h.color) local f = fan:get() print(f.speed, f.intensity, f.color) end)`,
		[]string{"1.000 51\t0\t#ff0000\t51", "1.000 0\t0\tnil", "1.000 0\tnil\tnil"}},
	{"degrees", `turn:set{ pan = 90 } later(function() print(turn:get("pan"), turn:get().pan) end)`, []string{"1.000 90\t90"}},
	{"before the master", `wash:set{ color = "red" } stage.master(0) later(function() print(wash:get("color"), wash:get("intensity")) end)`, []string{"1.000 #ff0000\t255"}},
	{"of a group, the first that has it", `all:set{ color = "red" } later(function() print(stage.group{ lamp, wash }:get("color"), both:get("intensity")) end)`, []string{"1.000 #ff0000\t255"}},
	{"held by nobody", `later(function() print(wash:held(), wash:held("color"), all:held("intensity"), lamp:held("dimmer")) end)`, []string{"1.000 false\tfalse\tfalse\tfalse"}},
}

func TestAttributesTell(t *testing.T) {
	for _, tt := range attributeLogTests {
		t.Run(tt.name, func(t *testing.T) {
			s := live(t, lamps+heads+tt.text)
			s.run(2 * time.Second)
			s.wantLog(tt.log...)
			s.wantFailures()
		})
	}
}
