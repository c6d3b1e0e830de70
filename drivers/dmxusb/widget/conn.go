package widget

import (
	"context"
	"io"
	"sync"
)

// A Conn is a Widget on a line: a pseudo terminal, or the end of a pipe.
type Conn struct {
	*Widget
	line io.ReadWriteCloser
	out  chan []byte // what it says; dropped when the computer does not take it

	mu sync.Mutex
}

// Open makes a widget at the end of a line, which Run closes.
func Open(cfg Config, line io.ReadWriteCloser) *Conn {
	c := &Conn{line: line, out: make(chan []byte, 64)}
	c.Widget = New(cfg, func(b []byte) {
		select {
		case c.out <- b:
		default:
		}
	})
	return c
}

// Input is Widget.Input; any goroutine.
func (c *Conn) Input(levels []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Widget.Input(levels)
}

// Run is a widget until ctx ends or it is unplugged: the line is closed.
func (c *Conn) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { c.write(ctx); c.line.Close() })
	b := make([]byte, 4096)
	for {
		n, err := c.line.Read(b)
		if err != nil {
			break
		}
		c.mu.Lock()
		c.Receive(b[:n])
		c.mu.Unlock()
	}
	cancel()
	both.Wait()
}

func (c *Conn) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-c.out:
			if _, err := c.line.Write(b); err != nil {
				return
			}
		}
	}
}
