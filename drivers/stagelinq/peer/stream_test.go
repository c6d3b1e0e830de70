package peer

import (
	"bytes"
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

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var request = wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: wire.Token{9}})

func TestReadTellsWhatComes(t *testing.T) {
	theirs, ours := net.Pipe()
	go func() {
		defer theirs.Close()
		theirs.Write(request[:7])
		theirs.Write(request[7:])
	}()
	var got []byte
	err := NewStream(ours).Read(func(b []byte, at time.Time) {
		if got = append(got, b...); at.IsZero() {
			t.Error("no stamp")
		}
	})
	if !bytes.Equal(got, request) || err != io.EOF {
		t.Errorf("% x, %v", got, err)
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

func TestListenRefusesBeyondItsSlots(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	served := make(chan *Stream)
	port, err := Listen(ctx, &running, netip.MustParseAddr("127.0.0.1"), &lan.Places{Total: 1, Each: 1}, func(st *Stream) {
		served <- st
		_ = st.Read(func([]byte, time.Time) {})
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
	if first.LocalPort() == 0 {
		t.Error("from port 0")
	}
	second, err := DialStream(ctx, netip.Addr{}, remote)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.Read(func([]byte, time.Time) {}); err == nil {
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
