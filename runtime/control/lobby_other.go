//go:build !unix

package control

import (
	"net"
	"time"
)

// A lobby has nobody here: a goroutine serves each connection from the start.
type lobby struct{}

func (*lobby) take(net.Conn, time.Time) bool                                      { return false }
func (*lobby) wait(net.Listener, func() time.Time, func(c net.Conn, said []byte)) {}
func (*lobby) close()                                                             {}

// shut wakes who waits for a listener.
func shut(listener net.Listener) { listener.Close() }
