package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	art "showrun/drivers/artnet/wire"
	"showrun/drivers/signet/wire"
)

// TestOneGroupOverThreeProtocols measures, with -trials N, how far apart the first packets of
// N times 50 changes of one group leave on sACN, Art-Net and Sig-Net, by the kernel's stamps.
func TestOneGroupOverThreeProtocols(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 1")
	}
	const text = `local clock, stage = require "clock", require "stage"
local sacn, artnet, signet = require "sacn", require "artnet", require "signet"
local function lamp(name, universe) return stage.fixture{ name = name, kind = "dimmer", at = universe:slot(1) } end
local all = stage.group{
  lamp("a", sacn.sender{}:universe(1)),
  lamp("b", artnet.sender{ discover = false, sync = false, unicast = "%s" }:universe(1)),
  lamp("c", signet.sender{ mode = "open" }:universe(1)),
}
local n = 0
clock.every(0.1, function() n = n %% 250 + 1 all:set(n) end)`
	lamp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9)})
	if err != nil {
		t.Fatal(err)
	}
	defer lamp.Close()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := net.ListenMulticastUDP("udp4", lo, &net.UDPAddr{IP: net.IPv4(239, 255, 0, 1), Port: 5568})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	if err := os.WriteFile(file, fmt.Appendf(nil, text, lamp.LocalAddr()), 0o600); err != nil {
		t.Fatal(err)
	}
	const sacnLevels = 126 // where they begin, after the start code
	ears := []func(map[byte]time.Time){
		hearChanges(t, stream, func(b []byte) (byte, bool) { return at(b, sacnLevels), len(b) > sacnLevels && b[sacnLevels-1] == 0 }),
		hearChanges(t, lamp, func(b []byte) (byte, bool) {
			d, err := art.ParseDmx(b)
			return at(d.Levels, 0), err == nil
		}),
		hearChanges(t, hearLight(t), func(b []byte) (byte, bool) {
			var p wire.Packet
			wire.Parse(b, &p)
			levels, ok := wire.FindTLV(p.Payload, wire.TIDLevel)
			return at(levels, 0), ok
		}),
	}
	run := exec.Command(*measureWhat, "run", "--interface", "127.0.0.1", "--state", dir, file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	inBackground(t, run)
	for range *measureTrials {
		seen := make([]map[byte]time.Time, len(ears))
		done := make(chan struct{})
		for i, hear := range ears {
			seen[i] = map[byte]time.Time{}
			go func() { hear(seen[i]); done <- struct{}{} }()
		}
		for range ears {
			<-done
		}
		var worst time.Duration
		changes := 0
		for level, first := range seen[0] {
			last, missing := first, false
			for _, other := range seen[1:] {
				when, ok := other[level]
				missing = missing || !ok
				if when.Before(first) {
					first = when
				}
				if when.After(last) {
					last = when
				}
			}
			if !missing {
				worst, changes = max(worst, last.Sub(first)), changes+1
			}
		}
		t.Logf("%d changes, at most %v apart", changes, worst)
	}
}

func at(b []byte, i int) byte {
	if i >= len(b) {
		return 0
	}
	return b[i]
}

// hearChanges hears a universe for five seconds, and notes when each level came first.
func hearChanges(t *testing.T, c *net.UDPConn, level func(b []byte) (l byte, ok bool)) func(map[byte]time.Time) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	})
	return func(seen map[byte]time.Time) {
		b, oob := make([]byte, 1500), make([]byte, 256)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		for {
			n, oobn, _, _, err := c.ReadMsgUDPAddrPort(b, oob)
			if err != nil {
				return
			}
			list, err := unix.ParseSocketControlMessage(oob[:oobn])
			if err != nil || len(list) != 1 {
				return
			}
			l, ok := level(b[:n])
			if _, known := seen[l]; ok && !known && l != 0 {
				seen[l] = time.Unix(int64(le(list[0].Data[:8])), int64(le(list[0].Data[8:16])))
			}
		}
	}
}
