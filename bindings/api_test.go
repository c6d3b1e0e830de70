package bindings

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/api"
	"showrun/bindings/reference"
)

// everything makes one object of every class that there is, for what follows it.
const everything = `
local cue, sacn, artnet, dmx, midi, osc, stagenet, theater = require "cue", require "sacn", require "artnet", require "dmx", require "midi", require "osc", require "stagenet", require "theater"
local fx, palette, seq, loop, pick, map = require "fx", require "palette", require "seq", require "loop", require "pick", require "map"
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local both = stage.group{ wash }
local dj = stagelinq.sink{}
local deck = dj:deck(1)
local tc = net:timecode(1)
local rx = signet.receiver{}
local heard, film, rig = rx:universe(1), rx:timecode(1), signet.manager{}
local acn, acnrx, an, anrx = sacn.sender{}, sacn.receiver{}, artnet.sender{}, artnet.receiver{}
local acn1, acnin, an1, anin = acn:universe(1), acnrx:universe(1), an:universe(0), anrx:universe(0)
local lamps, plugged = dmx.usb{}, dmx.usb{ port = "x", input = true }
local lamps1, plugged1 = lamps:universe(1), plugged:universe(1)
local house = stagenet.console{}
local box = house:gateway("x")
local lights, crane, arms = theater.lighting{}, theater.motion{}, theater.valve{}
local mouth, ear = osc.sender{ port = 1 }, osc.receiver{ port = 1 }
local argument = osc.float(1)
local pads, out = midi.input{ name = "*" }, midi.output{ name = "*" }
local sent = out:timecode()
local ticks, mtc, msc = midi.clock(pads), midi.timecode(pads), midi.show_control(pads)
local list = cue.list{}
local first = list:cue{ 1 }
local p, t = show.param{ "p", default = 1 }, show.trigger("t")
local task, timer = clock.run(function() end), clock.after(1, function() end)
`

// tables are the classes of the facts that are tables in Lua, or what others have in common.
var tables = []string{"channels", "effect", "beat", "player", "show.log", "sequence", "loop.handle", "universe.sent", "universe.heard", "stage.lights"}

// TestTheFactsAreWhole compares the names of the facts with those that modules and objects
// have, both ways.
func TestTheFactsAreWhole(t *testing.T) {
	a := api.Load()
	var want []string
	for _, table := range a.Tables {
		if !table.Module && slices.Contains(tables, table.Name) {
			continue
		}
		for from := table; from != nil; from = a.Class(from.Base) {
			for _, f := range from.Functions {
				if f.Name != "" {
					want = append(want, table.Name+table.Sep()+f.Name)
				}
			}
			for _, f := range from.Fields {
				want = append(want, table.Name+"."+f.Name)
			}
		}
	}
	s := live(t, everything+`
		for name, m in pairs{ fx = fx, palette = palette, seq = seq, pick = pick, map = map } do
			for f in pairs(m) do print(name .. "." .. f) end
		end`)
	var got []string
	for _, line := range s.log { // of the library
		_, name, _ := strings.Cut(line, " ")
		got = append(got, name)
	}
	for _, m := range s.show.Modules() {
		table := m.Open(s.show.G, s.show.G.L)
		for k, _ := table.Next(lua.LNil); k != lua.LNil; k, _ = table.Next(k) {
			got = append(got, m.Name+"."+k.String())
		}
	}
	got = append(got, s.show.Members()...)
	test := (&Trial{}).class()
	for name := range test.Methods {
		got = append(got, "test.run:"+name)
	}
	for name := range test.Properties {
		got = append(got, "test.run."+name)
	}
	player := newStandOf(t, "deck.lua", NewDeck(2), lookahead)
	if err := player.load(map[string]string{"deck.lua": `for name in pairs(require "deck") do print("test.deck:" .. name) end`}); err != nil {
		t.Fatal(err)
	}
	for _, line := range player.log {
		_, name, _ := strings.Cut(line, " ")
		got = append(got, name)
	}
	got = append(got, "test.skip")
	compare(t, got, want)
}

// compare tells what is in one list and not in the other.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s is there and not in api.txt", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is in api.txt and not there", name)
		}
	}
}

// calls are calls with an option that nobody has, by the function that they call.
var calls = map[string]string{
	"stage.fixture": `stage.fixture(BAD)`, "stage.group": `stage.group(BAD)`,
	"stage.lights:fade": `wash:fade(0, 1, BAD)`, "stage.lights:wave": `wash:wave(BAD)`, "stage.lights:aim": `wash:aim({ 0, 0, 0 }, 1, BAD)`,
	"cue.list": `cue.list(BAD)`, "cue.list:cue": `list:cue(BAD)`,
	"show.param": `show.param(BAD)`, "show.place": `show.place(BAD)`,
	"signet.sender": `signet.sender(BAD)`, "signet.receiver": `signet.receiver(BAD)`, "signet.manager": `signet.manager(BAD)`,
	"signet.sender:universe": `net:universe(2, BAD)`, "signet.sender:timecode": `net:timecode(2, BAD)`, "signet.receiver:universe": `rx:universe(2, BAD)`,
	"universe.sent:fade": `one:fade(1, 0, 1, BAD)`,
	"sacn.sender":        `sacn.sender(BAD)`, "sacn.receiver": `sacn.receiver(BAD)`, "sacn.sender:universe": `acn:universe(2, BAD)`, "sacn.receiver:universe": `acnrx:universe(2, BAD)`,
	"artnet.sender": `artnet.sender(BAD)`, "artnet.receiver": `artnet.receiver(BAD)`,
	"stagelinq.sink": `stagelinq.sink(BAD)`, "stagelinq.track": `stagelinq.track("*", print, BAD)`, "stagelinq.deck:between": `deck:between(0, 8, BAD)`,
	"stagenet.console": `stagenet.console(BAD)`, "stagenet.console:set": `house:set("SN1", 0, BAD)`, "stagenet.console:fade": `house:fade("SN1", 0, 1, BAD)`, "stagenet.console:get": `house:get("SN1", BAD)`,
	"theater.lighting": `theater.lighting(BAD)`, "theater.motion": `theater.motion(BAD)`, "theater.valve": `theater.valve(BAD)`,
	"osc.sender": `osc.sender(BAD)`, "osc.receiver": `osc.receiver(BAD)`, "osc.receiver:on": `ear:on("/x", print, BAD)`,
	"dmx.usb":    `dmx.usb(BAD)`,
	"midi.input": `midi.input(BAD)`, "midi.output": `midi.output(BAD)`, "midi.output:timecode": `midi.output{ name = "y" }:timecode(BAD)`, "midi.timecode": `midi.timecode(pads, BAD)`, "midi.show_control": `midi.show_control(pads, BAD)`, "midi.show_control:drive": `msc:drive(list, BAD)`,
	"fx.chase": `fx.chase(both, BAD)`, "fx.ramp": `fx.ramp(both, BAD)`, "fx.cycle": `fx.cycle(both, { "red" }, 1, BAD)`, "fx.rainbow": `fx.rainbow(both, BAD)`, "fx.sparkle": `fx.sparkle(both, BAD)`, "fx.strobe": `fx.strobe(both, BAD)`,
	"seq.play": `seq.play(1, { 1 }, print, BAD)`,
}

// TestTheFactsHaveAllOptions compares the options of the facts with those that functions say
// they take, both ways.
func TestTheFactsHaveAllOptions(t *testing.T) {
	want := map[string][]string{}
	for _, table := range api.Load().Tables {
		for _, f := range table.Functions {
			for _, o := range f.Options() {
				if !strings.HasPrefix(o.Name, "[") {
					name := table.Name + table.Sep() + f.Name
					want[name] = append(want[name], o.Name)
				}
			}
		}
	}
	delete(want, "test.run:deck") // which is in tests only
	text := everything
	names := slices.Sorted(maps.Keys(calls))
	for _, name := range names {
		call := strings.Replace(calls[name], "BAD", `{ ["?!"] = 1 }`, 1)
		text += "print(select(2, pcall(function() " + call + " end)))\n"
	}
	s := live(t, text)
	for i, name := range names {
		_, list, _ := strings.Cut(s.log[i], "it takes ")
		got := regexp.MustCompile(`, | and `).Split(list, -1)
		slices.Sort(got)
		slices.Sort(want[name])
		if !slices.Equal(got, want[name]) {
			t.Errorf("%s takes %v, and %v in api.txt: %s", name, got, want[name], s.log[i])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("no call of %s, which has options, is tried here", name)
	}
}

// TestTheReferenceHasAllFacts finds every function, field and option of the facts on its page,
// and nothing in the headings there that is not in the facts.
func TestTheReferenceHasAllFacts(t *testing.T) {
	pages, a := reference.Pages(), api.Load()
	var known []string
	for _, table := range a.Tables {
		page := pages[table.Page+".md"]
		for _, f := range table.Functions {
			known = append(known, f.Name)
			if f.Name != "" && !regexp.MustCompile("[`.:]"+f.Name+"[({`]").MatchString(page) {
				t.Errorf("%s of %s is not on the page %s", f.Name, table.Name, table.Page)
			}
			for _, o := range f.Options() {
				if !strings.HasPrefix(o.Name, "[") && !regexp.MustCompile(`\b`+o.Name+`\b`).MatchString(page) {
					t.Errorf("option %s of %s is not on the page %s", o.Name, f.Name, table.Page)
				}
			}
		}
		for _, f := range table.Fields {
			known = append(known, f.Name)
			if !regexp.MustCompile("[`.]" + f.Name + "[`(=]|`" + f.Name + "\\.").MatchString(page) {
				t.Errorf("field %s of %s is not on the page %s", f.Name, table.Name, table.Page)
			}
		}
	}
	for name, page := range pages {
		for _, heading := range regexp.MustCompile("(?m)^##+ .*$").FindAllString(page, -1) {
			for _, m := range regexp.MustCompile("`[a-z]+[.:]([a-z_]+)").FindAllStringSubmatch(heading, -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s: %s is not in api.txt: %s", name, m[1], heading)
				}
			}
		}
	}
}

// choices are calls with a word that nobody takes, by the place of the words in the facts.
var choices = map[string]string{
	"alias kind": `stage.fixture{ name = "x", kind = BAD, at = one:slot(9) }`, "alias curve": `wash:fade(0, 1, { curve = BAD })`, "alias shape": `wash:wave{ period = 1, shape = BAD }`,
	"clock.on event": `clock.on(BAD, print)`, "show.on event": `show.on(BAD, print)`, "cue.list:on event": `list:on(BAD, print)`,
	"stage.lights:fade space": `wash:fade(0, 1, { space = BAD })`,
	"signet.sender mode":      `signet.sender{ mode = BAD }`, "signet.receiver mode": `signet.receiver{ mode = BAD }`,
	"signet.receiver.timecode:on event": `film:on(BAD, print)`, "signet.manager:on event": `rig:on(BAD, print)`,
	"artnet.receiver merge":   `artnet.receiver{ merge = BAD }`,
	"stagelinq.sink:on event": `dj:on(BAD, print)`, "stagelinq.deck:on event": `deck:on(BAD, print)`,
	"stagenet.console:on event": `house:on(BAD, print)`,
	"theater.motion safe":       `theater.motion{ safe = BAD }`, "theater.valve safe": `theater.valve{ safe = BAD }`,
	"dmx.usb model":       `dmx.usb{ model = BAD }`,
	"midi.input:on event": `pads:on(BAD, print)`, "midi.output:send message": `out:send(BAD)`, "midi.timecode:on event": `mtc:on(BAD, print)`, "midi.show_control:on event": `msc:on(BAD, print)`,
	"universe.heard:on event": "", "dmx.universe:on event": "",
	"clock.follow source": "", "theater.valve:move joint": "", "fx.chase order": "", "alias axis": "", "alias duration": "", "alias beats": "",
}

// TestTheFactsHaveAllWords compares the words that arguments and options may be with those that
// errors name.
func TestTheFactsHaveAllWords(t *testing.T) {
	want := map[string][]string{}
	literal := regexp.MustCompile(`"([^"]*)"`)
	add := func(place, typ string) {
		if typ, _, _ := strings.Cut(typ, "fun("); strings.Contains(typ, `"`) {
			for _, m := range literal.FindAllStringSubmatch(typ, -1) {
				want[place] = append(want[place], m[1])
			}
		}
	}
	a := api.Load()
	for _, alias := range a.Aliases {
		add("alias "+alias.Name, alias.Type)
	}
	for _, table := range a.Tables {
		for _, f := range table.Functions {
			name := table.Name + table.Sep() + f.Name
			for _, c := range f.Calls {
				for _, p := range c.Params {
					add(name+" "+p.Name, p.Type)
					for _, o := range p.Options {
						add(name+" "+o.Name, o.Type)
					}
				}
			}
		}
	}
	for place, words := range want {
		call, known := choices[place]
		if !known {
			t.Errorf("the words of %s are not tried here", place)
		}
		if call == "" {
			continue
		}
		s := live(t, everything+"print(select(2, pcall(function() "+strings.Replace(call, "BAD", `"?!"`, 1)+" end)))")
		_, list, _ := strings.Cut(s.log[0], " must be ")
		if _, kinds, found := strings.Cut(s.log[0], "kinds are "); found {
			list = kinds
		}
		list, _, _ = strings.Cut(list, `, got "?!"`)
		got := regexp.MustCompile(`, | or `).Split(list, -1)
		slices.Sort(got)
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("%s may be %q, and %q in api.txt: %s", place, got, words, s.log[0])
		}
	}
}

// TestTheFactsHaveTheOptionsOfTheSource finds the names that functions take, as they stand in
// the source, also of functions that have no options in the facts.
func TestTheFactsHaveTheOptionsOfTheSource(t *testing.T) {
	var known []string
	for _, table := range api.Load().Tables {
		for _, f := range table.Functions {
			for _, o := range f.Options() {
				known = append(known, o.Name)
			}
		}
	}
	taken, words := regexp.MustCompile(`Options\(\w+, (?:true|false), ([^)]*)\)`), regexp.MustCompile(`"(\w+)"`)
	found := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, call := range taken.FindAllStringSubmatch(string(text), -1) {
			found++
			for _, word := range words.FindAllStringSubmatch(call[1], -1) {
				if !slices.Contains(known, word[1]) {
					t.Errorf("%s takes %s, which is not in api.txt", name, word[1])
				}
			}
		}
		return err
	})
	if err != nil || found < 30 {
		t.Errorf("%d calls are found: %v", found, err)
	}
}
