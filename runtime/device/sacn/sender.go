package sacn

import (
	"fmt"
	"time"

	"showrun/drivers/sacn"
	"showrun/drivers/sacn/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// SenderDecl declares a source of streaming ACN.
type SenderDecl struct {
	Interface string // "" = what the host was told, else a name or address
	Name      string // tells senders of a load apart
	CID       string // "" for one that is kept
	Rate      int    // packets a second of a universe at most
	Priority  int    // 0-200, of universes without one
	Sync      int    // universe on which frames are released, 0 for none
	Unicast   string // of universes without one, as in universe.Universe
	Latency   time.Duration

	// Universes are not part of the key: a reload may change them on the live device.
	Universes []universe.Universe
}

// Key implements device.Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("%s rate %d priority %d sync %d unicast %q latency %v",
		d.Lane(), d.Rate, d.Priority, d.Sync, d.Unicast, d.Latency)
}

// Lane names what no two senders of a load may share: receivers know a sender by it, and
// it is theirs over reloads that change other options.
func (d *SenderDecl) Lane() string {
	return fmt.Sprintf("sacn sender %q on %q cid %q", d.Name, d.Interface, d.CID)
}

// String implements device.Declaration.
func (d *SenderDecl) String() string { return fmt.Sprintf("sacn.sender %q", d.Name) }

// Outputs implements device.Outputs.
func (d *SenderDecl) Outputs() []level.Output { return universe.Outputs(d.Universes) }

// OutputName implements device.Labelled.
func (d *SenderDecl) OutputName(o level.Output) string { return universe.Name(d.Universes, o) }

// releaseMargin is how long before a release the levels leave: the time that receivers
// need, and that it takes to send many universes.
const releaseMargin = 5 * time.Millisecond

// Lead implements device.Early.
func (d *SenderDecl) Lead() time.Duration {
	if d.Sync != 0 {
		return d.Latency + releaseMargin
	}
	return d.Latency
}

// FrameRate implements device.Frequent.
func (d *SenderDecl) FrameRate() int { return d.Rate }

// config is what of the declaration the driver has to know.
func (d *SenderDecl) config(env device.Env) sacn.Config {
	return sacn.Config{
		Name: d.Name, Interface: env.NetworkInterface(d.Interface), Port: env.Ports[protocol],
		Rate: d.Rate, Priority: byte(d.Priority), Sync: uint16(d.Sync), Log: env.Log,
	}
}

// Sender puts universes on the network.
type Sender struct {
	*universe.Sender
	decl  *SenderDecl
	env   device.Env
	tally online.Tally
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

func newSender(d *SenderDecl, env device.Env) *Sender {
	return &Sender{decl: d, env: env, Sender: universe.NewSender(universe.Config{
		Protocol: protocol, Env: env, Latency: d.Latency, Sync: d.Sync != 0,
	})}
}

// Open implements device.Declaration.
func (d *SenderDecl) Open(env device.Env) (device.Device, error) {
	s, cfg := newSender(d, env), d.config(env)
	var err error
	if cfg.CID, err = cidOf(env.Store, d); err != nil {
		return nil, err
	}
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := sacn.OpenSender(cfg)
		if err != nil {
			return nil, err
		}
		s.use(conn.Sender)
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
	cfg.CID = virtualCID(d)
	machine, err := sacn.NewSender(cfg, nil)
	if err != nil {
		return nil, err
	}
	s.use(machine)
	return &virtualSender{s, online.Stepped{Protocol: protocol, Env: env, Machine: machine}}, nil
}

// use makes a driver send from now on.
func (s *Sender) use(d *sacn.Sender) {
	s.tally.Replace(s.counts, func() { s.Use(&driver{d, s}) })
}

// Adopt implements device.Adopter.
func (s *Sender) Adopt(decl device.Declaration) { s.Sender.Adopt(decl.(*SenderDecl).Universes, nil) }

// Counts implements device.Counted.
func (s *Sender) Counts() []device.Count { return s.tally.Sum(s.counts) }

func (s *Sender) counts() []device.Count {
	return []device.Count{{Name: "packets_not_sent", What: "packets not sent", N: s.Driver().(*driver).Stats().Errors}}
}

// driver is a Sender of the driver, as universe.Driver.
type driver struct {
	*sacn.Sender
	of *Sender
}

// Join implements universe.Driver.
func (d *driver) Join(u universe.Universe) error {
	o := sacn.UniverseOptions{Priority: u.Priority, Preview: u.Preview}
	if u.Unicast == "" {
		u.Unicast = d.of.decl.Unicast
	}
	if d.of.env.Rigs == nil { // whose receiver listens to the group
		o.Unicast = u.Addresses(universe.Port(d.of.env, protocol, wire.Port))
	}
	return d.Sender.Join(u.Number, o)
}

// Leave implements universe.Driver.
func (d *driver) Leave(s universe.Stream) error { return d.Sender.Leave(s.Number, s.Preview) }

// SetLevels implements universe.Driver.
func (d *driver) SetLevels(s universe.Stream, levels []byte) {
	d.Sender.SetLevels(s.Number, s.Preview, levels)
}
