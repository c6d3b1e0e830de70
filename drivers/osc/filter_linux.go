package osc

import (
	"time"

	"golang.org/x/sys/unix"
)

// While there is a flood the system is given a filter, for else the flood costs the thread
// that waits for what is wanted all its time, and other threads theirs.
const (
	floodCount = 1000                   // datagrams with nothing wanted
	floodTime  = 100 * time.Millisecond // within which they are a flood
	lookAgain  = time.Second            // after which the filter is taken away to look
)

const (
	udpHeader = 8                     // bytes, which a filter sees
	looksAt   = 16                    // bytes of an address that it looks at, at most
	lowered   = uint32(0x20_20_20_20) // makes letters small
	take      = uint32(1<<31 - 1)     // bytes of the datagram
)

// filter is a program that lets through bundles, addresses that begin as one of the prefixes
// does, whatever the case, and those that have a pattern there. Of a prefix it looks at whole
// words of four bytes.
func filter(prefixes ...string) []unix.SockFilter {
	var p []unix.SockFilter
	add := func(code uint16, k uint32, whenTrue, whenFalse uint8) {
		p = append(p, unix.SockFilter{Code: code, Jt: whenTrue, Jf: whenFalse, K: k})
	}
	const (
		word  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		octet = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
		or    = unix.BPF_ALU | unix.BPF_OR | unix.BPF_K
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K
	)
	four := func(s string) uint32 {
		return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
	}
	add(word, udpHeader, 0, 0)
	add(equal, four(bundleHead), 0, 1)
	add(ret, take, 0, 0)
	longest := uint32(0)
	for _, prefix := range prefixes {
		words := min(len(prefix), looksAt) / 4
		longest = max(longest, uint32(4*words))
		for i := range words {
			add(word, udpHeader+4*uint32(i), 0, 0)
			add(or, lowered, 0, 0)
			add(equal, four(prefix[4*i:])|lowered, 0, uint8(3*(words-1-i)+1)) // else on to the next prefix
		}
		add(ret, take, 0, 0)
	}
	for i := uint32(1); i < longest; i++ {
		add(octet, udpHeader+i, 0, 0)
		for _, c := range "?*[{" {
			add(equal, uint32(c), 0, 1)
			add(ret, take, 0, 0)
		}
	}
	add(ret, 0, 0, 0)
	return p
}

// attach gives a socket a filter.
func attach(fd uintptr, program []unix.SockFilter) error {
	return unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// detach takes it away.
func detach(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
}
