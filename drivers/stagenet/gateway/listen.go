package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet/link"
)

// Listen makes a Gateway and opens its port. Run must be called for consoles to be
// served; Close ends a Gateway that never ran.
func Listen(cfg Config) (*Gateway, error) {
	g, err := New(cfg)
	if err != nil {
		return nil, err
	}
	address, err := listenAddress(cfg)
	if err != nil {
		return nil, err
	}
	if g.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("stagenet gateway: %w", err)
	}
	return g, nil
}

// listenAddress is where to listen.
func listenAddress(cfg Config) (string, error) {
	if cfg.Listen != "" {
		return cfg.Listen, nil
	}
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if cfg.Interface != "" {
		i, err := lan.Find(cfg.Interface)
		if err == nil {
			ip, err = i.Address()
		}
		if err != nil {
			return "", fmt.Errorf("stagenet gateway: %w", err)
		}
	}
	return netip.AddrPortFrom(ip, link.Port).String(), nil
}

// Addr is the address the gateway listens on, after Listen.
func (g *Gateway) Addr() *net.TCPAddr { return g.listener.Addr().(*net.TCPAddr) }

// URL is where consoles on this machine or, if it listens there, on the network
// connect to.
func (g *Gateway) URL() string {
	a := *g.Addr()
	if a.IP.IsUnspecified() {
		a.IP = net.IPv4(127, 0, 0, 1)
	}
	return "ws://" + a.String() + link.Path
}

// Close closes the port of a Gateway that does not run.
func (g *Gateway) Close() error { return g.listener.Close() }

// Run serves the consoles that come by the port until ctx ends, then says goodbye to them and closes the
// port. It returns nil when ctx ended. Call it once.
func (g *Gateway) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if g.cfg.Advertise {
		withdraw, err := g.advertise()
		if err != nil {
			g.listener.Close()
			return err
		}
		defer withdraw()
	}
	routes := http.NewServeMux()
	routes.HandleFunc(link.Path, func(w http.ResponseWriter, r *http.Request) { g.accept(ctx, w, r) })
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 3 * time.Second, IdleTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(link.Listener(g.listener)) }()
	var err error
	select {
	case <-ctx.Done():
		server.Close()
		<-served
	case err = <-served:
		err = fmt.Errorf("stagenet gateway: %w", err)
	}
	stop()
	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	g.running.Wait()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// accept serves one console until it is gone.
func (g *Gateway) accept(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	if !g.admit(remote.Addr()) {
		http.Error(w, "this gateway has enough consoles", http.StatusServiceUnavailable)
		return
	}
	defer g.running.Done()
	defer g.places.Give(remote.Addr())
	conn, err := link.Accept(w, r)
	if err != nil {
		g.log.Debug("stagenet gateway: not a console", "peer", r.RemoteAddr, "error", err)
		return
	}
	g.log.Info("stagenet gateway: console connected", "console", r.RemoteAddr)
	err = conn.Run(ctx, g.Connect(conn))
	severity := slog.LevelInfo
	if link.Refused(err) { // such as for another gateway with our id
		severity = slog.LevelWarn
	}
	g.log.Log(ctx, severity, "stagenet gateway: console gone", "console", r.RemoteAddr, "reason", err)
}

// admit reserves a place for a console at an address.
func (g *Gateway) admit(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	if !g.places.Take(from) {
		g.stats.Turned++
		return false
	}
	g.running.Add(1)
	return true
}
