package lantest

import (
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"testing"
)

// WithPeers skips unless SHOWRUN_PEERS=1, and finds a program of another implementation; on
// a build server it must be there.
func WithPeers(t *testing.T, program string) (path string) {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs programs of others; set SHOWRUN_PEERS=1 to run it")
	}
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing on the build server: %v", program, err)
	}
	if err != nil {
		t.Skipf("%s is not installed: %v", program, err)
	}
	return path
}

// Capture is a pcap file of UDP packets to a group, raw IPv4.
func Capture(to netip.AddrPort, ttl byte, packets [][]byte) []byte {
	const rawIPv4 = 101 // LINKTYPE_RAW
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xA1B2C3D4)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(b, 65535)
	b = le.AppendUint32(b, rawIPv4)
	for i, p := range packets {
		size := uint32(28 + len(p))
		b = le.AppendUint32(b, uint32(i))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, size)
		b = le.AppendUint32(b, size)
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(size))
		b = append(b, 0, 0, 0, 0, ttl, 17, 0, 0, 127, 0, 0, 1)
		b = append(b, to.Addr().AsSlice()...)
		b = binary.BigEndian.AppendUint16(b, 40000)
		b = binary.BigEndian.AppendUint16(b, to.Port())
		b = binary.BigEndian.AppendUint16(b, uint16(8+len(p)))
		b = append(b, 0, 0)
		b = append(b, p...)
	}
	return b
}
