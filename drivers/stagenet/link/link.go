// Package link is the connection between the StageNet roles, and what they say of it.
// A role is a [Handler]: a machine that is given messages and the present instant, and
// sends through its [Peer]. [Conn] is a connection over the network, one adapter round
// the WebSocket library with the limits and deadlines of PROTOCOL.md, rulings 7 and 8:
// one goroutine reads, one writes, and a peer that does not read or says nothing is
// given up. [Memory] is a connection within a program, which its caller steps.
package link

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// A Handler is what a role does on a connection.
type Handler interface {
	// Receive takes a message; on a Conn, on the reading goroutine. b is only lent; it
	// is nil for a message that is not text.
	Receive(now time.Time, b []byte)
	// Write calls Send for what is due: at first, after each Wake, and at the instant it
	// returned last; on a Conn, on the writing goroutine. The zero time means none.
	Write(now time.Time) (next time.Time)
	// Finish is Write for the last time, before we say goodbye: what waits for its
	// instant leaves now or never.
	Finish(now time.Time)
	// End says that the connection is over and why. It is called once, when none of the
	// others is or will be.
	End(now time.Time, reason error)
}

// A Peer is the other side, as a Handler sees it. Wake, Probe and Kick are safe from any
// goroutine and never wait.
type Peer interface {
	// Address is where the peer is, for people: host and port.
	Address() string
	// Send adds a text message to those of the present Write. b is copied.
	Send(b []byte)
	// Wake makes the Handler write soon.
	Wake()
	// Probe makes the connection end soon unless the peer is alive.
	Probe()
	// Kick closes the connection with a status code and a reason that the peer gets to
	// see. It then ends with a *ClosedError.
	Kick(code int, reason string)
}

// Why we close, as WebSocket status codes.
const (
	GoingAway = websocket.CloseGoingAway       // 1001
	Policy    = websocket.ClosePolicyViolation // 1008
)

// Refused tells whether an error of Run says that the peer closed the connection since
// it minds something about us: 1008.
func Refused(err error) bool {
	var e *websocket.CloseError
	return errors.As(err, &e) && e.Code == Policy
}

// ClosedError says that we closed the connection ourselves, and why.
type ClosedError struct {
	Code   int
	Reason string
}

func (e *ClosedError) Error() string { return fmt.Sprintf("closed with %d: %s", e.Code, e.Reason) }
