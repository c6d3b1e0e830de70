package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/runtime/show"
)

// surface is somebody who operates a show by OSC and notes what it is told.
type surface struct {
	t    *testing.T
	conn *osc.Conn
	show netip.AddrPort
	told *lines
}

func newSurface(t *testing.T, show string) *surface {
	t.Helper()
	s := &surface{t: t, show: netip.MustParseAddrPort(show), told: newLines()}
	var err error
	s.conn, err = osc.Listen(osc.Config{Address: "127.0.0.1:0", Handler: func(m osc.Message, _ osc.TimeTag, _ netip.AddrPort, _ time.Time) {
		fmt.Fprintf(s.told, "%s %v\n", m.Address, m.Args)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.conn.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

func (s *surface) send(address string, args ...any) {
	s.t.Helper()
	if err := s.conn.Send(s.show, osc.Message{Address: address, Args: args}); err != nil {
		s.t.Fatal(err)
	}
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}

// TestOperateByOSC: a surface sets params and fires triggers, is told all it asks for and
// what others change, and why something is not done.
func TestOperateByOSC(t *testing.T) {
	address, log := freeAddress(t), newLines()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local show = require "show"
local speed = show.param{ "speed", default = 1, max = 4, step = 0.1 }
show.param{ "haze", default = false }
show.param{ "mood", choices = { "calm", "wild" } }
show.trigger("bump", function(...) show.log.info("bump %s", table.concat({ ... }, " ")) speed:set(3) end)
show.on("start", function() show.log.info("ready") end)`)
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", OSC: address, Log: log.logger()})
	log.await(t, "ready", 1)
	a, b := newSurface(t, address), newSurface(t, address)
	a.send("/showrun/subscribe")
	for _, want := range []string{"/showrun/show [", "/showrun/param/speed [1]", "/showrun/param/haze [0]", "/showrun/param/mood [calm]", "/showrun/master [255]", "/showrun/blackout [0]"} {
		a.told.await(t, want, 1)
	}
	b.send("/showrun/param/speed", float32(0.3))
	a.told.await(t, "/showrun/param/speed [0.3]", 1)
	b.told.await(t, "/showrun/param/speed [0.3]", 1) // it has operated, so it is told
	if p, _ := h.show.Board().Param("speed"); p.Value != 0.3 {
		t.Errorf("speed is %v", p.Value)
	}
	b.send("/showrun/param/haze", int32(1))
	b.send("/showrun/param/mood", "wild")
	b.send("/showrun/trigger/bump", "hard", int32(7))
	b.send("/showrun/trigger/bump", float32(0)) // let go
	log.await(t, "bump hard 7", 1)
	a.told.await(t, "/showrun/param/haze [1]", 1)
	a.told.await(t, "/showrun/param/mood [wild]", 1)
	a.told.await(t, "/showrun/trigger/bump [1]", 1)
	a.told.await(t, "/showrun/param/speed [3]", 1) // by the script
	b.send("/showrun/master", "50%", float32(0))
	b.send("/showrun/blackout", true)
	a.told.await(t, "/showrun/master [127.5]", 1)
	a.told.await(t, "/showrun/blackout [1]", 1)

	b.send("/showrun/param/speed", float32(9))
	b.told.await(t, "/showrun/error [speed must be 4 or less, got 9]", 1)
	b.told.await(t, "/showrun/param/speed [3]", 2) // what it still is
	b.send("/showrun/param/sped", float32(1))
	b.told.await(t, `/showrun/error [no param is called "sped" (did you mean "speed"?)]`, 1)
	b.send("/showrun/param/speed")
	b.told.await(t, "/showrun/param/speed [3]", 3)
	b.send("/showrun/go")
	b.told.await(t, "/showrun/error [the show has no cue lists]", 1)
	b.send("/showrun/go", []byte("main")) // is no word
	b.told.await(t, "/showrun/error [go takes [LIST] [CUE], and one of these was empty]", 1)
	if n := strings.Count(b.told.String(), "sped"); n != 1 {
		t.Errorf("of a param that there is not it is told %d times", n)
	}
	if strings.Contains(a.told.String(), "/showrun/error") {
		t.Error("somebody else is told of errors")
	}
	c := newSurface(t, address)
	c.send("/showrun/subscribe", int32(b.conn.Addr().Port())) // in the name of another port
	b.told.await(t, "/showrun/param/mood [wild]", 2)
	if strings.Count(log.String(), "bump") != 1 {
		t.Errorf("log %s", log)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestHoldByOSC: a surface holds by words and by faders, and is told what is held, by whomever,
// and what is let go.
func TestHoldByOSC(t *testing.T) {
	address, log := freeAddress(t), newLines()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local show, stage, one = require "show", require "stage", require "signet".sender{}:universe(1)
stage.fixture{ name = "wash 1", kind = "rgb", at = one:slot(1) }
show.on("start", function() show.log.info("ready") end)`)
	h, stop := runLive(t, Options{Show: file, Rig: true, OSC: address, Log: log.logger()})
	log.await(t, "ready", 1)
	a, b := newSurface(t, address), newSurface(t, address)
	a.send("/showrun/subscribe")
	a.told.await(t, "/showrun/master", 1)
	b.send("/showrun/hold", "wash 1.red", int32(200))
	a.told.await(t, "/showrun/hold/wash_1/red [200]", 1)
	b.send("/showrun/hold/wash_1/red", float32(100.5))
	a.told.await(t, "/showrun/hold/wash_1/red [100.5]", 1)
	b.send("/showrun/hold/wash_1", "tomato")
	a.told.await(t, "/showrun/hold/wash_1/color [#ff6347]", 1)
	if got := len(h.Board().Holds); got != 2 {
		t.Errorf("%d holds", got)
	}
	b.send("/showrun/unhold/wash_1/red", int32(0)) // let go of the button
	b.send("/showrun/hold/wash_1/rad", int32(5))
	b.told.await(t, `/showrun/error [fixture "wash 1" has no channel "rad" (did you mean "red"?)`, 1)
	b.send("/showrun/hold/wash_1/red")
	b.told.await(t, `/showrun/error [wash 1.red must be 0-255, or 0%-100%, got ""]`, 1)
	c := newSurface(t, address)
	c.send("/showrun/subscribe")
	c.told.await(t, "/showrun/hold/wash_1/red [100.5]", 1)
	b.send("/showrun/unhold/wash_1/red", int32(1))
	a.told.await(t, "/showrun/unhold/wash_1/red [1]", 1)
	b.send("/showrun/unhold")
	a.told.await(t, "/showrun/unhold/wash_1/color [1]", 1)
	if got := len(h.Board().Holds); got != 0 {
		t.Errorf("%d holds", got)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestOperationsOfMessages tells what messages mean.
func TestOperationsOfMessages(t *testing.T) {
	b := &show.Board{Lists: []show.List{{Name: "main"}, {Name: "2"}}}
	for _, c := range []struct {
		address string
		args    []any
		want    string
	}{
		{"go", nil, "show.Go{ }"},
		{"go", []any{float32(1)}, "show.Go{ }"},
		{"go", []any{true}, "show.Go{ }"},
		{"go", []any{int32(0)}, "<nil><nil>"},
		{"go", []any{false}, "<nil><nil>"},
		{"go", []any{int32(5)}, "show.Go{ 5}"},
		{"go", []any{float32(10.1)}, "show.Go{ 10.1}"},
		{"go", []any{"1"}, "show.Go{ 1}"},
		{"go", []any{"2"}, "show.Go{2 }"},
		{"go", []any{"main", int32(1)}, "show.Go{main 1}"},
		{"back", []any{"main"}, "show.Back{main}"},
		{"back", []any{float32(1)}, "show.Back{}"},
		{"stop-list", []any{float32(0)}, "<nil><nil>"},
		{"jump", []any{int32(1)}, "show.Jump{ 1 0s}"},
		{"jump", []any{"main", int32(1), float32(2.5)}, "show.Jump{main 1 2.5s}"},
		{"master", []any{float32(12.5)}, "show.Master{12.5 0s}"},
		{"blackout", []any{int32(0), int32(1)}, "show.Blackout{false 1s}"},
		{"param/x", []any{float32(0.1)}, "show.SetParam{x 0.1}"},
		{"param/x", []any{nil}, "show.SetParam{x }"},
		{"trigger/x", []any{int64(1), []byte("b")}, "show.Fire{x [1 ]}"},
	} {
		op, err := operation(osc.Message{Address: "/showrun/" + c.address, Args: c.args}, b)
		if got := fmt.Sprintf("%T%v", op, op); got != c.want || err != nil {
			t.Errorf("%s %v: %s, %v, want %s", c.address, c.args, got, err, c.want)
		}
	}
}

// TestSubscribers come, are renewed, and go.
func TestSubscribers(t *testing.T) {
	var s subscribers
	at := func(port int) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr("10.0.0.7"), uint16(port))
	}
	for port := range maxSubscribers {
		if !s.add(at(port+1), at(port+1), 0) {
			t.Fatalf("no room for %d", port)
		}
	}
	if s.add(at(1000), at(1000), 0) {
		t.Error("room for one too many")
	}
	known := func(port int, now time.Duration) bool { _, known := s.renew(at(port), now); return known }
	if !s.add(at(1), at(1), 0) || !known(1, time.Second) || known(1000, time.Second) {
		t.Error("who is known")
	}
	if got := fmt.Sprint(s.now(subscriptionFor)); got != "[10.0.0.7:1]" {
		t.Errorf("after a minute %s", got)
	}
	s.add(at(9000), at(5000), subscriptionFor)
	if to, known := s.renew(at(5001), subscriptionFor); !known || to != at(9000) { // another port of who is told there
		t.Error("not renewed")
	}
	s.remove(at(9000))
	if known(5000, subscriptionFor) || len(s.now(subscriptionFor+2*time.Second)) != 0 {
		t.Error("not gone")
	}
}

// TestCrowd lets so many through and counts the rest.
func TestCrowd(t *testing.T) {
	var c crowd
	taken := 0
	for i := range 10 * crowdCount {
		if c.allow(time.Duration(i) * crowdTime / (2 * crowdCount)) { // twice as many as are taken
			taken++
		}
	}
	if taken != 5*crowdCount || c.left.Load() != 5*crowdCount {
		t.Errorf("%d taken, %d left out", taken, c.left.Load())
	}
	h, err := newHost(Options{Show: "../../examples/first-light"})
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddrPort("127.0.0.1:9")
	for _, address := range []string{"/showrun/go", "/showrun/param/speed", "/showrun/trigger/x", "/showrun/subscribe"} {
		if b := []byte(address); !h.isCommand(b, from) || testing.AllocsPerRun(10, func() { h.isCommand(b, from) }) > 0 {
			t.Errorf("%s is no command, or costs memory", address)
		}
	}
	for range crowdCount {
		h.isCommand([]byte("/showrun/go"), from)
	}
	if h.isCommand([]byte("/showrun/go"), from) || !h.isCommand([]byte(oscStop), from) || !h.isCommand([]byte(oscRelease), from) {
		t.Error("a crowd of operators is heard, or keeps a stop out")
	}
}

// TestListsHaveAnAddress whatever they are called: receivers refuse some characters in one.
func TestListsHaveAnAddress(t *testing.T) {
	for name, want := range map[string]string{
		"main": "main", "Act 1/main": "Act_1_main", "Größe": "Größe", "a*b?{c}[d],#": "a_b__c__d___", "\x1b\n\xff": "___",
	} {
		if got := listMessage(&show.List{Name: name}).Address; got != "/showrun/list/"+want {
			t.Errorf("%q: %s", name, got)
		}
	}
}
