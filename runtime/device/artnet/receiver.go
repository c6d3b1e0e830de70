package artnet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
)

// ReceiverDecl declares an Art-Net node that listens. It hears the senders of the same
// show too, as every other device on the network does.
type ReceiverDecl struct {
	Interface string // "" = what the host was told, else a name or address
	Name      string // that others show
	LTP       bool   // of two sources the latest change of a slot counts, not the highest level

	// Universes are those the show listens to. They are not part of the key: a reload may
	// change them on the live device.
	Universes []universe.Stream
}

// Key implements device.Declaration.
func (d *ReceiverDecl) Key() string {
	return fmt.Sprintf("%s ltp %t", lane("receiver", d.Name, d.Interface), d.LTP)
}

// String implements device.Declaration.
func (d *ReceiverDecl) String() string {
	if d.Name != "" {
		return fmt.Sprintf("artnet.receiver %q", d.Name)
	}
	return "artnet.receiver"
}

// Receiver joins a node of the driver to the runtime.
type Receiver struct {
	*universe.Receiver[node.Source]
	env    device.Env
	driver atomic.Pointer[node.Node]
	tally  online.Tally
}

// onlineReceiver is a Receiver on the network, and virtualReceiver one in virtual time.
type (
	onlineReceiver struct {
		*Receiver
		*online.Device
	}
	virtualReceiver struct {
		*Receiver
		online.Stepped
	}
)

// ear is a node of the driver, as universe.Ear.
type ear struct {
	*node.Node
	now func() time.Time
}

// Subscribe implements universe.Ear.
func (e ear) Subscribe(s universe.Stream) error {
	return e.Node.Subscribe(wire.Address(s.Number), e.now())
}

// Unsubscribe implements universe.Ear.
func (e ear) Unsubscribe(s universe.Stream) { e.Node.Unsubscribe(wire.Address(s.Number), e.now()) }

func newReceiver(d *ReceiverDecl, env device.Env) *Receiver {
	r := &Receiver{env: env}
	r.Receiver = universe.NewReceiver(universe.ReceiverConfig[node.Source]{
		Protocol: protocol, Env: env, Declaration: d, Name: sourceName,
		Winner: func(_ int, heard node.Source) node.Source { return heard },
	})
	return r
}

// sourceName names a source for scripts: its address, and the input there if it is not the
// first.
func sourceName(s node.Source) string {
	if s.Physical == 0 {
		return s.From.String()
	}
	return fmt.Sprintf("%v/%d", s.From, s.Physical)
}

func (d *ReceiverDecl) config(r *Receiver) node.Config {
	return node.Config{
		Interface: r.env.NetworkInterface(d.Interface), Port: universe.Port(r.env, protocol, wire.Port),
		ShortName: d.Name, LTP: d.LTP, Log: r.env.Log,
		OnLevels: func(a wire.Address, levels []byte, p node.Packet) {
			r.OnLevels(universe.Stream{Number: int(a)}, levels, nil, p.Source, p.At)
		},
	}
}

func (r *Receiver) use(n *node.Node) {
	r.tally.Replace(r.counts, func() { r.driver.Store(n) })
	r.Use(ear{n, func() time.Time { return r.env.Time(r.env.Now()) }})
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	cfg := d.config(r)
	cfg.Ports = portsOf(env)
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := node.Open(cfg)
		if err != nil {
			return nil, err
		}
		r.use(conn.Node)
		return conn, nil
	}, r.Lost)
	if err != nil {
		return nil, err
	}
	return &onlineReceiver{r, o}, nil
}

// OpenVirtual implements device.Declaration. Nothing is heard unless somebody gives it to
// the node.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	r := newReceiver(d, env)
	cfg := d.config(r)
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	n, err := node.New(cfg, virtualAddress.Addr(), nil)
	if err != nil {
		return nil, err
	}
	r.use(n)
	return &virtualReceiver{r, online.Stepped{Protocol: protocol, Env: env, Machine: stepping{n}}}, nil
}

// Adopt implements device.Adopter.
func (r *Receiver) Adopt(decl device.Declaration) { r.Receiver.Adopt(decl.(*ReceiverDecl).Universes) }

// Adopt implements device.Adopter: it is listened when it returns.
func (r *virtualReceiver) Adopt(decl device.Declaration) {
	r.Receiver.Adopt(decl)
	r.CatchUp()
}

// Loops implements device.Device.
func (r *onlineReceiver) Loops() []func(context.Context) error {
	return append(r.Device.Loops(), r.Follow)
}

// Counts implements device.Counted.
func (r *Receiver) Counts() []device.Count { return r.tally.Sum(r.counts) }

func (r *Receiver) counts() []device.Count {
	st := r.driver.Load().Stats()
	return counts(st.Dropped,
		device.Count{Name: "packets_overtaken", What: "packets that were overtaken", N: st.Stale},
		device.Count{Name: "packets_no_room", What: "packets of sources without room", N: st.Crowd},
		device.Count{Name: "polls_no_room", What: "polls without room", N: st.Refused})
}
