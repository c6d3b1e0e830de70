package peer

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
)

// Listen accepts connections on a free TCP port of an own address until ctx
// ends and returns the port. serve is called for each on a goroutine of
// its own that running waits for; a connection there is no place for is
// closed at once. The connection is closed when ctx ends.
func Listen(ctx context.Context, running *sync.WaitGroup, address netip.Addr, places *lan.Places, serve func(*Stream)) (uint16, error) {
	config := net.ListenConfig{KeepAliveConfig: keepAlive}
	listener, err := config.Listen(ctx, "tcp4", netip.AddrPortFrom(address, 0).String())
	if err != nil {
		return 0, fmt.Errorf("stagelinq: %w", err)
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				// Out of descriptors passes; the end of ctx does not.
				select {
				case <-time.After(100 * time.Millisecond):
					continue
				case <-ctx.Done():
					return
				}
			}
			remote, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
			if lan.Stranger(conn) || !places.Take(remote.Addr()) {
				conn.Close()
				continue
			}
			st := NewStream(conn)
			unhook := context.AfterFunc(ctx, st.Close)
			running.Go(func() {
				serve(st)
				unhook()
				places.Give(remote.Addr())
			})
		}
	})
	return uint16(listener.Addr().(*net.TCPAddr).Port), nil
}
