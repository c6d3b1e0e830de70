package stagelinq

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/wire"
)

func emit(path, json string) []byte {
	return wire.AppendState(nil, wire.StateMessage{Type: wire.StateEmit, Path: path, JSON: json})
}

func TestSinkTalksToAUnit(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, func(c *Config) { c.States = []string{"/a", "/b"} })
	found := o.device(Found)
	if d := found.Device; d.Token != u.identity.Token || d.Name != "unit" || d.Software != "JC11" || d.Version != "1.0.0" || d.Address.String() != "127.0.0.1" {
		t.Errorf("%+v", d)
	}
	u.serveList(stateMap, beatInfo)

	states := u.serveHello(stateMap)
	o.device(Connected)
	for _, path := range []string{"/a", "/b"} {
		m, err := wire.ParseState(states.readFrame())
		if err != nil || m.Type != wire.StateSubscribe || m.Path != path || m.Interval != 0 {
			t.Errorf("%+v, %v, want subscription of %s", m, err, path)
		}
	}
	states.send(emit("/a", `{"state":true,"type":1}`))
	if e := o.state(); e.Path != "/a" || e.Value.Any() != true || e.Device != found.Device || e.At.IsZero() {
		t.Errorf("%+v", e)
	}

	beats := u.serveHello(beatInfo)
	if kind, _, err := wire.ParseBeatInfo(beats.readFrame(), nil); kind != wire.BeatStart || err != nil {
		t.Errorf("%d, %v, want start", kind, err)
	}
	beats.send(wire.AppendBeatInfo(nil, BeatInfo{Clock: 5, Decks: []DeckBeat{{Beat: -0.5, Total: 512, BPM: 128, Sample: 10335.9375}}}))
	if e := o.beat(); e.BeatInfo.Clock != 5 || len(e.BeatInfo.Decks) != 1 || e.BeatInfo.Decks[0].Beat != -0.5 || e.Device != found.Device {
		t.Errorf("%+v", e)
	}

	o.Subscribe("/c")
	o.Subscribe("/c")
	o.Subscribe("/d")
	for _, path := range []string{"/c", "/d"} {
		if m, err := wire.ParseState(states.readFrame()); err != nil || m.Path != path {
			t.Errorf("%+v, %v, want subscription of %s", m, err, path)
		}
	}
	u.leave()
	if e := o.device(Lost); e.Reason != "unit left" {
		t.Errorf("%+v", e)
	}
	if len(o.Devices()) != 0 {
		t.Errorf("%v", o.Devices())
	}
}

func TestSinkEchoes(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JP13")
	o := observe(t, port, nil)
	main := u.serveList(stateMap, beatInfo)
	request := wire.Message{ID: wire.IDReference, Token: u.identity.Token, Value: 0x5ee4d7954}
	main.sendMessage(request)
	reply := main.readMessage()
	for reply.Token != u.identity.Token {
		reply = main.readMessage() // its own request
	}
	if want := (wire.Message{ID: wire.IDReference, Token: u.identity.Token, Token2: o.config.Token, Value: request.Value}); reply != want {
		t.Errorf("%+v, want %+v", reply, want)
	}
	// An answer, also to somebody else, must not be answered.
	main.sendMessage(wire.Message{ID: wire.IDReference, Token: u.identity.Token, Token2: o.config.Token, Value: 1})
	ping := main.readMessage()
	if ping.Token != o.config.Token || !ping.Token2.IsZero() {
		t.Fatalf("%+v, want a request of the sink", ping)
	}
	ping.Token2 = u.identity.Token
	main.sendMessage(ping)
	o.awaitStatus("a round trip", func(st UnitStatus) bool { return st.RoundTrip > 0 })
}

// TestSinkIsGreetedBack: a unit may answer a hello with its own, and ask the sink for states
// and beats, before it sends any.
func TestSinkIsGreetedBack(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, nil)
	u.serveList(stateMap, beatInfo)
	greet := func(k service) peerConn {
		c := u.serveHello(k)
		c.sendMessage(wire.Message{ID: wire.IDAnnounce, Token: u.identity.Token, Service: k.String(), Port: tcpPort(u.services[k])})
		return c
	}
	states := greet(stateMap)
	states.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSubscribe, Path: "/Engine/Deck1/Play"}))
	states.send(emit("/good", `{"type":0,"value":1.5}`))
	if e := o.state(); e.Path != "/good" {
		t.Errorf("%+v", e)
	}
	beats := greet(beatInfo)
	beats.send(wire.AppendBeatCommand(nil, wire.BeatStart))
	beats.send(wire.AppendBeatInfo(nil, wire.BeatInfo{Clock: 1, Decks: []wire.DeckBeat{{Beat: 4, BPM: 120}}}))
	if e := o.beat(); len(e.BeatInfo.Decks) != 1 || e.BeatInfo.Decks[0].Beat != 4 {
		t.Errorf("%+v", e)
	}
}

// TestSinkSurvivesBadStates sends what is wrong or unexpected before a good
// value: every frame is skipped by its length.
func TestSinkSurvivesBadStates(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, nil)
	u.serveList(stateMap, beatInfo)
	c := u.serveHello(stateMap)
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSubscribe, Path: "/Mixer/NumberOfChannels", Interval: 0xffffffff}))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSet, Path: "/Client/Preferences/Player", JSON: `{"string":"1","type":4}`}))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSet, Path: "/Client/Preferences/Player", Null: true}))
	c.send([]byte{0, 0, 0, 0})                                                             // empty
	c.send([]byte{0, 0, 0, 12, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, 0, 0, 0, 0})            // no marker
	c.send([]byte{0, 0, 0, 16, 's', 'm', 'a', 'a', 0, 0, 7, 0xd9, 0, 0, 0, 0, 0, 0, 0, 0}) // unknown type
	c.send(emit("/E", "bad"))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateEmit, Path: "/null", Null: true}))
	c.send(emit("/good", `{"type":0,"value":1.5}`))
	if e := o.state(); e.Path != "/null" || e.Value.Any() != nil {
		t.Errorf("%+v", e)
	}
	if e := o.state(); e.Path != "/good" || e.Value.Number != 1.5 {
		t.Errorf("%+v", e)
	}
	if st := o.Stats(); st.BadFrames != 4 || st.Writes != 3 || st.States != 2 {
		t.Errorf("%+v", st)
	}
}

func TestSinkSurvivesBadBeats(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, nil)
	u.serveList(stateMap, beatInfo)
	c := u.serveHello(beatInfo)
	c.send([]byte{0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}) // too many decks
	c.send(wire.AppendBeatCommand(nil, wire.BeatStop))
	c.send(wire.AppendBeatInfo(nil, BeatInfo{Clock: 6}))
	if e := o.beat(); e.BeatInfo.Clock != 6 || len(e.BeatInfo.Decks) != 0 {
		t.Errorf("%+v", e)
	}
	if st := o.Stats(); st.BadFrames != 1 || st.Beats != 1 {
		t.Errorf("%+v", st)
	}
}

// TestSinkRedialsAStreamItCannotRead covers the ends a service connection can
// come to by its content, and checks that the other service goes on.
func TestSinkRedialsAStreamItCannotRead(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, nil)
	u.serveList(stateMap, beatInfo)
	states := u.serveHello(stateMap)
	beats := u.serveHello(beatInfo)
	beats.readFrame()

	beats.send([]byte{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 2})
	beats.awaitEnd()
	beats = u.serveHello(beatInfo)
	if kind, _, err := wire.ParseBeatInfo(beats.readFrame(), nil); kind != wire.BeatStart || err != nil {
		t.Errorf("%d, %v, want start", kind, err)
	}

	for range maxBadFrames {
		beats.send([]byte{0, 0, 0, 4, 0, 0, 0, 9})
	}
	beats.awaitEnd()
	u.serveHello(beatInfo)

	states.send(emit("/good", `{"type":0,"value":1}`))
	if e := o.state(); e.Path != "/good" {
		t.Errorf("%+v", e)
	}
	if st := o.Stats(); st.Restarts != 0 || st.Connects != 1 {
		t.Errorf("%+v", st)
	}
}

func TestSinkStartsOverWhenTheMainConnectionEnds(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, func(c *Config) { c.States = []string{"/a"} })
	main := u.serveList(stateMap, beatInfo)
	states := u.serveHello(stateMap)
	o.device(Found)
	o.device(Connected)
	states.readFrame()
	main.Close()
	if e := o.device(Lost); e.Reason != "main connection: closed by the unit" {
		t.Errorf("%+v", e)
	}
	states.awaitEnd()
	if d := o.Devices(); len(d) != 1 {
		t.Errorf("a unit that announces itself is not listed: %v", d)
	}
	u.serveList(stateMap, beatInfo)
	states = u.serveHello(stateMap)
	o.device(Connected)
	if m, err := wire.ParseState(states.readFrame()); err != nil || m.Path != "/a" {
		t.Errorf("%+v, %v, want the subscription again", m, err)
	}
}

func TestSinkFollowsAReboot(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, nil)
	u.serveList(stateMap, beatInfo)
	u.serveHello(stateMap)
	o.device(Found)
	o.device(Connected)

	// The power is cut: no EXIT, and its connections hang. A moment later it
	// announces another port.
	u.die()
	second := *u
	second.main = u.listen()
	second.identity.Port = tcpPort(second.main)
	second.identity.Version = "2.0.0"
	second.announce()
	if e := o.device(Lost); e.Reason != "unit restarted" {
		t.Errorf("%+v", e)
	}
	second.serveList(stateMap, beatInfo)
	second.serveHello(stateMap)
	if e := o.device(Connected); e.Device.Version != "2.0.0" {
		t.Errorf("%+v", e)
	}
}

func TestSinkSaysWhyNothingHappens(t *testing.T) {
	t.Parallel()
	t.Run("port closed", func(t *testing.T) {
		t.Parallel()
		port := freePort(t)
		u := newUnit(t, port, "JC11")
		u.main.Close()
		if got := observe(t, port, nil).reason(); got != "main connection: connection refused" {
			t.Error(got)
		}
	})
	t.Run("garbage on the main connection", func(t *testing.T) {
		t.Parallel()
		port := freePort(t)
		u := newUnit(t, port, "JC11")
		o := observe(t, port, nil)
		c := u.accept(u.main)
		c.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		c.awaitEnd()
		if got := o.reason(); !strings.Contains(got, wire.ErrType.Error()) {
			t.Error(got)
		}
		u.accept(u.main) // and again
	})
	t.Run("endless service name", func(t *testing.T) {
		t.Parallel()
		port := freePort(t)
		u := newUnit(t, port, "JC11")
		o := observe(t, port, nil)
		c := u.accept(u.main)
		c.send(append(make([]byte, 20), 0x40, 0, 0, 0))
		c.awaitEnd()
		if got := o.reason(); !strings.Contains(got, wire.ErrTooLong.Error()) {
			t.Error(got)
		}
	})
	t.Run("accepts and says nothing", func(t *testing.T) {
		t.Parallel()
		port := freePort(t)
		u := newUnit(t, port, "JC11")
		o := observe(t, port, nil)
		u.accept(u.main).awaitEnd()
		if got := o.reason(); !strings.Contains(got, "no service list") {
			t.Error(got)
		}
	})
}

func TestSinkIgnoresWhatHasNoDecks(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	for _, software := range []string{"OfflineAnalyzer", "Offline Analyzer", "JM08", "JC20", "SSS0", "SoundSwitch", "Resolume Arena", "nowplaying"} {
		newUnit(t, port, software)
	}
	portless := newSilentUnit(t, port, "JC11")
	portless.identity.Port = 0
	portless.announce()
	o := observe(t, port, nil)
	player := newUnit(t, port, "JC16")
	if e := o.device(Found); e.Device.Token != player.identity.Token {
		t.Errorf("%+v", e)
	}
	if d := o.Devices(); len(d) != 1 {
		t.Errorf("%v", d)
	}
}

func TestSinkAsksWhomToAccept(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	newUnit(t, port, "JC11")
	odd := newUnit(t, port, "JX99")
	o := observe(t, port, func(c *Config) { c.Accept = func(d Device) bool { return d.Software == "JX99" } })
	if e := o.device(Found); e.Device.Token != odd.identity.Token {
		t.Errorf("%+v", e)
	}
}

// hearSink waits for the HOWDY of the sink.
func (u *unit) hearSink() wire.Announcement {
	u.t.Helper()
	heard := make(chan wire.Announcement, 100)
	ctx, cancel := context.WithCancel(context.Background())
	listener := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: wire.Announcement{Token: Token{99}, Software: "nowplaying"}, Interface: "lo", Port: u.port,
		Heard: func(h discovery.Heard) { heard <- h.Announcement },
	})
	done := make(chan error, 1)
	go func() { done <- listener.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			u.t.Error(err)
		}
	}()
	select {
	case a := <-heard:
		return a
	case <-time.After(patience):
		u.t.Fatal("the sink does not announce itself")
		return wire.Announcement{}
	}
}

func (u *unit) dial(port uint16) peerConn {
	u.t.Helper()
	c, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { c.Close() })
	return peerConn{u.t, c}
}

// TestMixerDialsTheSink plays the mixer of the capture against a listening
// sink: it announces a closed port, dials, asks for the list and opens the
// services, here before its HOWDY is heard.
func TestMixerDialsTheSink(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	o := observe(t, port, func(c *Config) {
		c.Listen = true
		c.States = []string{"/Mixer/NumberOfChannels"}
	})
	u := newSilentUnit(t, port, "JM08")
	u.main.Close()
	sink := u.hearSink()

	main := u.dial(sink.Port)
	main.sendMessage(wire.Message{ID: wire.IDRequest, Token: u.identity.Token})
	ports := map[string]uint16{}
	for range serviceCount {
		m := main.readMessage()
		if m.ID != wire.IDAnnounce || m.Token != o.config.Token {
			t.Fatalf("%+v", m)
		}
		ports[m.Service] = m.Port
	}
	ping := wire.Message{ID: wire.IDReference, Token: u.identity.Token, Value: 7}
	main.sendMessage(ping)
	if m := main.readMessage(); m.Token2 != o.config.Token || m.Value != 7 {
		t.Errorf("%+v", m)
	}

	states := u.dial(ports[wire.ServiceStateMap])
	hello := wire.Message{ID: wire.IDAnnounce, Token: u.identity.Token, Service: wire.ServiceStateMap, Port: 50011}
	states.sendMessage(hello)
	u.announce()
	o.device(Found)
	o.device(Connected)
	if m, err := wire.ParseState(states.readFrame()); err != nil || m.Path != "/Mixer/NumberOfChannels" {
		t.Errorf("%+v, %v", m, err)
	}
	states.send(emit("/Mixer/NumberOfChannels", `{"type":10,"value":4}`))
	if e := o.state(); e.Value.Number != 4 || e.Device.Software != "JM08" {
		t.Errorf("%+v", e)
	}
	second := u.dial(ports[wire.ServiceStateMap])
	second.sendMessage(hello)
	second.awaitEnd()
	wrong := u.dial(ports[wire.ServiceBeatInfo])
	wrong.sendMessage(hello)
	wrong.awaitEnd()
	states.Close()
	if e := o.device(Lost); e.Reason != "StateMap: closed by the unit" {
		t.Errorf("%+v", e)
	}
}

func TestSinkClosesEverything(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	u := newUnit(t, port, "JC11")
	o := observe(t, port, func(c *Config) { c.Listen = true })
	main := u.serveList(stateMap, beatInfo)
	states := u.serveHello(stateMap)
	o.device(Found)
	o.device(Connected)
	o.stop()
	if e := o.device(Lost); e.Reason != "sink closed" {
		t.Errorf("%+v", e)
	}
	main.awaitEnd()
	states.awaitEnd()
}

func TestSinkRunsAgain(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	newUnit(t, port, "JC11")
	o := observe(t, port, func(c *Config) { c.Listen = true })
	o.device(Found)
	o.stop()
	o.device(Lost)
	start(t, o.Run)
	o.device(Found)
}

func TestNewSinkChecksItsConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no token": {},
		"port":     {Token: Token{1}, DiscoveryPort: 70000},
	} {
		if _, err := OpenSink(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	s, err := OpenSink(Config{Token: Token{1}, Interface: "no-such-interface", Listen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); !errors.Is(err, lan.ErrAbsent) {
		t.Error(err)
	}
}
