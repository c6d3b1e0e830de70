package bindings

import (
	"testing"
	"time"
)

// library are the modules that come with the runtime.
const library = "fx, loop, map, palette, pick, seq, test"

// builtIn are the modules that are part of the program.
const builtIn = "clock, stage, show, cue, signet, sacn, artnet, stagelinq, stagenet, theater, osc, dmx, midi"

// mistakes are what newcomers write, on line 2 of show.lua, and what they are told.
var mistakes = []struct{ call, want string }{
	{`print(wash.red)`, `stage.fixture has no 'red'; a level is read with wash:get("red")`},
	{`wash.colour = 3`, `stage.fixture: fields cannot be set ('colour'); a level is set with wash:set{ color = "red" }`},
	{`print(wash.gren)`, `stage.fixture has no 'gren'; a level is read with wash:get("green")`},
	{`print(both.red)`, `stage.group has no 'red'; a level is read with both:get("red")`},
	{`print(one[5])`, `signet.universe has no '5'; a level is read with x:get(5)`},
	{`one[5] = 255`, `signet.universe: fields cannot be set ('5'); a level is set with x:set(5, 255)`},
	{`print(dj.deck1)`, `stagelinq.sink has no 'deck1' (did you mean 'deck'?)`},
	{`stage.fixture{ name = "x", kind = "rgwb", at = one:slot(10) }`, `stage.fixture: fixture "x": unknown kind "rgwb" (did you mean "rgbw"?); kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
	{`stage.fixture{ name = "x", kind = "RGB", at = one:slot(10) }`, `stage.fixture: fixture "x": unknown kind "RGB" (did you mean "rgb"?); kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
	{`stage.fixture{ name = "x", kind = "Dimmer", at = one:slot(10) }`, `stage.fixture: fixture "x": unknown kind "Dimmer" (did you mean "dimmer"?); kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
	{`stage.fixture{ name = "x", type = "rgb", at = one:slot(10) }`, `stage.fixture: unknown option 'type'; it takes name, at, kind, channels, profile, mode, range, at_position and rotation`},
	{`stage.fixture{ name = "x", kind = "rgb", at = 1 }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got 1`},
	{`stage.fixture{ name = "x", kind = "rgb", at = "1.1" }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got "1.1"`},
	{`stage.fixture{ name = "x", kind = "rgb", at = net:universe(1) }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got a signet.universe; name the first slot as well, as in x:slot(1)`},
	{`stage.fixture{ name = "x", kind = "rgb", address = one:slot(3) }`, `stage.fixture: unknown option 'address'; it takes name, at, kind, channels, profile, mode, range, at_position and rotation`},
	{`stage.fixture("x", "rgb", one:slot(10))`, `stage.fixture: the options must be a table such as { name = … }, got "x"`},
	{`wash:fade(255, 2, "ease")`, `stage.fixture:fade: the options must be a table such as { curve = … }, got "ease"`},
	{`wash:fade({red=0})`, `stage.fixture:fade: the duration must be ` + duration + `, got nil`},
	{`wash:fade("2s", 255)`, `stage.fixture:fade: the levels must be a number, a list or a table by channel name, got "2s"`},
	{`wash:fade(2, {red = 0})`, `stage.fixture:fade: the levels come first and then the duration, as in x:fade({ red = 0 }, 2)`},
	{`wash:fade(255, "2sec")`, `stage.fixture:fade: the duration must be ` + duration + `, got "2sec": the units are ms, s, m, h, b (beats) and bar`},
	{`wash:fade(255, "2beats")`, `stage.fixture:fade: the duration must be ` + duration + `, got "2beats": the units are ms, s, m, h, b (beats) and bar`},
	{`wash:fade(255, "1/0b")`, `stage.fixture:fade: the duration must be ` + duration + `, got "1/0b": it divides by 0`},
	{`wash:fade(255, "2")`, `stage.fixture:fade: the duration must be ` + duration + `, got "2": a unit is missing: ms, s, m, h, b (beats) or bar`},
	{`wash:fade(255, "")`, `stage.fixture:fade: the duration must be ` + duration + `, got "": a number comes first`},
	{`wash:fade(255, "2B")`, `stage.fixture:fade: the duration must be ` + duration + `, got "2B": the units are ms, s, m, h, b (beats) and bar`},
	{`wash:fade(255, "2S")`, `stage.fixture:fade: the duration must be ` + duration + `, got "2S": the units are ms, s, m, h, b (beats) and bar`},
	{`wash:fade(255, "b")`, `stage.fixture:fade: the duration must be ` + duration + `, got "b": a number comes first`},
	{`wash:fade(255, "-2b")`, `stage.fixture:fade: the duration must be ` + duration + `, got "-2b": it must not be negative`},
	{`wash:fade(255, -1)`, `stage.fixture:fade: the duration must be ` + duration + `, got -1`},
	{`wash:fade(255, 0/0)`, `stage.fixture:fade: the duration must be ` + duration + `, got NaN`},
	{`wash:fade(255, 1/0)`, `stage.fixture:fade: the duration must be ` + duration + `, got +Inf`},
	{`wash:fade(255, "1b2s")`, `stage.fixture:fade: the duration must be ` + duration + `, got "1b2s": beats and bars stand alone`},
	{`wash:fade(255, true)`, `stage.fixture:fade: the duration must be ` + duration + `, got true`},
	{`wash:set("150%")`, `stage.fixture:set: the level must be a number 0-255, or a text "0%"-"100%", got "150%"`},
	{`wash:set("#ff0000")`, `stage.fixture:set: the levels must be a number, a list or a table by channel name, got "#ff0000"; a colour is written { color = "#ff0000" }`},
	{`wash:set("red")`, `stage.fixture:set: the levels must be a number, a list or a table by channel name, got "red"; a colour is written { color = "red" }`},
	{`wash:set("red", 255)`, `stage.fixture:set: takes one value for all channels, a list or a table, got 2 values; did you mean a table, as in x:set{ red = 255 }?`},
	{`wash:set{ red = "255" }`, `stage.fixture:set: red must be a number 0-255, got "255"; a number stands without quotes`},
	{`wash:set{ red = 256 }`, `stage.fixture:set: red must be a number 0-255, got 256`},
	{`wash:set{ Red = 25 }`, `stage.fixture:set: fixture "wash" has no channel "Red" (did you mean "red"?); it has red, green, blue`},
	{`wash:set(true)`, `stage.fixture:set: the levels must be a number, a list or a table by channel name, got true`},
	{`wash:set{ colour = "red" }`, `stage.fixture:set: fixture "wash" has no channel "colour" (did you mean "color"?); it has red, green, blue`},
	{`wash:set{ intensity = 256 }`, `stage.fixture:set: intensity must be a number 0-255, got 256`},
	{`osc.sender{}`, `osc.sender: port must be 1-65535, got nil`},
	{`osc.sender("127.0.0.1", 9000)`, `osc.sender: the options must be a table such as { host = … }, got "127.0.0.1"`},
	{`osc.sender{ host = "127.0.0.1:9000" }`, `osc.sender: host must be a name or an address alone, beside port = 9000, got "127.0.0.1:9000"`},
	{`osc.sender{ host = "127.0.0.1", port = "9000" }`, `osc.sender: port must be 1-65535, got "9000"; a number stands without quotes`},
	{`osc.sender{ port = 70000 }`, `osc.sender: port must be 1-65535, got 70000`},
	{`require "dmx".usb{ model = "open" }`, `dmx.usb: model must be pro, got "open"`},
	{`require "dmx".usb{ rate = 45 }`, `dmx.usb: rate must be 1-44, got 45`},
	{`osc.receiver(8000)`, `osc.receiver: the options must be a table such as { port = … }, got 8000`},
	{`osc.receiver{}`, `osc.receiver: port must be 1-65535, got nil`},
	{`mouth:send("go")`, `osc.sender:send: "go": an OSC address starts with / and has no zero byte`},
	{`mouth:send("/go", {})`, `osc.sender:send: argument 1 must be a number up to 3.4e38, a string, a boolean, nil or one of osc.float, osc.int and osc.blob, got a table`},
	{`ear:on("go", f)`, `osc.receiver:on: "go": an address pattern begins with / and has at most 255 characters`},
	{`stage.master()`, `stage.master: the level must be a number 0-255, got nil`},
	{`stage.master(50, "4")`, `stage.master: the duration must be ` + duration + `, got "4": a unit is missing: ms, s, m, h, b (beats) or bar`},
	{`stage.blackout(1)`, `stage.blackout: the blackout must be true or false, got 1`},
	{`wash:wave("1bar")`, `stage.fixture:wave: the wave must be a table such as { period = "1bar" }, got "1bar"`},
	{`wash:wave{}`, `stage.fixture:wave: period must be ` + duration + `, got nil`},
	{`wash:wave{ period = 0 }`, `stage.fixture:wave: period must be more than 0, got 0`},
	{`wash:wave{ period = 1, shape = "sin" }`, `stage.fixture:wave: shape must be sine, triangle, saw, square or random, got "sin" (did you mean 'sine'?)`},
	{`wash:wave{ period = 1, channels = "red" }`, `stage.fixture:wave: channels must be a list of names, as in { "a", "b" }, got "red"`},
	{`wash:wave{ period = 1, channels = { "gren" } }`, `stage.fixture:wave: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`both:wave{ period = 1, phase = 2 }`, `stage.group:wave: phase must be 0-1, got 2`},
	{`both:wave{ period = 1, to = 256 }`, `stage.group:wave: to must be a number 0-255, got 256`},
	{`both:wave{ period = 1, amplitude = 2 }`, `stage.group:wave: unknown option 'amplitude'; it takes channels, shape, period, from, to, phase, width and spread`},
	{`require "singet"`, `require: no module "singet" (did you mean 'signet'?): not built in (` + builtIn + `), not in the library (` + library + `), no singet.lua or singet/init.lua in the show folder`},
	{`require "Signet"`, `require: no module "Signet" (did you mean 'signet'?): not built in (` + builtIn + `), not in the library (` + library + `), no Signet.lua or Signet/init.lua in the show folder`},
	{`require "signet.lua"`, `require: no module "signet.lua" (did you mean 'signet'?): not built in (` + builtIn + `), not in the library (` + library + `), no signet/lua.lua or signet/lua/init.lua in the show folder`},
	{`require "./lamps"`, `require: no module "./lamps": not built in (` + builtIn + `), not in the library (` + library + `), nor can it be a file of the show folder`},
	{`require "lamps"`, `require: no module "lamps": not built in (` + builtIn + `), not in the library (` + library + `), no lamps.lua or lamps/init.lua in the show folder`},
	{`require "lamps.lua"`, `require: no module "lamps.lua": not built in (` + builtIn + `), not in the library (` + library + `), no lamps/lua.lua or lamps/lua/init.lua in the show folder`},
	{`require "/shows/x"`, `require: no module "/shows/x": not built in (` + builtIn + `), not in the library (` + library + `), nor can it be a file of the show folder`},
	{`wash.set{ red = 1 }`, `stage.fixture:set: must be called on a stage.fixture with a colon, as in x:set(…)`},
	{`wash.set(1)`, `stage.fixture:set: must be called on a stage.fixture with a colon, as in x:set(…)`},
	{`wash.fade(255, 1)`, `stage.fixture:fade: must be called on a stage.fixture with a colon, as in x:fade(…)`},
	{`net:universe("one")`, `signet.sender:universe: universe number must be 1-63999, got "one"`},
	{`one:slot()`, `signet.universe:slot: slot must be 1-512, got nil`},
	{`stage.fixture{ name = "x", kind = "rgb", at = one:slot(511) }`, `stage.fixture: fixture "x": 3 slots from slot 511 on run past the last slot, 512`},
	{`stage.fixture{ Name = "x", kind = "rgb", at = one:slot(20) }`, `stage.fixture: unknown option 'Name' (did you mean 'name'?)`},
	{`clock.on_beat(1, f())`, `clock.on_beat: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.on_beat(f, 1)`, `clock.on_beat: the beats must be ` + beats + `, before the function, got a function`},
	{`clock.every("1/4", f)`, `clock.every: the duration must be ` + duration + `, got "1/4": a unit is missing: ms, s, m, h, b (beats) or bar`},
	{`clock.every(f, 1)`, `clock.every: the duration must be ` + duration + `, before the function, got a function`},
	{`clock.on_beat("1 beat", f)`, `clock.on_beat: the beats must be ` + beats + `, got "1 beat": the units are ms, s, m, h, b (beats) and bar`},
	{`clock.sync()`, `clock.sync: the beats must be ` + beats + `, got nil`},
	{`clock.sleep()`, `clock.sleep: the duration must be ` + duration + `, got nil`},
	{`clock.run(f())`, `clock.run: the task must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:deck(1):on("Play", f)`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got "Play" (did you mean 'play'?)`},
	{`dj:deck(1):on("paly", f)`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got "paly" (did you mean 'play'?)`},
	{`dj:deck(1):on("play", f())`, `stagelinq.deck:on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:deck(1):on(f)`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got a function`},
	{`dj:on("conected", f)`, `stagelinq.sink:on: the event must be found, connected or lost, got "conected" (did you mean 'connected'?)`},
	{`show.on("Start", f)`, `show.on: the event must be start, stop, reload, unload, error or emergency, got "Start" (did you mean 'start'?)`},
	{`show.on("strat", f)`, `show.on: the event must be start, stop, reload, unload, error or emergency, got "strat" (did you mean 'start'?)`},
	{`stagelinq.sink("x")`, `stagelinq.sink: the options must be a table such as { name = … }, got "x"`},
	{`dj:deck()`, `stagelinq.sink:deck: the deck must be 1-4, got nil`},
	{`dj:deck("1")`, `stagelinq.sink:deck: the deck must be 1-4, got "1"; a number stands without quotes`},
	{`print(show.stat)`, `show has no 'stat' (did you mean 'state'?)`},
	{`clock.set_tempo("fast")`, `clock.set_tempo: the tempo must be a number, got "fast"`},
	{`clock.follow("master")`, `clock.follow: the source must be "internal" or a source such as sink:master(), got "master"`},
	{`clock.follow(dj.master)`, `clock.follow: the source must be "internal" or a source such as sink:master(), got a function`},
	{`house:set("17", 5)`, `stagenet.console:set: the address must be one such as "SN17", got "17"`},
	{`house:set(17, 5)`, `stagenet.console:set: the address must be one such as "SN17", got 17`},
	{`house:gateway()`, `stagenet.console:gateway: the id of the gateway must be a string, got nil`},
	{`stagenet.console{ gateways = "10.0.0.7" }`, `stagenet.console: gateways must be a list of names, as in { "a", "b" }, got "10.0.0.7"`},
	{`crane:spline("x", {1,2})`, `theater.motion:spline: 2 knots for axis x; it takes a multiple of 3: three for each segment`},
	{`crane:spline("w", {1,2,3})`, `theater.motion:spline: the axis must be "x", "y", "z", "a" or 0-3, got "w"`},
	{`crane:spline("x", 90)`, `theater.motion:spline: the knots must be a list of numbers, got 90`},
	{`theater.motion{ safe = "halt" }`, `theater.motion: safe must be stop or hold, got "halt"`},
	{`arms:move("1", 60)`, `theater.valve:move: the joint must be 1-2, got "1"; a number stands without quotes`},
	{`arms:move(1, 200)`, `theater.valve:move: the pulse width must be -100 to 100, got 200`},
	{`theater.lighting("127.0.0.1")`, `theater.lighting: the options must be a table such as { host = … }, got "127.0.0.1"`},
	{`signet.sender{ scope = "" }`, `signet.sender: scope must not be empty`},
	{`signet.sender{ universe = 1 }`, `signet.sender: unknown option 'universe'; it takes scope, interface, key, endpoint, label, rate, mode, sync and latency`},
	{`signet.sender(1)`, `signet.sender: the options must be a table such as { scope = … }, got 1`},
	{`signet.reciever{}`, `signet has no 'reciever' (did you mean 'receiver'?)`},
	{`require "./signet"`, `require: no module "./signet" (did you mean 'signet'?): not built in (` + builtIn + `), not in the library (` + library + `), nor can it be a file of the show folder`},
	{`require "shw"`, `require: no module "shw" (did you mean 'show'?): not built in (` + builtIn + `), not in the library (` + library + `), no shw.lua or shw/init.lua in the show folder`},
	{`require "maths"`, `require: no module "maths" (did you mean 'math'?): not built in (` + builtIn + `), not in the library (` + library + `), no maths.lua or maths/init.lua in the show folder`},
	{`require(signet)`, `bad argument #1 to require (string expected, got table)`},
}

// TestCallsWithAColon writes clock:on for clock.on, which is the same, and waits for
// what happens to the modules themselves.
func TestCallsWithAColon(t *testing.T) {
	s := live(t, `
clock:on_beat(1, function(beat) print("beat", beat.number) end)
clock:after(0.5, function() clock:set_tempo(90) end)
clock:on("tempo", function(bpm) print("on", bpm) end)
clock:run(function()
  print("waited", clock.wait(clock, "tempo"))
  clock:sleep(0.1)
  print("slept", clock:wait(stage:get("x"), "go"))
end)
show:on("start", function() show.log:warn("%d", 1) end)
stage:fixture{ name = "x", kind = "rgb", at = one:slot(1) }
print(stage:get("x"), signet:sender{} == net)`)
	s.run(700 * time.Millisecond)
	s.wantLog("0.000 stage.fixture x\ttrue", "0.000 WARN 1", "0.500 beat\t1", "0.500 on\t90", "0.500 waited\t90")
	s.wantFailures("clock.run show.lua:5: show.lua:8: clock.wait: the source must be something with :on, such as a deck or a sink, got a stage.fixture")
}

// TestNoWaitAtTheTopLevel waits where nothing can.
func TestNoWaitAtTheTopLevel(t *testing.T) {
	for _, call := range []string{`clock.sleep(1)`, `clock.sync(1)`, `clock.wait(stagelinq.sink{}, "found")`, `clock.run(clock.sleep(1))`, `clock:sleep(1)`} {
		wantLoadError(t, call, "show.lua:1: cannot wait here: the top level of a show runs before the show is live; use clock.run or a handler")
	}
}
