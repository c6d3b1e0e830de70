package bindings

import (
	"fmt"
	"strings"
	"testing"
)

// promised are the names that scripts rely on, as they are written on values that the
// test makes: functions with a call, properties without.
const promised = `
clock: run() sleep() sync() wait() after() every() on_beat() at_beat() time() beats() tempo() phase()
clock: set_tempo() tap() nudge() follow() on() beats_per_bar()
task: cancel() name running failed
handle: cancel()
stage: fixture() group() master() blackout() get() layout()
wash: set() fade() spline() wave() get() stop() aim() held() name kind
both: set() fade() spline() wave() get() stop() aim() held() pixels() each() name
cue: list()
list: cue() go() back() stop() reset() jump() look() on() current next name
show: name file dir generation state on() param() trigger() data() at() place() log
speed: get() set() on() name
bump: fire() on() name
show.log: debug() info() warn() error()
signet: sender() receiver() manager()
net: universe() timecode()
one: set() fade() get() levels() slot() priority() leave() number preview
sacn: sender() receiver()
acn: universe()
acn1: set() fade() get() levels() slot() priority() leave() number preview
acnin: on() get() levels() number preview
tc: start() stop() locate() position running rate stream
rx: universe() timecode()
heard: on() get() levels() number
film: on() position rate running stream
rig: nodes() on()
stagelinq: sink() track()
dj: devices() on() subscribe() get() deck() master()
deck: playing bpm beat total_beats title artist length master on_air loaded on() on_beat() between() signature device phrase
stagenet: console()
house: gateways() on() gateway() set() fade() get() leases()
box: id type version address connected lease slot() channel()
theater: lighting() motion() valve()
lights: fixture() spline() tempo() follow() slot()
crane: spline() tempo() follow() pending() stop() home() position()
arms: move() empty()
osc: sender() receiver() float() int() blob()
artnet: sender() receiver() nodes()
ether: universe()
ether1: set() fade() get() levels() slot() leave() number
etherin: on() get() levels() number
dmx: usb()
lamps: set() fade() get() levels() slot() leave() number
plugged: on() get() levels() number
midi: input() output() map() clock() timecode() show_control()
pads: on()
synth: send() timecode()
tape: on() position rate running
mtc: start() stop() locate() follow() position rate running
msc: on() drive()
mouth: send()
ear: on()
fx: chase() ramp() cycle() rainbow() sparkle() strobe()
effect: cancel()
palette: new() blend() steps()
seq: new() euclid() play() chance()
steps: at() next() set() reset()
playing: cancel()
looping: cancel() name
pick: one() shuffle() bag() weights()
map: range() clamp() mix() curve() points() round()
`

// TestTheNamesOfTheContract finds every name that scripts rely on.
func TestTheNamesOfTheContract(t *testing.T) {
	var checks strings.Builder
	for line := range strings.Lines(strings.TrimSpace(promised)) {
		object, names, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, name := range strings.Fields(names) {
			name, call := strings.CutSuffix(name, "()")
			fmt.Fprintf(&checks, "check(%q, function() return %s.%s end, %v)\n", object+"."+name, object, name, call)
		}
	}
	s := newStand(t)
	err := s.load(map[string]string{"show.lua": prelude + stageLine + `
local deck, box, lights = dj:deck(1), house:gateway("box"), theater.lighting{}
local cue, dmx, sacn, artnet, midi = require "cue", require "dmx", require "sacn", require "artnet", require "midi"
local ether = artnet.sender{ rate = 30, discover = true, unicast = { "10.0.0.9" }, broadcast = false, sync = true }
local ether1, etherin = ether:universe(0, 0, 1), artnet.receiver{}:universe(2)
sacn.sender{ name = "all", rate = 30, priority = 90, cid = "00010203-0405-0607-0809-0a0b0c0d0e0f", sync = 9, unicast = { "10.0.0.9" } }:universe(7, { priority = 80 })
dmx.usb{ port = "/dev/ttyUSB3", model = "pro" }
local pads, synth = midi.input{ name = "APC*" }, midi.output{ name = "APC*" }
local tape, mtc, msc = midi.timecode(pads), synth:timecode{ rate = 25 }, midi.show_control(pads)
for _, event in ipairs{ "note", "cc", "program", "pitchbend", "sysex" } do pads:on(event, print) end
midi.map(show.param{ "mapped", default = 1, min = 0, max = 2 }, "cc 1/7")
clock.follow(midi.clock(pads))
cue.list{ name = "by MTC", timecode = tape }
cue.list{ name = "by Sig-Net", timecode = rx:timecode(7) }
net:timecode(7, { rate = 25 }):follow(tape)
local acn = sacn.sender{}
local acn1, acnin = acn:universe(1), sacn.receiver{}:universe(2)
local list = cue.list{}
local lamps, plugged = dmx.usb{ port = "a" }:universe(1), dmx.usb{ port = "b", input = true }:universe(1)
local speed, bump = show.param{ "speed", default = 1 }, show.trigger "bump"
local fx, palette, seq, loop, pick, map = require "fx", require "palette", require "seq", require "loop", require "pick", require "map"
local effect, steps, looping = fx.chase(both), seq.euclid(3, 8), loop("x", 1, print)
local playing = seq.play(1, steps, print)
local function check(name, read, call)
  local found, value = pcall(read)
  if not found or call ~= (type(value) == "function") then print(name, value) end
end
` + checks.String()})
	if err != nil {
		t.Fatal(err)
	}
	s.wantLog()
}
