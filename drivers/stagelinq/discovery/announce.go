package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/wire"
)

// Heard is one discovery datagram of another participant.
type Heard struct {
	wire.Announcement
	Address netip.Addr // sender
	At      time.Time  // arrival
}

// AnnouncerConfig configures an Announcer.
type AnnouncerConfig struct {
	// Self is announced every second. Its Exit is ignored.
	Self wire.Announcement
	// Interface chooses the networks; see Networks.
	Interface string
	// Port is the UDP port of discovery, 0 for DefaultPort.
	Port int
	// Heard is called for each datagram of another token, one at a time, from
	// the receiving goroutine.
	Heard func(Heard)
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// AnnouncerStats counts datagrams since the start.
type AnnouncerStats struct {
	Received  uint64 // from other participants, well-formed
	Malformed uint64 // dropped: not a discovery datagram
	Foreign   uint64 // sender on none of our networks: dropped, unless it is link-local
	Sent      uint64
	SendError uint64
}

// Announcer is the discovery half of a participant, sink or source: it
// announces Self on every chosen network and reports the others (1.2). Run owns
// its sockets and goroutines; the other methods are safe from any goroutine.
type Announcer struct {
	config   AnnouncerConfig
	poke     chan struct{}
	networks atomic.Pointer[[]Network]

	received, malformed, foreign, sent, sendError atomic.Uint64
}

// minHowdySpacing keeps HOWDYs that newcomers cause apart.
const minHowdySpacing = 50 * time.Millisecond

// NewAnnouncer returns an Announcer that does nothing until Run.
func NewAnnouncer(config AnnouncerConfig) *Announcer {
	if config.Port == 0 {
		config.Port = DefaultPort
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Announcer{config: config, poke: make(chan struct{}, 1)}
}

// AnnounceNow sends a HOWDY without waiting for the period, so that a unit
// that has just appeared knows us before we dial it.
func (a *Announcer) AnnounceNow() {
	select {
	case a.poke <- struct{}{}:
	default: // one is due already
	}
}

// Stats returns the counters.
func (a *Announcer) Stats() AnnouncerStats {
	return AnnouncerStats{
		Received: a.received.Load(), Malformed: a.malformed.Load(), Foreign: a.foreign.Load(),
		Sent: a.sent.Load(), SendError: a.sendError.Load(),
	}
}

// LocalAddress returns our own address on the network of a remote one, an
// invalid address when it is on none. TCP connections are dialled from it,
// because a player takes them only from the address it heard (1.2).
func (a *Announcer) LocalAddress(remote netip.Addr) netip.Addr {
	if networks := a.networks.Load(); networks != nil {
		if n, ok := networkFor(*networks, remote); ok {
			return n.Address
		}
	}
	return netip.Addr{}
}

// Run announces and listens until ctx ends, then sends EXIT and closes its
// sockets. It fails at once when the interface does not exist or the discovery
// port cannot be had.
func (a *Announcer) Run(ctx context.Context) error {
	networks, err := Networks(a.config.Interface)
	if err != nil {
		return err
	}
	a.networks.Store(&networks)
	listen := net.ListenConfig{Control: lan.Share}
	packets, err := listen.ListenPacket(ctx, "udp4", fmt.Sprintf("0.0.0.0:%d", a.config.Port))
	if err != nil {
		return fmt.Errorf("stagelinq: discovery port %d: %w (a program that does not share the port may hold it)", a.config.Port, err)
	}
	conn := packets.(*net.UDPConn)

	var receiving sync.WaitGroup
	receiving.Go(func() { a.receive(ctx, conn) })
	a.announce(ctx)
	conn.Close()
	receiving.Wait()
	return nil
}

// receive reads datagrams until the socket is closed.
func (a *Announcer) receive(ctx context.Context, conn *net.UDPConn) {
	buf := make([]byte, wire.MaxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		at := time.Now()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Windows reports datagrams that an earlier send bounced as read
			// errors, and truncated ones too. Neither ends the listening.
			a.malformed.Add(1)
			if !pause(ctx, 10*time.Millisecond) {
				return
			}
			continue
		}
		a.take(buf[:n], from.Addr().Unmap(), at)
	}
}

// take handles one datagram.
func (a *Announcer) take(b []byte, from netip.Addr, at time.Time) {
	heard, err := wire.ParseAnnouncement(b)
	if err != nil {
		a.malformed.Add(1)
		return
	}
	if heard.Token == a.config.Self.Token {
		return // our own broadcast
	}
	a.received.Add(1)
	// A unit on loopback can be reached from any network of this machine.
	if !a.LocalAddress(from).IsValid() && !(from.IsLoopback() && a.config.Interface == "") {
		if a.foreign.Add(1) == 1 {
			a.config.Log.Warn("heard a unit from outside our networks; compare its address and mask with ours",
				"name", heard.Name, "software", heard.Software, "address", from)
		}
		if a.config.Interface != "" || !from.IsLinkLocalUnicast() {
			return // it must not make us connect to anywhere
		}
	}
	a.config.Heard(Heard{Announcement: heard, Address: from, At: at})
}

// announce sends HOWDYs until ctx ends and then EXIT.
func (a *Announcer) announce(ctx context.Context) {
	senders := map[netip.Addr]*sender{}
	defer func() {
		for _, s := range senders {
			s.conn.Close()
		}
	}()
	a.openSenders(senders)
	self := a.config.Self
	self.Exit = false
	howdy := wire.AppendAnnouncement(nil, self)
	self.Exit = true
	exit := wire.AppendAnnouncement(nil, self)

	period := time.NewTicker(HowdyPeriod)
	defer period.Stop()
	for {
		a.send(senders, howdy)
		select {
		case <-period.C:
			a.refresh(senders)
		case <-a.poke:
			if !pause(ctx, minHowdySpacing) {
				a.send(senders, exit)
				return
			}
		case <-ctx.Done():
			a.send(senders, exit)
			return
		}
	}
}

// refresh follows the interfaces of the machine.
func (a *Announcer) refresh(senders map[netip.Addr]*sender) {
	networks, err := Networks(a.config.Interface)
	if err != nil && !errors.Is(err, lan.ErrAbsent) {
		return // the system could not be asked
	}
	// None means unplugged; it may come back.
	if old := *a.networks.Load(); !slices.Equal(old, networks) {
		a.config.Log.Info("networks changed", "networks", networks)
	}
	a.networks.Store(&networks)
	a.openSenders(senders)
}

// sender is the sending socket of one network.
type sender struct {
	conn    *net.UDPConn
	targets []netip.AddrPort
	// fallback replaces targets once they turn out unreachable: some systems
	// have no broadcast on the loopback interface.
	fallback netip.AddrPort
}

// openSenders makes the sockets agree with the list of networks.
func (a *Announcer) openSenders(senders map[netip.Addr]*sender) {
	networks := *a.networks.Load()
	for address, s := range senders {
		if !slices.ContainsFunc(networks, func(n Network) bool { return n.Address == address }) {
			s.conn.Close()
			delete(senders, address)
		}
	}
	for _, n := range networks {
		if senders[n.Address] != nil {
			continue
		}
		s, err := openSender(n, uint16(a.config.Port))
		if err != nil {
			a.sendError.Add(1)
			a.config.Log.Warn("cannot announce", "interface", n.Interface, "error", err)
			continue
		}
		senders[n.Address] = s
	}
}

// openSender binds a socket to the network's own address, so that its
// broadcasts leave there and carry that source address (1.2). Package net sets
// SO_BROADCAST on every UDP socket.
func openSender(n Network, port uint16) (*sender, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: n.Address.AsSlice()})
	if err != nil {
		return nil, err
	}
	s := &sender{conn: conn}
	if n.Broadcast.IsValid() {
		s.targets = append(s.targets, netip.AddrPortFrom(n.Broadcast, port))
	}
	if n.Loopback {
		s.fallback = netip.AddrPortFrom(n.Address, port)
	} else {
		// Some gear has another mask than we, so the limited broadcast too.
		s.targets = append(s.targets, netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), port))
	}
	return s, nil
}

func (a *Announcer) send(senders map[netip.Addr]*sender, datagram []byte) {
	for _, s := range senders {
		for _, target := range s.targets {
			_, err := s.conn.WriteToUDPAddrPort(datagram, target)
			if err != nil && s.fallback.IsValid() {
				s.targets = []netip.AddrPort{s.fallback}
				_, err = s.conn.WriteToUDPAddrPort(datagram, s.fallback)
			}
			if err != nil {
				a.sendError.Add(1)
				continue
			}
			a.sent.Add(1)
		}
	}
}

// pause waits for d and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
