package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// stageLine stands on line 1 of the error tests, after the prelude.
const stageLine = `local rx, tc, rig = signet.receiver{}, net:timecode(1), signet.manager{} local heard, film = rx:universe(1), rx:timecode(1) local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } ` +
	`local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(4) } ` +
	`local both = stage.group{ name = "both", wash, lamp } local dj = stagelinq.sink{} ` +
	`local osc, stagenet, theater = require "osc", require "stagenet", require "theater" ` +
	`local mouth, ear, house, crane, arms = osc.sender{ port = 9 }, osc.receiver{ port = 9 }, stagenet.console{}, theater.motion{}, theater.valve{} local task, handle = clock.run(function() end), clock.after(100, function() end) local function f() end `

const duration = `a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar"`

const beats = `a number of beats, or a text such as "3/4b" or "2bar"`

// errorTests are calls that raise, on line 2 of show.lua, and what they say after
// that.
var errorTests = []struct{ call, want string }{
	// clock
	{`clock.run()`, `clock.run: the task must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.run("name")`, `clock.run: the task must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.run("name", "more")`, `clock.run: the task must be a function, got "more"`},
	{`clock.after(1)`, `clock.after: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.after(f, 1)`, `clock.after: the duration must be ` + duration + `, before the function, got a function`},
	{`clock.after(-1, f)`, `clock.after: the duration must be ` + duration + `, got -1`},
	{`clock.after(0/0, f)`, `clock.after: the duration must be ` + duration + `, got NaN`},
	{`clock.after(math.huge, f)`, `clock.after: the duration must be ` + duration + `, got +Inf`},
	{`clock.after(3600001, f)`, `clock.after: the duration must be ` + duration + `, got 3600001`},
	{`clock.every(0, f)`, `clock.every: the duration must be at least 1 ms or 1/1000 of a beat, got 0`},
	{`clock.every("0.1ms", f)`, `clock.every: the duration must be at least 1 ms or 1/1000 of a beat, got "0.1ms"`},
	{`clock.every("0.0001b", f)`, `clock.every: the duration must be at least 1 ms or 1/1000 of a beat, got "0.0001b"`},
	{`clock.every(1, wash)`, `clock.every: the callback must be a function, got a stage.fixture`},
	{`clock.on_beat(0, f)`, `clock.on_beat: the beats must be at least 1/1000 of a beat, got 0`},
	{`clock.on_beat(-1, f)`, `clock.on_beat: the beats must be at least 1/1000 of a beat, got -1`},
	{`clock.on_beat(0/0, f)`, `clock.on_beat: the beats must be ` + beats + `, got NaN`},
	{`clock.on_beat("2s", f)`, `clock.on_beat: the beats must be ` + beats + `, got "2s": that is a time, and not a number of beats`},
	{`clock.on_beat(f)`, `clock.on_beat: the beats must be ` + beats + `, before the function, got a function`},
	{`clock.on_beat(1)`, `clock.on_beat: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.on_beat(1, f, "x")`, `clock.on_beat: the offset must be ` + beats + `, got "x": a number comes first`},
	{`clock.on_beat(1, f, {})`, `clock.on_beat: the offset must be ` + beats + `, got a table`},
	{`clock.at_beat("soon", f)`, `clock.at_beat: the position must be ` + beats + `, got "soon": a number comes first`},
	{`clock.at_beat(1, nil)`, `clock.at_beat: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.at_beat(1e10, f)`, `clock.at_beat: the position must be ` + beats + `, got 10000000000`},
	{`clock.phase(0)`, `clock.phase: the beats must be at least 1/1000 of a beat, got 0`},
	{`clock.phase()`, `clock.phase: the beats must be ` + beats + `, got nil`},
	{`clock.set_tempo(19.9)`, `clock.set_tempo: the tempo must be 20-999 BPM, got 19.9`},
	{`clock.set_tempo(1000)`, `clock.set_tempo: the tempo must be 20-999 BPM, got 1000`},
	{`clock.set_tempo(0/0)`, `clock.set_tempo: the tempo must be a number, got NaN`},
	{`clock.set_tempo("120")`, `clock.set_tempo: the tempo must be a number, got "120"; a number stands without quotes`},
	{`clock.nudge()`, `clock.nudge: the beats must be ` + beats + `, got nil`},
	{`clock.nudge("1s")`, `clock.nudge: the beats must be ` + beats + `, got "1s": that is a time, and not a number of beats`},
	{`clock.follow()`, `clock.follow: the source must be "internal" or a source such as sink:master(), got nil`},
	{`clock.follow("interal")`, `clock.follow: the source must be "internal" or a source such as sink:master(), got "interal"`},
	{`clock.follow(dj)`, `clock.follow: the source must be "internal" or a source such as sink:master(), got a stagelinq.sink`},
	{`clock.follow(wash)`, `clock.follow: the source must be "internal" or a source such as sink:master(), got a stage.fixture`},
	{`clock.follow({})`, `clock.follow: the source must be "internal" or a source such as sink:master(), got a table`},
	{`clock.beats_per_bar(0)`, `clock.beats_per_bar: the beats must be 1-64, got 0`},
	{`clock.beats_per_bar(3.5)`, `clock.beats_per_bar: the beats must be a whole number 1-64, got 3.5`},
	{`clock.beats_per_bar(0/0)`, `clock.beats_per_bar: the beats must be 1-64, got NaN`},
	{`clock.on("find", f)`, `clock.on: the event must be lost, found, tempo or jump, got "find"`},
	{`clock.on(f)`, `clock.on: the event must be lost, found, tempo or jump, got a function`},
	{`clock.on("lost")`, `clock.on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`clock.wait()`, `clock.wait: the source must be something with :on, such as a deck or a sink, got nil`},
	{`clock.wait(1)`, `clock.wait: the source must be something with :on, such as a deck or a sink (clock.sleep waits for a time), got 1`},
	{`clock.wait(wash)`, `clock.wait: the source must be something with :on, such as a deck or a sink, got a stage.fixture`},
	{`clock.wait({ on = f })`, `clock.wait: the source must be something with :on, such as a deck or a sink, got a table`},
	{`clock.wait(dj)`, `stagelinq.sink:on: the event must be found, connected or lost, got a function`},
	{`clock.wait(dj, 1)`, `clock.wait: the event must be a string, got 1`},
	{`task.cancel()`, `task:cancel: must be called on a task with a colon, as in x:cancel(…)`},
	{`task.cancel(handle)`, `task:cancel: must be called on a task with a colon, as in x:cancel(…)`},
	{`handle.cancel(task)`, `handle:cancel: must be called on a handle with a colon, as in x:cancel(…)`},
	{`task:stop()`, `task has no 'stop'; it has cancel, failed, name and running`},
	{`task:cancl()`, `task has no 'cancl' (did you mean 'cancel'?)`},
	{`print(task.nam)`, `task has no 'nam' (did you mean 'name'?)`},
	{`task.name = "x"`, `task: fields cannot be set ('name')`},

	// stage
	{`stage.fixture()`, `stage.fixture: name must be a string, got nil`},
	{`stage.fixture("x")`, `stage.fixture: the options must be a table such as { name = … }, got "x"`},
	{`stage.fixture{ name = "", at = one:slot(10), kind = "rgb" }`, `stage.fixture: name must not be empty`},
	{`stage.fixture{ name = 1, at = one:slot(10), kind = "rgb" }`, `stage.fixture: name must be a string, got 1`},
	{`stage.fixture{ name = "x", kind = "rgb" }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got nil`},
	{`stage.fixture{ name = "x", kind = "rgb", at = one }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got a signet.universe; name the first slot as well, as in x:slot(1)`},
	{`stage.fixture{ name = "x", kind = "rgb", at = 10 }`, `stage.fixture: fixture "x": at must be an address such as net:universe(1):slot(1), got 10`},
	{`stage.fixture{ name = "x", at = one:slot(10) }`, `stage.fixture: fixture "x": give one of kind, channels and profile`},
	{`stage.fixture{ name = "x", at = one:slot(10), kind = "rgb", channels = { "a" } }`, `stage.fixture: fixture "x": give one of kind, channels and profile`},
	{`stage.fixture{ name = "x", at = one:slot(10), knd = "rgb" }`, `stage.fixture: unknown option 'knd' (did you mean 'kind'?)`},
	{`stage.fixture{ "x", at = one:slot(10), kind = "rgb" }`, `stage.fixture: unknown option 1; it takes name, at, kind, channels, profile, mode, range, at_position and rotation`},
	{`stage.fixture{ [true] = 1 }`, `stage.fixture: unknown option true; it takes name, at, kind, channels, profile, mode, range, at_position and rotation`},
	{`stage.fixture{ name = "x", at = one:slot(10), kind = "rgbb" }`, `stage.fixture: fixture "x": unknown kind "rgbb" (did you mean "rgb"?); kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
	{`stage.fixture{ name = "x", at = one:slot(10), kind = 3 }`, `stage.fixture: kind must be a string, got 3`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = "red" }`, `stage.fixture: channels must be a list of names, as in { "a", "b" }, got "red"`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = {} }`, `stage.fixture: channels must be a list with at least one name`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = { "a", 2 } }`, `stage.fixture: channel 2 must be a string, got 2`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = { "a", "" } }`, `stage.fixture: channel 2 must not be empty`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = { "a", nil, "c" } }`, `stage.fixture: channel 2 must be a string, got nil`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = { "a", b = "c" } }`, `stage.fixture: channels must be a list, but it has the key "b" as well`},
	{`stage.fixture{ name = "x", at = one:slot(10), channels = { "a", "b", "a" } }`, `stage.fixture: fixture "x": channels 1 and 3 are both called "a"`},
	{`wash.set(255)`, `stage.fixture:set: must be called on a stage.fixture with a colon, as in x:set(…)`},
	{`wash.set()`, `stage.fixture:set: must be called on a stage.fixture with a colon, as in x:set(…)`},
	{`wash.set(both, 255)`, `stage.fixture:set: must be called on a stage.fixture with a colon, as in x:set(…)`},
	{`both.each(f)`, `stage.group:each: must be called on a stage.group with a colon, as in x:each(…)`},
	{`wash:set()`, `stage.fixture:set: the levels must be a number, a list or a table by channel name, got nil`},
	{`wash:set("255")`, `stage.fixture:set: the levels must be a number, a list or a table by channel name, got "255"; a number stands without quotes`},
	{`wash:set(-1)`, `stage.fixture:set: the level must be a number 0-255, got -1`},
	{`wash:set(255.01)`, `stage.fixture:set: the level must be a number 0-255, got 255.01`},
	{`wash:set(0/0)`, `stage.fixture:set: the level must be a number 0-255, got NaN`},
	{`wash:set{ 1, 2, 3, 4 }`, `stage.fixture:set: 4 levels for fixture "wash", which has 3 channels`},
	{`wash:set{ 1, 256 }`, `stage.fixture:set: level 2 must be a number 0-255, got 256`},
	{`wash:set{ 1, nil, 3 }`, `stage.fixture:set: level 2 must be a number 0-255, got nil`},
	{`wash:set{ 1, red = 2 }`, `stage.fixture:set: the levels must be a list, but it has the key "red" as well`},
	{`wash:set{ red = 300 }`, `stage.fixture:set: red must be a number 0-255, got 300`},
	{`wash:set{ red = "full" }`, `stage.fixture:set: red must be a number 0-255, got "full"`},
	{`wash:set{ gren = 1 }`, `stage.fixture:set: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`wash:set{ [0] = 1 }`, `stage.fixture:set: a channel must be a name, got 0`},
	{`wash:set{ [0.5] = 1 }`, `stage.fixture:set: a channel must be a name, got 0.5`},
	{`wash:fade(255)`, `stage.fixture:fade: the duration must be ` + duration + `, got nil`},
	{`wash:fade(nil, 1)`, `stage.fixture:fade: the levels must be a number, a list or a table by channel name, got nil`},
	{`wash:fade(255, 1, "ease")`, `stage.fixture:fade: the options must be a table such as { curve = … }, got "ease"`},
	{`wash:fade(255, 1, { curv = "ease" })`, `stage.fixture:fade: unknown option 'curv' (did you mean 'curve'?)`},
	{`wash:fade(255, 1, { curve = "eas" })`, `stage.fixture:fade: curve must be linear, ease, ease_in, ease_out, smooth, step or snap, got "eas" (did you mean 'ease'?)`},
	{`wash:fade(255, 1, { curve = 2 })`, `stage.fixture:fade: curve must be linear, ease, ease_in, ease_out, smooth, step or snap, got 2`},
	{`wash:fade(255, 1, { delay = "x" })`, `stage.fixture:fade: delay must be ` + duration + `, got "x": a number comes first`},
	{`wash:get("gren")`, `stage.fixture:get: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`wash:get(1)`, `stage.fixture:get: the channel must be a string, got 1`},
	{`both:set{ white = 1 }`, `stage.group:set: fixture "wash" has no channel "white"; it has red, green, blue`},
	{`both:set{ 1, 2 }`, `stage.group:set: 2 levels for fixture "lamp", which has 1 channels`},
	{`both:each()`, `stage.group:each: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`both:each(function(x)
		x:set(256) end)`, `stage.fixture:set: the level must be a number 0-255, got 256`},
	{`stage.group{}`, `stage.group: a group needs at least one fixture`},
	{`stage.group{ wash, 5 }`, `stage.group: member 2 must be a fixture or a group, got 5`},
	{`stage.group{ wash, nil, lamp }`, `stage.group: member 2 must be a fixture or a group, got nil`},
	{`stage.group{ wash, dj }`, `stage.group: member 2 must be a fixture or a group, got a stagelinq.sink`},
	{`stage.group{ wash, nam = "x" }`, `stage.group: unknown option 'nam' (did you mean 'name'?)`},
	{`stage.group{ wash, [7] = lamp }`, `stage.group: member 2 must be a fixture or a group, got nil`},
	{`stage.group{ wash, [-7] = lamp }`, `stage.group: unknown option -7; it takes name`},
	{`stage.group{ name = 7, wash }`, `stage.group: name must be a string, got 7`},
	{`stage.get()`, `stage.get: the name must be a string, got nil`},
	{`wash:fad(1, 2)`, `stage.fixture has no 'fad' (did you mean 'fade'?)`},
	{`wash.red = 255`, `stage.fixture: fields cannot be set ('red'); a level is set with wash:set{ red = 255 }`},
	{`both[1] = wash`, `stage.group: fields cannot be set ('1')`},

	// show
	{`show.on("begin", f)`, `show.on: the event must be start, stop, reload, unload, error or emergency, got "begin"`},
	{`show.on("start")`, `show.on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`show.on()`, `show.on: the event must be start, stop, reload, unload, error or emergency, got nil`},
	{`show.log.info("%d", "x")`, `bad argument #2 to 'format' (number expected, got string)`},
	{`show.log.info("%d %d", 1)`, `bad argument #3 to 'format' (no value)`},

	// signet
	{`net:universe(0)`, `signet.sender:universe: universe number must be 1-63999, got 0`},
	{`net:universe(64000)`, `signet.sender:universe: universe number must be 1-63999, got 64000`},
	{`net:universe(1.5)`, `signet.sender:universe: universe number must be a whole number 1-63999, got 1.5`},
	{`net:universe("1")`, `signet.sender:universe: universe number must be 1-63999, got "1"; a number stands without quotes`},
	{`net:universe()`, `signet.sender:universe: universe number must be 1-63999, got nil`},
	{`net:universe(0/0)`, `signet.sender:universe: universe number must be 1-63999, got NaN`},
	{`net:universe(-math.huge)`, `signet.sender:universe: universe number must be 1-63999, got -Inf`},
	{`net:universe(1, { univers = 1 })`, `signet.sender:universe: unknown option 'univers'; it takes priority, multicast, unicast and preview`},
	{`net.universe(1)`, `signet.sender:universe: must be called on a signet.sender with a colon, as in x:universe(…)`},
	{`net:univers(1)`, `signet.sender has no 'univers' (did you mean 'universe'?)`},
	{`signet.sender("local")`, `signet.sender: the options must be a table such as { scope = … }, got "local"`},
	{`signet.sender{ scop = "x" }`, `signet.sender: unknown option 'scop' (did you mean 'scope'?)`},
	{`signet.sender{ scope = 1 }`, `signet.sender: scope must be a string, got 1`},
	{`signet.sender{ scope = "main stage" }`, `signet.sender: scope must be 1 to 32 of the characters A-Z a-z 0-9 - . _ ~, got "main stage"`},
	{`signet.sender{ scope = ("x"):rep(33) }`, `signet.sender: scope must be 1 to 32 of the characters A-Z a-z 0-9 - . _ ~, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`},
	{`signet.sender{ interface = true }`, `signet.sender: interface must be a string, got true`},
	{`signet.sender{ rate = 0 }`, `signet.sender: rate must be 1-250, got 0`},
	{`signet.sender{ rate = 44.5 }`, `signet.sender: rate must be a whole number 1-250, got 44.5`},
	{`signet.sender{ endpoint = 0 }`, `signet.sender: endpoint must be 1-65280, got 0`},
	{`signet.sender{ label = 5 }`, `signet.sender: label must be a string, got 5`},
	{`signet.sender{ key = "our secret" }`, `signet.sender: a key or passphrase must not stand in a script: use key = { file = "…" } or key = { env = "NAME" }`},
	{`signet.sender{ key = {} }`, `signet.sender: key must be { file = "…" } or { env = "NAME" }`},
	{`signet.sender{ key = { file = "a", env = "B" } }`, `signet.sender: key must be { file = "…" } or { env = "NAME" }`},
	{`signet.sender{ key = { passphrase = "our secret" } }`, `signet.sender: unknown option in key; it must be { file = "…" } or { env = "NAME" }`},
	{`signet.sender{ key = { "our secret" } }`, `signet.sender: unknown option in key; it must be { file = "…" } or { env = "NAME" }`},
	{`signet.sender{ key = { env = 5 } }`, `signet.sender: env must be a string, got 5`},
	{`signet.sender{ mode = "secret" }`, `signet.sender: mode must be secure, open or both, got "secret" (did you mean 'secure'?)`},
	{`signet.sender{ sync = 1 }`, `signet.sender: sync must be true or false, got 1`},
	{`signet.sender{ sync = true, rate = 200 }`, `signet.sender: rate must be 1-120 with sync, got 200`},
	{`signet.sender{ latency = "2b" }`, `signet.sender: latency must be a time up to 1 s, got "2b"`},
	{`net:universe(2, { priority = 201 })`, `signet.sender:universe: the priority must be 0-200, got 201`},
	{`net:universe(2, { priority = { 1, 2 } })`, `signet.sender:universe: the priority must be 0-200 or a list of 512 of those, got a list of 2`},
	{`net:universe(2, { multicast = "10.0.0.1" })`, `signet.sender:universe: multicast must be an IPv4 multicast group such as "239.1.2.3", got "10.0.0.1"`},
	{`net:universe(2, { preview = true, priority = 1 })`, `signet.sender:universe: a preview has no priority`},
	{`net:universe(1, { priority = 5 })`, `signet.sender:universe: universe 1 is declared with other options already; universe:priority changes the priority`},
	{`one:priority("high")`, `signet.universe:priority: the priority must be 0-200, got "high"`},
	{`net:timecode(0)`, `signet.sender:timecode: the stream must be 1-255, got 0`},
	{`net:timecode(1, { rate = 23.976 })`, `signet.sender:timecode: rate must be 24, 25, 29.97, 30, 48, 50, 59.94, 60, 100, 119.88 or 120, got 23.976`},
	{`tc:start("1:2:3")`, `signet.timecode:start: the position must be hh:mm:ss:ff at 25 frames a second, got "1:2:3"`},
	{`tc:locate("00:00:00:25")`, `signet.timecode:locate: the position must be hh:mm:ss:ff at 25 frames a second, got "00:00:00:25"`},
	{`net:timecode(1, { rate = 30 })`, `signet.sender:timecode: stream 1 has the rate 25 already`},
	{`signet.receiver{ mode = "both" }`, `signet.receiver: mode must be secure or open, got "both"`},
	{`rx:universe(0)`, `signet.receiver:universe: universe number must be 1-63999, got 0`},
	{`heard:on("level", print)`, `signet.receiver.universe:on: the event must be "levels", got "level"`},
	{`film:on("jump", print)`, `signet.receiver.timecode:on: the event must be frame, lost or found, got "jump"`},
	{`rig:on("gone", print)`, `signet.manager:on: the event must be found, lost, changed or beacon, got "gone"`},
	{`signet.sender{ key = { file = "" } }`, `signet.sender: file must not be empty`},
	{`one:slot(0)`, `signet.universe:slot: slot must be 1-512, got 0`},
	{`one:slot(513)`, `signet.universe:slot: slot must be 1-512, got 513`},
	{`one.slot(1)`, `signet.universe:slot: must be called on a signet.universe with a colon, as in x:slot(…)`},
	{`one:set(0, 1)`, `signet.universe:set: slot must be 1-512, got 0`},
	{`one:set(1)`, `signet.universe:set: the level must be a number 0-255, got nil`},
	{`one:set(1, 256)`, `signet.universe:set: the level must be a number 0-255, got 256`},
	{`one:set{ [5] = 300 }`, `signet.universe:set: slot 5 must be a number 0-255, got 300`},
	{`one:set{ [513] = 1 }`, `signet.universe:set: slot must be 1-512, got 513`},
	{`one:set{ red = 1 }`, `signet.universe:set: slot must be 1-512, got "red"`},
	{`one:fade(1, 2)`, `signet.universe:fade: the duration must be ` + duration + `, got nil`},
	{`one:fade(1, 256, 1)`, `signet.universe:fade: the level must be a number 0-255, got 256`},
	{`one:fade(1, 2, 3, { curve = "x" })`, `signet.universe:fade: curve must be linear, ease, ease_in, ease_out, smooth, step or snap, got "x"`},
	{`one:get(0)`, `signet.universe:get: slot must be 1-512, got 0`},

	// stagelinq
	{`stagelinq.sink{ nme = "x" }`, `stagelinq.sink: unknown option 'nme' (did you mean 'name'?)`},
	{`stagelinq.sink{ name = 5 }`, `stagelinq.sink: name must be a string, got 5`},
	{`stagelinq.sink{ devices = "prime4" }`, `stagelinq.sink: devices must be a list of names, as in { "a", "b" }, got "prime4"`},
	{`stagelinq.sink{ devices = {} }`, `stagelinq.sink: devices must be a list with at least one name`},
	{`stagelinq.sink{ devices = { 1 } }`, `stagelinq.sink: device 1 must be a string, got 1`},
	{`dj:on("fond", f)`, `stagelinq.sink:on: the event must be found, connected or lost, got "fond" (did you mean 'found'?)`},
	{`dj:on("found")`, `stagelinq.sink:on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:deck(0)`, `stagelinq.sink:deck: the deck must be 1-4, got 0`},
	{`dj:deck(5)`, `stagelinq.sink:deck: the deck must be 1-4, got 5`},
	{`dj:deck(1, {})`, `stagelinq.sink:deck: the device must be one of sink:devices(), got a table`},
	{`dj:get()`, `stagelinq.sink:get: the path must be a string, got nil`},
	{`dj:get("/Engine", "x")`, `stagelinq.sink:get: the device must be one of sink:devices(), got "x"`},
	{`dj:get("/Engine", {})`, `stagelinq.sink:get: the device must be one of sink:devices(), got a table`},
	{`dj.master()`, `stagelinq.sink:master: must be called on a stagelinq.sink with a colon, as in x:master(…)`},
	{`dj:subscribe("Engine", f)`, `stagelinq.sink:subscribe: the path must be a StateMap path such as "/Engine/Deck1/PlayState", got "Engine"`},
	{`dj:subscribe("/Engine")`, `stagelinq.sink:subscribe: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:subscribe(nil, f)`, `stagelinq.sink:subscribe: the path must be a string, got nil`},
	{`dj:subscribe("/" .. ("x"):rep(256), f)`, `stagelinq.sink:subscribe: the path must be a StateMap path such as "/Engine/Deck1/PlayState", got "/` + strings.Repeat("x", 39) + `…"`},
	{`dj:subscribe(("/Deck*"):rep(40), f)`, `stagelinq.sink:subscribe: the path must be a path with at most 3 *, got "/Deck*/Deck*/Deck*/Deck*/Deck*/Deck*/Dec…"`},
	{`dj:subscribe("/Own/*", f)`, `stagelinq.sink:subscribe: no known path is like "/Own/*"; name paths without * as the player has them`},
	{`dj:master():on("start", f)`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got "start"`},
	{`dj:deck(1):on("play")`, `stagelinq.deck:on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:deck(1):on_beat(0, f)`, `stagelinq.deck:on_beat: the beats must be at least 1/1000 of a beat, got 0`},
	{`dj:deck(1):on_beat(1)`, `stagelinq.deck:on_beat: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`dj:deck(1).on("play", f)`, `stagelinq.deck:on: must be called on a stagelinq.deck with a colon, as in x:on(…)`},
	{`clock.wait(dj:deck(1))`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got a function`},
	{`dj:master():play()`, `stagelinq.deck has no 'play'; it has artist, beat, between, bpm, device, length, loaded, master, number, on, on_air, on_beat, phrase, playing, signature, title and total_beats`},
}

// TestErrors makes every call at the top level and in a task: both raise the same
// at the same line, also out of tail calls.
func TestErrors(t *testing.T) {
	for i, tt := range append(errorTests, mistakes...) {
		if i%raced.Of(1, 5) != 0 {
			continue
		}
		line := "show.lua:2: "
		if strings.Contains(tt.call, "\n") {
			line = "show.lua:3: "
		}
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + stageLine + "\n" + tt.call})
		if err == nil || err.Error() != line+tt.want {
			t.Errorf("%s\nraised %v\n  want %s%s", tt.call, err, line, tt.want)
		}
		s = live(t, stageLine+"clock.run('t', function()\n"+tt.call+" end)")
		s.run(10 * time.Millisecond)
		if len(s.failures) != 1 || s.failures[0] != "t: "+line+tt.want {
			t.Errorf("%s in a task\nraised %q\n  want %s%s", tt.call, s.failures, line, tt.want)
		}
	}
}

// TestTheTextOfTheContract is the example the contract gives.
func TestTheTextOfTheContract(t *testing.T) {
	wantLoadError(t, strings.Repeat("\n", 11)+"net:universe(0)", "show.lua:12: signet.sender:universe: universe number must be 1-63999, got 0")
	wantLoadError(t, "\nstage.fixture{ univers = 1, universe = 2 }", "show.lua:2: stage.fixture: unknown option 'univers'")
}

func TestErrorsOutOfTailCallsAndNestedCalls(t *testing.T) {
	for _, text := range []string{
		"\nlocal function g()\nreturn net:universe(0)\nend\ng()",
		"\nlocal function g()\nreturn net:universe(0)\nend\nlocal function h()\nreturn g()\nend\nprint(h())",
		"\nlocal u = stage.group{ stage.fixture{ name = 'x', kind = 'rgb', at = one:slot(1) } } u:each(function()\nnet:universe(0) end)",
		"\nlocal t = {} for i = 1, 3 do t[i] = i end table.sort(t, function(a, b)\nnet:universe(0) end)",
		"\nlocal t = setmetatable({}, { __index = function()\nreturn net:universe(0) end }) print(t.x)",
	} {
		wantLoadError(t, text, "show.lua:3: signet.sender:universe: universe number must be 1-63999, got 0")
	}
}

// TestLoadingOnly declares too late.
func TestLoadingOnly(t *testing.T) {
	late := " while the show loads: at the top level of the script, not in a task or a handler"
	for call, want := range map[string]string{
		`signet.sender{ scope = "new" }`: "signet.sender: devices are declared" + late,
		`signet.sender{ label = "new" }`: "signet.sender: devices are declared" + late,
		`stagelinq.sink{}`:               "stagelinq.sink: devices are declared" + late,
		`net:universe(2)`:                "signet.sender:universe: universes are declared" + late,
		`stage.fixture{ name = "x", kind = "dimmer", at = one:slot(10) }`: "stage.fixture: fixtures are patched" + late,
		`stage.group{ name = "x", stage.get("wash") }`:                    "stage.group: groups with a name are made" + late,
	} {
		s := live(t, `stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }`+"\nclock.after(1, function() "+call+" end)")
		s.run(2 * time.Second)
		s.wantFailures("clock.after show.lua:2: show.lua:2: " + want)
		if n := len(s.show.Devices()); n != 1 {
			t.Errorf("%s: %d devices", call, n)
		}
	}
	s := live(t, `local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } local dj = stagelinq.sink{ name = "x" }
		clock.after(1, function() print(signet.sender{} == net, net:universe(1) == one, stagelinq.sink{ name = "x" } == dj, #stage.group{ wash }) end)`)
	s.run(2 * time.Second)
	s.wantLog("1.000 true\ttrue\ttrue\t1")
	s.wantFailures()
}

func TestLongTextsInErrors(t *testing.T) {
	wantLoadError(t, `clock.sleep(("é"):rep(100))`, `show.lua:1: clock.sleep: the duration must be `+duration+`, got "`+strings.Repeat("é", 20)+`…"`)
	wantLoadError(t, `stage.fixture{ [("x"):rep(1e6)] = 1 }`, `show.lua:1: stage.fixture: unknown option '`+strings.Repeat("x", 40)+`…'`)
	wantLoadError(t, `print(net[("x"):rep(1e6)])`, `show.lua:1: signet.sender has no '`+strings.Repeat("x", 40)+`…'`)
}

func TestMisspeltFunctionsOfModules(t *testing.T) {
	for call, want := range map[string]string{
		`clock.onbeat(1, function() end)`: "clock has no 'onbeat' (did you mean 'on_beat'?)",
		`wash:set(255, 40, 0)`:            "stage.fixture:set: takes one value for all channels, a list or a table, got 3 values; did you mean a list, as in x:set{ 255, 40, 0 }?",
	} {
		err := newStand(t).load(map[string]string{"show.lua": prelude + stageLine + "\n" + call})
		if err == nil || err.Error() != "show.lua:2: "+want {
			t.Errorf("%s: %v", call, err)
		}
	}
}
