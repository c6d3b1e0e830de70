package signet

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A SenderConn is a Sender on the network. Run must be called for it to announce
// itself, answer polls and say good-bye; Close ends one that never ran.
type SenderConn struct {
	*Sender
	conn *multicast.Conn

	burst    time.Time     // the present one
	patience time.Duration // left for it
}

// OpenSender opens the sockets of a Sender and, before anything can be sent,
// takes and stores its session number.
func OpenSender(cfg SenderConfig) (*SenderConn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if cfg.Mode != Open {
		if cfg.Sessions == nil {
			return nil, fmt.Errorf("sig-net sender: mode %s needs a place to keep session numbers", cfg.Mode)
		}
		var err error
		if cfg.Session, err = device.NextSession(cfg.Sessions, cfg.TUID); err != nil {
			return nil, err
		}
		if cfg.Session >= device.SessionWarning {
			cfg.Log.Warn("sig-net session numbers are nearly used up: make a new TUID soon",
				"tuid", cfg.TUID.Screen(), "session", cfg.Session)
		}
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net sender: %w", err)
	}
	c := &SenderConn{conn: conn}
	if c.Sender, err = NewSender(cfg, time.Now(), c.write); err != nil {
		conn.Close()
		return nil, err
	}
	c.wake = conn.Wake
	for _, g := range c.Groups() {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net sender: %w", err)
		}
	}
	return c, nil
}

// maxWait is how long a burst may be held up by a full network: its caller has
// frames to keep on time. What did not go out is repeated with the next.
const maxWait = 2 * time.Millisecond

// write is the Send of the Sender.
func (c *SenderConn) write(now time.Time, packets []Packet, refused func(int, error)) (sent int, done time.Time) {
	if !now.Equal(c.burst) {
		c.burst, c.patience = now, maxWait
	}
	sent, c.patience = c.conn.WriteBatch(packets, c.patience, refused)
	return sent, time.Now()
}

// Run announces the Sender, answers polls, keeps sync and timecode on time and
// flushes universes that nobody else flushes, until ctx ends. Then it
// announces that every universe leaves, closes the sockets and returns nil.
func (c *SenderConn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: c.deadline, Receive: c.receive, Step: c.Step,
	})
	if err != nil {
		return fmt.Errorf("sig-net sender: %w", err)
	}
	c.goodbye(time.Now())
	return nil
}

func (c *SenderConn) receive(b []byte, from netip.AddrPort, at time.Time) {
	if !device.IsEcho(b, from.Port(), c.conn.LocalAddr().Port(), c.cfg.TUID) {
		c.Receive(at, b, from)
	}
}

// Close closes the sockets without a good-bye. Run does it by itself.
func (c *SenderConn) Close() error {
	c.end()
	return c.conn.Close()
}
