//go:build linux

package osc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many datagrams one system call reads.
const batchSize = 16

// batch is where they are put.
type batch struct {
	bytes    [batchSize][]byte
	names    [batchSize]unix.RawSockaddrInet6 // also for the shorter one of IPv4
	vectors  [batchSize]unix.Iovec
	messages [batchSize]batchMessage
}

// batchMessage is struct mmsghdr.
type batchMessage struct {
	unix.Msghdr
	size uint32
}

func newBatch() *batch {
	b := &batch{}
	for i := range batchSize {
		b.bytes[i] = make([]byte, MaxPacket+1)
		b.vectors[i].Base = &b.bytes[i][0]
		b.vectors[i].SetLen(len(b.bytes[i]))
		b.messages[i].Name = (*byte)(unsafe.Pointer(&b.names[i]))
		b.messages[i].Iov = &b.vectors[i]
		b.messages[i].SetIovlen(1)
	}
	return b
}

// read waits for a datagram and takes those that are there.
func (b *batch) read(fd uintptr) (n int, err error) {
	for i := range b.messages {
		b.messages[i].Namelen = unix.SizeofSockaddrInet6
	}
	got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), batchSize, unix.MSG_WAITFORONE, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(got), nil
}

// from is who sent a datagram.
func (b *batch) from(i int) netip.AddrPort {
	name := &b.names[i]
	port := (*[2]byte)(unsafe.Pointer(&name.Port)) // in the order of the network
	ip := netip.AddrFrom16(name.Addr).Unmap()
	if name.Family == unix.AF_INET {
		ip = netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)
	} else if name.Scope_id != 0 && ip.Is6() {
		ip = ip.WithZone(strconv.Itoa(int(name.Scope_id)))
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(port[:]))
}

// runUrgent is Run of a Conn that wants few messages. It waits in the system, on its own
// thread: a thread that the system puts before others then has what comes at once, and
// need not be told by one that it does not.
func (c *Conn) runUrgent(ctx context.Context) error {
	defer c.Close()
	raw, err := c.udp.SyscallConn()
	if err != nil {
		return fmt.Errorf("osc: read on %v: %w", c.Addr(), err)
	}
	// The end of what is received wakes who waits for it, on this kind of socket too,
	// though the system says that there is no connection to shut.
	stop := context.AfterFunc(ctx, func() {
		raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_RD) })
	})
	defer stop()
	failure := net.ErrClosed
	err = raw.Control(func(fd uintptr) {
		if failure = unix.SetNonblock(int(fd), false); failure == nil {
			failure = c.readUrgent(ctx, fd)
		}
	})
	if err == nil {
		err = failure
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("osc: read on %v: %w", c.Addr(), err)
}

// readUrgent reads until ctx ends, or the socket fails too often.
func (c *Conn) readUrgent(ctx context.Context, fd uintptr) error {
	// Where it is permitted the system keeps more than others may ask for.
	unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, urgentBuffer)
	every := unix.NsecToTimeval(int64(lookAgain))
	if err := unix.SetsockoptTimeval(int(fd), unix.SOL_SOCKET, unix.SO_RCVTIMEO, &every); err != nil {
		return err
	}
	b, program := newBatch(), filter(c.cfg.Urgent)
	strict := program
	if len(c.cfg.First) > 0 {
		strict = filter(c.cfg.First...)
	}
	var w watch
	for failures := 0; ctx.Err() == nil; {
		n, err := b.read(fd)
		switch {
		case err == nil || errors.Is(err, unix.EAGAIN):
			failures = 0
		case errors.Is(err, unix.EINTR):
		default:
			c.readErrors.Add(1)
			if failures++; failures == maxReadErrors {
				return err
			}
		}
		at := time.Now()
		for i := range n {
			c.receive(b.bytes[i][:b.messages[i].size], b.from(i), at)
		}
		switch w.look(c.unwanted.Load(), c.crowded.Load(), at) {
		case floodBegins:
			attach(fd, program)
		case floodGoesOn:
			attach(fd, strict)
		case floodUnknown:
			detach(fd)
		}
	}
	return nil
}

// urgentBuffer is the receive buffer asked for: what comes in some milliseconds.
const urgentBuffer = 8 << 20

// watch tells a flood by how many datagrams came that are not wanted.
type watch struct {
	since  time.Time // when it began to count, or when the filter was attached
	before uint64    // unwanted, then
	crowd  uint64    // of these, those that get through the first filter
	flood  bool
	strict bool // the flood got through the first filter
}

// What a watch finds.
const (
	nothingNew   = iota
	floodBegins  // the filter is wanted
	floodGoesOn  // it gets through that: the strict one is wanted
	floodUnknown // it has to be taken away to look
)

// look is told how many unwanted there were until now, and how many of them get through the
// first filter.
func (w *watch) look(unwanted, crowd uint64, now time.Time) int {
	age := now.Sub(w.since)
	switch {
	case w.flood && age >= lookAgain:
		*w = watch{since: now, before: unwanted, crowd: crowd}
		return floodUnknown
	case w.flood && !w.strict && crowd-w.crowd >= floodCount:
		w.since, w.strict = now, true
		return floodGoesOn
	case !w.flood && unwanted-w.before >= floodCount && age < floodTime:
		w.since, w.crowd, w.flood = now, crowd, true
		return floodBegins
	case !w.flood && age >= floodTime:
		w.since, w.before, w.crowd = now, unwanted, crowd
	}
	return nothingNew
}
