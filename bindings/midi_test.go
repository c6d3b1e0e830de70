package bindings

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/midi/timecode"
	"showrun/drivers/midi/wire"
	"showrun/runtime/rehearse"
)

// hands is a port in virtual time.
type hands interface {
	OnMessage(m wire.Message, at time.Time, stamp time.Duration)
}

// press has every port of the show hear messages now.
func (s *stand) press(list ...wire.Message) {
	s.t.Helper()
	ports := rehearse.Devices[hands](s.virtual)
	if len(ports) == 0 {
		s.t.Fatal("the show has no MIDI port")
	}
	for _, p := range ports {
		for _, m := range list {
			p.OnMessage(m, s.time(s.now()), 0)
		}
	}
}

// tape plays MIDI time code from a frame on, for a time, each message late by up to jitter.
func (s *stand) tape(rate wire.Rate, from int64, at, lasts, jitter time.Duration) {
	s.t.Helper()
	random := rand.New(rand.NewPCG(uint64(from), 3))
	tape := timecode.NewSender(rate)
	tape.Start(from, s.time(at))
	last := at
	for {
		due := tape.Deadline()
		when := at + due.Sub(s.time(at))
		if when >= at+lasts {
			return
		}
		m, _ := tape.Step(due)
		last = max(last, when+time.Duration(random.Float64()*float64(jitter)))
		s.run(last)
		s.press(m)
	}
}

// TestMIDITimecodeFiresCuesOnce plays a tape over a cue at every rate, through jitter, a
// stop on the cue and a second start from just before it: the cue is fired within a frame of
// its instant and once.
func TestMIDITimecodeFiresCuesOnce(t *testing.T) {
	for _, rate := range []wire.Rate{wire.Rate24, wire.Rate25, wire.RateDrop, wire.Rate30} {
		s := live(t, `local midi = require "midi"
			local list = require "cue".list{ name = "film", timecode = midi.timecode(midi.input{ name = "*" }) }
			list:cue{ 1, at = "00:00:01:00" } list:cue{ 2, at = "00:00:02:00" }
			list:on("go", function(c) print(c.number) end)`)
		s.tape(rate, 0, time.Second, 1020*time.Millisecond, 3*time.Millisecond) // up to the cue
		s.run(2500 * time.Millisecond)
		first := wire.Label{Rate: rate, Seconds: 1}.Number()
		s.tape(rate, first&^1, 3*time.Second, 2*time.Second, 3*time.Millisecond)
		s.run(6 * time.Second)
		if len(s.log) != 2 {
			t.Fatalf("%v: fired %q", rate, s.log)
		}
		frame := rate.Time(1).Seconds()
		for i, due := range []float64{1 + rate.Time(first).Seconds(), 3 + (rate.Time(2*first) - rate.Time(first&^1)).Seconds()} {
			at, number := 0.0, 0
			fmt.Sscanf(s.log[i], "%f %d", &at, &number)
			if number != i+1 || at < due-0.001 || at >= due+frame {
				t.Errorf("%v: cue %d fired at %.3f, want %d from %.3f on, within %.3f", rate, number, at, i+1, due, frame)
			}
		}
	}
}

// TestSigNetTimecodeFollowsMIDI has everybody on Sig-Net know where the tape is.
func TestSigNetTimecodeFollowsMIDI(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local tape = midi.timecode(midi.input{ name = "*" })
		local tc = net:timecode(1, { rate = 25 })
		tc:follow(tape)
		for _, at in ipairs{ 2.001, 3.5 } do clock.after(at, function() print(tc.position, tc.running, tape.position, tape.running, tape.rate) end) end`)
	s.tape(wire.Rate25, 90000, time.Second, 2*time.Second, 0)
	s.run(5 * time.Second)
	s.wantLog("2.001 01:00:01:00\ttrue\t01:00:01:00\ttrue\t25", "3.500 01:00:02:04\tfalse\t01:00:02:04\tfalse\t25")
	if n := len(s.orders); n > 5 {
		t.Errorf("it is moved %d times: %q", n, s.orders)
	}
	s.wantFailures()
}

// TestSigNetTimecodeOfAnotherRateIsNamed follows what it cannot.
func TestSigNetTimecodeOfAnotherRateIsNamed(t *testing.T) {
	s := live(t, `local midi = require "midi"
		net:timecode(1, { rate = 30 }):follow(midi.timecode(midi.input{ name = "*" }))`)
	s.tape(wire.Rate25, 0, 0, time.Second, 0)
	s.wantLog("0.070 WARN signet: timecode 1 cannot follow: it has 30 frames a second, and its source has 25")
}

// TestMIDITimecodeIsSent starts, puts, stops and asks it, and has it follow in one line.
func TestMIDITimecodeIsSent(t *testing.T) {
	for _, c := range []struct{ rate, at, later string }{
		{"24", "01:00:01:12", "01:00:00:23"}, {"25", "01:00:01:12", "01:00:00:24"}, {"29.97", "01:00:01;14", "01:00:00;29"}, {"30", "01:00:01:15", "01:00:00:29"},
	} {
		s := live(t, `local midi = require "midi"
			local tc = midi.output{ name = "*" }:timecode{ rate = `+c.rate+` }
			clock.after(1, function() tc:start("01:00:00:00") end)
			clock.after(2.5, function() print(tc.position, tc.running, tc.rate) tc:stop() tc:locate("`+c.later+`") end)
			clock.after(3, function() print(tc.position, tc.running) end)`)
		s.run(4 * time.Second)
		s.wantLog("2.500 "+c.at+"\ttrue\t"+c.rate, "3.000 "+c.later+"\tfalse")
		if n := len(s.orders); n != 3 {
			t.Errorf("%d orders: %q", n, s.orders)
		}
	}
	s := live(t, `local midi = require "midi"
		local tape = midi.timecode(midi.input{ name = "Tape" })
		local out = midi.output{ name = "Desk" }:timecode{ rate = 25 }
		out:follow(tape)
		clock.after(2.001, function() print(out.position, out.running) end)`)
	s.tape(wire.Rate25, 90000, time.Second, 2*time.Second, 0)
	s.wantLog("2.001 01:00:01:00\ttrue")
	for text, want := range map[string]string{
		`midi.output{ name = "x" }:timecode{ rate = 50 }`:                                           "rate must be 24, 25, 29.97 or 30, got 50",
		`local out = midi.output{ name = "x" } out:timecode{ rate = 24 } out:timecode{ rate = 30 }`: "has the rate 24 already",
		`midi.output{ name = "x" }:timecode():locate("00:00:00:25")`:                                "the position must be hh:mm:ss:ff at 25 frames a second",
	} {
		s := newStand(t)
		if err := s.load(map[string]string{"show.lua": `local midi = require "midi" ` + text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestMIDIClockLeadsTheBeat plays a clock at 100 BPM with 3 ms of jitter from the start of a
// song, and stops it.
func TestMIDIClockLeadsTheBeat(t *testing.T) {
	s := live(t, `local midi = require "midi"
		clock.follow(midi.clock(midi.input{ name = "*" }))
		clock.on_beat(1, function(beat) print(beat.number) end)`)
	random := rand.New(rand.NewPCG(1, 5))
	s.press(wire.Message{Kind: wire.Start})
	const beat = 0.6
	for n := range 24 * 20 {
		s.run(time.Duration((1 + float64(n)*beat/24 + 0.003*random.Float64()) * 1e9))
		s.press(wire.Message{Kind: wire.Clock})
	}
	s.press(wire.Message{Kind: wire.Stop})
	for len(s.log) > 0 && !strings.HasPrefix(s.log[0], "1.0") || strings.HasSuffix(s.log[0], " 2") {
		s.log = s.log[1:] // before the song
	}
	count := len(s.log)
	for i, l := range s.log {
		at, number := 0.0, 0
		fmt.Sscanf(l, "%f %d", &at, &number)
		if due := 1 + float64(number)*beat; i > 4 && math.Abs(at-due) > 0.004 {
			t.Errorf("beat %d at %.3f, want %.3f", number, at, due)
		}
	}
	if count < 18 || count > 21 {
		t.Errorf("%d beats: %q", count, s.log)
	}
	s.run(s.now() + 2*time.Second)
	if len(s.log) > count+1 {
		t.Errorf("a stopped clock goes on: %q", s.log[count:])
	}
}

// TestMIDIMessages tells each kind of message in its shape.
func TestMIDIMessages(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local pads = midi.input{ name = "APC*" }
		for _, e in ipairs{ "note", "cc", "program", "pitchbend", "keypressure", "pressure", "sysex", "start", "song_position" } do
			pads:on(e, function(...) print(e, ...) end)
		end`)
	s.run(time.Second)
	s.press(wire.Message{Kind: wire.NoteOn, Channel: 2, Number: 60, Value: 100}, wire.Message{Kind: wire.NoteOff, Channel: 2, Number: 60, Value: 64},
		wire.Message{Kind: wire.ControlChange, Channel: 1, Number: 7, Value: 127}, wire.Message{Kind: wire.ProgramChange, Channel: 3, Number: 5},
		wire.Message{Kind: wire.PitchBend, Channel: 1, Number: -8192}, wire.Message{Kind: wire.KeyPressure, Channel: 1, Number: 60, Value: 3},
		wire.Message{Kind: wire.ChannelPressure, Channel: 1, Value: 9}, wire.Message{Kind: wire.Sysex, Data: "abc"},
		wire.Message{Kind: wire.Start}, wire.Message{Kind: wire.SongPosition, Number: 16}, wire.Message{Kind: wire.ActiveSensing})
	s.run(2 * time.Second)
	s.wantLog("1.000 note\t60\t100\t2", "1.000 note\t60\t0\t2", "1.000 cc\t7\t127\t1", "1.000 program\t5\t3", "1.000 pitchbend\t-8192\t1",
		"1.000 keypressure\t60\t3\t1", "1.000 pressure\t9\t1", "1.000 sysex\tabc", "1.000 start", "1.000 song_position\t16")
}

// TestMIDIMap hangs each kind of param on a place.
func TestMIDIMap(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local pads = midi.input{ name = "*" }
		local params = { show.param{ "haze", default = 0, min = 0, max = 100, step = 5 }, show.param{ "on", default = false },
			show.param{ "look", choices = { "a", "b", "c" } }, show.param{ "bend", default = 0, min = -1, max = 1 } }
		for i, place in ipairs{ "cc 1/7", "note 36", "cc 8", "pitchbend 2" } do
			midi.map(params[i], place) params[i]:on(function(v) print(params[i].name, v) end)
		end
		clock.at_beat(1, function() end)`)
	cc := func(channel, number, value int) wire.Message {
		return wire.Message{Kind: wire.ControlChange, Channel: channel, Number: number, Value: value}
	}
	s.run(time.Second)
	s.press(cc(1, 7, 64), cc(2, 7, 127), cc(9, 8, 127), wire.Message{Kind: wire.NoteOn, Channel: 4, Number: 36, Value: 100},
		wire.Message{Kind: wire.PitchBend, Channel: 2, Number: 8191})
	s.run(2 * time.Second)
	s.press(wire.Message{Kind: wire.NoteOff, Channel: 4, Number: 36})
	s.run(3 * time.Second)
	s.wantLog("1.000 haze\t50", "1.000 look\tc", "1.000 on\ttrue", "1.000 bend\t1", "2.000 on\tfalse")
}

// TestMIDIShowControl drives a list, by number and not, for this device and others.
func TestMIDIShowControl(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local desk = midi.show_control(midi.input{ name = "*" }, { device = 3 })
		local list = require "cue".list{ name = "main" }
		for _, n in ipairs{ 1, 2, 10.5 } do list:cue{ n } end
		list:on("go", function(c) print("go", c.number) end)
		desk:drive(list, { number = "1" })
		desk:on("stop", function(...) print("stop", ...) end)
		desk:on("timed_go", function(...) print("timed", ...) end)`)
	send := func(c wire.ShowControl) {
		s.press(wire.Message{Kind: wire.Sysex, Data: string(wire.AppendShowControl(nil, c))})
		s.run(s.now() + 100*time.Millisecond)
	}
	s.run(time.Second)
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowGo})
	send(wire.ShowControl{Device: 4, Format: 1, Command: wire.ShowGo})                      // somebody else
	send(wire.ShowControl{Device: 3, Format: 0x10, Command: wire.ShowGo})                   // sound
	send(wire.ShowControl{Device: 127, Format: 127, Command: wire.ShowGo, Cue: "010.50"})   // all
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowGo, Cue: "1", List: "2"}) // another list
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowStop, Cue: "10.5"})       //
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowGo, Cue: "2", List: "1"}) //
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowTimedGo, HasTime: true, Time: wire.Label{Rate: wire.Rate25, Seconds: 2, Frame: 5}, Cue: "1"})
	send(wire.ShowControl{Device: 3, Format: 1, Command: wire.ShowGo, Cue: "77"})
	var got []string
	for _, l := range s.log {
		_, text, _ := strings.Cut(l, " ")
		got = append(got, text)
	}
	want := "go\t1|go\t10.5|stop\t10.5\tnil\t0|go\t2|timed\t1\tnil\t2.2|go\t1"
	if text := strings.Join(got, "|"); !strings.HasPrefix(text, want) || !strings.Contains(text, "WARN midi show control") || !strings.Contains(text, "77") {
		t.Errorf("log %q", text)
	}
}

// TestMIDIShowControlOfOthers: without a number the commands for all devices are heard, but of
// lighting only: a GO for sound fires no cue.
func TestMIDIShowControlOfOthers(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local control = midi.show_control(midi.input{ name = "*" })
		local list = require "cue".list{ name = "main" }
		for n = 1, 5 do list:cue{ n } end
		list:on("go", function(c) print("go", c.number) end)
		control:drive(list)
		control:on("go", function(cue) print("heard", cue) end)`)
	s.run(time.Second)
	for i, format := range []int{0x01, 0x10, 0x0f, 0x60, 0x7f} {
		c := wire.ShowControl{Device: 9, Format: format, Command: wire.ShowGo, Cue: fmt.Sprint(i + 1)}
		s.press(wire.Message{Kind: wire.Sysex, Data: string(wire.AppendShowControl(nil, c))})
		s.run(s.now() + 100*time.Millisecond)
	}
	var got []string
	for _, l := range s.log {
		_, text, _ := strings.Cut(l, " ")
		got = append(got, text)
	}
	slices.Sort(got)
	if text := strings.Join(got, "|"); text != "go\t1|go\t3|go\t5|heard\t1|heard\t3|heard\t5" {
		t.Errorf("log %q", text)
	}
}

// TestMIDIShowControlStopsAndGoesOn stops a fade, has it go on for as long as was left of it, and
// has GO take a time.
func TestMIDIShowControlStopsAndGoesOn(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }
		local list = require "cue".list{ name = "main" }
		list:cue{ 1, look = { [lamp] = 200 }, fade = 4 }
		list:cue{ 2, look = { [lamp] = 0 }, fade = 10, wait = 5 }
		list:cue{ 3, go = function() lamp:fade(100) end, fade = 8 }
		list:on("go", function(c) print("go", c.number) end)
		midi.show_control(midi.input{ name = "*" }):drive(list)
		clock.every(0.5, function() print(lamp:get("dimmer")) end)`)
	send := func(at time.Duration, c wire.ShowCommand, number string, seconds int) {
		s.run(at)
		m := wire.ShowControl{Device: 127, Format: 1, Command: c, Cue: number}
		m.HasTime, m.Time = c == wire.ShowTimedGo, wire.Label{Rate: wire.Rate25, Seconds: seconds}
		s.press(wire.Message{Kind: wire.Sysex, Data: string(wire.AppendShowControl(nil, m))})
	}
	second := time.Second
	level := func(at time.Duration, want float64) {
		t.Helper()
		s.run(at)
		var got float64
		last := s.log[len(s.log)-1]
		fmt.Sscanf(last[strings.Index(last, " "):], "%f", &got)
		if math.Abs(got-want) > 7 { // a frame
			t.Errorf("at %v the lamp is at %v, want %v: %q", at, got, want, s.log)
		}
	}
	send(1*second, wire.ShowGo, "", 0)
	send(3*second, wire.ShowStop, "2", 0) // it is at another
	level(3600*time.Millisecond, 125)
	send(4*second, wire.ShowStop, "1", 0) // 3 of 4 s are over
	level(6600*time.Millisecond, 150)
	send(7*second, wire.ShowResume, "3", 0) // which did not stop
	level(7600*time.Millisecond, 150)
	send(8*second, wire.ShowResume, "", 0)
	level(8600*time.Millisecond, 175)
	level(9600*time.Millisecond, 200)
	send(10*second, wire.ShowResume, "", 0) // nothing is stopped any more
	level(10600*time.Millisecond, 200)
	send(11*second, wire.ShowTimedGo, "", 2) // neither its wait nor its fade
	level(12100*time.Millisecond, 100)
	level(13600*time.Millisecond, 0)
	send(14*second, wire.ShowTimedGo, "3", 1)
	level(14600*time.Millisecond, 50)
	level(15600*time.Millisecond, 100)
	text := strings.Join(s.log, "\n")
	for _, want := range []string{
		"list main is not at cue 2: nothing is stopped", "list main is at cue 1: there is nothing of cue 3 to go on with",
		"list main was not stopped in a fade: there is nothing to go on with", "11.000 go\t2", "14.000 go\t3",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the log\n%s", want, text)
		}
	}
}

// TestMIDIOutput sends at the instant of the beat.
func TestMIDIOutput(t *testing.T) {
	s := live(t, `local midi = require "midi"
		local out = midi.output{ host = "127.0.0.1", port = 5204 }
		clock.at_beat(4, function() out:send("note", 60, 100) out:send("cc", 7, 1, 16) out:send("pitchbend", 0) out:send("sysex", "ab") out:send("start") end)`)
	s.run(3 * time.Second)
	want := `[2.000 {Kind:note Channel:1 Number:60 Value:100 Data:} 2.000 {Kind:cc Channel:16 Number:7 Value:1 Data:} 2.000 {Kind:pitchbend Channel:1 Number:0 Value:0 Data:} 2.000 {Kind:sysex Channel:0 Number:0 Value:0 Data:ab} 2.000 {Kind:start Channel:0 Number:0 Value:0 Data:}]`
	if got := fmt.Sprint(s.orders); got != want {
		t.Errorf("orders %s", got)
	}
}

func TestMIDIMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`midi.input{}`:                                                              "say which one",
		`midi.input{ name = "x", offer = "y" }`:                                     "say which one",
		`midi.input{ name = "x", port = 5004 }`:                                     "a port goes with host or offer",
		`midi.input{ nam = "x" }`:                                                   "did you mean 'name'",
		`midi.output{ name = "x" }:send("note", 60)`:                                "the velocity must be 0-127, got nil",
		`midi.output{ name = "x" }:send("note", 60, 1, 17)`:                         "the channel must be 1-16, got 17",
		`midi.output{ name = "x" }:send("note", 60, 1, 1, 1)`:                       "note has 3 values, got 4",
		`midi.output{ name = "x" }:send("sysex", "\200")`:                           "byte 1 of a system exclusive message must be 0-127, got 200",
		`midi.clock(1)`:                                                             "the input must be one of midi.input",
		`midi.map(show.param{ "p", default = 1 }, "cc 1")`:                          "there is no midi.input yet",
		`midi.input{ name = "x" } midi.map(show.param{ "p", default = 1 }, "cc 1")`: "a number with a min and a max",
		`midi.input{ name = "x" } midi.map(show.param{ "p", default = 1, min = 0, max = 1 }, "cc 1/200")`: "want 0-127",
		`midi.input{ name = "x" } midi.map(show.param{ "p", default = 1, min = 0, max = 1 }, "fader 1")`:  "the place must be",
		`midi.timecode(midi.input{ name = "x" }, { freewheel = 0 })`:                                      "freewheel must be",
		`net:timecode(1):follow(2)`: "the source must be a timecode that is heard",
	} {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + `local midi = require "midi" ` + text})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
