package broadcast

import (
	"net"
	"runtime"

	"golang.org/x/net/ipv4"

	"showrun/drivers/lan/multicast"
)

// A Writer sends by a Conn, many packets with one call of the system. One goroutine uses
// it at a time; there may be several of one Conn.
type Writer struct {
	conn     *net.UDPConn
	batch    *ipv4.PacketConn
	messages []ipv4.Message
}

// NewWriter makes a Writer.
func (c *Conn) NewWriter() *Writer {
	w := &Writer{conn: c.unicast, batch: ipv4.NewPacketConn(c.unicast), messages: make([]ipv4.Message, multicast.BatchSize)}
	for i := range w.messages {
		w.messages[i].Buffers = make([][]byte, 1)
	}
	return w
}

// Write sends packets in order and does not wait for a network that takes no more. Each
// that cannot be sent is told to failed by its index, and does not stop the others. It
// allocates nothing unless something fails.
func (w *Writer) Write(packets []multicast.Packet, failed func(i int, err error)) (sent int) {
	for next := 0; next < len(packets); {
		n, err := w.some(packets[next:])
		n = max(n, 0) // x/net says -1 on error
		sent += n
		next += n
		if err != nil || n == 0 {
			failed(next, err)
			next++
		}
	}
	return sent
}

// some sends the first packets in one call of the system.
func (w *Writer) some(packets []multicast.Packet) (int, error) {
	if runtime.GOOS != "linux" { // missing on Windows and single elsewhere
		if _, err := w.conn.WriteToUDPAddrPort(packets[0].Bytes, packets[0].To.AddrPort); err != nil {
			return 0, err
		}
		return 1, nil
	}
	n := min(len(packets), len(w.messages))
	for i := range n {
		w.messages[i].Buffers[0] = packets[i].Bytes
		w.messages[i].Addr = packets[i].To.UDP()
	}
	return w.batch.WriteBatch(w.messages[:n], doNotWait)
}
