package sacn

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

// A SenderConn is a Sender on the network. Run must be called for it to tell its universes
// and to end them; Close ends one that never ran.
type SenderConn struct {
	*Sender
	conn *multicast.Conn

	burst    time.Time     // the present one
	patience time.Duration // left for it
}

// OpenSender opens the sockets of a Sender.
func OpenSender(cfg Config) (*SenderConn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sacn sender: %w", err)
	}
	c := &SenderConn{conn: conn}
	if c.Sender, err = NewSender(cfg, c.write); err != nil {
		conn.Close()
		return nil, err
	}
	c.wake = conn.Wake
	return c, nil
}

// maxWait is how long a burst may be held up by a full network: its caller has
// frames to keep on time. What did not go out is repeated with the next.
const maxWait = 2 * time.Millisecond

// write is the Send of the Sender.
func (c *SenderConn) write(now time.Time, packets []multicast.Packet, refused func(int, error)) (sent int, done time.Time) {
	if !now.Equal(c.burst) {
		c.burst, c.patience = now, maxWait
	}
	sent, c.patience = c.conn.WriteBatch(packets, c.patience, refused)
	return sent, time.Now()
}

// Run tells the universes, keeps synchronisation on time and flushes universes that nobody
// else flushes, until ctx ends. Then it ends every universe, closes the sockets and returns
// nil.
func (c *SenderConn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: c.deadline, Step: c.Step,
		Receive: func([]byte, netip.AddrPort, time.Time) {}, // nobody has anything to tell a source
	})
	if err != nil {
		return fmt.Errorf("sacn sender: %w", err)
	}
	c.goodbye(time.Now())
	return nil
}

// LocalAddr is where its packets come from.
func (c *SenderConn) LocalAddr() netip.AddrPort { return c.conn.LocalAddr() }

// Close closes the sockets without ending the universes. Run does it by itself.
func (c *SenderConn) Close() error {
	c.end()
	return c.conn.Close()
}
