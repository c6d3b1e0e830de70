package theater

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"showrun/cmd/showrun/bridge"
	"showrun/drivers/signet/key"
	"showrun/drivers/theater/server"
	"showrun/runtime/host"
)

// Stage is the servers that run beside one another.
type Stage struct {
	log     *slog.Logger
	iface   string
	length  time.Duration
	servers []drawn
	output  bridge.Sink // nil for none
}

// drawn is a server and how it looks in the status line.
type drawn struct {
	*server.Server
	draw func(meter func([]byte) string, now time.Time) string // with the server locked
}

// Open opens what checked flags describe. findKey finds the key of a Sig-Net
// installation for a state folder. Run must be called.
func Open(f Flags, findKey func(dir string) (key.Transfer, error), log *slog.Logger) (*Stage, error) {
	s := &Stage{log: log, iface: f.Interface, length: f.For}
	if err := s.open(f, findKey); err != nil {
		s.close()
		return nil, &host.DeviceError{Device: "theater", Err: err}
	}
	return s, nil
}

func (s *Stage) open(f Flags, findKey func(dir string) (key.Transfer, error)) (err error) {
	if f.fixtures != nil {
		if s.output, err = openOutput(f, findKey, s.log); err != nil {
			return fmt.Errorf("--to %s: %w", f.To, err)
		}
		if err := s.openLighting(f); err != nil {
			return err
		}
	}
	for i, port := range f.Motion {
		if err := s.openMotion(numbered("motion", i, f.Motion), port); err != nil {
			return err
		}
	}
	for i, port := range f.Valve {
		if err := s.openValve(numbered("valve", i, f.Valve), port); err != nil {
			return err
		}
	}
	return nil
}

// dmx is the one universe of a lighting server.
type dmx struct{ bridge.Sink }

// Show implements server.Sink.
func (o dmx) Show(levels []byte, at time.Time) { o.Sink.Show(0, levels, at) }

// openOutput opens what --to names, nil for nothing.
func openOutput(f Flags, findKey func(dir string) (key.Transfer, error), log *slog.Logger) (bridge.Sink, error) {
	if f.target == nil {
		return nil, nil
	}
	return f.target.Open(bridge.Env{
		Name: "theater", Universes: 1, Interface: f.Interface, Rate: f.Rate, StateDir: f.State, FindKey: findKey,
		Ports: map[string]int{"signet": f.sigNetPort}, Stdout: os.Stdout, Log: log,
	})
}

// numbered names one server of several of a kind.
func numbered(name string, i int, of []int) string {
	if len(of) == 1 {
		return name
	}
	return fmt.Sprintf("%s %d", name, i+1)
}

// maxMeter is the most slots the status line has bars for.
const maxMeter = 48

func (s *Stage) openLighting(f Flags) error {
	config := server.LightingConfig{Fixtures: f.fixtures, Rate: f.Rate}
	about := []any{"fixtures", len(f.fixtures)}
	if s.output != nil {
		config.Sink = dmx{s.output}
		about = append(about, "to", f.To)
	}
	l, err := server.NewLighting(config, time.Now())
	if err != nil {
		return err
	}
	used := 0
	for _, x := range f.fixtures {
		used = max(used, x.Address+x.Channels-1)
	}
	return s.listen("lighting", l, f.Lighting, func(meter func([]byte) string, _ time.Time) string {
		return "▕" + meter(l.Levels()[:min(used, maxMeter)]) + "▏"
	}, about...)
}

func (s *Stage) openMotion(name string, port int) error {
	log := s.log.With("server", name)
	m := server.NewMotion(server.MotionConfig{
		OnSegment: func(x server.Segment) {
			axis := server.AxisNames[x.Axis : x.Axis+1]
			log.Debug("segment", "axis", axis, "degrees", x.Position, "took", x.End.Sub(x.Start), "gap", x.Gap)
			if x.Left == 0 {
				log.Info("the axis has arrived", "axis", axis, "degrees", x.Position)
			}
		},
		OnTruncated: func(axis, segments int, _ time.Time) {
			log.Warn("the buffer of the axis is full: segments dropped", "axis", server.AxisNames[axis:axis+1], "segments", segments)
		},
	})
	return s.listen(name, m, port, func(_ func([]byte) string, now time.Time) string { return drawMotion(m, now) })
}

func (s *Stage) openValve(name string, port int) error {
	log := s.log.With("server", name)
	v := server.NewValve(server.ValveConfig{OnChange: func(joint int, j server.Joint, _ time.Time) {
		if j.Vented {
			log.Info("vented", "joint", joint)
		} else {
			log.Info("valve", "joint", joint, "pwm", j.PWM)
		}
	}})
	return s.listen(name, v, port, func(func([]byte) string, time.Time) string { return drawValve(v) })
}

// listen opens the socket of a server.
func (s *Stage) listen(name string, m server.Machine, port int, draw func(func([]byte) string, time.Time) string, about ...any) error {
	opened, err := server.Listen(server.Config{Name: name, Machine: m, Interface: s.iface, Port: port, Log: s.log})
	if err != nil {
		return err
	}
	s.servers = append(s.servers, drawn{opened, draw})
	s.log.Info(name+" server is on", append([]any{"address", opened.Addr()}, about...)...)
	return nil
}

// Run runs the servers until ctx ends, their time is over or one of them fails. It
// closes everything before it returns.
func (s *Stage) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.close()
	var running sync.WaitGroup
	defer running.Wait()
	keep := func(run func(context.Context) error) {
		running.Go(func() {
			if err := run(ctx); err != nil {
				cancel(&host.DeviceError{Device: "theater", Err: err})
			}
		})
	}
	if s.output != nil {
		keep(s.output.Run)
	}
	for _, x := range s.servers {
		keep(x.Run)
	}
	if s.length > 0 {
		defer time.AfterFunc(s.length, func() { cancel(nil) }).Stop()
	}
	<-ctx.Done()
	if failed, ok := errors.AsType[*host.DeviceError](context.Cause(ctx)); ok {
		return failed
	}
	return nil
}

// close closes what is open; what has run is closed already.
func (s *Stage) close() {
	for _, x := range s.servers {
		x.Close()
	}
	if s.output != nil {
		s.output.Close()
	}
}

// Status draws all servers in a line. meter draws levels as bars.
func (s *Stage) Status(meter func(levels []byte) string) string {
	var fields []string
	for _, x := range s.servers {
		x.Do(func(now time.Time) {
			fields = append(fields, fmt.Sprintf("%d %s", x.Addr().Port(), x.draw(meter, now)))
		})
	}
	return strings.Join(fields, " · ")
}

// drawMotion draws where the axes are, and how many segments they have left.
func drawMotion(m *server.Motion, now time.Time) string {
	var fields []string
	for i := range server.Axes {
		field := fmt.Sprintf("%c %.1f°", server.AxisNames[i], m.Position(i, now))
		if n := m.Buffered(i, now); n > 0 {
			field += fmt.Sprintf(" (%d)", n)
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, " ")
}

// drawValve draws which way air flows.
func drawValve(v *server.Valve) string {
	var fields []string
	for joint := 1; joint <= server.Joints; joint++ {
		state := "shut"
		switch j := v.Joint(joint); {
		case j.Vented:
			state = "vented"
		case j.PWM != 0:
			state = fmt.Sprintf("%+.0f %%", j.PWM)
		}
		fields = append(fields, fmt.Sprintf("joint %d %s", joint, state))
	}
	return strings.Join(fields, " ")
}
