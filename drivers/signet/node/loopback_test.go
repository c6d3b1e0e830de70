package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/signet"
	"showrun/drivers/signet/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var nodeTUID = signet.TUID{0x7F, 0xF0, 0x80, 0x00, 0x01, 0x01}

func testKeys(t testing.TB) signet.Keys {
	t.Helper()
	k0, err := signet.K0FromPassphrase("Ge2p$E$4*A")
	if err != nil {
		t.Fatal(err)
	}
	return k0.NodeKeys(nodeTUID)
}

// TestLoopback streams from a real Sender to a real Node over the loopback
// interface.
func TestLoopback(t *testing.T) {
	levels := make(chan []byte, 100)
	n, err := Open(Config{
		TUID: nodeTUID, Keys: testKeys(t), Interface: "lo", Port: testPort(10), Universes: []int{0, 7},
		OnLevels: func(endpoint, universe int, l []byte, p Packet) {
			if endpoint != 2 || universe != 7 || p.Session != 1 {
				t.Errorf("endpoint %d, universe %d, %+v", endpoint, universe, p)
			}
			levels <- bytes.Clone(l)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: signet.TUID{0x7F, 0xF0, 0x80, 0x00, 0x00, 0x01}, Keys: testKeys(t),
		Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: testPort(10),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- n.Run(ctx) }()
	go func() { done <- s.Run(ctx) }()
	if err := s.Join(7, signet.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 512)
	copy(want, []byte{1, 2, 3})
	s.SetLevels(7, want[:3])
	if _, err := s.Flush(time.Now()); err != nil {
		t.Fatal(err)
	}
	for range 5 { // the change, its three repeats, a keep-alive
		select {
		case got := <-levels:
			if !bytes.Equal(got, want) {
				t.Fatalf("levels % x", got[:8])
			}
		case <-time.After(5 * time.Second):
			t.Fatal("no levels")
		}
	}
	if got := n.Levels(2); !bytes.Equal(got, want) {
		t.Errorf("Levels(2) = % x", got)
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if drops := n.Stats().Drops; len(drops) > 0 {
		t.Errorf("drops: %v", drops)
	}
}

// sink collects what endpoints show.
type sink chan string

func (s sink) Output(endpoint int, levels []byte) {
	s <- fmt.Sprintf("%d:% x", endpoint, levels[:min(2, len(levels))])
}

// TestNodeLivesOn changes a running Node at the device itself: patch, failover,
// keys.
func TestNodeLivesOn(t *testing.T) {
	port := testPort(11)
	shown := make(sink, 1000)
	states := make(chan State, 100)
	keys := testKeys(t)
	n, err := Open(Config{
		TUID: nodeTUID, Interface: "lo", Port: port, Universes: []int{1}, Sink: shown,
		OnState: func(s State) { states <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: signet.TUID{0x7F, 0xF0, 0x80, 0x00, 0x00, 0x01}, Keys: keys, Sessions: &signet.MemorySessions{}, Interface: "lo", Port: port,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- n.Run(ctx) }()
	go func() { done <- s.Run(ctx) }()
	for u := 1; u <= 2; u++ {
		if err := s.Join(u, signet.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
		s.SetLevels(u, []byte{byte(u), 9})
	}
	expect := func(want string) {
		t.Helper()
		for timeout := time.After(10 * time.Second); ; {
			select {
			case got := <-shown:
				if got == want {
					return
				}
				t.Logf("shown %s", got)
			case <-timeout:
				t.Fatalf("%s never shown: %+v", want, n.Stats())
			}
		}
	}
	if !n.Stats().Offboard {
		t.Error("a Node without keys is not offboarded")
	}
	if err := n.Onboard(time.Now(), keys); err != nil {
		t.Fatal(err)
	}
	expect("1:01 09")
	if err := n.SetUniverse(time.Now(), 1, 2); err != nil {
		t.Fatal(err)
	}
	if got := <-states; got.ChangeCount != 1 || got.Endpoints[0].Universe != 2 {
		t.Errorf("state %+v", got)
	}
	expect("1:02 09")
	if got := n.Output(1); len(got) != 512 || got[0] != 2 || len(n.Sources(1)) != 1 {
		t.Errorf("output % x", got)
	}
	if err := n.SetFailover(time.Now(), 1, wire.Failover{Action: wire.FailoverFull}); err != nil {
		t.Fatal(err)
	}
	<-states
	if n.SetUniverse(time.Now(), 2, 1) == nil || n.SetUniverse(time.Now(), 1, 64000) == nil || n.SetFailover(time.Now(), 1, wire.Failover{Action: 9}) == nil {
		t.Error("settings out of range taken")
	}
	if err := n.SetUniverse(time.Now(), 1, 0); err != nil { // unpatched: the last source is gone
		t.Fatal(err)
	}
	expect("1:ff ff")
	if n.State().ChangeCount != 3 || n.Levels(2) != nil || n.Output(2) != nil || n.Sources(2) != nil || n.Forget(nodeTUID) {
		t.Errorf("state %+v", n.State())
	}
	if err := n.Offboard(); err != nil || !n.Stats().Offboard {
		t.Error(err)
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(Config{Universes: []int{64000}}); err == nil {
		t.Error("universe 64000")
	}
	if _, err := Open(Config{Scope: "Hall A"}); err == nil {
		t.Error("a scope with a space")
	}
}

// testPort is a UDP port of this process, so that the same tests run beside these, by
// somebody else, are not heard.
func testPort(n int) int { return 16000 + os.Getpid()%60*64 + n }
