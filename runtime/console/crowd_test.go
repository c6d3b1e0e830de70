package console

import (
	"encoding/json"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// TestCrowd: of 50 who look at 1,000 fixtures that change all the time, 5 take nothing and 5
// ask without end. The others see every second what there is, memory stays as it is, and who
// takes nothing is closed.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const all, stalled, flooding = 50, 5, 5
	s := newStage()
	s.scene = &Scene{Fixtures: make([]Fixture, 1000), Outputs: []Output{{Slots: 512}}}
	s.looks, s.slots = make([]Look, 1000), make([]byte, 512)
	server := open(t, s, "127.0.0.1:0")
	over := make(chan struct{})
	var crowd sync.WaitGroup
	defer crowd.Wait()
	defer close(over)
	crowd.Go(func() { s.play(over) })
	frames := make([]atomic.Int64, all-stalled-flooding)
	for i := range all {
		p := dial(t, server, nil)
		p.say(`{"see":["stage","network","log","output:0"]}`)
		switch {
		case i < stalled:
			p.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
		case i < stalled+flooding:
			crowd.Go(func() {
				for p.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"do":["go"]}`)) == nil {
				}
			})
			crowd.Go(func() { io.Copy(io.Discard, p.NetConn()) })
		default:
			crowd.Go(func() {
				for {
					kind, b, err := p.ReadMessage()
					if err != nil {
						return
					}
					if kind == websocket.BinaryMessage && b[0] == looksFrame {
						frames[i-stalled-flooding].Add(1)
					}
				}
			})
		}
		defer p.Close()
	}
	awaitCount(t, &server.refused, stalledClient, stalled)
	before := liveMemory()
	was := make([]int64, len(frames))
	for i := range frames {
		was[i] = frames[i].Load()
	}
	late := time.After(60 * time.Second)
	for i := 0; i < len(frames); {
		select {
		case <-late:
			t.Fatalf("page %d has seen %d looks", i, frames[i].Load()-was[i])
		case <-time.After(10 * time.Millisecond):
		}
		for i < len(frames) && frames[i].Load() >= was[i]+30 {
			i++
		}
	}
	if after := liveMemory(); after > before+(4<<20) {
		t.Errorf("%d KiB are alive, before it were %d", after>>10, before>>10)
	}
	if n := server.refused[slowedClient].Load(); n == 0 {
		t.Error("nobody was slowed down")
	}
	if n := len(s.did()); n > flooding*(messageBurst+messageRate*120) {
		t.Errorf("%d commands were done", n)
	}
}

// play has every fixture change all the time.
func (s *stage) play(over <-chan struct{}) {
	every := time.NewTicker(time.Second / 44)
	defer every.Stop()
	for n := byte(0); ; n++ {
		select {
		case <-over:
			return
		case <-every.C:
		}
		s.change(func() {
			for i := range s.looks {
				s.looks[i].Intensity = n
			}
			for i := range s.slots {
				s.slots[i] = n
			}
			if len(s.done) > 1000 {
				s.done = s.done[:0]
			}
		})
	}
}

func liveMemory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestNobodyWaitsForever: one that takes nothing is given up after ten seconds, one that is
// slow is not.
func TestNobodyWaitsForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		g := &guest{Conn: ours, holding: true}
		if n, err := g.Write(make([]byte, 2*holdPiece-1)); n != 2*holdPiece-1 || !isTimeout(err) {
			t.Errorf("%d, %v", n, err)
		}
		began := time.Now()
		taken := make(chan struct{})
		go func() {
			defer close(taken)
			for range 3 {
				<-time.After(patience - time.Second)
				io.ReadFull(theirs, make([]byte, holdPiece))
			}
			theirs.Close()
		}()
		if err := g.send(make([]byte, 3*holdPiece)); err != nil {
			t.Errorf("a slow one: %v", err)
		}
		<-taken
		if took := time.Since(began); took != 3*(patience-time.Second) {
			t.Errorf("it took %v", took)
		}
		began = time.Now()
		ours, theirs = net.Pipe()
		defer theirs.Close()
		if err := (&guest{Conn: ours}).send([]byte{1}); !isTimeout(err) || time.Since(began) != patience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ours.Close()
	})
}

// TestPaceOfReading: a connection is read no faster than anybody needs.
func TestPaceOfReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		g := &guest{Conn: ours, pace: bucket{rate: readRate, burst: readBurst}, gone: make(chan struct{})}
		go func() {
			theirs.Write(make([]byte, readBurst+10*readRate))
			theirs.Close()
		}()
		began := time.Now()
		b, _ := io.ReadAll(g)
		if took := time.Since(began); len(b) != readBurst+10*readRate || took < 9*time.Second || took > 11*time.Second {
			t.Errorf("%d bytes in %v", len(b), took)
		}
		ours.Close()
	})
}

// TestNobodyLooks: nothing is sampled then, and again when somebody comes.
func TestNobodyLooks(t *testing.T) {
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	for range 2 {
		p := dial(t, server, nil)
		p.await("moment")
		p.Close()
		server.sampler.wg.Wait() // it ends by itself
		if n := server.sampler.count(); n != 0 {
			t.Errorf("%d look", n)
		}
	}
}

// TestHouseOnceASecond: whoever asks how often.
func TestHouseOnceASecond(t *testing.T) {
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	p := dial(t, server, nil)
	p.say(`{"see":["network"]}`)
	var house House
	if err := json.Unmarshal(p.await("house").value, &house); err != nil || len(house.Drops) < int(reasons) {
		t.Errorf("%v, drops %v", err, house.Drops)
	}
	for range 20 {
		server.houseNow()
		server.ails()
	}
	if n := seen(s, func() int { return s.houses }); n > 4 {
		t.Errorf("it was asked %d times", n)
	}
}

// TestSeeAgain: who looks at something again is told all of it.
func TestSeeAgain(t *testing.T) {
	p := dial(t, open(t, newStage(), "127.0.0.1:0"), nil)
	for range 3 {
		p.say(`{"see":["stage","output:0"]}`)
		if h := p.await("looks"); len(h.binary) != 9+2*11 {
			t.Errorf("looks have %d bytes", len(h.binary))
		}
		p.say(`{"id":1,"see":[]}`)
		p.await("reply")
		p.await("moment") // it has had its effect
	}
}

// TestFault: a fault of what is looked at ends neither the process nor the console.
func TestFault(t *testing.T) {
	s := newStage()
	server := open(t, s, "127.0.0.1:0")
	var told atomic.Int32
	server.sampler.survive = func() {
		if recover() != nil {
			told.Add(1)
		}
	}
	board := s.board
	s.change(func() { s.board, s.faulty = nil, true })
	p := dial(t, server, nil)
	p.await("hello")
	server.sampler.wg.Wait()
	s.change(func() { s.board, s.faulty = board, false })
	q := dial(t, server, nil)
	q.await("board")
	p.await("board")
	if told.Load() != 1 {
		t.Errorf("%d faults", told.Load())
	}
}

// comer is a connection from an address, of which nothing comes.
type comer struct {
	net.Conn
	from string
}

func (c comer) RemoteAddr() net.Addr { a, _ := net.ResolveTCPAddr("tcp", c.from); return a }
func (comer) Close() error           { return nil }

// TestPagesStay: where only pages are that somebody looks at, none gives its place to who
// comes; one that has said nothing yet does.
func TestPagesStay(t *testing.T) {
	var refused refusals
	h := &hall{refused: &refused}
	var pages []*guest
	for range maxConnectionsFrom {
		g := h.enter(comer{from: "192.0.2.1:5000"})
		h.rise(g, live)
		pages = append(pages, g)
	}
	if g := h.enter(comer{from: "192.0.2.1:5001"}); g != nil || h.count() != maxConnectionsFrom {
		t.Errorf("%v came in, %d are there", g, h.count())
	}
	for range maxConnections - maxConnectionsFrom {
		h.enter(comer{from: "192.0.2.2:5000"})
	}
	if g := h.enter(comer{from: "192.0.2.3:5000"}); g == nil || h.count() != maxConnections {
		t.Errorf("%v did not come in, %d are there", g, h.count())
	}
	for _, g := range pages {
		if !slices.Contains(h.open, g) {
			t.Fatal("a page had to go")
		}
	}
}
