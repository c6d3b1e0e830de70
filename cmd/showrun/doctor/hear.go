package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
)

// hearAgain is the time between two packets: the first may come before the group is joined.
const hearAgain = 100 * time.Millisecond

// errHeard ends the wait.
var errHeard = errors.New("heard")

// hear joins a group that nobody uses, sends to it and waits for that.
func hear(ctx context.Context, on lan.Interface) error {
	ip, err := on.IPv4()
	if err != nil {
		return err
	}
	nonce := make([]byte, 16)
	rand.Read(nonce)
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 255, nonce[0], nonce[1]}), 40000+uint16(nonce[2]))
	c, err := multicast.Open(multicast.Config{Interface: ip.String(), Port: int(to.Port()), TTL: 1, ReceiveBuffer: 1 << 16})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Join(to.Addr()); err != nil {
		return fmt.Errorf("no group can be joined: %w", err)
	}
	listening, end := context.WithCancelCause(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer end(nil)
	serving.Go(func() {
		err := c.Serve(listening, multicast.Loop{
			Lock: new(sync.Mutex), Deadline: func() time.Time { return time.Time{} }, Step: func(time.Time) error { return nil },
			Receive: func(b []byte, _ netip.AddrPort, _ time.Time) {
				if bytes.Equal(b, nonce) {
					end(errHeard)
				}
			},
		})
		end(err)
	})
	again := time.NewTicker(hearAgain)
	defer again.Stop()
	for {
		if err := c.Write(nonce, to); err != nil && ctx.Err() == nil && listening.Err() == nil {
			return fmt.Errorf("nothing can be sent to a group: %w", err)
		}
		select {
		case <-listening.Done():
			switch err := context.Cause(listening); {
			case err == errHeard:
				return nil
			case ctx.Err() == nil:
				return err
			}
			return errNotHeard
		case <-again.C:
		}
	}
}
