package signet

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet/node"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// newTestRig runs a part of a rig until the test ends. What its Node accepts comes out of
// the channel, as the universe and the level of slot 1.
func newTestRig(t *testing.T, port int) (*rig, chan [2]int) {
	t.Helper()
	heard := make(chan [2]int, 10000)
	part, err := Protocol(RigConfig{OnLevels: func(universe int, levels []byte, _ node.Packet) {
		if len(levels) > 0 {
			heard <- [2]int{universe, int(levels[0])}
		}
	}}).NewRig(device.RigEnv{
		Interface: "lo", Ports: map[string]int{protocol: port}, Time: sigNetEpoch.Add, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { part.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return part.(*rig), heard
}

// TestRig: with a rig no key is needed, nothing leaves the machine whatever interface a
// show names, and the Node hears every Sender that the first one's patch allows.
func TestRig(t *testing.T) {
	const port = 15727
	r, heard := newTestRig(t, port)
	env, _, _ := sigNetEnv(t, port)
	env.Keys, env.Interface, env.Rigs = nil, "nowhere7", map[string]device.Rig{protocol: r}
	if r.Levels(3) != nil {
		t.Error("levels before there is a Node")
	}

	declared := func(endpoint, number int, mode string) *SenderDecl {
		return &SenderDecl{
			Scope: "local", Interface: "nowhere8", Mode: mode, Endpoint: endpoint, Rate: 44,
			Universes: []universe.Universe{{Number: number}, {Number: number, Preview: true}},
		}
	}
	decls := []*SenderDecl{declared(1, 1, "secure"), declared(2, 2, "both"), declared(3, 3, "open")}
	var opened []device.Opened
	for _, d := range decls {
		s := open[*onlineSender](t, d, env)
		s.Adopt(d)
		runDevice(t, s)
		opened = append(opened, device.Opened{Declaration: d, Device: s})
	}
	opened = append(opened, device.Opened{Declaration: &ManagerDecl{}})
	r.Patch(opened)
	await := func(want ...[2]int) {
		t.Helper()
		at, limit := env.Now(), time.After(eventPatience)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for len(want) > 0 {
			select {
			case got := <-heard:
				want = slices.DeleteFunc(want, func(w [2]int) bool { return w == got })
			case <-tick.C:
				at += time.Second / 44
				for _, o := range opened[:3] {
					o.Device.(*onlineSender).Publish(&level.Frame{At: at, Levels: [][]byte{{7, 8, 9}}})
				}
			case <-limit:
				t.Fatalf("not heard: %v", want)
			}
		}
	}
	await([2]int{1, 7}, [2]int{2, 7})
	if got := r.Levels(2); !slices.Equal(got, []byte{7, 8}) {
		t.Errorf("shows %v", got)
	}
	if slices.Contains(r.patch.universes, 3) {
		t.Error("unsigned packets are listened to beside signed ones")
	}

	// A reload without universes, and one with the unsigned Sender first.
	r.Patch(nil)
	if r.Levels(2) != nil {
		t.Error("levels of no universe")
	}
	r.Patch([]device.Opened{opened[2], opened[1], opened[0]})
	await([2]int{3, 7}, [2]int{2, 7})
}
