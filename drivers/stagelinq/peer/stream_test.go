package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var request = wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: wire.Token{9}})

func TestReadMessagesInPieces(t *testing.T) {
	theirs, ours := net.Pipe()
	go func() {
		defer theirs.Close()
		for i := range request {
			theirs.Write(request[i : i+1])
		}
		theirs.Write(append(append([]byte{}, request...), request...))
	}()
	got := 0
	err := NewStream(ours).ReadMessages(func(m wire.Message, _ time.Time) error {
		got++
		return nil
	})
	if got != 3 || err != io.EOF {
		t.Errorf("%d messages, %v", got, err)
	}
}

func TestReadMessagesEndsOnAnUnknownID(t *testing.T) {
	theirs, ours := net.Pipe()
	defer ours.Close()
	go func() {
		defer theirs.Close()
		theirs.Write(append(append([]byte{}, request...), 0, 0, 0, 9))
	}()
	got := 0
	err := NewStream(ours).ReadMessages(func(wire.Message, time.Time) error {
		got++
		return nil
	})
	if got != 1 || !errors.Is(err, wire.ErrType) {
		t.Errorf("%d messages, %v", got, err)
	}
}

// The deadlines of a pipe follow the test's own time.

func TestWriteGivesUpOnAPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, ours := net.Pipe()
		defer theirs.Close()
		begin := time.Now()
		st := NewStream(ours)
		if err := st.Write(request); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != writeTimeout {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := st.Write(request); err == nil {
			t.Error("the stream is open after half a message")
		}
	})
}

func TestReadHelloGivesUpOnASilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, ours := net.Pipe()
		defer theirs.Close()
		go theirs.Write(request[:7])
		begin := time.Now()
		_, err := NewStream(ours).ReadHello(wire.NewFramer(64))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != helloTimeout {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

func TestReadHelloWantsAnAnnouncement(t *testing.T) {
	theirs, ours := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	go theirs.Write(request)
	if _, err := NewStream(ours).ReadHello(wire.NewFramer(64)); !errors.Is(err, wire.ErrType) {
		t.Error(err)
	}
}

func TestReadFramesNoticesSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, ours := net.Pipe()
		defer theirs.Close()
		go func() {
			for range 3 {
				time.Sleep(2 * time.Second) // the bubble's time, not real
				theirs.Write(wire.AppendBeatCommand(nil, wire.BeatStart))
			}
		}()
		begin := time.Now()
		got := 0
		err := NewStream(ours).ReadFrames(wire.NewFramer(64), 3*time.Second, func([]byte, time.Time) error {
			got++
			return nil
		})
		if got != 3 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != 9*time.Second {
			t.Errorf("%d frames, %v after %v", got, err, time.Since(begin))
		}
	})
}

func TestListenRefusesBeyondItsSlots(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	served := make(chan *Stream)
	port, err := Listen(ctx, &running, netip.MustParseAddr("127.0.0.1"), make(chan struct{}, 1), func(st *Stream) {
		served <- st
		_ = st.ReadFrames(wire.NewFramer(64), 0, func([]byte, time.Time) error { return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	remote := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	first, err := DialStream(ctx, remote.Addr(), remote)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	<-served
	if first.RemoteAddr() != remote || first.LocalPort() == 0 {
		t.Errorf("from %d to %v", first.LocalPort(), first.RemoteAddr())
	}
	second, err := DialStream(ctx, netip.Addr{}, remote)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.ReadMessages(func(wire.Message, time.Time) error { return nil }); err == nil {
		t.Error("a connection beyond the slots was kept")
	}
}

func TestEndReason(t *testing.T) {
	for want, err := range map[string]error{
		"closed by the unit":               io.EOF,
		"connection refused":               &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"connection reset":                 os.NewSyscallError("read", syscall.ECONNRESET),
		"silent for too long":              fmt.Errorf("read: %w", os.ErrDeadlineExceeded),
		"stagelinq: unknown message type":  wire.ErrType,
		"stagelinq: length over the limit": wire.ErrTooLong,
	} {
		if got := EndReason(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
