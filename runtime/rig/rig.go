// Package rig is the virtual rig: a deck that plays, and a node and gateways that
// listen, on loopback and through real sockets, so that a show can be run on a
// machine with nothing attached. It is made of the second roles of the drivers, so
// what runs in a rehearsal is the protocol code of the show.
package rig

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/node"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
)

// Loopback is the interface a rig is on.
func Loopback() string { return "127.0.0.1" }

// Config describes a rig. The zero value is one on the usual ports.
type Config struct {
	StageLinQPort int     // UDP port of discovery, 0 = the usual one
	SigNetPort    int     // 0 = the usual one
	BPM           float64 // of the track on deck 1, 0 = 120
	Log           *slog.Logger
	// OnLevels is told of every level packet the node accepts, on the node's
	// goroutine; levels are only lent.
	OnLevels func(universe int, levels []byte, p node.Packet)
}

// Rig is a virtual rig. Its methods are safe from any goroutine.
type Rig struct {
	cfg  Config
	keys signet.Keys
	deck *source.Conn

	mu       sync.Mutex
	patch    Patch
	node     *node.Conn
	patched  chan struct{} // told when universes changed
	gateways map[string]*virtualGateway
	order    []*virtualGateway // as they came
	servers  map[int]bool      // of theater, by port
	waiting  []part            // to be run
	opened   chan struct{}     // told when there are more
}

// part is something that runs as long as the rig.
type part struct {
	name string
	run  func(context.Context) error
}

// start lets Run run a part; mu is held.
func (r *Rig) start(name string, run func(context.Context) error) {
	r.waiting = append(r.waiting, part{name, run})
	select {
	case r.opened <- struct{}{}:
	default:
	}
}

// takeWaiting returns the parts that do not run yet.
func (r *Rig) takeWaiting() []part {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.waiting
	r.waiting = nil
	return list
}

// New makes a rig with a key of its own. Nothing is on the network before Run.
func New(cfg Config) (*Rig, error) {
	if cfg.BPM == 0 {
		cfg.BPM = 120
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	k0, err := signet.GenerateK0(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	token, err := stagelinq.NewToken(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	deck, err := source.Open(source.Config{
		Name: deckName, Token: token, Decks: 2, Interface: Loopback(), DiscoveryPort: cfg.StageLinQPort, Log: cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return &Rig{
		cfg: cfg, keys: k0.Keys(), deck: deck, patched: make(chan struct{}, 1),
		gateways: map[string]*virtualGateway{}, servers: map[int]bool{}, opened: make(chan struct{}, 1),
	}, nil
}

// Keys are those of the rig's own installation, for shows that name none.
func (r *Rig) Keys() signet.Keys { return r.keys }

// Deck is the virtual player.
func (r *Rig) Deck() *source.Conn { return r.deck }

// Patch is what the rig's node listens to.
type Patch struct {
	Universes []int
	Scope     string // "" means "local"
	Open      bool   // to unsigned packets, not to signed ones
	Keys      signet.Keys
}

// equal tells whether two are the same.
func (p Patch) equal(q Patch) bool {
	return slices.Equal(p.Universes, q.Universes) && p.Scope == q.Scope && p.Open == q.Open && p.Keys == q.Keys
}

// Patch changes what the node listens to. The universes are the Rig's from now on.
func (r *Rig) Patch(p Patch) {
	r.mu.Lock()
	same := r.node != nil && r.patch.equal(p)
	r.patch = p
	r.mu.Unlock()
	if same {
		return
	}
	select {
	case r.patched <- struct{}{}:
	default:
	}
}

// Levels returns the first n levels of the first universe, or of the first gateway
// if no universe is patched.
func (r *Rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.node == nil || len(r.patch.Universes) == 0 {
		return r.gatewayLevels(n)
	}
	levels := r.node.Levels(1)
	return levels[:min(n, len(levels))]
}

// Run plays the deck and runs everything else until ctx ends.
func (r *Rig) Run(ctx context.Context) {
	r.deck.Do(func(p *source.Player, now time.Time) { start(p, r.cfg.BPM, now) })
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if err := r.deck.Run(ctx); err != nil {
			r.cfg.Log.Error("rig: deck", "error", err)
		}
	})
	stop := func() {}
	for {
		select {
		case <-ctx.Done():
			stop()
			for _, p := range r.takeWaiting() {
				p.run(ctx) // closes what it holds
			}
			return
		case <-r.patched:
			stop()
			stop = r.listen(ctx)
		case <-r.opened:
			for _, p := range r.takeWaiting() {
				wg.Go(func() {
					if err := p.run(ctx); err != nil {
						r.cfg.Log.Error("rig: "+p.name, "error", err)
					}
				})
			}
		}
	}
}

// listen starts a node on the present universes and returns what stops it.
func (r *Rig) listen(ctx context.Context) (stop func()) {
	r.mu.Lock()
	patch := r.patch
	r.mu.Unlock()
	n, err := node.Open(node.Config{
		Scope: patch.Scope, Open: patch.Open, Keys: patch.Keys, Universes: patch.Universes,
		Interface: Loopback(), Port: r.cfg.SigNetPort, Log: r.cfg.Log,
		OnLevels: func(_, universe int, levels []byte, p node.Packet) {
			if r.cfg.OnLevels != nil {
				r.cfg.OnLevels(universe, levels, p)
			}
		},
	})
	if err != nil {
		r.cfg.Log.Error("rig: node", "error", err)
		return func() {}
	}
	r.mu.Lock()
	r.node = n
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.cfg.Log.Error("rig: node", "error", err)
		}
	}
}
