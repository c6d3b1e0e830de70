package source

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/wire"
)

// client is a peer whose every byte the test writes itself.
type client struct {
	t     *testing.T
	token wire.Token
	net.Conn
}

func dialClient(t *testing.T, port uint16) client {
	t.Helper()
	c, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return client{t, wire.Token{42}, c}
}

func (c client) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// message reads one unframed message and leaves what follows.
func (c client) message() wire.Message {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var b []byte
	for {
		b = append(b, 0)
		if _, err := io.ReadFull(c, b[len(b)-1:]); err != nil {
			c.t.Fatalf("after %x: %v", b[:len(b)-1], err)
		}
		m, _, err := wire.ParseMessage(b)
		if err == nil {
			return m
		}
		if err != wire.ErrShort {
			c.t.Fatalf("%x: %v", b, err)
		}
	}
}

func (c client) frame() []byte {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		c.t.Fatal(err)
	}
	b := make([]byte, int(head[2])<<8|int(head[3]))
	if _, err := io.ReadFull(c, b); err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c client) state() wire.StateMessage {
	c.t.Helper()
	m, err := wire.ParseState(c.frame())
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c client) awaitEnd() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			c.t.Fatal("the source does not close the connection")
		}
	}
}

func hello(service string) []byte {
	return wire.AppendMessage(nil, wire.Message{ID: wire.IDAnnounce, Token: wire.Token{42}, Service: service, Port: 1})
}

func subscribe(path string, interval uint32) []byte {
	return wire.AppendState(nil, wire.StateMessage{Type: wire.StateSubscribe, Path: path, Interval: interval})
}

// hear returns the first announcement on a discovery port.
func hear(t *testing.T, port int) wire.Announcement {
	t.Helper()
	heard := make(chan wire.Announcement, 100)
	ctx, cancel := context.WithCancel(context.Background())
	listener := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: wire.Announcement{Token: wire.Token{99}, Software: "test"}, Interface: "lo", Port: port,
		Heard: func(h discovery.Heard) { heard <- h.Announcement },
	})
	done := make(chan error, 1)
	go func() { done <- listener.Run(ctx) }()
	a := await(t, "announcement", heard, func(wire.Announcement) bool { return true })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return a
}

// enter starts a unit and returns it with a client's view of its services.
func enter(t *testing.T) (*Conn, client, map[string]uint16) {
	t.Helper()
	port := freePort(t)
	s := newSource(t, port, nil)
	run(t, s.Run)
	a := hear(t, port)
	if a.Token != s.config.Token || a.Name != "prime4" || a.Software != "JC11" || a.Version != "3.4.0" || a.Exit {
		t.Errorf("%+v", a)
	}
	c := dialClient(t, a.Port)
	if m := c.message(); m.ID != wire.IDRequest || m.Token != s.config.Token {
		t.Fatalf("%+v, want a request: one client waits for it", m)
	}
	sent := time.Now()
	c.send(wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: c.token}))
	ports := map[string]uint16{}
	for _, name := range services {
		m := c.message()
		if m.ID != wire.IDAnnounce || m.Service != name || m.Token != s.config.Token || m.Port == 0 {
			t.Fatalf("%+v, want %s", m, name)
		}
		ports[name] = m.Port
	}
	if took := time.Since(sent); took < 2*time.Millisecond {
		t.Errorf("list after %v: one client loses it", took)
	}
	return s, c, ports
}

func TestMainConnection(t *testing.T) {
	t.Parallel()
	s, c, _ := enter(t)
	ping := c.message()
	if ping.ID != wire.IDReference || ping.Token != s.config.Token || !ping.Token2.IsZero() {
		t.Errorf("%+v, want an echo request after the list", ping)
	}
	c.send(wire.AppendMessage(nil, wire.Message{ID: wire.IDReference, Token: c.token, Value: 77}))
	if m := c.message(); m.Token != c.token || m.Token2 != s.config.Token || m.Value != 77 {
		t.Errorf("%+v, want the echo", m)
	}
	c.send(wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: c.token}))
	if m := c.message(); m.Service != services[0] {
		t.Errorf("%+v, want the list again", m)
	}
	c.send([]byte{0, 0, 0, 9})
	c.awaitEnd()
}

func TestStateConnection(t *testing.T) {
	t.Parallel()
	s, _, ports := enter(t)
	c := dialClient(t, ports[wire.ServiceStateMap])
	// Hello and first subscription in one segment; then what a unit takes in
	// silence, and at last a path it has.
	c.send(append(hello(wire.ServiceStateMap), subscribe("/Engine/Deck1/PlayState", 0)...))
	if m := c.state(); m.Path != "/Engine/Deck1/PlayState" || m.JSON != `{"state":false,"type":1}` {
		t.Errorf("%+v", m)
	}
	c.send(subscribe("/Engine/Deck9/NoSuchPath", 0))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSet, Path: "/Client/Preferences/Player", JSON: `{"string":"3","type":4}`}))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateSet, Path: "/Client/Preferences/Player", Null: true}))
	c.send(wire.AppendState(nil, wire.StateMessage{Type: wire.StateEmit, Path: "/x", JSON: `{"state":true,"type":1}`}))
	c.send([]byte{0, 0, 0, 12, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, 0, 0, 0, 0})
	c.send(subscribe("/Client/Preferences/Player", 0xffffffff))
	if m := c.state(); m.Path != "/Client/Preferences/Player" || m.JSON != `{"string":"1","type":4}` {
		t.Errorf("%+v", m)
	}
	s.Do(func(p *Player, now time.Time) {
		p.Load(1, grid, now)
		p.Play(1, now)
		p.Pause(1, now)
	})
	for _, want := range []string{`{"state":true,"type":1}`, `{"state":false,"type":1}`} {
		if m := c.state(); m.Path != "/Engine/Deck1/PlayState" || m.JSON != want {
			t.Errorf("%+v, want %s", m, want)
		}
	}
	if st := s.Stats(); st.Clients != 1 || st.Writes != 2 {
		t.Errorf("%+v", st)
	}
	c.send([]byte{0xff, 0xff, 0xff, 0xff})
	c.awaitEnd()
}

func TestBeatConnection(t *testing.T) {
	t.Parallel()
	_, _, ports := enter(t)
	c := dialClient(t, ports[wire.ServiceBeatInfo])
	// Hello byte by byte, then start in the piece of its last byte.
	opening := wire.AppendBeatCommand(hello(wire.ServiceBeatInfo), wire.BeatStart)
	for len(opening) > 9 {
		c.send(opening[:1])
		opening = opening[1:]
	}
	c.send(opening)
	var clock uint64
	for range 10 {
		kind, info, err := wire.ParseBeatInfo(c.frame(), nil)
		if err != nil || kind != wire.BeatEmit || len(info.Decks) != 4 || info.Clock <= clock {
			t.Errorf("%d, %+v, %v", kind, info, err)
		}
		if info.Decks[3] != (wire.DeckBeat{BPM: 120}) {
			t.Errorf("idle deck %+v", info.Decks[3])
		}
		clock = info.Clock
	}
	c.send(wire.AppendBeatCommand(nil, wire.BeatStop))
	c.send([]byte{0x7f, 0xff, 0xff, 0xff})
	c.awaitEnd()
}

// TestFileTransferListsNoSources: clients ask for the list with their default options, and
// some go no further without an answer.
func TestFileTransferListsNoSources(t *testing.T) {
	t.Parallel()
	_, _, ports := enter(t)
	c := dialClient(t, ports[wire.ServiceFileTransfer])
	c.send(hello(wire.ServiceFileTransfer))
	for _, id := range []byte{0, 7} {
		c.send([]byte{0, 0, 0, 16, 'f', 'l', 't', 'x', 0, 0, 0, id, 0, 0, 7, 0xd2, 0, 0, 0, 0})
		if want := append([]byte{'f', 'l', 't', 'x', 0, 0, 0, id, 0, 0, 0, 3, 0, 0, 0, 0}, 1, 1, 1); !bytes.Equal(c.frame(), want) {
			t.Errorf("answered otherwise than % x", want)
		}
	}
}

func TestOtherServicesHoldOpen(t *testing.T) {
	t.Parallel()
	_, main, ports := enter(t)
	for _, name := range []string{wire.ServiceBroadcast, wire.ServiceTimeSync, wire.ServiceFileTransfer} {
		c := dialClient(t, ports[name])
		c.send(hello(name))
		c.send([]byte("whatever this service means to its client"))
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || !err.(net.Error).Timeout() {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
	// The main connection has not suffered.
	main.send(wire.AppendMessage(nil, wire.Message{ID: wire.IDReference, Token: main.token, Value: 1}))
	for main.message().Token2.IsZero() {
	}
}

func TestHostileClients(t *testing.T) {
	t.Parallel()
	s, _, ports := enter(t)
	for _, opening := range [][]byte{
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		append(make([]byte, 20), 0xff, 0xff, 0xff, 0xfe),
		hello(wire.ServiceBeatInfo),
		wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest}),
	} {
		c := dialClient(t, ports[wire.ServiceStateMap])
		c.send(opening)
		c.awaitEnd()
	}
	if st := s.Stats(); st.Refused != 4 || st.Clients != 0 {
		t.Errorf("%+v", st)
	}
}

// TestSourceDialsAListener plays a program that waits to be dialled.
func TestSourceDialsAListener(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	s := newSource(t, port, nil)
	run(t, s.Run)
	listen := func() (net.Listener, uint16) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l, uint16(l.Addr().(*net.TCPAddr).Port)
	}
	accept := func(l net.Listener) client {
		t.Helper()
		if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatalf("the source does not dial: %v", err)
		}
		t.Cleanup(func() { c.Close() })
		return client{t, wire.Token{42}, c}
	}
	mainListener, mainPort := listen()
	stateListener, statePort := listen()
	beatListener, beatPort := listen()
	announcer := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self:      wire.Announcement{Token: wire.Token{42}, Name: "listener", Software: "listener", Port: mainPort},
		Interface: "lo", Port: port, Heard: func(discovery.Heard) {},
	})
	run(t, announcer.Run)

	for round := range 2 {
		main := accept(mainListener)
		if m := main.message(); m.ID != wire.IDRequest || m.Token != s.config.Token {
			t.Fatalf("%+v", m)
		}
		for name, p := range map[string]uint16{wire.ServiceStateMap: statePort, wire.ServiceBeatInfo: beatPort, "Other": 1} {
			main.send(wire.AppendMessage(nil, wire.Message{ID: wire.IDAnnounce, Token: main.token, Service: name, Port: p}))
		}
		states, beats := accept(stateListener), accept(beatListener)
		if m := states.message(); m.ID != wire.IDAnnounce || m.Token != s.config.Token || m.Service != wire.ServiceStateMap {
			t.Errorf("hello %+v", m)
		}
		states.send(hello(wire.ServiceStateMap)) // some greet back
		states.send(subscribe("/Engine/DeckCount", 0))
		if m := states.state(); m.JSON != `{"type":10,"value":4}` {
			t.Errorf("%+v", m)
		}
		if m := beats.message(); m.Service != wire.ServiceBeatInfo {
			t.Errorf("hello %+v", m)
		}
		beats.send(hello(wire.ServiceBeatInfo))
		beats.send(wire.AppendBeatCommand(nil, wire.BeatStart))
		if kind, _, err := wire.ParseBeatInfo(beats.frame(), nil); kind != wire.BeatEmit || err != nil {
			t.Errorf("%d, %v", kind, err)
		}
		main.Close() // it comes back
		states.awaitEnd()
		if round == 0 {
			beats.awaitEnd()
		}
	}
}

func TestNewChecksItsConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"no token":      {},
		"one deck":      {Token: wire.Token{1}, Decks: 1},
		"five decks":    {Token: wire.Token{1}, Decks: 5},
		"beat rate":     {Token: wire.Token{1}, BeatRate: 101},
		"player number": {Token: wire.Token{1}, Number: 5},
	} {
		if _, err := Open(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
