//go:build linux

package raw

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"showrun/drivers/midi/wire"
)

// Conn is a port that is open. Send is safe from any goroutine.
type Conn struct {
	cfg  Config
	port Port
	file *os.File

	stream  wire.Stream
	ignored atomic.Uint64

	mu sync.Mutex // of sending
}

// Open opens the first port with the name, for both directions or for the one it has. Run
// must be called for messages to come in; Close ends a Conn that never ran.
func Open(cfg Config, like func(pattern, name string) bool) (*Conn, error) {
	root := cfg.Root
	if root == "" {
		root = "/"
	}
	port, err := Find(os.DirFS(root), cfg.Name, like)
	if err != nil {
		return nil, err
	}
	device := path.Join(root, port.Device)
	for _, flag := range []int{os.O_RDWR, os.O_RDONLY, os.O_WRONLY} {
		var file *os.File
		if file, err = os.OpenFile(device, flag|syscall.O_NONBLOCK, 0); err == nil {
			return &Conn{cfg: cfg, port: port, file: file}, nil
		}
	}
	return nil, fmt.Errorf("midi: port %q: %w", port.Name, err)
}

// Port tells which it is.
func (c *Conn) Port() Port { return c.port }

// Ignored counts bytes that belong to no message. Any goroutine may ask.
func (c *Conn) Ignored() uint64 { return c.ignored.Load() }

// Send writes messages as they are; a port that takes none for a second is an error.
func (c *Conn) Send(list ...wire.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b []byte
	for _, m := range list {
		b = wire.AppendMessage(b, m)
	}
	c.file.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := c.file.Write(b)
	return err
}

// Close closes a Conn that never ran.
func (c *Conn) Close() error { return c.file.Close() }

// Run takes messages until ctx ends or the port is gone.
func (c *Conn) Run(ctx context.Context) error {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.file.Close()
		close(done)
	})
	defer func() {
		if !stop() {
			<-done
		}
		c.file.Close()
	}()
	b := make([]byte, 1024)
	for {
		n, err := c.file.Read(b)
		at := time.Now()
		c.stream.Feed(b[:n], func(m wire.Message) { c.cfg.OnMessage(m, at) })
		c.ignored.Store(c.stream.Ignored)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, syscall.EBADF) || err != nil && strings.Contains(err.Error(), "bad file descriptor"):
			<-ctx.Done() // it is for output only
			return nil
		case err != nil:
			return fmt.Errorf("midi: port %q is gone: %w", c.port.Name, err)
		}
	}
}
