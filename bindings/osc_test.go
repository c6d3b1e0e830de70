package bindings

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device/osc"
)

// oscLine stands on line 1 before the text of the tests of module osc.
const oscLine = `local osc = require "osc" local out, rx = osc.sender{ port = 53000 }, osc.receiver{ port = 8000 } `

// hear lets the receivers of a show hear a message, with the tag of a bundle so far
// ahead if that is not 0.
func (s *stand) hear(ahead time.Duration, address string, args ...any) {
	s.t.Helper()
	at := s.time(s.now())
	tag := wire.Immediately
	if ahead != 0 {
		tag = wire.Tag(at.Add(ahead))
	}
	for _, d := range s.show.Devices() {
		if r, ok := s.device(d.Key()).(*osc.Receiver); ok {
			r.OnMessage(wire.Message{Address: address, Args: args}, tag, netip.AddrPort{}, at)
		}
	}
}

// TestMessagesAreOrders: at their instant, with the types the contract gives.
func TestMessagesAreOrders(t *testing.T) {
	s := live(t, oscLine+`
		print(out, osc.sender{ port = 53000 } == out, osc.sender{ port = 53000, host = "localhost" } == out)
		print(osc.float(3), osc.int(-7), osc.int(2 ^ 40), osc.blob("abc"))
		out:send("/start")
		clock.after(0.25, function()
			out:send("/n", 1, -2147483648, 2147483648, 2 ^ 53, 2 ^ 60, 0.5, -0.1)
			out:send("/t", "text", "", true, false, nil, "last", nil)
			out:send("/f", osc.float(3), osc.int(3), osc.int(2 ^ 40), osc.blob("a\0b"), osc.blob(""))
		end)`)
	s.run(time.Second)
	s.wantFailures()
	s.wantLog("0.000 osc.sender 127.0.0.1:53000\ttrue\tfalse", "0.000 osc.argument 3\tosc.argument -7\tosc.argument 1099511627776\tosc.argument of 3 bytes")
	wantLines(t, "orders", s.orders, []string{
		"0.000 {Address:/start Args:[]}",
		"0.250 {Address:/n Args:[1 -2147483648 2147483648 9007199254740992 1.1529215e+18 0.5 -0.1]}",
		"0.250 {Address:/t Args:[text  true false nil last nil]}",
		"0.250 {Address:/f Args:[3 3 1099511627776 [97 0 98] []]}",
	})
}

// TestTypesOfNumbers looks at what the orders above do not show.
func TestTypesOfNumbers(t *testing.T) {
	for _, tt := range []struct {
		n                     float64
		number, whole, float_ string
	}{
		{0, "int32 0", "int32 0", "float32 0"},
		{math.MaxInt32, "int32 2147483647", "int32 2147483647", "float32 2.1474836e+09"},
		{math.MinInt32 - 1, "int64 -2147483649", "int64 -2147483649", "float32 -2.1474836e+09"},
		{1 << 53, "int64 9007199254740992", "int64 9007199254740992", "float32 9.007199e+15"},
		{1 << 54, "float32 1.8014399e+16", "no", "float32 1.8014399e+16"},
		{0.1, "float32 0.1", "no", "float32 0.1"},
		{1e300, "no", "no", "no"},
		{math.Inf(-1), "no", "no", "no"},
		{math.NaN(), "no", "no", "no"},
	} {
		show := func(v any, ok bool) string {
			if !ok {
				return "no"
			}
			return fmt.Sprintf("%T %v", v, v)
		}
		if got := show(osc.Number(tt.n)); got != tt.number {
			t.Errorf("%v: %s, want %s", tt.n, got, tt.number)
		}
		if got := show(osc.Whole(tt.n)); got != tt.whole {
			t.Errorf("whole %v: %s, want %s", tt.n, got, tt.whole)
		}
		if got := show(osc.Float(tt.n)); got != tt.float_ {
			t.Errorf("float %v: %s, want %s", tt.n, got, tt.float_)
		}
	}
}

// TestMessagesForHandlers: by pattern, with all types, until they are cancelled.
func TestMessagesForHandlers(t *testing.T) {
	s := live(t, oscLine+`
		local any = rx:on("/deck/*/play", function(...) print("any", ...) end)
		rx:on("/deck/1/play", function(address, ...) print("one", address, select("#", ...), ...) end)
		rx:on("/deck/{2,3}/play", print):cancel()
		rx:on("/types", function(_, ...) print(select("#", ...), ...) end)
		clock.after(1, function() any:cancel() any:cancel() rx:on("/late", print) end)
		print(rx, osc.receiver{ port = 8000 } == rx)`)
	s.run(500 * time.Millisecond)
	s.hear(0, "/deck/1/play", int32(1))
	s.hear(0, "/deck/2/play", "on")
	s.hear(0, "/deck/1/stop")
	s.hear(0, "/late")
	s.hear(0, "/types", int32(-1), int64(1<<40), float32(0.5), 0.25, "s", []byte("b\x00b"), true, false, nil,
		wire.Tag(time.Date(2020, 1, 1, 0, 0, 0, 5e8, time.UTC)), wire.Immediately)
	s.run(1500 * time.Millisecond)
	s.hear(0, "/deck/1/play")
	s.hear(0, "/late", "x")
	s.run(2 * time.Second)
	s.wantLog("0.000 osc.receiver 8000\ttrue",
		"0.500 any\t/deck/1/play\t1", "0.500 one\t/deck/1/play\t1\t1", "0.500 any\t/deck/2/play\ton",
		"0.500 11\t-1\t1099511627776\t0.5\t0.25\ts\tb\x00b\ttrue\tfalse\tnil\t1577836800.5\t0",
		"1.500 one\t/deck/1/play\t0", "1.500 /late\tx")
	s.wantFailures()
}

// TestBundleTags: what a message causes happens at its tag, if that is near.
func TestBundleTags(t *testing.T) {
	s := live(t, oscLine+`
		local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }
		rx:on("/lamp", function(_, l) print(l, clock.time()) lamp:set(l) end)`)
	s.run(time.Second)
	s.hear(200*time.Millisecond, "/lamp", int32(100))
	s.hear(-200*time.Millisecond, "/lamp", int32(50))
	s.hear(time.Hour, "/lamp", int32(60))
	s.hear(time.Second, "/lamp", int32(70))
	for _, probe := range []string{"1.01s 1=60", "1.19s 1=60", "1.2s 1=100", "2s 1=70"} {
		s.wantLevels(probe)
	}
	s.wantLog("1.200 100\t1.2", "1.000 50\t1", "1.000 60\t1", "2.000 70\t2")
}

// TestReceiversOverAReload: what is on its way and what comes after it goes to the
// handlers of the load that is live.
func TestReceiversOverAReload(t *testing.T) {
	s := live(t, oscLine+`rx:on("/a", function() print("old a") end) rx:on("/b", function() print("old b") end)`)
	s.run(time.Second)
	s.hear(0, "/a")
	s.reload(oscLine + `rx:on("/a", function() print("new a") end)`)
	s.hear(0, "/a")
	s.hear(0, "/b")
	s.run(2 * time.Second)
	s.wantLog("1.050 new a", "1.050 new a")
}

// TestFloods: what comes faster than a script takes it that wants all is dropped, counted
// and logged, and what comes after it is heard again.
func TestFloods(t *testing.T) {
	s := live(t, oscLine+`local n = 0
		rx:on("/x", function() n = n + 1 end, { all = true })
		clock.every(1, function() print(n) end)`)
	s.run(500 * time.Millisecond)
	for range 5000 {
		s.hear(0, "/x")
	}
	s.run(1500 * time.Millisecond)
	for range 100 {
		s.hear(0, "/x")
	}
	s.run(2500 * time.Millisecond)
	s.wantLog("0.000 WARN osc: messages dropped, the script does not take them as fast as they come", "1.000 2048", "2.000 2148")
	s.wantFailures()
}

// TestOnlyTheNewestMatters: while the script is behind, it gets the newest message of each
// address. A press and a release that come together are no reason for that.
func TestOnlyTheNewestMatters(t *testing.T) {
	s := live(t, oscLine+`local n, last, all = 0, {}, 0
		rx:on("/fader/*", function(address, v) n = n + 1 last[address] = v end)
		rx:on("/fader/*", function() all = all + 1 end, { all = true })
		rx:on("/go", function(_, v) print("go", v) end)
		clock.every(1, function() print(n, last["/fader/1"], last["/fader/2"], all) end)`)
	s.run(500 * time.Millisecond)
	s.hear(0, "/go", int32(1))
	s.hear(0, "/go", int32(0))
	for i := range int32(500) {
		s.hear(0, "/fader/1", i)
		s.hear(0, "/fader/2", -i)
	}
	merged := s.virtual.Show().Counts().Merged
	s.run(1 * time.Second)
	s.wantLog("0.500 go\t1", "0.500 go\t0", "1.000 31\t499\t-499\t1000")
	if events := s.virtual.Show().Counts().Events; events != 0 || merged != 1000-31 {
		t.Errorf("%d passed over, %d dropped", merged, events)
	}
}

// TestWaitForAMessage uses clock.wait.
func TestWaitForAMessage(t *testing.T) {
	s := live(t, oscLine+`clock.run(function() print(clock.wait(rx, "/go")) print(clock.wait(rx, "/go")) end)`)
	for range 3 {
		s.run(s.now() + time.Second)
		s.hear(0, "/go", int32(7))
	}
	s.run(5 * time.Second)
	s.wantLog("1.000 /go\t7", "2.000 /go\t7")
}

func TestOSCErrors(t *testing.T) {
	for call, want := range map[string]string{
		`osc.sender{}`:                                       `osc.sender: port must be 1-65535, got nil`,
		`osc.sender{ port = 65536 }`:                         `osc.sender: port must be 1-65535, got 65536`,
		`osc.sender{ prt = 1 }`:                              `osc.sender: unknown option 'prt' (did you mean 'port'?)`,
		`osc.receiver{ port = "8000" }`:                      `osc.receiver: port must be 1-65535, got "8000"`,
		`osc.receiver{ port = 8000, interface = "0.0.0.0" }`: `osc.receiver: port 8000 is listened to on interface "127.0.0.1" already`,
		`out:send()`:                                         `osc.sender:send: the address must be a string, got nil`,
		`out:send("start")`:                                  `osc.sender:send: "start": an OSC address starts with / and has no zero byte`,
		`out:send("/x", {})`:                                 `osc.sender:send: argument 1 must be a number up to 3.4e38, a string, a boolean, nil or one of osc.float, osc.int and osc.blob, got a table`,
		`out:send("/x", 1, 0/0)`:                             `osc.sender:send: argument 2 must be a number up to 3.4e38, a string, a boolean, nil or one of osc.float, osc.int and osc.blob, got NaN`,
		`out:send("/x", rx)`:                                 `osc.sender:send: argument 1 must be a number up to 3.4e38, a string, a boolean, nil or one of osc.float, osc.int and osc.blob, got a osc.receiver`,
		`out:send("/x", "a\0b")`:                             `osc.sender:send: /x argument 1: a string with a zero byte: not an OSC argument`,
		`out:send("/x", ("x"):rep(65600))`:                   `osc.sender:send: /x: 65612 bytes: the OSC packet does not fit into a datagram`,
		`osc.int(1.5)`:                                       `osc.int: the number must be a whole number up to 2^53, got 1.5`,
		`osc.float("1")`:                                     `osc.float: the number must be a number up to 3.4e38, got "1"`,
		`osc.blob(1)`:                                        `osc.blob: the bytes must be a string, got 1`,
		`rx:on("x", f)`:                                      `osc.receiver:on: the callback must be a function, got nil`,
		`rx:on("x", print)`:                                  `osc.receiver:on: "x": an address pattern begins with / and has at most 255 characters`,
		`rx:on("/x{a,b", print)`:                             `osc.receiver:on: "/x{a,b": the { is not closed`,
		`rx:on("/[a-z]/[b", print)`:                          `osc.receiver:on: "/[a-z]/[b": the [ is not closed`,
		`rx:on(5, print)`:                                    `osc.receiver:on: the pattern must be a string, got 5`,
	} {
		wantLoadError(t, oscLine+"\n"+call, "show.lua:2: "+want)
	}
	for call, want := range map[string]string{
		`osc.sender{ port = 5 }`:   "osc.sender: devices are declared while the show loads: at the top level of the script, not in a task or a handler",
		`osc.receiver{ port = 5 }`: "osc.receiver: devices are declared while the show loads: at the top level of the script, not in a task or a handler",
	} {
		s := live(t, oscLine+"clock.after(1, function() "+call+" end)")
		s.run(2 * time.Second)
		s.wantFailures("clock.after show.lua:1: show.lua:1: " + want)
	}
}

// TestLongMessages: as many arguments as fit into a datagram.
func TestLongMessages(t *testing.T) {
	s := live(t, oscLine+`rx:on("/x", function(_, ...) print(select("#", ...)) end)`)
	s.hear(0, "/x", make([]any, wire.MaxArgs)...)
	s.run(time.Second)
	s.wantLog(fmt.Sprintf("0.000 %d", wire.MaxArgs))
	if len(s.failures) > 0 {
		t.Error(strings.Join(s.failures, "\n"))
	}
}

// TestMessagesToAPattern: a sender may write a pattern where the script has an address.
func TestMessagesToAPattern(t *testing.T) {
	s := live(t, oscLine+`
		for _, listened in ipairs{ "/lamp/1", "/lamp/2", "/fan/1", "/lamp/*" } do
			rx:on(listened, function(address, v) print(listened, address, v) end)
		end`)
	s.run(500 * time.Millisecond)
	s.hear(0, "/lamp/[12]", int32(5))
	s.hear(0, "/{lamp,fan}/1", int32(6))
	s.run(time.Second)
	s.wantLog("0.500 /lamp/1\t/lamp/[12]\t5", "0.500 /lamp/2\t/lamp/[12]\t5", "0.500 /lamp/*\t/lamp/[12]\t5",
		"0.500 /lamp/1\t/{lamp,fan}/1\t6", "0.500 /fan/1\t/{lamp,fan}/1\t6")
}
