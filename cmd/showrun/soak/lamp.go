//go:build unix

package soak

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"showrun/drivers/stagenet/gateway"
)

// lamp is a StageNet gateway with four channels.
type lamp struct {
	id, kind string
	first    int
	listen   string // where it was before
	gateway  *gateway.Gateway
	off      func() // takes it from the network
	isOn     bool

	stalled sync.Mutex // held while its hardware hangs

	mu    sync.Mutex
	lease string // the first it was granted
	got   map[int]byte
}

// Set implements gateway.Sink.
func (l *lamp) Set(c gateway.Channel, v byte) {
	pass(&l.stalled)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got[c.Number] = v
}

// turnOn puts it on the network, at the port it had before.
func (l *lamp) turnOn(ctx context.Context) (err error) {
	l.got = map[int]byte{}
	if l.listen == "" {
		l.listen = loopback + ":0"
	}
	l.gateway, err = gateway.Listen(gateway.Config{
		ID: l.id, Channels: gateway.Channels(l.kind, l.first, 4), Listen: l.listen, Interface: loopback, Sink: l,
	})
	if err != nil {
		return err
	}
	l.listen = l.gateway.Addr().String()
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); _ = l.gateway.Run(ctx) }()
	l.isOn, l.off = true, func() { cancel(); <-gone; l.isOn = false }
	return nil
}

func (l *lamp) url() string { return "ws://" + l.listen }

// forget forgets what it shows, so that lit tells of what comes next.
func (l *lamp) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = map[int]byte{}
}

// lit tells whether it has been sent something.
func (l *lamp) lit() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.got) > 0
}

// checkLease tells whether it still has the lease it was granted first.
func (l *lamp) checkLease() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.gateway.Consoles() {
		if c.LeaseID == "" {
			continue
		}
		lease := c.LeaseID + " " + strings.Join(c.Addresses, " ")
		if l.lease == "" {
			l.lease = lease
		}
		if lease != l.lease {
			return fmt.Errorf("gateway %s has the lease %s, had %s", l.id, lease, l.lease)
		}
	}
	return nil
}
