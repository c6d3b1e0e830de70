package console

import (
	"github.com/gorilla/websocket"
)

// told is what a viewer was told last, and what it is told next. It belongs to the
// goroutine that writes.
type told struct {
	saw    sight
	topics [topics]tick
	looks  tick
	levels map[int]tick
	line   uint64 // of the log

	b     []byte // the messages that follow, one after the other
	parts []part
}

// A part is a message in a buffer.
type part struct{ kind, end int }

// keptBuffer is how large a buffer is kept between two times. A whole state may need more.
const keptBuffer = 64 << 10

// see takes what the viewer wants to see. It is told anew of what it did not see before.
func (t *told) see(now sight) {
	if now.stage && !t.saw.stage {
		t.looks, t.topics[moversTopic] = 0, 0
	}
	if now.network && !t.saw.network {
		t.topics[houseTopic] = 0
	}
	for output := range t.levels {
		if _, ok := now.outputs[output]; !ok {
			delete(t.levels, output)
		}
	}
	t.saw = now
}

// wants tells whether the viewer is told of a topic.
func (t *told) wants(topic int) bool {
	switch topic {
	case moversTopic:
		return t.saw.stage
	case houseTopic:
		return t.saw.network
	}
	return true
}

// write writes down what has changed in a sample. The scene comes first: what follows is
// of it.
func (t *told) write(s *sample) {
	for n := range topics {
		if now := s.topics[n].since; t.wants(n) && now > t.topics[n] {
			t.add(websocket.TextMessage, s.appendMessage(t.b, n))
			t.topics[n] = now
			if n == sceneTopic {
				t.looks = 0
				clear(t.levels)
			}
		}
	}
	if t.saw.stage {
		t.add(websocket.BinaryMessage, s.looks.append(t.b, s.time, t.looks))
		t.looks = s.now
	}
	for output := range t.saw.outputs {
		if l := s.levels[output]; l != nil {
			t.add(websocket.BinaryMessage, l.append(t.b, s.time, output, t.levels[output]))
			t.levels[output] = s.now
		}
	}
}

// add adds what a buffer has become, if it is more than before.
func (t *told) add(kind int, b []byte) {
	if len(b) > len(t.b) {
		t.parts = append(t.parts, part{kind, len(b)})
	}
	t.b = b
}

// send sends what was written down.
func (t *told) send(to *websocket.Conn) error {
	start := 0
	for _, p := range t.parts {
		if err := to.WriteMessage(p.kind, t.b[start:p.end]); err != nil {
			return err
		}
		start = p.end
	}
	t.b, t.parts = t.b[:0], t.parts[:0]
	if cap(t.b) > keptBuffer {
		t.b = nil
	}
	return nil
}
