package signet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// OpenSender opens the sockets of a Sender and, before anything can be sent,
// takes and stores its session number. Run must be called for it to announce
// itself, answer polls and say good-bye; Close ends a Sender that never ran.
func OpenSender(cfg SenderConfig) (*Sender, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Mode == Open, Keys: cfg.Keys, Sessions: cfg.Sessions,
	})
	if err != nil {
		return nil, err
	}
	if voice.Session() >= device.SessionWarning {
		cfg.Log.Warn("sig-net session numbers are nearly used up: make a new TUID soon",
			"tuid", cfg.TUID.Screen(), "session", voice.Session())
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net sender: %w", err)
	}
	polled := cfg.Mode != Secure || !cfg.Keys.Manager.IsZero()
	groups := []netip.Addr{wire.GroupNode}
	if polled {
		groups = append(groups, wire.GroupPoll)
	}
	for _, g := range groups {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net sender: %w", err)
		}
	}
	gate := device.NewGate(device.GateConfig{
		Scope: cfg.Scope, Open: cfg.Mode == Open, Keys: cfg.Keys, Interests: interests{cfg.TUID},
	})
	cfg.Keys = Keys{} // the machines hold what they need
	s := &Sender{cfg: cfg, conn: conn, batch: newBatch(), voice: voice, gate: gate, output: newOutput(cfg, voice)}
	s.onRefused = s.refused
	s.presence = device.NewPresence(device.PresenceConfig{
		TUID: cfg.TUID, SoemCode: cfg.SoemCode, Rand: cfg.Rand, Polled: polled, Log: cfg.Log,
		Device: &senderDevice{
			output: s.output,
			label:  cfg.Label,
			open:   cfg.Mode == Open,
			description: device.Description{
				Supported: senderTIDs, FirmwareText: cfg.Version, Model: cfg.Model, Scope: cfg.Scope,
				Roles: device.RoleSender | device.RoleOpen | cfg.Roles,
			},
		},
	}, time.Now())
	return s, nil
}

// interests are those of a Sender: polls, and whoever else carries its TUID.
type interests struct{ tuid TUID }

// Wants implements device.Interests.
func (i interests) Wants(r wire.Resource) bool {
	return r.Kind == wire.KindPoll || r.Kind == wire.KindNode && r.TUID == i.tuid
}

// Flush sends what is due at now in one burst: changed universes, at most one
// packet each per interval of its rate, owed repeats and keep-alives, sync and
// timecode. Call it once per frame, right after SetLevels. It returns the
// number of packets sent and the first error; after an error the packets
// concerned are repeated with the next flushes.
func (s *Sender) Flush(now time.Time) (packets int, err error) { return s.FlushFor(now) }

// FlushFor is Flush for a frame that is to be seen at an instant which may lie
// ahead: with Sync the levels leave at once and the sync at that instant, or 5 ms
// after the levels if that is later. Without Sync it is Flush(visible).
func (s *Sender) FlushFor(visible time.Time) (packets int, err error) {
	s.out.Lock()
	defer s.out.Unlock()
	s.mu.Lock()
	s.lastCall = visible
	s.mu.Unlock()
	now := time.Now()
	if visible.Before(now) {
		now = visible
	}
	return s.flush(now, visible)
}

// Release sends the sync that is due at now, for callers whose sleep is more
// exact than that of Run, which sends it otherwise.
func (s *Sender) Release(now time.Time) (packets int, err error) {
	s.out.Lock()
	defer s.out.Unlock()
	return s.flush(now, time.Time{})
}

// maxWait is how long a flush may be held up by a full network: its caller has
// frames to keep on time. What did not go out is repeated with the next.
const maxWait = 2 * time.Millisecond

// flush is FlushFor with the out lock held. Level streams are left alone if frame
// is zero.
func (s *Sender) flush(now, frame time.Time) (packets int, err error) {
	patience := maxWait
	for more, first := true, true; more; first = false {
		var failure error
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return packets, net.ErrClosed
		}
		if first {
			s.output.cursor = 0
			if !frame.IsZero() {
				s.lastFlush = frame
			}
		}
		more, failure = s.output.fill(s.batch, now, frame)
		s.mu.Unlock()
		if failure != nil {
			return packets, failure
		}
		var sent int
		sent, patience, failure = s.write(patience)
		packets += sent
		if failure != nil && err == nil {
			err = failure
		}
	}
	s.mu.Lock()
	if s.output.flushed(time.Now(), frame) {
		s.wake()
	}
	s.mu.Unlock()
	return packets, err
}

// write puts the batch on the wire.
func (s *Sender) write(patience time.Duration) (sent int, left time.Duration, err error) {
	if len(s.batch.packets) == 0 {
		return 0, patience, nil
	}
	sent, left = s.conn.WriteBatch(s.batch.packets, patience, s.onRefused)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Packets += uint64(sent)
	s.stats.Errors += uint64(len(s.batch.packets) - sent)
	err, s.failure = s.failure, nil
	return sent, left, err
}

// refused is told of each packet of the batch that could not be sent.
func (s *Sender) refused(i int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = fmt.Errorf("sig-net packet to %v: %w", s.batch.packets[i].To.AddrPort, err)
	}
	if owner := s.batch.owners[i]; owner != nil {
		owner.failed()
	}
}

// Run announces the Sender, answers polls, keeps sync and timecode on time and
// flushes universes that nobody else flushes, until ctx ends. Then it
// announces that every universe leaves, closes the sockets and returns nil.
func (s *Sender) Run(ctx context.Context) error {
	defer s.Close()
	err := s.conn.Serve(ctx, multicast.Loop{
		Lock: &s.mu, Deadline: s.deadline, Receive: s.receive, Step: s.housekeep,
	})
	if err != nil {
		return fmt.Errorf("sig-net sender: %w", err)
	}
	s.goodbye()
	return nil
}

// wake makes Run look at its deadline again; mu is held.
func (s *Sender) wake() { s.conn.Wake() }

// patience is how long Run leaves level streams to the caller of Flush: two
// frames while there is one, so that a frame is not used up just before the
// caller's; mu is held.
func (s *Sender) patience(now time.Time) time.Duration {
	frame := time.Second / time.Duration(s.cfg.Rate)
	if now.Sub(s.lastCall) < time.Second {
		return 2 * frame
	}
	return frame
}

// deadline is when housekeep has something to do; mu is held.
func (s *Sender) deadline() time.Time {
	now := time.Now()
	next := s.lastFlush.Add(s.patience(now))
	for _, t := range []time.Time{s.output.deadline(now), s.presence.Deadline()} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// receive takes one packet: a poll, or the talk of a device with our TUID.
func (s *Sender) receive(b []byte, from netip.AddrPort, at time.Time) {
	if device.IsEcho(b, from.Port(), s.conn.LocalAddr().Port(), s.cfg.TUID) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var p wire.Packet
	r, v := s.gate.Check(b, at, &p)
	s.presence.Verdict(v, from.Addr(), at)
	if v != wire.Accept {
		return
	}
	if r.Kind == wire.KindNode {
		s.stats.Duplicates++
		if at.Sub(s.duplicate) >= duplicateInterval {
			s.duplicate = at
			s.cfg.Log.Warn("another device uses our sig-net TUID: give one of them a new TUID",
				"tuid", s.cfg.TUID.Screen(), "from", from, "session", p.Session)
		}
		return
	}
	if value, ok := wire.FindTLV(p.Payload, wire.TIDPoll); ok {
		if poll, err := wire.ParsePoll(value); err == nil {
			s.presence.Polled(poll, at)
		}
	}
}

// duplicateInterval is how often a duplicate TUID is logged.
const duplicateInterval = time.Minute

// housekeep does what is due besides the caller's flushes. An error that
// numbering cannot go on ends the Sender; one of the network does not.
func (s *Sender) housekeep(now time.Time) error {
	s.out.Lock()
	defer s.out.Unlock()
	var failure error
	s.mu.Lock()
	s.presence.Step(now, func(r wire.Resource, payload []byte) {
		if failure == nil {
			failure = s.say(r, payload)
		}
	})
	s.stats.Lost = s.presence.Lost(now)
	var frame time.Time
	if now.Sub(s.lastFlush) >= s.patience(now) {
		frame = now
	}
	s.mu.Unlock()
	if failure != nil {
		return failure
	}
	if _, err := s.flush(now, frame); errors.Is(err, device.ErrSessionsSpent) || errors.Is(err, device.ErrSessionStore) {
		return err
	}
	return nil
}

// say sends one packet about the device itself; both locks are held.
func (s *Sender) say(r wire.Resource, payload []byte) error {
	to := netip.AddrPortFrom(r.Group(), uint16(s.cfg.Port))
	if s.cfg.Mode != Open {
		b, err := s.voice.Append(s.talk[:0], r, r.Number, payload)
		if err != nil {
			return err
		}
		s.talk = b
		s.count(s.conn.Write(b, to))
	}
	if s.cfg.Mode != Secure {
		s.talk = s.voice.AppendOpen(s.talk[:0], r, r.Number, payload)
		s.count(s.conn.Write(s.talk, to))
	}
	return nil
}

func (s *Sender) count(err error) {
	if err != nil {
		s.stats.Errors++
		s.cfg.Log.Debug("sig-net packet not sent", "error", err)
		return
	}
	s.stats.Packets++
}

// goodbye announces that every universe leaves.
func (s *Sender) goodbye() {
	s.mu.Lock()
	s.output.leaveAll()
	s.mu.Unlock()
	s.out.Lock()
	defer s.out.Unlock()
	if _, err := s.flush(time.Now(), time.Time{}); err != nil {
		s.cfg.Log.Warn("sig-net leave not announced", "error", err)
	}
}

// Close closes the sockets without a good-bye. Run does it by itself.
func (s *Sender) Close() error {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	return s.conn.Close()
}
