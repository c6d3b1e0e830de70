package host

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"showrun/runtime/device/theater"
	"showrun/runtime/store"
)

// TestDamagedState: when it is not known what the last run left unsafe, every machine is
// made safe before its first command.
func TestDamagedState(t *testing.T) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "showrun.db"), bytes.Repeat([]byte("no state "), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	h := stillHost(t, nil, nil)
	h.opts.Log = newLines().logger()
	damaged, err := store.OpenNew(dir, h.opts.Log)
	if err != nil {
		t.Fatal(err)
	}
	h.store.Close()
	h.store = damaged
	port := udp.LocalAddr().(*net.UDPAddr).Port
	d, err := h.openOne(&theater.ValveDecl{Server: theater.Server{Host: "127.0.0.1", Port: port}, Safe: "empty"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.(interface{ Close() error }).Close()
	udp.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := udp.ReadFromUDPAddrPort(make([]byte, 100)); err != nil {
		t.Error("it is not made safe:", err)
	}
}
