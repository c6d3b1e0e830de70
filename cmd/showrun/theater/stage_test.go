package theater

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/osc"
	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/node"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/wire"
	"showrun/drivers/theater/server"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/host"
)

// The advertisement of a gateway may sleep for a moment after its end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/grandcat/zeroconf.(*Server).probe"))
}

// patience is how long a test waits for something that is sure to happen.
const patience = 30 * time.Second

// changed waits for a value from hardware.
func changed[T comparable](t *testing.T, from <-chan T, want T) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case v := <-from:
			if v == want {
				return
			}
		case <-limit:
			t.Fatalf("%v does not come", want)
		}
	}
}

// flags are those of a lighting server that drives something on loopback.
func flags(t *testing.T, to string) Flags {
	t.Helper()
	f := Flags{Lighting: 0, To: to, Rate: 44, Interface: "127.0.0.1", State: t.TempDir()}
	if err := f.Check(func(name string) bool { return name == "lighting" || name == "to" }); err != nil {
		t.Fatal(err)
	}
	return f
}

// run runs what flags describe until the end of the test, and returns a sender to
// its first server.
func run(t *testing.T, f Flags) (*Stage, *osc.Sender) {
	t.Helper()
	s, err := Open(f, findKey, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	sender, err := osc.Dial(s.servers[0].Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return s, sender
}

func send(t *testing.T, s *osc.Sender, address string, args ...any) {
	t.Helper()
	if err := s.Send(osc.Message{Address: address, Args: args}); err != nil {
		t.Fatal(err)
	}
}

// dimmer is a Sig-Net device that tells of slot 4.
type dimmer chan byte

func (d dimmer) Output(_ int, levels []byte) {
	if len(levels) == 512 {
		d <- levels[3]
	}
}

func findKey(dir string) (key.Transfer, error) { return devsignet.FindKey(dir) }

// A fixture drives a lamp on Sig-Net with the key of the key store, and beside it a
// show has the state folder to itself.
func TestSigNet(t *testing.T) {
	f := flags(t, "signet:7")
	c, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	f.sigNetPort = c.LocalAddr().(*net.UDPAddr).Port
	c.Close()
	k0, err := signet.GenerateK0(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.WriteFile(devsignet.KeyFile(f.State), key.AppendK0(nil, k0)); err != nil {
		t.Fatal(err)
	}
	tuid, err := signet.NewTUID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := make(dimmer, 10000)
	n, err := node.Open(node.Config{
		TUID: tuid, Keys: k0.NodeKeys(tuid), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: f.sigNetPort, Universes: []int{7}, Sink: d,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })

	_, sender := run(t, f)
	send(t, sender, "/tempo", "straw", float32(1200))
	send(t, sender, "/fixture", "straw", int32(200))
	changed(t, d, 200)
	send(t, sender, "/fixture", int32(3), int32(20))
	changed(t, d, 20)
	if files, _ := filepath.Glob(filepath.Join(f.State, "*.db")); len(files) != 0 {
		t.Errorf("it keeps %v", files)
	}
}

// strip is hardware that tells of its channel 9.
type strip chan wire.Value

func (s strip) Set(c gateway.Channel, v wire.Value) {
	if c.Number == 9 {
		s <- v
	}
}

// startGateway runs a gateway with 16 channels until the end of the test.
func startGateway(t *testing.T, cfg gateway.Config) (*gateway.Gateway, strip) {
	t.Helper()
	s := make(strip, 10000)
	cfg.Channels, cfg.Sink, cfg.Listen = gateway.Channels("DMX", 1, 16), s, "127.0.0.1:0"
	g, err := gateway.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { g.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return g, s
}

// Fixtures drive the channels of a gateway, in their order.
func TestStageNet(t *testing.T) {
	g, s := startGateway(t, gateway.Config{ID: "dimmer@stage"})
	_, sender := run(t, flags(t, "stagenet:dimmer@stage@"+g.Addr().String()))
	send(t, sender, "/tempo", "rgba1", float32(1200))
	send(t, sender, "/fixture", "rgba1", int32(77), int32(0), int32(0), int32(0))
	changed(t, s, 77)
}

// A gateway is found by its id.
func TestStageNetIsFound(t *testing.T) {
	_, s := startGateway(t, gateway.Config{ID: "theater-test-1", Advertise: true, Interface: "127.0.0.1"})
	_, sender := run(t, flags(t, "stagenet:theater-test-1"))
	send(t, sender, "/fixture", "rgba1", int32(78), int32(0), int32(0), int32(0))
	changed(t, s, 78)
}

// A gateway with another id gets nothing, and that is said.
func TestAnotherGateway(t *testing.T) {
	g, s := startGateway(t, gateway.Config{ID: "somebody"})
	f := flags(t, "stagenet:dimmer@"+g.Addr().String())
	said := make(chan string, 100)
	stage, err := Open(f, findKey, slog.New(slog.NewTextHandler(tee(said), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { stage.Run(ctx) })
	limit := time.After(patience)
	for {
		select {
		case line := <-said:
			if strings.Contains(line, "another gateway answers") {
				if len(s) != 0 {
					t.Error("it gets levels")
				}
				return
			}
		case <-limit:
			t.Fatal("nothing is said")
		}
	}
}

// tee is a log whose lines go to a channel.
type tee chan<- string

func (c tee) Write(b []byte) (int, error) {
	c <- string(b)
	return len(b), nil
}

func TestStatus(t *testing.T) {
	f := Flags{Lighting: 0, Motion: []int{0}, Valve: []int{0}, Rate: 44}
	if err := f.Check(func(name string) bool { return name == "lighting" }); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	s, err := Open(f, findKey, slog.New(slog.NewTextHandler(&b, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if n := strings.Count(b.String(), "server is on"); n != 3 {
		t.Errorf("%d servers are announced:\n%s", n, b.String())
	}
	line := s.Status(func(levels []byte) string { return strings.Repeat("=", len(levels)) })
	for _, part := range []string{"▕================▏ · ", " x 0.0° y 0.0° z 0.0° a 0.0° · ", " joint 1 shut joint 2 shut"} {
		if !strings.Contains(line, part) {
			t.Errorf("%q is not in %q", part, line)
		}
	}
	now := time.Now()
	m, v := server.NewMotion(server.MotionConfig{}), server.NewValve(server.ValveConfig{})
	m.Receive(now, osc.Message{Address: "/spline", Args: []any{"y", int32(0), int32(90), int32(90), int32(90), int32(90), int32(90)}}, time.Time{})
	v.Receive(now, osc.Message{Address: "/empty"}, time.Time{})
	v.Receive(now, osc.Message{Address: "/move", Args: []any{int32(2), int32(-40)}}, time.Time{})
	if got, want := drawMotion(m, now.Add(1500*time.Millisecond)), "x 0.0° y 90.0° (1) z 0.0° a 0.0°"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := drawValve(v), "joint 1 vented joint 2 -40 %"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What cannot be opened is named, and leaves nothing open.
func TestOpenErrors(t *testing.T) {
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	f := flags(t, "")
	f.Valve = []int{taken.LocalAddr().(*net.UDPAddr).Port}
	_, err = Open(f, findKey, slog.New(slog.DiscardHandler))
	var failed *host.DeviceError
	if !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), "theater: valve server: osc: listen on ") {
		t.Errorf("a port that is taken: %v", err)
	}
	if _, err := Open(flags(t, "signet:1"), findKey, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("Sig-Net opens without a key")
	}
}

// It ends by itself when its time is over.
func TestFor(t *testing.T) {
	f := flags(t, "")
	f.For = time.Millisecond
	s, err := Open(f, findKey, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err != nil {
		t.Error(err)
	}
}
