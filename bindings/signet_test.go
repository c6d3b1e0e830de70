package bindings

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
)

func senders(s *stand) []string {
	var list []string
	for _, d := range s.show.Devices() {
		if d, ok := d.(*devsignet.SenderDecl); ok {
			var universes []int
			for _, u := range d.Universes {
				universes = append(universes, u.Number)
			}
			list = append(list, fmt.Sprintf("%s: %v", d.Key(), universes))
		}
	}
	return list
}

func TestSenders(t *testing.T) {
	s := live(t, `local a = signet.sender{ scope = "stage2", interface = "lo", rate = 30, endpoint = 7, label = "desk", key = { env = "SECRET" } }
		a:universe(3) a:universe(63999) a:universe(3)
		signet.sender{ endpoint = 2, key = { file = "keys/k0.json" } }
		print(signet.sender() == net, signet.sender{ rate = 44, scope = "local" } == net, a == net, a:universe(3) == a:universe(3), a:universe(3).number)`)
	s.wantLog("0.000 true\ttrue\tfalse\ttrue\t3")
	wantLines(t, "senders", senders(s), []string{
		`signet sender scope "local" on "" endpoint 1 rate 44 label "" key store mode secure sync false latency 0s: [1]`,
		`signet sender scope "stage2" on "lo" endpoint 7 rate 30 label "desk" key env "SECRET" mode secure sync false latency 0s: [3 63999]`,
		`signet sender scope "local" on "" endpoint 2 rate 44 label "" key file "keys/k0.json" mode secure sync false latency 0s: []`,
	})
}

// TestLevelsSurviveAReload: what the next generation does not touch stays, what
// runs goes on.
func TestLevelsSurviveAReload(t *testing.T) {
	s := live(t, `one:set(1, 50) one:fade(2, 200, 2) one:set(3, 7)`)
	s.wantLevels("1s 1=50 2=100 3=7")
	s.reload(`print(one:get(1), one:get(2)) one:set(3, 8)`)
	s.wantLevels("1.5s 1=50 2=150 3=8")
	s.wantLevels("2s 1=50 2=200 3=8")
	s.wantLog("1.000 50\t100")
	s.wantLevels(fmt.Sprintf("%v 2=200", 3*time.Second))
}

// TestLevelsSurviveAChangedSender: a sender with another option is another device, and
// its universes go on with the levels they had.
func TestLevelsSurviveAChangedSender(t *testing.T) {
	for _, option := range []string{
		`latency = "20ms"`, `rate = 30`, `label = "desk"`, `key = { env = "SECRET" }`, `mode = "both"`, `sync = true`,
	} {
		s := live(t, `local net = signet.sender{ endpoint = 2 } local u, p = net:universe(7), net:universe(7, { preview = true })
			u:set(1, 77) u:fade(2, 200, 2) p:set(1, 66)`)
		s.wantLevels("1s 1/1=77 1/2=100 2/1=66")
		s.reload(`local net = signet.sender{ endpoint = 2, ` + option + ` } local u, p = net:universe(7), net:universe(7, { preview = true })
			print(u:get(1), p:get(1))`)
		s.wantLevels("2s 1/1=77 1/2=200 2/1=66")
		s.wantLog("1.000 77\t66")
		decl := s.show.Devices()[1].(*devsignet.SenderDecl)
		if n := s.device(decl.Key()).(device.Publisher).Universes(); n != 2 {
			t.Errorf("%s: %d universes are sent, want 2", option, n)
		}
	}
}

// TestSendersOfOneEndpoint: a second sender that receivers would take for the first is
// refused, whatever else is different.
func TestSendersOfOneEndpoint(t *testing.T) {
	for _, option := range []string{
		`latency = "20ms"`, `rate = 30`, `label = "desk"`, `key = { env = "SECRET" }`, `mode = "open"`, `sync = true`, `endpoint = 1, rate = 30`,
	} {
		wantLoadError(t, "\nsignet.sender{ "+option+" }", "show.lua:2: signet.sender: endpoint 1 is declared with other options already, "+
			"and receivers could not tell the two senders apart; give one of them another endpoint")
	}
}

// TestSendersShareNoOutput: each sender that may stand beside another has levels of
// its own, also for a universe of the same number.
func TestSendersShareNoOutput(t *testing.T) {
	s := live(t, `for i, o in ipairs{ { endpoint = 2 }, { scope = "b" }, { interface = "lo" }, { scope = "b", interface = "lo" }, { scope = "b", endpoint = 2 } } do
			local net = signet.sender(o)
			net:universe(1):set(1, 10 * i) net:universe(1, { preview = true }):set(1, 10 * i + 1)
		end
		one:set(1, 5)`)
	s.wantLevels("0s 1=5 1/1=10 2/1=11 3/1=20 4/1=21 5/1=30 6/1=31 7/1=40 8/1=41 9/1=50 10/1=51")
}

// TestOrdersOfSenders: what is no level reaches the Sender at its instant.
func TestOrdersOfSenders(t *testing.T) {
	s := live(t, `local two = net:universe(2, { priority = 120, multicast = "239.1.2.3" })
		local preview = net:universe(2, { preview = true })
		clock.after(0.5, function() two:priority(90) two:set(1, 7) preview:set(1, 9) end)
		clock.after(1, function() preview:leave() end)
		print(two == preview, two == net:universe(2), two.preview, preview.preview)`)
	s.wantLog("0.000 false\ttrue\tfalse\ttrue")
	s.wantLevels("500ms 1/1=7 2/1=9")
	s.run(time.Second)
	wantLines(t, "orders", s.orders, []string{
		"0.500 {Universe:2 Priority:[90]}", "1.000 {Universe:2 Preview:true}",
	})
	decl := s.show.Devices()[0].(*devsignet.SenderDecl)
	if u := decl.Universes[1]; string(u.Priority) != "\x78" || u.Multicast.String() != "239.1.2.3" || u.Preview {
		t.Errorf("declared %+v", u)
	}
	if n := s.device(decl.Key()).(device.Publisher).Universes(); n != 2 {
		t.Errorf("%d universes are sent, want 2", n)
	}
}

func TestTimecode(t *testing.T) {
	text := `local tc = net:timecode(1)
		local film = net:timecode(2, { rate = 29.97 })
		print(tc.position, tc.running, tc.rate, film.position, film.rate, tc == net:timecode(1, { rate = 25 }))
		clock.after(1, function()
			tc:start("01:00:00:00") film:locate("00:01:00:02")
			print(tc.position, tc.running, film.position, film.running)
			clock.sleep(0.5)
			print(tc.position, film.position)
			tc:locate("02:00:00:00") tc:stop() film:start()
			print(tc.position, tc.running, film.running)
			clock.sleep(10)
			print(tc.position, film.position)
		end)`
	s := live(t, text)
	s.run(12 * time.Second)
	s.wantLog("0.000 00:00:00:00\tfalse\t25\t00:00:00;00\t29.97\ttrue",
		"1.000 01:00:00:00\ttrue\t00:01:00;02\tfalse",
		"1.500 01:00:00:12\t00:01:00;02",
		"1.500 02:00:00:00\tfalse\ttrue",
		"11.500 02:00:00:00\t00:01:10;01")
	// A reload that declares it as before lets it run on.
	s.reload(`local film = net:timecode(2, { rate = 29.97 }) clock.after(1, function() print(film.position, film.running) end)`)
	s.run(14 * time.Second)
	if got := s.log[len(s.log)-1]; got != "13.050 00:01:11;18\ttrue" {
		t.Errorf("after the reload: %s", got)
	}
}

// TestReceivers lets a Receiver and a Manager hear something, as their drivers tell
// it.
func TestReceivers(t *testing.T) {
	s := live(t, `local rx = signet.receiver{ mode = "open" }
		local u, tc = rx:universe(3), rx:timecode(2)
		print(u:get(1), #u:levels(), tc.position, tc.rate, tc.running, rx:universe(3) == u, rx:timecode(2) == tc)
		u:on("levels", function(levels, source) print("levels", levels[1], levels[2], #levels, source) end)
		tc:on("found", function(p, jump) print("found", p, jump) end)
		tc:on("frame", function(p, jump) print("frame", p, jump, tc.running) end)
		tc:on("lost", function(p) print("lost", p, tc.position) end)
		clock.after(2.5, function() print(u:get(2), u:levels()[1], tc.position, tc.rate) end)
		local m = signet.manager{}
		m:on("beacon", function(n) print(n.tuid, n.label, n.online, #n.endpoints, n.notes[1]) end)
		print(#m:nodes())`)
	rx := rehearse.Devices[interface {
		OnLevels(universe int, levels []byte, p receiver.Packet)
		OnTimecode(stream int, change receiver.TimecodeChange, t receiver.Timecode, jump bool)
	}](s.virtual)[0]
	m := rehearse.Devices[interface{ OnEvent(manager.Event) }](s.virtual)[0]
	at := s.time
	desk := signet.SenderID{TUID: signet.TUID{0x7f, 0xf0, 0xa1}, Endpoint: 1}
	s.run(time.Second)
	rx.OnLevels(3, []byte{10, 20}, receiver.Packet{Sender: desk, At: at(time.Second)})
	rx.OnLevels(3, []byte{10, 20}, receiver.Packet{Sender: desk, At: at(time.Second)}) // nothing new
	s.run(1500 * time.Millisecond)
	label := func(text string) wire.Timecode {
		c, err := wire.ParseTimecodeLabel(text, wire.Rate25)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tell := func(change receiver.TimecodeChange, text string, instant time.Duration, jump bool) {
		rx.OnTimecode(2, change, receiver.Timecode{Label: label(text), Source: desk, At: at(instant)}, jump)
	}
	tell(receiver.TimecodeFound, "00:00:10:00", 1500*time.Millisecond, false)
	s.run(1540 * time.Millisecond)
	tell(receiver.TimecodeFrame, "00:00:10:01", 1540*time.Millisecond, false)
	s.run(3 * time.Second)
	tell(receiver.TimecodeVanish, "00:00:10:01", 3*time.Second, false)
	m.OnEvent(manager.Event{Kind: manager.BeaconFound, Beacon: manager.Beacon{
		TUID: signet.TUID{1, 2, 3, 4, 5, 6}, Label: "new", Address: netip.MustParseAddrPort("10.0.0.9:5683"), Conformant: true, Heard: at(3 * time.Second),
	}})
	s.run(5 * time.Second)
	s.wantLog("0.000 0\t0\tnil\tnil\tfalse\ttrue\ttrue", "0.000 0",
		"1.000 levels\t10\t20\t2\t"+desk.String(),
		"1.500 found\t00:00:10:00\tfalse", "1.500 frame\t00:00:10:00\tfalse\tfalse",
		"1.540 frame\t00:00:10:01\tfalse\ttrue",
		"2.500 20\t10\t00:00:11:00\t25",
		"3.000 lost\t00:00:10:01\t00:00:10:01",
		"3.000 0102:03040506\tnew\ttrue\t0\tno keys")
}

// TestUnicastAndPreview: both sides of a preview and the addresses of a universe can be
// declared in a script.
func TestUnicastAndPreview(t *testing.T) {
	s := live(t, `local a = net:universe(2, { unicast = "10.0.0.5" })
		local b = net:universe(3, { unicast = { "10.0.0.5", "10.0.0.6:6000" }, preview = true })
		print(a.preview, b.preview, net:universe(2, { unicast = "10.0.0.5" }) == a)
		print(pcall(function() net:universe(2, { unicast = "10.0.0.7" }) end))
		for _, bad in ipairs{ "node", "239.1.2.3", 5, { "10.0.0.5", "x" }, {} } do print(pcall(function() net:universe(4, { unicast = bad }) end)) end
		print(pcall(function() net:universe(4, { unicast = "10.0.0.5", multicast = "239.1.2.3" }) end))
		local rx = signet.receiver{ mode = "open" }
		local levels, preview = rx:universe(3), rx:universe(3, { preview = true })
		print(levels.preview, preview.preview, levels == preview, rx:universe(3, { preview = true }) == preview)
		preview:on("levels", function(l, source) print("preview", l[1], #l, source) end)
		levels:on("levels", function() print("levels") end)
		clock.after(2, function() print(preview:get(1), preview:levels()[2], levels:get(1)) end)`)
	rx := rehearse.Devices[interface {
		OnPreview(universe int, levels []byte, p receiver.Packet)
	}](s.virtual)[0]
	desk := signet.SenderID{TUID: signet.TUID{0x7f, 0xf0, 0xa1}, Endpoint: 1}
	s.run(time.Second)
	for range 2 {
		rx.OnPreview(3, []byte{10, 20}, receiver.Packet{Sender: desk, At: s.time(time.Second)})
	}
	s.run(3 * time.Second)
	const want = "0.000 false\tshow.lua:%d: signet.sender:universe: "
	s.wantLog("0.000 false\ttrue\ttrue",
		fmt.Sprintf(want, 4)+"universe 2 is declared with other options already; universe:priority changes the priority",
		fmt.Sprintf(want, 5)+`unicast must be the IPv4 address of a device such as "10.0.0.5", or a list of those, got "node"`,
		fmt.Sprintf(want, 5)+`unicast must be the IPv4 address of a device such as "10.0.0.5", or a list of those, got "239.1.2.3"`,
		fmt.Sprintf(want, 5)+"unicast must be a list of names, as in { \"a\", \"b\" }, got 5",
		fmt.Sprintf(want, 5)+`unicast must be the IPv4 address of a device such as "10.0.0.5", or a list of those, got "x"`,
		fmt.Sprintf(want, 5)+"unicast must be a list with at least one name",
		fmt.Sprintf(want, 6)+"a universe is sent to a group or to addresses, not to both",
		"0.000 false\ttrue\tfalse\ttrue",
		"1.000 preview\t10\t2\t"+desk.String(),
		"2.000 10\t20\t0\tfalse")
	var got []string
	for _, d := range s.show.Devices() {
		if d, ok := d.(*devsignet.SenderDecl); ok {
			for _, u := range d.Universes {
				got = append(got, fmt.Sprintf("%d %q %t", u.Number, u.Unicast, u.Preview))
			}
		}
	}
	wantLines(t, "universes", got, []string{`1 "" false`, `2 "10.0.0.5" false`, `3 "10.0.0.5\n10.0.0.6:6000" true`})
}

// TestWhatADeviceHasNotToldIsNil: a label or a model that did not come is not an empty one.
func TestWhatADeviceHasNotToldIsNil(t *testing.T) {
	s := live(t, `local m = signet.manager{}
		m:on("beacon", function(n) print(n.label, n.model) end)`)
	m := rehearse.Devices[interface{ OnEvent(manager.Event) }](s.virtual)[0]
	s.run(time.Second)
	m.OnEvent(manager.Event{Kind: manager.BeaconFound, Beacon: manager.Beacon{TUID: signet.TUID{1}, Heard: s.time(time.Second)}})
	s.run(2 * time.Second)
	s.wantLog("1.000 nil\tnil")
}

// TestAShowAsksForItsRate: frames come at the rate of the show, or as often as its devices
// ask for if that is more than the default.
func TestAShowAsksForItsRate(t *testing.T) {
	for _, c := range []struct {
		rate     int // of the command
		declared string
		want     int
	}{
		{44, `signet.sender{}`, 44},
		{44, `signet.sender{ rate = 60 }`, 60},
		{44, `signet.sender{ rate = 30 }`, 44},
		{50, `signet.sender{}`, 50},
		{50, `signet.sender{ rate = 30, endpoint = 2 } signet.sender{ rate = 44 }`, 50},
		{50, `signet.sender{ rate = 30, endpoint = 2 } signet.sender{ rate = 120 }`, 120},
		{20, `signet.sender{}`, 20},
		{0, `signet.sender{ rate = 60 }`, 60},
		{0, `stagenet.console{ rate = 60 }`, 60},
	} {
		n := 0
		run, err := rehearse.New(rehearse.Options{
			Name: "stand", File: "show.lua", Rate: c.rate, Lookahead: lookahead, Bind: New,
			Frames: frameSink(func(at time.Duration) {
				if at >= time.Second && at < 2*time.Second {
					n++
				}
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		text := `local signet, stagenet = require "signet", require "stagenet" ` + c.declared
		if err := run.Load(t.Context(), fstest.MapFS{"show.lua": {Data: []byte(text)}}); err != nil {
			t.Fatal(err)
		}
		if err := run.Until(t.Context(), 3*time.Second); err != nil {
			t.Fatal(err)
		}
		if n != c.want {
			t.Errorf("--rate %d and %s: %d frames a second, want %d", c.rate, c.declared, n, c.want)
		}
		run.Close()
	}
}

// frameSink is told of the instants of frames.
type frameSink func(at time.Duration)

func (f frameSink) Frame(frame *level.Frame) { f(frame.At) }
