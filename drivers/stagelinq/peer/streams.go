package peer

import "net/netip"

// ID names one TCP connection of a role to the machine and to whoever carries out what
// it wants. An ID is never used twice.
type ID uint64

// Streams carries out what the machine of a role wants done on its TCP connections. None
// of its methods waits or calls the machine back.
type Streams interface {
	// Dial connects to a peer. The machine is told of the outcome.
	Dial(id ID, to netip.AddrPort)
	// Write sends b in one piece. It does not keep b. A connection that takes no more
	// ends, which the machine is told of.
	Write(id ID, b []byte)
	// Offer is Write for what is of no use when it comes late: it reports false and sends
	// nothing if much waits already.
	Offer(id ID, b []byte) (sent bool)
	// Close closes a connection or gives up dialling. The machine is not told of it.
	Close(id ID)
}

// Nowhere is the Streams of a machine that reaches nobody.
type Nowhere struct{}

// Dial implements Streams.
func (Nowhere) Dial(ID, netip.AddrPort) {}

// Write implements Streams.
func (Nowhere) Write(ID, []byte) {}

// Offer implements Streams.
func (Nowhere) Offer(ID, []byte) bool { return true }

// Close implements Streams.
func (Nowhere) Close(ID) {}
