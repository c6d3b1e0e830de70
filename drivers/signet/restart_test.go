package signet_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
)

var (
	root   = signet.K0{1, 2, 3}
	legit  = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0x11}
	ignore = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0x12}
)

// childEnv makes the test binary a Sender that runs until it is killed; its
// value is the file of its session numbers, childPort the port it sends to.
const (
	childEnv  = "SIGNET_TEST_SENDER"
	childPort = "SIGNET_TEST_PORT"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childEnv); file != "" {
		fmt.Fprintln(os.Stderr, child(file))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// run runs a role until the returned function is called.
func run(t *testing.T, f func(context.Context) error) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// fileSessions keeps one session number in a file, on disk before it returns.
type fileSessions string

func (f fileSessions) Session(signet.TUID) (uint32, bool, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil || len(b) != 4 {
		return 0, false, fmt.Errorf("session file: %d bytes, %w", len(b), err)
	}
	return binary.BigEndian.Uint32(b), true, nil
}

func (f fileSessions) SaveSession(_ signet.TUID, session uint32) error {
	file, err := os.Create(string(f) + ".new")
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(binary.BigEndian.AppendUint32(nil, session)); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return os.Rename(file.Name(), string(f))
}

// child streams universe 1 at 44 Hz until it is killed.
func child(file string) error {
	port, err := strconv.Atoi(os.Getenv(childPort))
	if err != nil {
		return err
	}
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: root.Keys(), Sessions: fileSessions(file), Interface: "127.0.0.1", Port: port,
	})
	if err != nil {
		return err
	}
	if err := s.Join(1, signet.UniverseOptions{}); err != nil {
		return err
	}
	for tick, n := time.NewTicker(time.Second/44), byte(0); ; n++ {
		s.SetLevels(1, []byte{n})
		if _, err := s.Flush(time.Now()); err != nil {
			return err
		}
		<-tick.C
	}
}

// killAndRestart kills a Sender process without warning, again and again. It
// gives, per life, the time from the start of the process to its first
// accepted packet.
func killAndRestart(t *testing.T, lives, port int) []time.Duration {
	t.Helper()
	packets := make(chan receiver.Packet, 4096)
	r, err := receiver.Open(receiver.Config{
		Keys: root.Keys(), Interface: "127.0.0.1", Port: port,
		OnLevels: func(_ int, _ []byte, p receiver.Packet) {
			if !p.Sender.TUID.IsZero() {
				packets <- p
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Subscribe(1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	file := filepath.Join(t.TempDir(), "session")
	var took []time.Duration
	var last receiver.Packet
	for life := uint32(1); life <= uint32(lives); life++ {
		sender := exec.Command(os.Args[0])
		sender.Env = append(os.Environ(), childEnv+"="+file, childPort+"="+strconv.Itoa(port))
		sender.Stderr = os.Stderr
		start := time.Now()
		if err := sender.Start(); err != nil {
			t.Fatal(err)
		}
		timeout := time.After(20 * time.Second)
		for heard := 0; heard < 5; {
			select {
			case p := <-packets:
				if p.Session < last.Session || p.Session == last.Session && p.Sequence <= last.Sequence {
					t.Errorf("session %d sequence %d after %d, %d", p.Session, p.Sequence, last.Session, last.Sequence)
				}
				last = p
				if p.Session != life {
					continue // still in the socket when the one before was killed
				}
				if heard == 0 {
					took = append(took, p.At.Sub(start))
				}
				heard++
			case <-timeout:
				sender.Process.Kill()
				sender.Wait()
				t.Fatalf("life %d: nothing accepted: %v", life, r.Stats())
			}
		}
		if err := sender.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		sender.Wait()
	}
	if drops := r.Stats().Drops; len(drops) > 0 {
		t.Errorf("drops: %v", drops)
	}
	return took
}

// TestKillAndRestart: the session number is on disk before the first packet of
// a life, so the next one is accepted at once.
func TestKillAndRestart(t *testing.T) { killAndRestart(t, 3, testPort(0)) }

// testPort is a UDP port of this process, so that the same tests run beside these, by
// somebody else, are not heard.
func testPort(n int) int { return 16000 + os.Getpid()%60*64 + n }
