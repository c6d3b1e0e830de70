package bindings

import (
	"strings"
	"testing"
	"time"
)

const atTime = `show.at: the time must be one such as "18:00", "mon-fri 18:00" or "sunset-00:30", got `

// showMistakes are what authors write at the top level, and what they are told.
var showMistakes = []struct{ call, want string }{
	{`show.param("speed", 1)`, `show.param: the options must be a table such as { default = … }, got "speed"`},
	{`show.param{}`, `show.param: the name comes first, as in show.param{ "speed", default = 1 }`},
	{`show.param{ name = "speed", default = 1 }`, `show.param: the name comes first and alone, as in show.param{ "speed", default = 1 }`},
	{`show.param{ 5, default = 1 }`, `show.param: the name must be a string, got 5`},
	{`show.param{ "", default = 1 }`, `show.param: the name must not be empty`},
	{`show.param{ "my speed", default = 1 }`, `show.param: a name is part of an OSC address and has no space and none of # * , / ? [ ] { }, got "my speed"; how about "my_speed"?`},
	{`show.param{ "a/b", default = 1 }`, `show.param: a name is part of an OSC address and has no space and none of # * , / ? [ ] { }, got "a/b"; how about "a_b"?`},
	{`show.param{ ("x"):rep(65), default = 1 }`, `show.param: a name has at most 64 bytes, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"`},
	{`show.param{ "speed" }`, `show.param "speed": default must be a number, true or false, or a string: it tells what the param is, got nil`},
	{`show.param{ "speed", 1 }`, `show.param "speed": one name comes first, and then what is known of it by its name, such as default =; got 1 as well`},
	{`show.param{ "speed", default = {} }`, `show.param "speed": default must be a number, true or false, or a string: it tells what the param is, got a table`},
	{`show.param{ "speed", defualt = 1 }`, `show.param: unknown option 'defualt' (did you mean 'default'?)`},
	{`show.param{ "speed", default = 5, max = 4 }`, `show.param "speed": default must be 4 or less, got 5`},
	{`show.param{ "speed", default = 0, min = 1, max = 4, unit = "Hz" }`, `show.param "speed": default must be 1 to 4 Hz, got 0`},
	{`show.param{ "speed", default = 1, min = "0" }`, `show.param "speed": min must be a number, got "0"; a number stands without quotes`},
	{`show.param{ "speed", default = 1, min = 4, max = 0 }`, `show.param "speed": min must be less than max, got 4 and 0`},
	{`show.param{ "speed", default = 1, step = 0 }`, `show.param "speed": step must be more than 0, got 0`},
	{`show.param{ "speed", default = 1, min = 0, max = 4, step = 5 }`, `show.param "speed": step must be at most 4, got 5`},
	{`show.param{ "speed", default = 0.3, min = 0, max = 4, step = 0.5 }`, `show.param "speed": default must be on a step: 0.5 is, got 0.3`},
	{`show.param{ "haze", default = false, min = 0 }`, `show.param "haze": min is for numbers, and the default is false`},
	{`show.param{ "mood", default = "calm", step = 1 }`, `show.param "mood": step is for numbers, and the default is "calm"`},
	{`show.param{ "mood", choices = "calm" }`, `show.param "mood": choices must be a list of names, as in { "a", "b" }, got "calm"`},
	{`show.param{ "mood", choices = {} }`, `show.param "mood": choices must be a list with at least one name`},
	{`show.param{ "mood", choices = { 1, 2 } }`, `show.param "mood": choice 1 must be a string, got 1`},
	{`show.param{ "mood", choices = { "a", "b", "a" } }`, `show.param "mood": the choice "a" is there twice`},
	{`show.param{ "mood", default = "clam", choices = { "calm", "wild" } }`, `show.param "mood": default must be one of calm, wild, got "clam"`},
	{`show.param{ "mood", default = 1, choices = { "calm", "wild" } }`, `show.param "mood": default must be one of the choices, got 1`},
	{`show.param{ "speed", default = 1, unit = 2 }`, `show.param "speed": unit must be a string, got 2`},
	{`show.param{ "a", default = 1 } show.param{ "a", default = 1 }`, `show.param: there is a param "a" already`},
	{`show.param{ "a", default = 1 }:set(true)`, `show.param:set: a must be a number, got true`},
	{`show.param{ "a", default = 1 }:set("2")`, `show.param:set: a must be a number, got "2"; a number stands without quotes`},
	{`show.param{ "a", default = 1 }:set()`, `show.param:set: a must be a number, got nil`},
	{`show.param{ "a", default = 1, max = 4 }:set(5)`, `show.param:set: a must be 4 or less, got 5`},
	{`show.param{ "a", default = true }:set(1)`, `show.param:set: a must be true or false, got 1`},
	{`show.param{ "a", choices = { "x", "yes" } }:set("yess")`, `show.param:set: a must be one of x, yes, got "yess" (did you mean "yes"?)`},
	{`print(show.param{ "a", default = 1 }.value)`, `show.param has no 'value'; it has get, name, on and set`},
	{`show.param{ "a", default = 1 }.value = 2`, `show.param: fields cannot be set ('value')`},
	{`show.param{ "a", default = 1 }.set(2)`, `show.param:set: must be called on a show.param with a colon, as in x:set(…)`},
	{`show.param{ "a", default = 1 }:on("set", f)`, `show.param:on: the callback must be a function, got "set"`},

	{`show.trigger()`, `show.trigger: the name comes first, as in show.trigger("bump", function() … end)`},
	{`show.trigger(function() end)`, `show.trigger: the name must be a string, got a function`},
	{`show.trigger{ "bump" }`, `show.trigger: the name must be a string, got a table`},
	{`show.trigger("bump", nil)`, `show.trigger: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`show.trigger("go!#")`, `show.trigger: a name is part of an OSC address and has no space and none of # * , / ? [ ] { }, got "go!#"; how about "go!_"?`},
	{`show.trigger("a") show.trigger("a")`, `show.trigger: there is a trigger "a" already`},
	{`show.trigger("a").fire()`, `show.trigger:fire: must be called on a show.trigger with a colon, as in x:fire(…)`},
	{`show.trigger("a"):press()`, `show.trigger has no 'press'; it has fire, name and on`},

	{`show.at("6pm", f)`, atTime + `"6pm": a time is hours and minutes of a day of 24 hours, as in 18:00, or sunrise or sunset, got "6pm"`},
	{`show.at("25:00", f)`, atTime + `"25:00": hours are 00-23, got "25"`},
	{`show.at("monn 18:00", f)`, atTime + `"monn 18:00": days are mon, tue, wed, thu, fri, sat and sun, got "monn"`},
	{`show.at(18, f)`, `show.at: the time must be a string, got 18`},
	{`show.at("18:00")`, `show.at: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`show.at("sunset", f)`, `show.at: "sunset" depends on where the show is: tell it before, with show.place{ latitude = 52.5, longitude = 13.4 }`},
	{`show.place(52, 13)`, `show.place: the options must be a table such as { latitude = … }, got 52`},
	{`show.place{ latitude = 52 }`, `show.place: longitude must be -180 to 180 degrees, got nil`},
	{`show.place{ latitude = 100, longitude = 13 }`, `show.place: latitude must be -90 to 90 degrees, got 100`},
	{`show.place{ latitude = "52", longitude = 13 }`, `show.place: latitude must be -90 to 90 degrees, got "52"; a number stands without quotes`},
	{`show.place{ lat = 52, long = 13 }`, `show.place: unknown option 'lat'; it takes latitude and longitude`},
}

// TestShowMistakes: each mistake has one message, with its line.
func TestShowMistakes(t *testing.T) {
	for _, tt := range showMistakes {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + "local function f() end\n" + tt.call})
		if want := "show.lua:2: " + tt.want; err == nil || err.Error() != want {
			t.Errorf("%s\nraised %v\n  want %s", tt.call, err, want)
		}
	}
}

// TestDeclaredAtTheTopLevel: what people operate is declared before the show is live.
func TestDeclaredAtTheTopLevel(t *testing.T) {
	for call, want := range map[string]string{
		`show.param{ "p", default = 1 }`:            "show.param: params are declared",
		`show.trigger("t")`:                         "show.trigger: triggers are declared",
		`show.place{ latitude = 1, longitude = 1 }`: "show.place: the place is told",
	} {
		s := live(t, `clock.after(1, function() `+call+` end)`)
		s.run(2 * time.Second)
		if got := strings.Join(s.failures, "; "); !strings.HasPrefix(got, "clock.after show.lua:1: show.lua:1: "+want+" while the show loads") {
			t.Errorf("%s: %s", call, got)
		}
	}
}
