package sacn

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"showrun/drivers/sacn/receiver"
	"showrun/drivers/sacn/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
)

// ReceiverDecl declares a receiver of streaming ACN. It also hears the senders of the same
// show, as every other device on the network does.
type ReceiverDecl struct {
	Interface string // "" = what the host was told, else a name or address

	// Universes (1-63999) are those the show listens to. They are not part of the key: a
	// reload may change them on the live device.
	Universes []universe.Stream
}

// Key implements device.Declaration.
func (d *ReceiverDecl) Key() string { return fmt.Sprintf("sacn receiver on %q", d.Interface) }

// String implements device.Declaration.
func (d *ReceiverDecl) String() string {
	if d.Interface != "" {
		return fmt.Sprintf("sacn.receiver on %s", d.Interface)
	}
	return "sacn.receiver"
}

// source is a source as scripts know it.
type source struct {
	cid  wire.CID
	name string
}

// String is its name, or what it is known by to machines if it has none.
func (s source) String() string {
	if s.name == "" {
		return s.cid.String()
	}
	return s.name
}

// Receiver joins a receiver to the runtime.
type Receiver struct {
	*universe.Receiver[source]
	driver atomic.Pointer[receiver.Receiver]
	tally  online.Tally
	driven []bool // of onLevels
}

// onlineReceiver is a Receiver on the network, and virtualReceiver one in virtual time.
// To listen to more takes the system its time, so the first does it on a goroutine.
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

// ear is a Receiver of the driver, as universe.Ear.
type ear struct{ *receiver.Receiver }

// Subscribe implements universe.Ear.
func (e ear) Subscribe(s universe.Stream) error {
	if s.Preview {
		return e.SubscribePreview(s.Number)
	}
	return e.Receiver.Subscribe(s.Number)
}

// Unsubscribe implements universe.Ear.
func (e ear) Unsubscribe(s universe.Stream) {
	if s.Preview {
		e.UnsubscribePreview(s.Number)
	} else {
		e.Receiver.Unsubscribe(s.Number)
	}
}

func newReceiver(d *ReceiverDecl, env device.Env) (*Receiver, receiver.Config) {
	r := &Receiver{}
	r.Receiver = universe.NewReceiver(universe.ReceiverConfig[source]{
		Protocol: protocol, Env: env, Declaration: d, Winner: r.winner, Name: source.String,
	})
	return r, receiver.Config{
		Interface: env.NetworkInterface(d.Interface), Port: env.Ports[protocol],
		OnLevels: r.onLevels, OnPreview: r.onPreview, Log: env.Log,
	}
}

// use makes a driver listen from now on.
func (r *Receiver) use(driver *receiver.Receiver) {
	r.tally.Replace(r.counts, func() { r.driver.Store(driver) })
	r.Use(ear{driver})
}

// Open implements device.Declaration.
func (d *ReceiverDecl) Open(env device.Env) (device.Device, error) {
	r, cfg := newReceiver(d, env)
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := receiver.Open(cfg)
		if err != nil {
			return nil, err
		}
		r.use(conn.Receiver)
		return conn, nil
	}, r.Lost)
	if err != nil {
		return nil, err
	}
	return &onlineReceiver{r, o}, nil
}

// OpenVirtual implements device.Declaration. Nothing is heard.
func (d *ReceiverDecl) OpenVirtual(env device.Env) (device.Device, error) {
	r, cfg := newReceiver(d, env)
	machine := receiver.New(cfg, func() time.Time { return env.Time(env.Now()) })
	r.use(machine)
	return &virtualReceiver{r, online.Stepped{Protocol: protocol, Env: env, Machine: machine}}, nil
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

func (r *Receiver) onLevels(number int, levels []byte, p receiver.Packet) {
	r.driven = r.driver.Load().Driven(r.driven[:0], number)
	r.OnLevels(universe.Stream{Number: number}, levels, r.driven, source{p.Source, p.Name}, p.At)
}

func (r *Receiver) onPreview(number int, levels []byte, p receiver.Packet) {
	r.OnLevels(universe.Stream{Number: number, Preview: true}, levels, nil, source{p.Source, p.Name}, p.At)
}

// winner is the source that wins most slots of a universe; none if there are none.
func (r *Receiver) winner(universe int, _ source) (best source) {
	most := 0
	for _, s := range r.driver.Load().Sources(universe) {
		if s.Wins > most {
			best, most = source{s.CID, s.Name}, s.Wins
		}
	}
	return best
}

// Counts implements device.Counted.
func (r *Receiver) Counts() []device.Count { return r.tally.Sum(r.counts) }

func (r *Receiver) counts() []device.Count {
	st := r.driver.Load().Stats()
	return []device.Count{
		{Name: "packets_foreign", What: "packets of other protocols", N: st.Foreign},
		{Name: "packets_malformed", What: "malformed packets", N: st.Malformed},
		{Name: "packets_disordered", What: "packets out of order", N: st.Disordered},
		{Name: "packets_no_room", What: "packets of sources without room", N: st.Refused},
		{Name: "priorities_clamped", What: "priorities above the highest", N: st.Clamped},
	}
}
