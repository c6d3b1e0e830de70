package receiver

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// Open opens the sockets of a Receiver. Run must be called for it to hear
// anything; Close ends a Receiver that never ran.
func Open(cfg Config) (*Receiver, error) {
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(cfg.Scope); err != nil {
		return nil, err
	}
	if !cfg.Open && cfg.Keys.Sender.IsZero() {
		return nil, fmt.Errorf("sig-net receiver: secure mode needs keys; enter the passphrase of the installation")
	}
	if cfg.Port == 0 {
		cfg.Port = wire.Port
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Open {
		cfg.Log.Warn("sig-net receiver in open mode: anything on the network is believed")
	}
	if cfg.Sessions != nil && (cfg.TUID.IsZero() || !cfg.Open && cfg.Keys.Citizen.IsZero()) {
		return nil, fmt.Errorf("sig-net receiver: discovery needs a TUID and the citizen key")
	}
	if cfg.Model == "" {
		cfg.Model = "showrun"
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	machine, err := newMachine(cfg, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sig-net receiver: %w", err)
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net receiver: %w", err)
	}
	r := &Receiver{cfg: cfg, conn: conn, machine: machine, joined: make(map[joinKey]bool)}
	r.cfg.Keys = signet.Keys{} // the machine holds what it needs
	groups := []netip.Addr{wire.GroupTime}
	if !cfg.Keys.Citizen.IsZero() {
		groups = append(groups, wire.GroupNode) // announcements of V1.07
	}
	if machine.presence != nil {
		groups = append(groups, wire.GroupPoll)
	}
	for _, g := range groups {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net receiver: %w", err)
		}
	}
	return r, nil
}

// Run listens until ctx ends, then closes the sockets and returns nil.
func (r *Receiver) Run(ctx context.Context) error {
	defer r.Close()
	err := r.conn.Serve(ctx, multicast.Loop{
		Lock: &r.mu, Deadline: r.machine.deadline, Receive: r.receive, Step: r.step,
	})
	if err != nil {
		return fmt.Errorf("sig-net receiver: %w", err)
	}
	return nil
}

func (r *Receiver) receive(b []byte, from netip.AddrPort, at time.Time) {
	r.mu.Lock()
	r.events = r.machine.receive(r.events[:0], b, from, at)
	r.mu.Unlock()
	r.tell()
}

func (r *Receiver) step(now time.Time) (err error) {
	r.mu.Lock()
	r.events = r.machine.step(r.events[:0], now, func(resource wire.Resource, payload []byte) {
		if err == nil {
			err = r.say(resource, payload)
		}
	})
	r.follow()
	r.mu.Unlock()
	r.tell()
	return err
}

// say sends one packet about the device itself; mu is held.
func (r *Receiver) say(resource wire.Resource, payload []byte) error {
	b, err := r.machine.voice.Append(r.talk[:0], resource, resource.Number, payload)
	if err != nil {
		return err
	}
	r.talk = b
	if err := r.conn.Write(b, netip.AddrPortFrom(resource.Group(), uint16(r.cfg.Port))); err != nil {
		r.cfg.Log.Debug("sig-net packet not sent", "error", err)
	}
	return nil
}

// tell calls the functions of Config.
func (r *Receiver) tell() {
	for _, e := range r.events {
		switch {
		case e.kind == wire.KindLevel && r.cfg.OnLevels != nil:
			r.cfg.OnLevels(e.number, e.levels, e.packet)
		case e.kind == wire.KindPreview && r.cfg.OnPreview != nil:
			r.cfg.OnPreview(e.number, e.levels, e.packet)
		case e.kind == wire.KindTimecode && r.cfg.OnTimecode != nil:
			r.cfg.OnTimecode(e.number, e.change, e.timecode, e.jump)
		}
	}
}

// maxOtherGroups bounds the groups joined because an announcement names them.
const maxOtherGroups = 256

// follow joins the groups that Senders announce for subscribed universes, and
// leaves those nobody announces any more; mu is held.
func (r *Receiver) follow() {
	wanted := make(map[joinKey]bool)
	r.machine.directory.groups(func(universe uint16, group netip.Addr) {
		if r.machine.universes[universe] != nil && group.IsMulticast() && len(wanted) < maxOtherGroups {
			wanted[joinKey{universe: universe, group: group}] = true
		}
	})
	for k := range r.joined {
		if !k.preview && k.group != wire.Fold(k.universe) && !wanted[k] {
			r.leave(k)
		}
	}
	for k := range wanted {
		if err := r.join(k); err != nil {
			r.cfg.Log.Warn("sig-net universe is on a group that cannot be joined", "universe", k.universe, "error", err)
		}
	}
}

func (r *Receiver) join(k joinKey) error {
	if r.joined[k] {
		return nil
	}
	if err := r.conn.Join(k.group); err != nil {
		return fmt.Errorf("sig-net receiver: %w", err)
	}
	r.joined[k] = true
	return nil
}

func (r *Receiver) leave(k joinKey) {
	delete(r.joined, k)
	if err := r.conn.Leave(k.group); err != nil {
		r.cfg.Log.Debug("sig-net group not left", "error", err)
	}
}

// Close closes the sockets. Run does it by itself.
func (r *Receiver) Close() error { return r.conn.Close() }
