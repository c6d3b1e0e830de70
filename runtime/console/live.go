package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Limits of a viewer.
const (
	maxMessage   = 16 << 10
	messageRate  = 60 // messages a second
	messageBurst = 120
	pingEvery    = 20 * time.Second
	pongTime     = time.Minute // for which a viewer may say nothing, not even that it is there
)

// A viewer is a page that looks at the show, or whatever else speaks as it does. One
// goroutine reads what it asks, and one writes what it is told: that is the latest, however
// long it took nothing.
type viewer struct {
	server *Server
	socket *websocket.Conn
	visit  *visit

	sees    atomic.Pointer[sight]
	wake    chan struct{} // there is a new sample
	replies chan []byte   // handed over; who asks waits until his reply is taken
	pongs   chan []byte   // the last ping counts
	gone    chan struct{} // closed when nothing is written any more

	pace bucket // of messages; of the one that reads
	told told   // of the one that writes
}

// look serves a WebSocket until it ends.
func (s *Server) look(w http.ResponseWriter, v *visit) {
	up := websocket.Upgrader{
		HandshakeTimeout: requestTime, ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10, WriteBufferPool: &s.buffers,
		CheckOrigin: func(*http.Request) bool { return true }, // the gate has
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			s.refuse(w, notUnderstood, status, reason.Error())
		},
	}
	socket, err := up.Upgrade(w, v.Request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	v.guest.hall.rise(v.guest, live)
	v.guest.holding = true
	p := &viewer{
		server: s, socket: socket, visit: v,
		wake: make(chan struct{}, 1), replies: make(chan []byte), pongs: make(chan []byte, 1), gone: make(chan struct{}),
		pace: bucket{rate: messageRate, burst: messageBurst}, told: told{levels: map[int]tick{}},
	}
	p.sees.Store(&sight{})
	socket.SetReadLimit(maxMessage)
	socket.SetPingHandler(p.pinged)
	socket.SetPongHandler(func(string) error { return p.heard() })
	socket.SetCloseHandler(func(int, string) error { return nil })
	s.sampler.join(p)
	defer s.sampler.leave(p)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer socket.Close() // ends the writing
	writing.Go(p.write)
	p.read()
}

// heard notes that the viewer is there, and has it wait if it says too much.
func (p *viewer) heard() error {
	if wait := p.pace.take(time.Now(), 1); wait > 0 {
		p.server.refused.add(slowedClient)
		if !p.visit.guest.wait(wait) {
			return errHeld
		}
	}
	return p.socket.SetReadDeadline(time.Now().Add(pongTime))
}

// pinged has the writer answer.
func (p *viewer) pinged(text string) error {
	select {
	case <-p.pongs:
	default:
	}
	p.pongs <- []byte(text) // nobody else puts one in
	return p.heard()
}

// read does what the viewer asks until it is gone.
func (p *viewer) read() {
	if p.heard() != nil {
		return
	}
	for {
		kind, b, err := p.socket.ReadMessage()
		if errors.Is(err, websocket.ErrReadLimit) {
			p.server.refused.add(tooLarge)
		}
		if err != nil || p.heard() != nil {
			return
		}
		reply := p.take(kind, b)
		if reply == nil {
			continue
		}
		select {
		case p.replies <- reply:
		case <-p.gone:
			return
		}
	}
}

// A request is what a viewer asks: one of these.
type request struct {
	ID   *int64    `json:"id"`
	See  *[]string `json:"see"`
	Do   []string  `json:"do"`
	Why  []string  `json:"why"`
	Copy *[]string `json:"copy"`
	Ping *float64  `json:"ping"`
}

// reply answers a request that has an id.
type reply struct {
	ID    int64  `json:"id"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Value any    `json:"value,omitempty"`
}

// errNotUnderstood is what a message gets that is no request.
var errNotUnderstood = errors.New("this is no request; there are see, do, why, copy and ping")

// take does what a message asks, and returns the reply if it wants one.
func (p *viewer) take(kind int, b []byte) []byte {
	var r request
	if kind != websocket.TextMessage || decode(b, &r) != nil {
		p.server.refused.add(notUnderstood)
		r = request{}
	}
	text, value, err := p.do(r)
	if r.ID == nil && err == nil {
		return nil
	}
	a := reply{OK: err == nil, Text: text, Value: value}
	if r.ID != nil {
		a.ID = *r.ID
	}
	if err != nil {
		a.Text, a.Value = err.Error(), nil
	}
	b, err = json.Marshal(a)
	if err != nil {
		b, _ = json.Marshal(reply{ID: a.ID, Text: "the answer cannot be written: " + err.Error()})
	}
	return appendMember(nil, p.server.View.Now().Time, "reply", b)
}

// do does what is asked.
func (p *viewer) do(r request) (text string, value any, err error) {
	switch {
	case r.See != nil:
		see, err := parseSight(*r.See)
		if err == nil {
			p.sees.Store(&see)
		}
		return "", nil, err
	case len(r.Do) > 0:
		text, err = p.server.drive(p.visit, r.Do[0], r.Do[1:])
		return text, nil, err
	case len(r.Why) > 0 && len(r.Why) <= 2:
		value, err = p.server.View.Why(r.Why[0], append(r.Why, "")[1])
		return "", value, err
	case r.Copy != nil:
		value, err = p.server.View.Copy(*r.Copy)
		return "", value, err
	case r.Ping != nil:
		return "", nil, nil
	}
	return "", nil, errNotUnderstood
}

// write tells the viewer how the show stands until it takes nothing any more.
func (p *viewer) write() {
	defer p.server.survive()
	defer close(p.gone)
	defer p.socket.Close() // ends the reading
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	err := p.hello()
	for err == nil {
		if err = p.visit.guest.flush(); err != nil {
			break
		}
		select {
		case <-p.visit.guest.gone:
			return
		case <-p.wake:
			err = p.tell()
		case b := <-p.replies:
			err = p.socket.WriteMessage(websocket.TextMessage, b)
		case b := <-p.pongs:
			err = p.socket.WriteMessage(websocket.PongMessage, b)
		case <-ping.C:
			err = p.socket.WriteMessage(websocket.PingMessage, nil)
		}
	}
	if isTimeout(err) {
		p.server.refused.add(stalledClient)
	}
}

// isTimeout tells whether somebody took nothing for too long.
func isTimeout(err error) bool {
	var late interface{ Timeout() bool }
	return errors.As(err, &late) && late.Timeout()
}

// hello is the first that a viewer is told.
func (p *viewer) hello() error {
	s := p.server
	b, err := json.Marshal(struct {
		Show    string    `json:"show"`
		Version string    `json:"version"`
		Role    Role      `json:"role"`
		Rate    int       `json:"rate"`
		Started time.Time `json:"started"`
	}{s.Show, s.Version, p.visit.role, s.Rate, s.Started})
	if err != nil {
		return err
	}
	return p.socket.WriteMessage(websocket.TextMessage, appendMember(nil, s.View.Now().Time, "hello", b))
}

// tell tells what has changed since the viewer was told last.
func (p *viewer) tell() error {
	saw := *p.sees.Load()
	p.told.see(saw)
	s := p.server.sampler
	s.latest.RLock()
	p.told.write(&s.sample)
	time, line := s.sample.time, s.sample.line
	s.latest.RUnlock()
	if saw.log && line > p.told.line {
		lines, _ := p.server.View.Log(p.told.line)
		if b, err := json.Marshal(lines); err == nil && len(lines) > 0 {
			p.told.add(websocket.TextMessage, appendMember(p.told.b, time, "lines", b))
			p.told.line = lines[len(lines)-1].Number
		}
	}
	return p.told.send(p.socket)
}
