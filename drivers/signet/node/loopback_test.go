package node

import (
	"bytes"
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/signet"
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
	n, err := New(Config{
		TUID: nodeTUID, Keys: testKeys(t), Interface: "lo", Port: 15683, Universes: []int{0, 7},
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
		Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: 15683,
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
