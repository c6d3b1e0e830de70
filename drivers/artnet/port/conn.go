// Package port is where the roles of Art-Net in one process meet the network: one set of
// sockets for each address, however many roles are there, since what is sent to an address
// reaches only one socket. To others they are one device with several pages of ports.
package port

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/lan/broadcast"
)

// Role is a machine of the protocol. Its methods may be called by several goroutines at a
// time.
type Role interface {
	// Receive takes one packet. It must not keep b.
	Receive(now time.Time, b []byte, from netip.AddrPort)
	// Step does what is due.
	Step(now time.Time)
	// Deadline is when Step has something to do, the zero Time for never.
	Deadline() time.Time
}

// Ports are the ports of a process. The zero Ports has none open.
type Ports struct {
	mu   sync.Mutex
	open map[netip.AddrPort]*Port
}

// Port is a port on one address.
type Port struct {
	*broadcast.Conn
	ports *Ports
	wake  chan struct{}
	stop  context.CancelFunc
	ended chan struct{} // closed when nothing more is heard
	err   error         // why, once ended is closed

	users int            // guarded by mu of ports
	pages [lastPage]bool // that are taken; guarded by mu of ports
	roles atomic.Pointer[[]Role]
}

// lastPage is how many pages of ports one address has: BindIndex is a byte, and 0 means 1.
const lastPage = 255

// Take opens the port of an interface, or gives the one that is open already. Each Take
// wants its Release.
func (p *Ports) Take(network string, number int) (*Port, error) {
	address, err := broadcast.Address(network)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := netip.AddrPortFrom(address, uint16(number))
	if open := p.open[key]; open != nil && !open.over() {
		open.users++
		return open, nil
	}
	conn, err := broadcast.Open(network, number)
	if err != nil {
		return nil, err
	}
	if p.open == nil {
		p.open = map[netip.AddrPort]*Port{}
	}
	p.open[key] = p.start(conn)
	return p.open[key], nil
}

// TakeSilent gives a port of one's own for a role that only sends. Of what others on this
// machine are sent it takes nothing.
func (p *Ports) TakeSilent(network string, number int) (*Port, error) {
	conn, err := broadcast.OpenSilent(network, number)
	if err != nil {
		return nil, err
	}
	return p.start(conn), nil
}

// start runs a port.
func (p *Ports) start(conn *broadcast.Conn) *Port {
	ctx, stop := context.WithCancel(context.Background())
	open := &Port{Conn: conn, ports: p, wake: make(chan struct{}, 1), stop: stop, ended: make(chan struct{}), users: 1}
	open.roles.Store(&[]Role{})
	go open.run(ctx)
	return open
}

// over tells whether nothing more is heard.
func (p *Port) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Release ends one Take. The last one closes the sockets.
func (p *Port) Release() {
	p.ports.mu.Lock()
	p.users--
	last := p.users == 0
	if last && p.ports.open[p.Address()] == p {
		delete(p.ports.open, p.Address())
	}
	p.ports.mu.Unlock()
	if last {
		p.stop()
		<-p.ended
	}
}

// Page takes the lowest page of ports that is free; false if there is none.
func (p *Port) Page() (page byte, ok bool) {
	p.ports.mu.Lock()
	defer p.ports.mu.Unlock()
	n := slices.Index(p.pages[:], false)
	if n < 0 {
		return 0, false
	}
	p.pages[n] = true
	return byte(n + 1), true
}

// Return gives a page back.
func (p *Port) Return(page byte) {
	p.ports.mu.Lock()
	defer p.ports.mu.Unlock()
	p.pages[page-1] = false
}

// Play lets a role hear and be stepped until ctx ends, which gives nil, or the port fails.
func (p *Port) Play(ctx context.Context, r Role) error {
	p.change(func(roles []Role) []Role { return append(slices.Clone(roles), r) })
	defer p.change(func(roles []Role) []Role {
		return slices.DeleteFunc(slices.Clone(roles), func(o Role) bool { return o == r })
	})
	p.Wake()
	select {
	case <-ctx.Done():
		return nil
	case <-p.ended:
		return p.err
	}
}

func (p *Port) change(f func([]Role) []Role) {
	p.ports.mu.Lock()
	defer p.ports.mu.Unlock()
	next := f(*p.roles.Load())
	p.roles.Store(&next)
}

// Wake tells that a Deadline has changed.
func (p *Port) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run hears and steps until ctx ends or the sockets fail.
func (p *Port) run(ctx context.Context) {
	defer close(p.ended)
	ctx, cancel := context.WithCancel(ctx)
	var stepping sync.WaitGroup
	stepping.Go(func() { p.step(ctx) })
	err := p.Serve(ctx, func(b []byte, from netip.AddrPort, at time.Time) {
		for _, r := range *p.roles.Load() {
			r.Receive(at, b, from)
		}
	})
	cancel()
	stepping.Wait()
	if err == nil {
		err = errors.New("the port was closed")
	}
	p.err = err
}

// step steps the roles whenever one has something to do.
func (p *Port) step(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-timer.C:
		}
		now := time.Now()
		var next time.Time
		for _, r := range *p.roles.Load() {
			due := r.Deadline()
			if !due.IsZero() && !now.Before(due) {
				r.Step(now)
				due = r.Deadline()
			}
			if !due.IsZero() && (next.IsZero() || due.Before(next)) {
				next = due
			}
		}
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}
