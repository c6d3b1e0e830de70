package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Limits of connections.
const (
	maxLine        = 64 << 10
	maxConnections = 64
	idle           = time.Minute
)

// Server is the side of the show.
type Server struct {
	show     string
	listener net.Listener
	handle   func(Request) Reply
}

// Listen opens a socket for a show in a folder. handle is called on the goroutine
// of a connection, by several at once; it must be quick.
func Listen(folder, show string, handle func(Request) Reply) (*Server, error) {
	if err := prepare(folder); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	path := filepath.Join(folder, fmt.Sprintf("%d%s", os.Getpid(), suffix))
	for n := 2; alive(path); n++ { // this process may run more than one show
		path = filepath.Join(folder, fmt.Sprintf("%d-%d%s", os.Getpid(), n, suffix))
	}
	os.Remove(path) // left by a process that is gone
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &Server{show, l, handle}, nil
}

// alive tells whether somebody listens.
func alive(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// Run answers requests until ctx ends and takes the socket away.
func (s *Server) Run(ctx context.Context) error {
	var open table
	open.keepSpare()
	defer open.giveSpare() // after the connections, which keep one again
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { s.listener.Close() })()
	for {
		c, err := s.listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			if open.giveSpare() {
				continue
			}
			select { // whoever is here may have an answer on the way
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
			}
			open.closeFirst()
			continue
		}
		open.enter(c)
		running.Go(func() {
			defer open.leave(c)
			s.serve(ctx, c, &open)
		})
	}
}

func (s *Server) serve(ctx context.Context, c net.Conn, open *table) {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, maxLine)
	for {
		c.SetDeadline(time.Now().Add(idle))
		if !lines.Scan() {
			return
		}
		open.use(c)
		var r Request
		reply := Reply{Text: "this is no request"}
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			reply = s.handle(r)
		}
		reply.Show = s.show
		b, err := json.Marshal(reply)
		if err != nil {
			return
		}
		if _, err := c.Write(append(b, '\n')); err != nil {
			return
		}
	}
}
