package host

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/runtime/console"
)

// everything is a show with something of all that a console sees.
const everything = `local clock, stage, show, cue = require "clock", require "stage", require "show", require "cue"
local signet, stagelinq, stagenet, theater, osc = require "signet", require "stagelinq", require "stagenet", require "theater", require "osc"
local net, guest = signet.sender{}, signet.sender{ endpoint = 3, label = "guest" }
local one, other = net:universe(1), guest:universe(1, { priority = 50 })
local eye, ear = signet.manager{ label = "eye" }, signet.receiver{}
ear:universe(1)
local house = stagenet.console{}
local desk = theater.lighting{}
local crane = theater.motion{ limits = { x = { min = -90, max = 90, speed = 90 } } }
local wings, out = theater.valve{}, osc.sender{ host = "127.0.0.1", port = 9 }
local wash = stage.fixture{ name = "wash", kind = "rgbw", at = one:slot(1) }
local head = stage.fixture{ name = "head", kind = "moving_head", at = one:slot(11) }
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = house:gateway("box"):channel("DMX", 7) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = desk:slot("front") }
stage.group{ name = "front", wash, head }
stage.layout{ wash = { 1, 1 }, head = { 2, 1 } }
local dj = stagelinq.sink{}
clock.follow(dj:master())
local speed = show.param{ "speed", default = 2, min = 0, max = 10, step = 0.5, unit = "Hz" }
show.param{ "free", default = 1 }
show.param{ "mood", choices = { "calm", "wild" } }
show.param{ "haze", default = false }
local main = cue.list{ name = "main" }
main:cue{ 1, "Dawn", look = { [wash] = { color = "#ff8000", intensity = 128 } } }
main:cue{ 2.5, "Noon", look = { [wash] = { color = "white" } }, follow = 3600 }
main:cue{ 3, "Night", look = { [wash] = 0 } }
show.trigger("boom", function() error("boom went wrong") end)
show.trigger("move", function() crane:spline("x", { 10, 20, 30 }) wings:move(1, -80) lamp:set(90) show.log.info("moved") end)
clock.every("20ms", function() lamp:set(40) end)
show.on("start", function() show.log.info("ready") end)
`

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !is() {
		select {
		case <-late:
			t.Fatal("not in time: " + what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// plainly is a value as JSON, as the console sends it.
func plainly(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "null") {
		t.Errorf("null in %s", b)
	}
	return string(b)
}

// wants checks that a text has all of these.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s is not in\n%s", p, text)
		}
	}
}

// TestConsole sees all of a show on the rig, and drives it.
func TestConsole(t *testing.T) {
	file, log := filepath.Join(t.TempDir(), "gala.lua"), newLines()
	save(t, file, everything)
	h, _ := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "ready", 1)
	eventually(t, "a scene", func() bool { return len(h.Scene().Fixtures) > 0 })
	scene := h.Scene()
	do := func(command string, words ...string) {
		t.Helper()
		if done, err := h.Do("a test", command, words); err != nil || done == "" {
			t.Fatalf("%s: %q, %v", command, done, err)
		}
	}

	t.Run("scene", func(t *testing.T) {
		wants(t, plainly(t, scene), `"show":"gala","file":"gala.lua"`, `"name":"wash","kind":"rgbw","of":-1`, `"groups":[{"name":"front","fixtures":[0,1]}]`,
			`{"name":"universe 1 of signet.sender (scope local)","protocol":"signet","slots":512}`, `{"name":"universe 1 of signet.sender \"guest\"","protocol":"signet","slots":512}`,
			`{"name":"gateway box, DMX","protocol":"stagenet"`, `{"name":"fixture front","protocol":"theater","slots":1}`,
			`"kind":"motion","protocol":"theater","axes":[{"name":"x","min":-90,"max":90,"unit":"degrees"},{"name":"y","min":0,"max":0,"unit":"degrees"}`, `"kind":"valve"`,
			`"lists":[{"list":"main","cues":[{"number":"1","label":"Dawn"},{"number":"2.5","label":"Noon"},{"number":"3","label":"Night"}]}]`)
		if board := h.Board(); scene != h.Scene() || board != h.Board() {
			t.Error("the same is another pointer")
		}
	})

	t.Run("board", func(t *testing.T) {
		wants(t, plainly(t, h.Board()), `{"name":"speed","type":"number","value":2,"default":2,"min":0,"max":10,"step":0.5,"unit":"Hz"}`, `{"name":"free","type":"number","value":1,"default":1}`,
			`{"name":"mood","type":"text","value":"calm","default":"calm","choices":["calm","wild"]}`, `{"name":"haze","type":"boolean","value":false,"default":false}`,
			`"triggers":["boom","move"]`, `"next":"1"`, `"master":255,"blackout":false,"holds":[]`)
		do("param", "speed", "7.5")
		do("go")
		do("go", "main", "2.5")
		eventually(t, "the cue", func() bool {
			l := h.Board().Lists[0]
			return h.Board().Params[0].Value == 7.5 && l.Current == "2.5" && l.Next == "3" && l.Pending == "follow" && l.Cue == "3" && l.Due > 3600
		})
		if _, err := h.Do("a test", "go", []string{"nothing"}); err == nil {
			t.Error("GO of a list that there is not")
		}
	})

	t.Run("looks", func(t *testing.T) {
		eventually(t, "the look of a cue", func() bool {
			l := h.Looks(scene, nil)[0]
			return l.Intensity == 128 && l.R == 255 && l.G == 255
		})
		eventually(t, "its levels", func() bool { levels := h.Levels(scene, 0, nil); return len(levels) == 512 && levels[3] == 128 })
		if n := len(h.Looks(&console.Scene{Fixtures: scene.Fixtures}, nil)); n != len(scene.Fixtures) {
			t.Errorf("%d looks of a scene that is long gone", n)
		}
	})

	t.Run("moment", func(t *testing.T) {
		eventually(t, "a deck that leads", func() bool {
			m := h.Now()
			return len(m.Decks) == 2 && m.Decks[0].Playing && m.Beat.Confidence > 0.5 && m.Beat.Source == "deck 1 of rigdeck"
		})
		m := h.Now()
		wants(t, plainly(t, m), `"name":"rigdeck deck 1","title":"Click","artist":"Virtual rig","playing":true,"leads":true,"onAir":true`, `"bar":4`)
		at := m.Beat.Beat + (m.Time-m.Beat.Time)*m.Beat.Tempo/60
		if d := at - m.Decks[0].Beat; d < -0.1 || d > 0.1 || m.Beat.Confidence < 0.5 || m.Held || m.NoScript {
			t.Errorf("the line is at %g: %+v", at, m)
		}
	})

	t.Run("machinery", func(t *testing.T) {
		do("trigger", "move")
		eventually(t, "what machinery was told", func() bool {
			m := h.Movers(scene)
			return len(m[0].Positions) == 4 && math.Abs(m[0].Positions[0]-30) < 0.1 && m[1].Open == 0.8 && m[1].Says == "joint 1 -80 %"
		})
		h.Stop("a test")
		eventually(t, "a stop", func() bool { m := h.Movers(scene); return h.Now().Held && m[0].Says == "held" && m[1].Open == 0 })
		do("release")
		eventually(t, "a release", func() bool { return !h.Now().Held && h.Movers(scene)[1].Says == "made safe" })
	})

	t.Run("house", func(t *testing.T) {
		eventually(t, "leases and others", func() bool {
			b, _ := json.Marshal(h.House())
			return strings.Contains(string(b), "box holds SN1-SN512, 512 channels mapped, connected from") && strings.Contains(string(b), "node, showrun virtual node")
		})
		house := h.House()
		plainly(t, house)
		for _, o := range house.Others {
			if strings.Contains(o.What, "sender of") {
				t.Errorf("the show is told of itself: %+v", o)
			}
		}
		names := map[string]bool{}
		for _, d := range house.Drops {
			if key := d.Name + " of " + d.Of; names[key] || !regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)*$`).MatchString(d.Name) {
				t.Errorf("%+v", d)
			} else {
				names[key] = true
			}
		}
		for _, want := range []string{"events_lost of ", "frames_left_out of ", "stagelinq_states_not_kept of stagelinq.sink \"showrun\"", "signet_packets_dropped_bad_auth of signet.manager \"eye\""} {
			if !names[want] {
				t.Errorf("no counter %s in %v", want, names)
			}
		}
		states := map[string]int{}
		for _, d := range house.Devices {
			states[d.State]++
		}
		i := slices.IndexFunc(house.Handlers, func(x console.Handler) bool { return strings.HasPrefix(x.Name, "clock.every gala.lua:") })
		if i < 0 || house.Handlers[i].Calls < 3 || house.Handlers[i].Total < house.Handlers[i].Worst || house.Handlers[i].Worst <= 0 {
			t.Errorf("handlers %+v", house.Handlers)
		}
		if len(house.Devices) != 10 || states["there"] != 10 || house.Interface != "lo 127.0.0.1" || house.Memory.Live == 0 || house.Memory.Limit != 512<<20 || house.Frames == 0 {
			t.Errorf("%v %+v", states, house)
		}
		eventually(t, "a rate", func() bool { return h.House().Rate >= 30 })
	})

	t.Run("alarm", func(t *testing.T) {
		if a := h.Alarm(); a != nil {
			t.Fatalf("%+v", a)
		}
		do("trigger", "boom")
		eventually(t, "an alarm", func() bool { return h.Alarm() != nil })
		first := h.Alarm()
		wants(t, first.Text+first.Trace, "gala.lua:27: boom went wrong", "in show.trigger boom")
		save(t, file, everything+"\nlocal x = = 1")
		eventually(t, "another", func() bool { return h.Alarm().Number > first.Number })
		wants(t, h.Alarm().Text, "gala.lua:32:11: syntax error")
		lines, more := h.Log(0)
		if l := lines[len(lines)-1]; l.Level != "error" || !strings.Contains(l.Text, "gala.lua:32:11") {
			t.Errorf("the last line is %+v", l)
		}
		save(t, file, everything)
		eventually(t, "a good load", func() bool { return h.Alarm() == nil && h.Scene() != scene && h.Scene().Generation == 2 })
		<-more
		if l := h.Looks(scene, nil); len(l) != len(scene.Fixtures) || l[0].Intensity == 0 {
			t.Errorf("who still draws the scene before sees %+v", l)
		}
	})
}

// TestConsoleOfWhatIsMissing: a device that is not there is named, with why, and what moves
// says so.
func TestConsoleOfWhatIsMissing(t *testing.T) {
	file, log := filepath.Join(t.TempDir(), "gala.lua"), newLines()
	save(t, file, `require "theater".valve{ host = "no.such.host.invalid" } require "stagelinq".sink{ name = "second", interface = "nowhere9" } require "stagelinq".sink{ interface = "lo" } require "show".on("start", function() require "show".log.info("ready") end)`)
	h, _ := runLive(t, Options{Show: file, Log: log.logger()})
	log.await(t, "ready", 1)
	eventually(t, "what is missing", func() bool { return strings.Contains(fmt.Sprint(h.Now().Missing), "nowhere9") })
	eventually(t, "a player", func() bool { return strings.Contains(fmt.Sprint(h.Now().Missing), "a player") })
	wants(t, fmt.Sprintf("%+v %+v", h.House().Devices, h.Movers(h.Scene())), "State:missing Why:", "nowhere9", "State:waiting Why:for a player", "Says:not there")
}

// TestConsoleFromManyGoroutines: everybody looks at everything, while the show runs and is
// loaded again and again.
func TestConsoleFromManyGoroutines(t *testing.T) {
	file, log := filepath.Join(t.TempDir(), "gala.lua"), newLines()
	save(t, file, everything)
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	over := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var looks []console.Look
			var levels []byte
			for seen := uint64(0); ; {
				select {
				case <-over:
					return
				default:
				}
				scene := h.Scene()
				looks = h.Looks(scene, looks[:0])
				for i := range scene.Outputs {
					levels = h.Levels(scene, i, levels[:0])
				}
				if len(looks) != len(scene.Fixtures) || len(h.Movers(scene)) != len(scene.Movers) {
					t.Errorf("%d looks of %d fixtures", len(looks), len(scene.Fixtures))
				}
				_, _, _, _ = h.Now(), h.Board(), h.House(), h.Alarm()
				lines, _ := h.Log(seen)
				seen += uint64(len(lines))
			}
		})
	}
	log.await(t, "ready", 1)
	for n := range 5 {
		save(t, file, everything+fmt.Sprintf("\nstage.fixture{ name = 'more %d', kind = 'rgb', at = one:slot(%d) }", n, 100+10*n))
		log.await(t, "show reloaded", n+1)
		h.Do("a test", "go", nil)
		h.Do("a test", "trigger", []string{"boom"})
	}
	close(over)
	all.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
