package artnet

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// SenderDecl declares an Art-Net controller.
type SenderDecl struct {
	Interface string // "" = what the host was told, else a name or address
	Name      string // that others show
	Rate      int    // packets a second of a universe at most
	Quiet     bool   // nobody is looked for
	Unicast   string // addresses that get every universe, one a line
	Broadcast bool   // levels to everybody
	Sync      bool   // an ArtSync makes frames visible
	Latency   time.Duration

	// Universes are not part of the key: a reload may change them on the live device.
	Universes []universe.Universe
}

// Key implements device.Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("%s rate %d quiet %t to %q broadcast %t sync %t latency %v",
		d.Lane(), d.Rate, d.Quiet, d.Unicast, d.Broadcast, d.Sync, d.Latency)
}

// Lane names its levels over reloads that change other options.
func (d *SenderDecl) Lane() string { return lane("sender", d.Name, d.Interface) }

// String implements device.Declaration.
func (d *SenderDecl) String() string {
	if d.Name != "" {
		return fmt.Sprintf("artnet.sender %q", d.Name)
	}
	return "artnet.sender"
}

// Outputs implements device.Outputs.
func (d *SenderDecl) Outputs() []level.Output { return universe.Outputs(d.Universes) }

// OutputName implements device.Labelled.
func (d *SenderDecl) OutputName(o level.Output) string { return universe.Name(d.Universes, o) }

// releaseMargin is how long before a sync the levels leave, for the time it takes to send
// many universes.
const releaseMargin = 3 * time.Millisecond

// Lead implements device.Early.
func (d *SenderDecl) Lead() time.Duration {
	if d.Sync {
		return d.Latency + releaseMargin
	}
	return d.Latency
}

// FrameRate implements device.Frequent.
func (d *SenderDecl) FrameRate() int { return d.Rate }

// Sender puts universes on the network.
type Sender struct {
	*universe.Sender
	controller atomic.Pointer[artnet.Controller]
	tally      online.Tally
}

// onlineSender is a Sender on the network, and virtualSender one in virtual time.
type (
	onlineSender struct {
		*Sender
		*online.Device
	}
	virtualSender struct {
		*Sender
		online.Stepped
	}
)

// driver is a controller of the driver, as universe.Driver.
type driver struct{ *artnet.Controller }

// Join implements universe.Driver.
func (d *driver) Join(u universe.Universe) error { return d.Controller.Join(artnet.Address(u.Number)) }

// Leave implements universe.Driver.
func (d *driver) Leave(s universe.Stream) error { return d.Controller.Leave(artnet.Address(s.Number)) }

// SetLevels implements universe.Driver.
func (d *driver) SetLevels(s universe.Stream, levels []byte) {
	d.Controller.SetLevels(artnet.Address(s.Number), levels)
}

// SetPriority implements universe.Driver. The protocol has no priorities, so nobody orders one.
func (d *driver) SetPriority(int, []byte) error { return fmt.Errorf("art-net has no priorities") }

func newSender(d *SenderDecl, env device.Env) *Sender {
	return &Sender{Sender: universe.NewSender(universe.Config{Protocol: protocol, Env: env, Latency: d.Latency, Sync: d.Sync})}
}

func (s *Sender) use(c *artnet.Controller) {
	s.tally.Replace(s.counts, func() { s.controller.Store(c) })
	s.Use(&driver{c})
}

// Open implements device.Declaration.
func (d *SenderDecl) Open(env device.Env) (device.Device, error) {
	s, cfg := newSender(d, env), d.config(env)
	cfg.Ports = portsOf(env)
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := artnet.Open(cfg)
		if err != nil {
			return nil, err
		}
		s.use(conn.Controller)
		return conn, nil
	}, func() {})
	if err != nil {
		return nil, err
	}
	return &onlineSender{s, o}, nil
}

// OpenVirtual implements device.Declaration. Nobody hears it.
func (d *SenderDecl) OpenVirtual(env device.Env) (device.Device, error) {
	s, cfg := newSender(d, env), d.config(env)
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	c, err := artnet.New(cfg, virtualAddress, virtualBroadcast, env.Time(env.Now()), nil)
	if err != nil {
		return nil, err
	}
	s.use(c)
	return &virtualSender{s, online.Stepped{Protocol: protocol, Env: env, Machine: stepping{c}}}, nil
}

// Where devices in virtual time are.
var (
	virtualAddress   = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), wire.Port)
	virtualBroadcast = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 255, 255, 255}), wire.Port)
)

// config is what of the declaration the driver has to know. With a rig nothing is sent to a
// device by its address, and its node is found whatever was asked for.
func (d *SenderDecl) config(env device.Env) artnet.Config {
	port := universe.Port(env, protocol, wire.Port)
	cfg := artnet.Config{
		Interface: env.NetworkInterface(d.Interface), Port: port, Rate: d.Rate, Sync: d.Sync,
		Broadcast: d.Broadcast, ShortName: d.Name, Log: env.Log,
	}
	if rigOf(env) == nil {
		cfg.Quiet, cfg.Unicast = d.Quiet, universe.Universe{Unicast: d.Unicast}.Addresses(port)
	}
	return cfg
}

// Adopt implements device.Adopter.
func (s *Sender) Adopt(decl device.Declaration) { s.Sender.Adopt(decl.(*SenderDecl).Universes, nil) }

// Answer implements device.Answerer.
func (s *Sender) Answer(question any) any {
	if _, ok := question.(NodesOf); ok {
		return Nodes(s.controller.Load().Nodes())
	}
	return nil
}

// Counts implements device.Counted.
func (s *Sender) Counts() []device.Count { return s.tally.Sum(s.counts) }

func (s *Sender) counts() []device.Count {
	st := s.controller.Load().Stats()
	return counts(st.Dropped,
		device.Count{Name: "packets_not_sent", What: "packets not sent", N: st.Errors},
		device.Count{Name: "replies_no_room", What: "replies, subscriptions and polls without room", N: st.Refused})
}
