package bindings

import "testing"

// colorErrors are mistakes with attributes, places and pixels, on line 2 of show.lua, and
// what they say after that.
var colorErrors = []struct{ call, want string }{
	{`wash:set{ color = "gren" }`, `stage.fixture:set: color: "gren": no colour has that name (did you mean "green"?)`},
	{`wash:set{ color = "tomatoe" }`, `stage.fixture:set: color: "tomatoe": no colour has that name (did you mean "tomato"?)`},
	{`wash:set{ color = "warmish" }`, `stage.fixture:set: color: "warmish": no colour has that name; it can be one of the web such as "tomato", a filter such as "L201" or "R26", or "#rrggbb"`},
	{`wash:set{ color = "#ff88" }`, `stage.fixture:set: color: "#ff88": # is followed by 6 hexadecimal digits, or by 3, as in "#ff8800" or "#f80"`},
	{`wash:set{ color = "#gg8800" }`, `stage.fixture:set: color: "#gg8800": # is followed by 6 hexadecimal digits, or by 3, as in "#ff8800" or "#f80"`},
	{`wash:set{ color = "ff8800" }`, `stage.fixture:set: color: "ff8800": no colour has that name; with # before it, as in "#ff8800", it is one`},
	{`wash:set{ color = "L999" }`, `stage.fixture:set: color: "L999": no filter of that number is known; its colour can be written as "#rrggbb"`},
	{`wash:set{ color = 0xff8800 }`, `stage.fixture:set: color must be a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }, got 16746496`},
	{`wash:set{ color = true }`, `stage.fixture:set: color must be a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }, got true`},
	{`wash:set{ color = {} }`, `stage.fixture:set: color must be a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }, got a table`},
	{`wash:set{ color = { 255, 0 } }`, `stage.fixture:set: color: a list has red, green and blue, got 2 levels`},
	{`wash:set{ color = { 255, 0, 0, 0 } }`, `stage.fixture:set: color: a list has red, green and blue, got 4 levels`},
	{`wash:set{ color = { 255, 256, 0 } }`, `stage.fixture:set: green of color must be a number 0-255, got 256`},
	{`wash:set{ color = { 255, "full", 0 } }`, `stage.fixture:set: green of color must be a number 0-255, got "full"`},
	{`wash:set{ color = { h = 100, s = 50 } }`, `stage.fixture:set: s of color must be 0-1, got 50`},
	{`wash:set{ color = { h = "red" } }`, `stage.fixture:set: h of color must be a number of degrees, got "red"`},
	{`wash:set{ color = { h = 1, l = 1 } }`, `stage.fixture:set: color: a hue stands with s and v, 0-1 each, got the key "l" as well`},
	{`wash:set{ color = { color = "rde" } }`, `stage.fixture:set: color: "rde": no colour has that name (did you mean "red"?)`},
	{`wash:set{ colr = "red" }`, `stage.fixture:set: fixture "wash" has no channel "colr" (did you mean "color"?); it has red, green, blue`},
	{`wash:set{ intesity = 1 }`, `stage.fixture:set: fixture "wash" has no channel "intesity" (did you mean "intensity"?); it has red, green, blue`},
	{`lamp:set{ color = "red" }`, `stage.fixture:set: color: fixture "lamp" makes no colour; it has dimmer`},
	{`fan:set{ intensity = 1 }`, `stage.fixture:set: intensity: fixture "fan" gives no light; it has speed`},
	{`fan:set{ color = "red" }`, `stage.fixture:set: color: fixture "fan" makes no colour; it has speed`},
	{`stage.group{ fan, lamp }:fade({ color = "red" }, 1)`, `stage.group:fade: color: fixture "fan" makes no colour; it has speed`},
	{`wash:set{ intensity = "120%" }`, `stage.fixture:set: intensity must be a number 0-255, or a text "0%"-"100%", got "120%"`},
	{`wash:set{ intensity = "-5%" }`, `stage.fixture:set: intensity must be a number 0-255, or a text "0%"-"100%", got "-5%"`},
	{`wash:set{ intensity = "half" }`, `stage.fixture:set: intensity must be a number 0-255, got "half"`},
	{`wash:set{ intensity = "50" }`, `stage.fixture:set: intensity must be a number 0-255, got "50"; a number stands without quotes`},
	{`wash:set{ red = "x%" }`, `stage.fixture:set: red must be a number 0-255, or a text "0%"-"100%", got "x%"`},
	{`stage.master("101%")`, `stage.master: the level must be a number 0-255, or a text "0%"-"100%", got "101%"`},
	{`wash:fade({ color = "red" }, 1, { space = "hsv" })`, `stage.fixture:fade: space must be bright or direct, got "hsv"`},
	{`wash:fade({ color = "red" }, 1, { spce = "direct" })`, `stage.fixture:fade: unknown option 'spce' (did you mean 'space'?)`},
	{`wash:get("colour")`, `stage.fixture:get: fixture "wash" has no channel "colour" (did you mean "color"?); it has red, green, blue`},
	{`lamp:get("color")`, `stage.fixture:get: color: fixture "lamp" makes no colour; it has dimmer`},
	{`fan:get("intensity")`, `stage.fixture:get: intensity: fixture "fan" gives no light; it has speed`},
	{`wash:wave{ period = 1, channels = { "color", "intensity" } }`, `stage.fixture:wave: a wave of color stands alone, since from and to are colours; make another wave of intensity`},
	{`wash:wave{ period = 1, channels = { "color" }, from = 0 }`, `stage.fixture:wave: from must be a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }, got 0`},
	{`wash:wave{ period = 1, channels = { "intensity" }, to = "red" }`, `stage.fixture:wave: to must be a number 0-255, got "red"`},
	{`lamp:wave{ period = 1, channels = { "color" } }`, `stage.fixture:wave: color: fixture "lamp" makes no colour; it has dimmer`},
	{`fan:wave{ period = 1, channels = { "intensity" } }`, `stage.fixture:wave: intensity: fixture "fan" gives no light; it has speed`},

	{`turn:set{ pan = 300 }`, `stage.fixture:set: pan must be -270 to 270 degrees, as far as fixture "turn" turns, got 300`},
	{`turn:set{ tilt = "up" }`, `stage.fixture:set: tilt must be -135 to 135 degrees, got "up"`},
	{`turn:wave{ period = 1, channels = { "tilt" }, from = -200 }`, `stage.fixture:wave: from must be -135 to 135 degrees, as far as fixture "turn" turns, got -200`},
	{`turn:aim{ 0, 0, 9 }`, `stage.fixture:aim: fixture "turn" cannot point to { 0, 0, 9 }: it would take 180 degrees of tilt, and it reaches 135`},
	{`head:aim{ 0, 0, 0 }`, `stage.fixture:aim: fixture "head" has no position; give it one where it is patched, as in at_position = { 0, 3, 4 }, in metres`},
	{`far:aim{ 0, 0, 0 }`, `stage.fixture:aim: fixture "far" does not know how far it turns; tell it where it is patched, as in range = { pan = 540, tilt = 270 }`},
	{`wash:aim{ 0, 0, 0 }`, `stage.fixture:aim: fixture "wash" has no pan and tilt to aim with; it has red, green, blue`},
	{`turn:aim(1, 2, 3)`, `stage.fixture:aim: the place must be { x, y, z } in metres, got 1`},
	{`turn:aim{ 1, 2 }`, `stage.fixture:aim: z of the place must be a number of metres, got nil`},
	{`turn:aim{ 1, 2, 3, 4 }`, `stage.fixture:aim: the place must be { x, y, z } in metres, got 4 numbers`},
	{`turn:aim({ 1, 2, 3 }, "soon")`, `stage.fixture:aim: the duration must be ` + duration + `, got "soon": a number comes first`},
	{`stage.fixture{ name = "x", kind = "moving_head", at = one:slot(300), range = 540 }`, `stage.fixture: range must be a table of degrees such as { pan = 540, tilt = 270 }, got 540`},
	{`stage.fixture{ name = "x", kind = "moving_head", at = one:slot(300), range = { zoom = 40 } }`, `stage.fixture: range is for pan and tilt, got the key "zoom"`},
	{`stage.fixture{ name = "x", kind = "moving_head", at = one:slot(300), range = { pan = 0 } }`, `stage.fixture: range of pan must be 1-3600 degrees, or less than 0 for one that turns the other way, got 0`},
	{`stage.fixture{ name = "x", kind = "rgb", at = one:slot(300), range = { pan = 540 } }`, `stage.fixture: fixture "x": range: there is no channel "pan"`},
	{`stage.fixture{ name = "x", kind = "rgb", at = one:slot(300), rotation = { 0, 0, 90 } }`, `stage.fixture: rotation stands with at_position = { x, y, z }`},
	{`stage.fixture{ name = "x", kind = "rgb", at = one:slot(300), at_position = 4 }`, `stage.fixture: at_position must be { x, y, z } in metres, got 4`},

	{`both:pixels{ 1, 2, 3, 4, 5, 6 }`, `stage.group:pixels: color: fixture "lamp" makes no colour; it has dimmer`},
	{`tube:pixels{ 1, 2, 3 }`, `stage.group:pixels: 3 levels for 2 fixtures; it takes 6: red, green and blue of each`},
	{`tube:pixels{ 1, 2, 3, 4, 5, 600 }`, `stage.group:pixels: level 6 must be a number 0-255, got 600`},
	{`tube:pixels("red")`, `stage.group:pixels: the pixels must be a list of red, green and blue for each fixture in turn, got "red"`},
	{`wash:pixels{ 1, 2, 3 }`, `stage.fixture has no 'pixels'; it has aim, check, fade, get, held, kind, name, parts, set, spline, stop and wave`},
	{`stage.layout{ wsh = { 1, 2 } }`, `stage.layout: no fixture is called "wsh" (did you mean "wash"?)`},
	{`stage.layout{ wash = 1 }`, `stage.layout: the place of "wash" must be { x, y }, got 1`},
	{`stage.layout{ wash = { 1, "2" } }`, `stage.layout: y of "wash" must be a number, got "2"; a number stands without quotes`},
	{`stage.layout{ both = { 1, 2 } }`, `stage.layout: what is laid out must be a fixture, got the group "both"; lay out its members`},
	{`stage.layout{ { 1, 2 } }`, `stage.layout: what is laid out must be a fixture or its name, got 1`},
	{`stage.layout("row")`, `stage.layout: the layout must be a table of places, as in { wash = { 1, 2 } }, got "row"`},
	{`wash.color = "red"`, `stage.fixture: fields cannot be set ('color'); a level is set with wash:set{ color = "red" }`},
	{`wash.intensity = 1`, `stage.fixture: fields cannot be set ('intensity'); a level is set with wash:set{ intensity = 255 }`},
	{`print(wash.color)`, `stage.fixture has no 'color'; a level is read with wash:get("color")`},
	{`wash:set("red", 5)`, `stage.fixture:set: takes one value for all channels, a list or a table, got 2 values; did you mean a table, as in x:set{ red = 255 }?`},
	{`wash:fade("red", 2)`, `stage.fixture:fade: the levels must be a number, a list or a table by channel name, got "red"; a colour is written { color = "red" }`},
	{`wash:held("gren")`, `stage.fixture:held: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`wash:held(1)`, `stage.fixture:held: the channel must be a string, got 1`},
}

// TestColorErrors writes each mistake and reads what it is told, with file and line.
func TestColorErrors(t *testing.T) {
	const more = patched + `local fan = stage.fixture{ name = "fan", channels = { "speed" }, at = one:slot(90) } ` +
		`local far = stage.fixture{ name = "far", channels = { "pan", "tilt" }, at = one:slot(94), at_position = { 0, 0, 4 } } ` +
		`local t1 = stage.fixture{ name = "t1", kind = "rgb", at = one:slot(100) } local t2 = stage.fixture{ name = "t2", kind = "rgb", at = one:slot(103) } local tube = stage.group{ t1, t2 } `
	for _, tt := range colorErrors {
		wantLoadError(t, more+heads+"\n"+tt.call, "show.lua:2: "+tt.want)
	}
}
