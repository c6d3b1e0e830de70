package doctor

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"showrun/runtime/device"
)

// discard is a port at which nobody listens. A host that is there says so.
const discard = "9"

// reach tells whether a host that a device sends to is there. It gets one empty datagram at
// a port where nobody listens.
func (m *Machine) reach(ctx context.Context, d device.Declaration, host string) Finding {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return fail("", "%v: the name %s has no address: %v", d, host, err)
	}
	ip := found[0].Unmap()
	switch {
	case ip.IsLoopback():
		return ok("%v: it is this machine", d)
	case ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return ok("%v: it is for everybody who listens", d)
	}
	err = knock(ctx, ip)
	remedy := "ping " + ip.String()
	switch {
	case err == nil, errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return ok("%v: %v is there", d, ip)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return fail(remedy, "%v: %v is not there: %v", d, ip, cmp.Or(errors.Unwrap(errors.Unwrap(err)), err))
	}
	switch there, known := m.neighbour(ip); {
	case known && there:
		return ok("%v: %v is there, and says nothing", d, ip)
	case known:
		return fail(remedy, "%v: %v is not there within %v", d, ip, awaitTime)
	}
	return warn(remedy, "%v: %v does not answer, which it need not", d, ip)
}

// knock sends an empty datagram and waits for a refusal, or the end of ctx.
func knock(ctx context.Context, ip netip.Addr) error {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(ip.String(), discard))
	if err != nil {
		return err
	}
	defer c.Close()
	late, _ := ctx.Deadline()
	c.SetDeadline(late)
	if _, err := c.Write(nil); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

// neighbour asks the table of the system who answers on the networks of this machine.
func (m *Machine) neighbour(ip netip.Addr) (there, known bool) {
	for line := range strings.Lines(m.read("proc/net/arp")) {
		if f := strings.Fields(line); len(f) >= 4 && f[0] == ip.String() {
			return f[2] != "0x0" && f[3] != "00:00:00:00:00:00", true
		}
	}
	return false, false
}

// answerTime is how long a gateway may take to accept a connection.
const answerTime = 2 * time.Second

// answers tells whether somebody accepts connections at an address.
func answers(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: answerTime}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
