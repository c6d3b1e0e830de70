package theater

import (
	"context"
	"sync/atomic"
	"time"

	driver "showrun/drivers/theater"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// ID names a fixture of a lighting server.
type ID = driver.ID

// Name is a fixture by its name.
func Name(name string) ID { return driver.Name(name) }

// Number is a fixture by its number, from 0.
func Number(n int) ID { return driver.Number(n) }

// MaxKnots is how many knots a path of a fixture may have: it leaves in one
// datagram, and a server keeps 4096 segments.
const MaxKnots = 3 * 4096

// LightingDecl declares a lighting server to be controlled.
type LightingDecl struct {
	Server

	// Fixtures are those whose levels are sent. They are not part of the key: a reload
	// may change them on the live device.
	Fixtures []Fixture
}

// Fixture is a fixture of the server and the levels it shows.
type Fixture struct {
	ID       ID
	Channels int
	Output   level.Output
}

// Orders a Lighting takes.
type (
	// Change is one smooth change of a fixture, to a level from 0 to 255 per channel.
	Change struct {
		Fixture ID
		Levels  []float64
	}
	// Spline appends a path to those of a fixture.
	Spline struct {
		Fixture ID
		Knots   []float64
	}
	// Tempo sets the tempo of paths to come, in segments a minute.
	Tempo struct {
		Fixture ID
		Rate    float64
	}
	// Follow makes it follow the show's tempo; with 0 it ends.
	Follow struct {
		Fixture         ID
		SegmentsPerBeat float64
	}
)

// Key implements device.Declaration.
func (d *LightingDecl) Key() string { return d.key("lighting") }

// String implements device.Declaration.
func (d *LightingDecl) String() string { return "theater.lighting " + d.Address() }

// Outputs implements device.Outputs.
func (d *LightingDecl) Outputs() []level.Output {
	var list []level.Output
	for _, f := range d.Fixtures {
		list = append(list, f.Output)
	}
	return list
}

// Lighting controls a lighting server.
type Lighting struct {
	env      device.Env
	driver   *driver.Lighting
	refusals refusals

	// driving is what the driver runs under. It ends a little after the rest of the
	// device: when the last levels have left.
	driving context.Context
	halt    context.CancelFunc

	fixtures atomic.Pointer[[]Fixture] // never written to
}

// Open implements device.Declaration.
func (d *LightingDecl) Open(env device.Env) (device.Device, error) {
	server, err := d.in(env, func(r *Rig, s Server) (int, error) { return r.lighting(s, d) })
	if err != nil {
		return nil, err
	}
	drv, err := driver.OpenLighting(driver.LightingConfig{Config: server.config(env)})
	if err != nil {
		return nil, err
	}
	l := &Lighting{env: env, driver: drv, refusals: refusals{log: env.Log, what: d}}
	l.driving, l.halt = context.WithCancel(context.Background())
	return l, nil
}

// OpenVirtual implements device.Declaration: commands are seen as orders, levels in
// frames.
func (d *LightingDecl) OpenVirtual(device.Env) (device.Device, error) { return device.Silent{}, nil }

// Adopt implements device.Adopter.
func (l *Lighting) Adopt(decl device.Declaration) { l.fixtures.Store(&decl.(*LightingDecl).Fixtures) }

// declared are the fixtures of the live load.
func (l *Lighting) declared() []Fixture {
	if list := l.fixtures.Load(); list != nil {
		return *list
	}
	return nil
}

// Take implements device.Taker.
func (l *Lighting) Take(_ time.Duration, message any) {
	var err error
	switch m := message.(type) {
	case Change:
		err = l.driver.Fixture(m.Fixture, m.Levels...)
	case Spline:
		err = l.driver.Spline(m.Fixture, m.Knots...)
	case Tempo:
		err = l.driver.Tempo(m.Fixture, m.Rate)
	case Follow:
		err = l.driver.Follow(now(l.env), m.Fixture, m.SegmentsPerBeat)
	}
	l.refusals.report(err)
}

// Publish implements device.Publisher.
func (l *Lighting) Publish(f *level.Frame) {
	at := now(l.env)
	for _, x := range l.declared() {
		if levels := f.Slots(x.Output); len(levels) >= x.Channels {
			l.refusals.report(l.driver.Levels(at, x.ID, levels[:x.Channels]))
		}
	}
}

// Universes implements device.Publisher: the server has one, whose fixtures it fills.
func (l *Lighting) Universes() int { return min(len(l.declared()), 1) }

// Tempo implements device.Paced.
func (l *Lighting) Tempo(_ time.Duration, bpm float64) { l.driver.Beat(now(l.env), bpm) }

// Counts implements device.Counted.
func (l *Lighting) Counts() []device.Count { return counts(l.driver.Stats()) }

// Close closes a Lighting whose loops never ran.
func (l *Lighting) Close() error { return l.driver.Close() }

// Loops implements device.Device.
func (l *Lighting) Loops() []func(context.Context) error {
	return []func(context.Context) error{l.drive, l.finish}
}

// drive runs the driver until the last levels have left.
func (l *Lighting) drive(context.Context) error { return l.driver.Run(l.driving) }

// maxFinish is how long the last levels may take. They wait for the change before
// them to be over, 100 ms unless a script has set another tempo.
const maxFinish = 250 * time.Millisecond

// finish waits for ctx to end and then for the last levels to leave: the look a show
// ends with would be lost if it came right after another.
func (l *Lighting) finish(ctx context.Context) error {
	defer l.halt()
	<-ctx.Done()
	for end := now(l.env).Add(maxFinish); ; {
		at, next := now(l.env), l.driver.Deadline()
		if next.IsZero() || next.After(end) || at.After(end) {
			return nil
		}
		<-time.After(max(next.Sub(at), time.Millisecond))
	}
}
