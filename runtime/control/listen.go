package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
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

// Run answers requests until ctx ends and takes the socket away. Where it can it waits on
// its thread, in the system, and answers a stop that is the first request of a connection
// there: whoever calls it may have put that thread before others.
func (s *Server) Run(ctx context.Context) error {
	var open table
	open.keepSpare()
	defer open.giveSpare() // after the connections, which keep one again
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { shut(s.listener) })()
	var guests lobby
	defer guests.close()
	serve := func(c net.Conn, said []byte) {
		rest := s.hurry(c, said, &open)
		running.Go(func() {
			defer open.leave(c)
			s.serve(ctx, c, rest, &open)
		})
	}
	for {
		guests.wait(s.listener, time.Now, serve)
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
		if !guests.take(c, time.Now()) {
			serve(c, nil)
		}
	}
}

// hurry answers a stop at once and returns what else was said.
func (s *Server) hurry(c net.Conn, said []byte, open *table) (rest []byte) {
	line, rest, whole := bytes.Cut(said, []byte{'\n'})
	var r Request
	if !whole || json.Unmarshal(line, &r) != nil || r.Command != Stop {
		return said
	}
	open.use(c)
	c.SetDeadline(time.Now().Add(idle))
	_ = s.answer(c, s.handle(r)) // serve finds out
	return rest
}

func (s *Server) serve(ctx context.Context, c net.Conn, said []byte, open *table) {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	lines := bufio.NewScanner(io.MultiReader(bytes.NewReader(said), c))
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
		if s.answer(c, reply) != nil {
			return
		}
	}
}

func (s *Server) answer(c net.Conn, reply Reply) error {
	reply.Show = s.show
	b, err := json.Marshal(reply)
	for len(b) >= maxLine && reply.Text != "" { // nobody reads more
		reply.Text = strings.ToValidUTF8(reply.Text[:len(reply.Text)/2], "")
		b, err = json.Marshal(Reply{OK: reply.OK, Show: reply.Show, Text: reply.Text + cutShort})
	}
	if err == nil {
		_, err = c.Write(append(b, '\n'))
	}
	return err
}

// cutShort ends a reply of which there was more.
const cutShort = "… (cut)"
