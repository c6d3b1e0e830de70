package gateway

import (
	"sync"

	"showrun/drivers/stagenet/wire"
)

// Levels is a Sink without hardware: it remembers what each channel shows. The
// zero Levels is ready. It is safe from any goroutine.
type Levels struct {
	mu     sync.Mutex
	values map[Channel]wire.Value
}

// Set implements Sink.
func (l *Levels) Set(c Channel, v wire.Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.values == nil {
		l.values = map[Channel]wire.Value{}
	}
	l.values[c] = v
}

// Value returns what a channel shows, and false before its first value.
func (l *Levels) Value(c Channel) (wire.Value, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.values[c]
	return v, ok
}

// Values appends what channels show to dst, in their order; 0 for those without
// a value.
func (l *Levels) Values(dst []wire.Value, channels []Channel) []wire.Value {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range channels {
		dst = append(dst, l.values[c])
	}
	return dst
}
