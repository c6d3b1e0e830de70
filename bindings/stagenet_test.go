package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/device/stagenet"
	"showrun/runtime/script"
)

// consoles lists what the show declared, in short.
func consoles(s *stand) []string {
	var list []string
	for _, d := range s.show.Devices() {
		if d, ok := d.(*stagenet.ConsoleDecl); ok {
			line := d.Key()
			for _, g := range d.Gateways {
				line += fmt.Sprintf("; %s", g.ID)
				for _, l := range g.Levels {
					line += fmt.Sprintf(" %q output %d, %d of %d slots", l.Type, l.Output, l.Used, l.Slots)
				}
			}
			list = append(list, line)
		}
	}
	return list
}

func TestConsoles(t *testing.T) {
	s := live(t, `local stagenet = require "stagenet"
		local a = stagenet.console{ interface = "lo", discover = false, gateways = { "ws://10.0.0.7", "ws://[::1]:4001/stagenet" }, rate = 30, latency = "20ms" }
		local b = stagenet.console()
		print(stagenet.console{ rate = 44, discover = true } == b, a == b, a, b, b:gateway("x") == b:gateway("x"), b:gateway("x") == a:gateway("x"))
		local x = b:gateway("x")
		print(x.id, x.type, x.version, x.address, x.connected, x.lease, #b:gateways(), #b:leases())
		print(x:slot(1), x:slot(513), x:channel("DMX", 1), x:channel("MIDI", 0), x:slot(1) == x:slot(1))`)
	s.wantLog("0.000 true\tfalse\tstagenet.console lo\tstagenet.console\ttrue\tfalse", "0.000 x\t\t\t\tfalse\tnil\t0\t0",
		"0.000 address slot 1 of gateway x\taddress slot 513 of gateway x\taddress DMX channel 1 of gateway x\taddress MIDI channel 0 of gateway x\ttrue")
	wantLines(t, "consoles", consoles(s), []string{
		`stagenet console on "lo" discover false gateways ["ws://10.0.0.7" "ws://[::1]:4001/stagenet"] rate 30 latency 20ms; x`,
		`stagenet console on "" discover true gateways [] rate 44 latency 0s; x "" output 1, 513 of 1024 slots "DMX" output 2, 1 of 512 slots "MIDI" output 3, 1 of 512 slots`,
	})
}

// TestGatewaysInAShow: fixtures are patched before their gateway is there, and
// everything of it can be asked for when it is.
func TestGatewaysInAShow(t *testing.T) {
	s := live(t, `local stagenet = require "stagenet"
		local house = stagenet.console{}
		for _, e in ipairs{ "found", "leased", "mapped", "lost" } do house:on(e, function(g) print(e, g.id, g.connected) end) end
		house:on("found", function() print("no") end):cancel()
		local box = house:gateway("box")
		local par = stage.fixture{ name = "par", kind = "rgb", at = box:slot(4) }
		local fan = stage.fixture{ name = "fan", kind = "dimmer", at = box:channel("DMX", 512) }
		par:set{ 1, 2, 3 }
		fan:fade(200, 1)
		house:on("mapped", function(g)
			print(g == box, g.type, g.version, g.address)
			print(g.lease.id, #g.lease.addresses, g.lease.addresses[1], g.lease.mappings[512].address, g.lease.mappings[512].type, g.lease.mappings[512].channel)
			local l = house:leases()
			print(#house:gateways(), house:gateways()[1] == box, #l, l[1].id, l[1].gateway, #l[1].addresses, l[1].mappings[1].channel, l[1].connected)
		end)
		clock.run(function()
			clock.sleep(2)
			print(house:get("SN4"), house:get("SN6"), house:get("SN512"), house:get("SN7"))
			house:gateway("elsewhere")
			print(house:gateway("elsewhere").connected, #house:gateways())
		end)`)
	s.wantLevels("0s 1/4=1 1/5=2 1/6=3 2/512=0")
	s.wantLevels("500ms 1/4=1 2/512=100")
	s.wantLevels("3s 1/4=1 1/5=2 1/6=3 2/512=200")
	s.wantFailures()
	s.wantLog("0.000 found\tbox\ttrue", "0.000 leased\tbox\ttrue", "0.000 mapped\tbox\ttrue",
		"0.000 true\tDMX\t1.0\trig", "0.000 lease_001\t512\tSN1\tSN512\tDMX\t512", "0.000 1\ttrue\t1\tlease_001\tbox\t512\t1\ttrue",
		"2.000 1\t3\t200\t0", "2.000 false\t1")
}

// TestValuesByAddress: an address is set by its number, alone or together with what
// is patched to it.
func TestValuesByAddress(t *testing.T) {
	s := live(t, `local stagenet = require "stagenet"
		local house = stagenet.console{}
		house:set("SN17", 40)
		house:set("SN600", 60)
		clock.run(function()
			clock.sleep(1)
			house:set("SN17", 50)
			house:fade("SN18", 100, 1)
			house:set{ SN19 = 19, SN20 = 20 }
			clock.sleep(0.5)
			print(house:get("SN17"), house:get("SN18"), house:get("SN19"), house:get("SN512"), house:get("SN600", { pending = true }))
			house:set("SN601", 61, { pending = true })
			house:set({ SN602 = 62 }, { pending = true })
			house:fade("SN603", 63, "1b", { pending = true, delay = 0.1, curve = "ease" })
			print(pcall(house.set, house, "SN513", 1))
			print(pcall(house.set, house, { SN20 = 99, SN513 = 1 }))
		end)`)
	s.wantLevels("0s 1/17=40 2/88=60")
	s.wantLevels("1s 1/17=50 1/18=0 1/19=19 1/20=20")
	s.wantLevels("1.5s 1/17=50 1/18=50")
	s.wantLevels("3s 1/18=100 1/20=20 2/89=61 2/90=62 2/91=63")
	s.wantFailures()
	lacking := "no lease holds SN513; give { pending = true } if its gateway is still to come"
	s.wantLog("1.500 50\t44\t19\t0\t60", "1.500 false\tstagenet.console:set: "+lacking, "1.500 false\tstagenet.console:set: "+lacking)
	wantLines(t, "orders", s.orders, []string{
		"0.000 {Address:17 At:{Output:1 Slot:17} Load:1}", "0.000 {Address:600 At:{Output:2 Slot:88} Load:1}",
		"1.000 {Address:18 At:{Output:1 Slot:18} Load:1}", "1.000 {Address:19 At:{Output:1 Slot:19} Load:1}", "1.000 {Address:20 At:{Output:1 Slot:20} Load:1}",
		"1.500 {Address:601 At:{Output:2 Slot:89} Load:1}", "1.500 {Address:602 At:{Output:2 Slot:90} Load:1}", "1.500 {Address:603 At:{Output:2 Slot:91} Load:1}",
	})
}

// TestEarlierInstant: what happens at an earlier instant than what is scheduled
// already is sent at once.
func TestEarlierInstant(t *testing.T) {
	s := live(t, `local stagenet = require "stagenet"
		local house = stagenet.console{}
		house:on("lost", function() house:set("SN1", 7) end)
		clock.after(1, function() house:set("SN1", 9) end)`)
	s.run(960 * time.Millisecond)
	decl := s.show.Devices()[1].(*stagenet.ConsoleDecl)
	s.deliver(script.Event{Topic: decl.EventTopic("lost"), At: s.now(), Value: stagenet.Gateway{ID: "rig"}})
	s.wantLevels("970ms 1/1=7")
	s.wantLevels("1s 1/1=9")
	wantLines(t, "orders", s.orders, []string{"0.960 {Address:1 At:{Output:1 Slot:1} Load:1}", "1.000 {Address:1 At:{Output:1 Slot:1} Load:1}"})
}

// TestAnotherConsole: a reload finds the levels of a console whose options have
// changed.
func TestAnotherConsole(t *testing.T) {
	const box = ` local stagenet = require "stagenet" local box = stagenet.console{ rate = %d }:gateway("box") local par = stage.fixture{ name = "par", kind = "dimmer", at = box:slot(3) } `
	s := live(t, fmt.Sprintf(box, 30)+`par:set(30)`)
	s.wantLevels("1s 1/3=30")
	s.reload(fmt.Sprintf(box, 40) + `print(par:get("dimmer"), box.connected)`)
	s.wantLevels("2s 1/3=30")
	s.wantLog("1.000 30\tfalse")
}

var consoleErrors = []struct{ call, want string }{
	{`stagenet.console{ univers = 1 }`, `stagenet.console: unknown option 'univers'`},
	{`stagenet.console{ discover = 1 }`, `stagenet.console: discover must be true or false, got 1`},
	{`stagenet.console{ rate = 251 }`, `stagenet.console: rate must be 1-250, got 251`},
	{`stagenet.console{ latency = "1b" }`, `stagenet.console: latency must be a time up to 1 s, got "1b"`},
	{`stagenet.console{ gateways = "ws://x" }`, `stagenet.console: gateways must be a list of names, as in { "a", "b" }, got "ws://x"`},
	{`stagenet.console{ gateways = { "10.0.0.7" } }`, `stagenet.console: a gateway must be a URL such as "ws://10.0.0.7:4000", got "10.0.0.7"`},
	{`stagenet.console{ rate = 30 }`, `stagenet.console: there is a console with other options already; a network has one, so give this one an interface of its own, or use the first`},
	{`house:gateway()`, `stagenet.console:gateway: the id of the gateway must be a string, got nil`},
	{`house:gateway(("x"):rep(256))`, `stagenet.console:gateway: the id of a gateway has at most 255 characters, got 256`},
	{`house:on("gone", f)`, `stagenet.console:on: the event must be found, leased, mapped or lost, got "gone"`},
	{`house:on("lost")`, `stagenet.console:on: the callback must be a function, got nil`},
	{`house.lost = 1`, `stagenet.console: fields cannot be set ('lost')`},
	{`house:leese()`, `stagenet.console has no 'leese'`},
	{`box:slot(0)`, `stagenet.gateway:slot: slot must be 1-65536, got 0`},
	{`box:channel(1)`, `stagenet.gateway:channel: the type of the channel must be a string, got 1`},
	{`box:channel("DMX", 0)`, `stagenet.gateway:channel: DMX channel must be 1-65535, got 0`},
	{`box:channel("MIDI", -1)`, `stagenet.gateway:channel: MIDI channel must be 0-65535, got -1`},
	{`house:set()`, `stagenet.console:set: the address must be one such as "SN17", got nil`},
	{`house:set("17", 1)`, `stagenet.console:set: the address must be one such as "SN17", got "17"`},
	{`house:set("SN0", 1)`, `stagenet.console:set: the address must be one such as "SN17", got "SN0"`},
	{`house:set("SN1048577", 1)`, `stagenet.console:set: the address must be one such as "SN17", got "SN1048577"`},
	{`house:set("SN1", 256)`, `stagenet.console:set: the value must be 0-255, got 256`},
	{`house:set("SN1", 1.5)`, `stagenet.console:set: the value must be a whole number 0-255, got 1.5`},
	{`house:set("SN1", 1, { pendig = true })`, `stagenet.console:set: unknown option 'pendig' (did you mean 'pending'?)`},
	{`house:set{ SN1 = "full" }`, `stagenet.console:set: SN1 must be 0-255, got "full"`},
	{`house:set{ 255 }`, `stagenet.console:set: the address must be one such as "SN17", got 1`},
	{`house:fade("SN1", 255)`, `stagenet.console:fade: the duration must be ` + duration + `, got nil`},
	{`house:fade("SN1", 255, 1, { curve = "bent" })`, `stagenet.console:fade: curve must be `},
	{`house:fade("SN1", 255, 1, { pendig = true })`, `stagenet.console:fade: unknown option 'pendig' (did you mean 'pending'?)`},
	{`house:get("SN")`, `stagenet.console:get: the address must be one such as "SN17", got "SN"`},
}

func TestConsoleErrors(t *testing.T) {
	for _, c := range consoleErrors {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": `local stagenet = require "stagenet" local house = stagenet.console{} local box = house:gateway("box") local function f() end
` + c.call})
		if err == nil || !strings.Contains(err.Error(), "show.lua:2: "+c.want) {
			t.Errorf("%s\n got %v\nwant show.lua:2: %s", c.call, err, c.want)
		}
	}
	// In a handler gateways cannot be patched any more.
	s := live(t, `local stagenet = require "stagenet" local box = stagenet.console{}:gateway("box")
		box:slot(1)
		clock.after(1, function()
			print(box:slot(2))
			print(pcall(box.slot, box, 513))
			print(pcall(box.channel, box, "DMX", 1))
			print(pcall(stagenet.console, { interface = "lo" }))
		end)`)
	s.run(2 * time.Second)
	const late = " while the show loads: at the top level of the script, not in a task or a handler"
	s.wantLog("1.000 address slot 2 of gateway box", "1.000 false\tstagenet.gateway:slot: gateways are patched"+late,
		"1.000 false\tstagenet.gateway:channel: gateways are patched"+late, "1.000 false\tstagenet.console: devices are declared"+late)
	wantLines(t, "consoles", consoles(s), []string{
		`stagenet console on "" discover true gateways [] rate 44 latency 0s; box "" output 1, 1 of 512 slots`,
	})
}

// TestALeaseIsReadCheaply: a lease is the same table until it or its mappings change, so a
// loop may ask for each of its addresses.
func TestALeaseIsReadCheaply(t *testing.T) {
	const text = `local stagenet = require "stagenet"
		local house = stagenet.console{}
		local box = house:gateway("box")
		stage.fixture{ name = "par", kind = "rgb", at = box:slot(4) }
		clock.after(1, function()
			local n, first = 0, box.lease
			for round = 1, 20 do
				for i = 1, #box.lease.addresses do if box.lease.addresses[i] == "SN" .. i and box.lease == first then n = n + 1 end end
			end
			print(n, box.lease.id, box.connected, box.type)
		end)`
	s := live(t, text)
	s.run(2 * time.Second)
	s.wantLog("1.000 10240\tlease_001\ttrue\tDMX")
	s.log = nil
	s.reload(text + ` stage.fixture{ name = "more", kind = "rgb", at = box:slot(600) }`)
	s.run(4 * time.Second)
	s.wantLog("3.050 20480\tlease_001\ttrue\tDMX")
	s.wantFailures()
}
