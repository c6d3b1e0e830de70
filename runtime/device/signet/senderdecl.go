package signet

import (
	"fmt"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/online"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// SenderDecl declares a Sig-Net Sender.
type SenderDecl struct {
	Scope     string
	Interface string // "" = what the host was told, else a name or address
	KeyFrom   KeyRef
	Label     string
	Endpoint  int           // 1-0xff00
	Rate      int           // packets a second of a universe at most
	Mode      string        // "secure", "open" or "both"
	Sync      bool          // a sync packet makes frames visible
	Latency   time.Duration // of what hangs on the network: frames leave so much earlier

	// Universes and Timecodes are not part of the key: a reload may change them on
	// the live device.
	Universes []universe.Universe
	Timecodes []TimecodeStream
}

// options are what the driver has to know of a universe. Addresses without a port get that
// given. With a rig nothing is sent to a device by its address: the rig listens to the group.
func options(u universe.Universe, port int, rig bool) signet.UniverseOptions {
	o := signet.UniverseOptions{Priority: u.Priority, Multicast: u.Multicast, Preview: u.Preview}
	if !rig {
		o.Unicast = u.Addresses(port)
	}
	return o
}

// TimecodeStream is a timecode a Sender sends.
type TimecodeStream struct {
	Number int // 1-255
	Rate   TimecodeRate
}

// MoveTimecode is an order that changes a timecode.
type MoveTimecode struct {
	Stream int
	Move   TimecodeMove
}

// Key implements device.Declaration.
func (d *SenderDecl) Key() string {
	return fmt.Sprintf("%s rate %d label %q key %v mode %s sync %t latency %v",
		d.Lane(), d.Rate, d.Label, d.KeyFrom, d.Mode, d.Sync, d.Latency)
}

// Lane names what no two Senders of a load may share: receivers know a Sender by it,
// and it is theirs over reloads that change other options.
func (d *SenderDecl) Lane() string {
	return fmt.Sprintf("signet sender scope %q on %q endpoint %d", d.Scope, d.Interface, d.Endpoint)
}

// String implements device.Declaration.
func (d *SenderDecl) String() string {
	if d.Label != "" {
		return fmt.Sprintf("signet.sender %q", d.Label)
	}
	return fmt.Sprintf("signet.sender (scope %s)", d.Scope)
}

// Outputs implements device.Outputs.
func (d *SenderDecl) Outputs() []level.Output { return universe.Outputs(d.Universes) }

// releaseMargin is how long before a sync the levels leave: the 5 ms a receiver may
// need, and the time it takes to send many universes.
const releaseMargin = wire.SyncSettle + 3*time.Millisecond

// Lead implements device.Early.
func (d *SenderDecl) Lead() time.Duration {
	if d.Sync {
		return d.Latency + releaseMargin
	}
	return d.Latency
}

// FrameRate implements device.Frequent.
func (d *SenderDecl) FrameRate() int { return d.Rate }

// identity names what keeps its TUID: the same Sender in the next run. No two of a load
// have the same one, also if one names the interface the other gets from the host.
func (d *SenderDecl) identity(iface string) string {
	return fmt.Sprintf("%s on %s", d.Lane(), iface)
}

// Open implements device.Declaration.
func (d *SenderDecl) Open(env device.Env) (device.Device, error) {
	s := newSender(d, env)
	cfg := d.config(env)
	if d.Mode != "open" {
		var err error
		if cfg.Keys, err = keysOf(env, d.KeyFrom); err != nil {
			return nil, err
		}
	}
	s.keys = cfg.Keys
	cfg.Sessions = Sessions{env.Store}
	o, err := online.Connect(func() (online.Connection, error) {
		conn, err := openNamed(env.Store, d.identity(cfg.Interface), func(t signet.TUID) (*signet.SenderConn, error) {
			cfg.TUID = t
			return signet.OpenSender(cfg)
		})
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

// OpenVirtual implements device.Declaration. Nobody hears it, so nothing is signed.
func (d *SenderDecl) OpenVirtual(env device.Env) (device.Device, error) {
	s := newSender(d, env)
	cfg := d.config(env)
	cfg.Mode = signet.Open
	var err error
	if cfg.TUID, cfg.Rand, err = virtualIdentity(d.Key()); err != nil {
		return nil, err
	}
	driver, err := signet.NewSender(cfg, env.Time(env.Now()), nil)
	if err != nil {
		return nil, err
	}
	s.use(driver)
	return &virtualSender{s, online.Stepped{Protocol: protocol, Env: env, Machine: driver}}, nil
}

// config is what of the declaration the driver has to know.
func (d *SenderDecl) config(env device.Env) signet.SenderConfig {
	modes := map[string]signet.Mode{"secure": signet.Secure, "open": signet.Open, "both": signet.Both}
	return signet.SenderConfig{
		Scope: d.Scope, Interface: network(env, d.Interface), Port: env.Ports[protocol],
		Endpoint: uint16(d.Endpoint), Rate: d.Rate, Mode: modes[d.Mode],
		// Without its keep-alive receivers stop waiting for the sync while nothing moves,
		// and show the next change when its levels come, too early.
		Sync: d.Sync, SyncKeepalive: d.Sync, Label: d.Label, Log: env.Log,
	}
}
