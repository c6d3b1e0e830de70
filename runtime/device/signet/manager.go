package signet

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"showrun/drivers/signet"
	role "showrun/drivers/signet/device"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
)

// ManagerDecl declares the read side of a Sig-Net Manager. It lists every device of
// the installation, the Senders and Receivers of the same show among them.
type ManagerDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFrom   KeyRef // of a root key or a guest file
	Label     string
}

// Key implements device.Declaration.
func (d *ManagerDecl) Key() string {
	return fmt.Sprintf("signet manager scope %q on %q key %v label %q", d.Scope, d.Interface, d.KeyFrom, d.Label)
}

// String implements device.Declaration.
func (d *ManagerDecl) String() string {
	if d.Label != "" {
		return fmt.Sprintf("signet.manager %q", d.Label)
	}
	return fmt.Sprintf("signet.manager (scope %s)", d.Scope)
}

// identity names what keeps its TUID: the same Manager in the next run, and no other of
// the load.
func (d *ManagerDecl) identity(iface string) string {
	return fmt.Sprintf("%s on %s", d.Key(), iface)
}

// NodeEvents are the events a Manager reports of devices. "beacon" is of those
// without keys: heard, told to be suspect, or silent again, which Online tells.
var NodeEvents = []string{"found", "lost", "changed", "beacon"}

// EventTopic is the topic of an event of NodeEvents; it carries a Node.
func (d *ManagerDecl) EventTopic(event string) string { return d.Key() + " " + event }

// Node is a device as it described itself: of any role, not only a Node.
type Node struct {
	TUID          string         `json:"tuid"` // 7FF0:A1B2C3D4
	Label         string         `json:"label"`
	Model         string         `json:"model"`
	SoemCode      uint32         `json:"soem_code"` // manufacturer and product variant
	Address       string         `json:"address"`   // of its last packet
	Roles         []string       `json:"roles"`     // "node", "sender", "manager", "visualiser"
	EndpointCount int            `json:"endpoint_count"`
	Endpoints     []NodeEndpoint `json:"endpoints"` // those it has described
	Online        bool           `json:"online"`
	Notes         []string       `json:"notes"` // what is odd about it, for people
}

// NodeEndpoint is a data endpoint of a device.
type NodeEndpoint struct {
	Number    int    `json:"number"`   // from 1
	Universe  int    `json:"universe"` // 0 if it has none
	Label     string `json:"label"`
	Direction string `json:"direction"` // "off", "consumer", "supplier" or "fallback"; "" if not told
}

// What may be odd about a device.
const (
	noteUnreachable = "unreachable" // it hears no polls
	noteUnkeyed     = "no keys"
	noteSpoofed     = "spoofed" // two addresses speak as one device
	noteOdd         = "incomplete beacon"
)

var roleNames = []struct {
	bit  uint64
	name string
}{
	{role.RoleNode, "node"}, {role.RoleSender, "sender"}, {role.RoleManager, "manager"}, {role.RoleVisualiser, "visualiser"},
}

var directionNames = [4]string{"off", "consumer", "supplier", "fallback"}

// NodeOf describes a device of a Manager's table.
func NodeOf(n manager.Node) Node {
	v := Node{
		TUID: n.TUID.Screen(), Label: n.Label(), Model: n.Model(), SoemCode: n.SoemCode, Address: n.Address.Addr().String(),
		Roles: []string{}, EndpointCount: n.DataEndpoints(), Endpoints: []NodeEndpoint{}, Online: n.Online, Notes: []string{},
	}
	for _, r := range roleNames {
		if n.Roles()&r.bit != 0 {
			v.Roles = append(v.Roles, r.name)
		}
	}
	for i := range n.Endpoints {
		e := &n.Endpoints[i]
		if e.Number == wire.RootEndpoint {
			continue
		}
		out := NodeEndpoint{Number: int(e.Number), Universe: e.Universe(), Label: e.Label()}
		if _, told := e.Values[wire.TIDEPDirection]; told {
			out.Direction = directionNames[e.Direction()&3]
		}
		v.Endpoints = append(v.Endpoints, out)
	}
	if n.Unreachable {
		v.Notes = append(v.Notes, noteUnreachable)
	}
	return v
}

// NodeOfBeacon describes a device without keys, of which nothing can be believed
// for certain.
func NodeOfBeacon(b manager.Beacon, online bool) Node {
	v := Node{
		TUID: b.TUID.Screen(), Label: b.Label, Address: b.Address.Addr().String(), Roles: []string{},
		EndpointCount: b.Endpoints, Endpoints: []NodeEndpoint{}, Online: online, Notes: []string{noteUnkeyed},
	}
	if b.Spoofed {
		v.Notes = append(v.Notes, noteSpoofed)
	}
	if !b.Conformant {
		v.Notes = append(v.Notes, noteOdd)
	}
	return v
}

// Manager joins the read side of a Sig-Net Manager to the runtime. OnEvent is
// called by the driver, or by whoever plays its part in virtual time.
type Manager struct {
	decl *ManagerDecl
	env  device.Env

	driver atomic.Pointer[manager.Manager]
	nodes  atomic.Pointer[[]Node] // by TUID; not changed
	tuid   atomic.Pointer[signet.TUID]
	tally  online.Tally
}

// onlineManager is a Manager on the network, and virtualManager one in virtual time.
type (
	onlineManager struct {
		*Manager
		*online.Device
	}
	virtualManager struct {
		*Manager
		online.Stepped
	}
)

// Open implements device.Declaration.
func (d *ManagerDecl) Open(env device.Env) (device.Device, error) {
	m := newManager(d, env)
	cfg := m.config()
	var err error
	if cfg.Keys, err = keysOf(env, d.KeyFrom); err != nil {
		return nil, err
	}
	cfg.Sessions = Sessions{env.Store}
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := openNamed(env.Store, d.identity(cfg.Interface), func(t signet.TUID) (*manager.Conn, error) {
			cfg.TUID = t
			m.tuid.Store(&t)
			return manager.Open(cfg)
		})
		if err != nil {
			return nil, err
		}
		m.tally.Replace(m.counts, func() { m.driver.Store(conn.Manager) })
		return conn, nil
	}, m.forget)
	if err != nil {
		return nil, err
	}
	return &onlineManager{m, o}, nil
}

// OpenVirtual implements device.Declaration: there are no devices, and nothing happens
// unless somebody calls OnEvent.
func (d *ManagerDecl) OpenVirtual(env device.Env) (device.Device, error) {
	m := newManager(d, env)
	cfg := m.config()
	cfg.Keys = virtualKeys()
	var err error
	if cfg.TUID, cfg.Rand, err = virtualIdentity(d.Key()); err != nil {
		return nil, err
	}
	driver, err := manager.New(cfg, env.Time(env.Now()), nil)
	if err != nil {
		return nil, err
	}
	m.tally.Replace(m.counts, func() { m.driver.Store(driver) })
	return &virtualManager{m, online.Stepped{Protocol: protocol, Env: env, Machine: driver}}, nil
}

func newManager(d *ManagerDecl, env device.Env) *Manager {
	m := &Manager{decl: d, env: env}
	m.forget()
	return m
}

// config is what of the declaration the driver has to know.
func (m *Manager) config() manager.Config {
	d := m.decl
	return manager.Config{
		Scope: d.Scope, Interface: network(m.env, d.Interface), Port: m.env.Ports[protocol],
		Label: d.Label, OnEvent: m.OnEvent, Log: m.env.Log,
	}
}

// OnEvent takes what the driver says of a device.
func (m *Manager) OnEvent(e manager.Event) {
	at := m.env.Since(e.Node.Heard)
	name := ""
	switch e.Kind {
	case manager.Found:
		name = "found"
	case manager.Lost:
		name, at = "lost", m.env.Now() // it was heard long ago
	case manager.Changed, manager.Unreachable:
		name = "changed"
	case manager.BeaconFound, manager.BeaconSpoof:
		m.tell("beacon", m.env.Since(e.Beacon.Heard), NodeOfBeacon(e.Beacon, true))
		return
	case manager.BeaconLost:
		m.tell("beacon", m.env.Now(), NodeOfBeacon(e.Beacon, false))
		return
	case manager.Duplicate:
		m.env.Log.Error("signet: another device uses the TUID of this Manager; every device must have its own",
			"tuid", e.Node.TUID.Screen(), "address", e.Node.Address.Addr())
		return
	}
	v := NodeOf(e.Node)
	m.know(v)
	m.tell(name, at, v)
}

func (m *Manager) tell(event string, at time.Duration, v Node) {
	topic, key := m.decl.EventTopic(event), ""
	if event == "changed" {
		key = topic + v.TUID
	}
	m.env.Event(device.Event{Topic: topic, Key: key, From: m.decl.Key(), At: at, Value: v})
}

// know publishes what is known of a device.
func (m *Manager) know(v Node) {
	list := slices.Clone(*m.nodes.Load())
	i, known := slices.BinarySearchFunc(list, v.TUID, func(n Node, tuid string) int { return strings.Compare(n.TUID, tuid) })
	if known {
		list[i] = v
	} else {
		list = slices.Insert(list, i, v)
	}
	m.nodes.Store(&list)
}

// forget is for a driver that has heard of no device yet.
func (m *Manager) forget() { m.nodes.Store(&[]Node{}) }

// Answer implements device.Answerer.
func (m *Manager) Answer(question any) any {
	if _, ok := question.(NodesOf); ok {
		return *m.nodes.Load()
	}
	return nil
}
