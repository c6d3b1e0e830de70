package host

import (
	"context"
	"net"
	"testing"
	"time"

	"showrun/runtime/device/theater"
)

// TestUnsafeNamedByReload: a valve the last run left unsafe is vented when a later load
// names it, and one that a load takes while it is vented stays in the store.
func TestUnsafeNamedByReload(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	port := udp.LocalAddr().(*net.UDPAddr).Port
	decl := &theater.ValveDecl{Server: theater.Server{Host: "127.0.0.1", Port: port}, Safe: "empty"}
	how := decl.SafeRecord("")
	open := func(t *testing.T) *Host {
		h := stillHost(t, nil, nil)
		h.opts.Log, h.opts.Protocols = newLines().logger(), hearing(nil)
		if err := h.store.Engage(decl.Key(), how); err != nil {
			t.Fatal(err)
		}
		h.unsafe = map[string][]byte{decl.Key(): how}
		return h
	}
	t.Run("named", func(t *testing.T) {
		h := open(t)
		d, err := h.openOne(decl)
		if err != nil {
			t.Fatal(err)
		}
		defer d.(interface{ Close() error }).Close()
		udp.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := udp.ReadFromUDPAddrPort(make([]byte, 100)); err != nil {
			t.Error("it is not made safe:", err)
		}
	})
	t.Run("taken meanwhile", func(t *testing.T) {
		h := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		drained := make([]byte, 100)
		for udp.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); ; {
			if _, _, err := udp.ReadFromUDPAddrPort(drained); err != nil {
				break
			}
		}
		go func() { defer close(done); h.recoverRest(ctx) }()
		udp.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, _, err := udp.ReadFromUDPAddrPort(drained); err != nil {
			t.Fatal(err)
		}
		h.loaded.Store(&[]string{decl.Key()})
		if err := h.engage(decl); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(time.Second):
			cancel()
			<-done
		}
		cancel()
		if left := h.store.Engaged(); left[decl.Key()] == nil {
			t.Errorf("a live machine is forgotten: %v", left)
		}
	})
}
