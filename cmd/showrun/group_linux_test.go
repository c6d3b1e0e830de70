package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	art "showrun/drivers/artnet/wire"
	"showrun/drivers/signet/wire"
)

// TestOneGroupOverThreeProtocols plays examples/club-night with its lamps patched over sACN,
// Art-Net and Sig-Net to a virtual deck, and measures, with -trials N, how far apart the
// first packets of N times ten beats of one group leave, by the kernel's stamps.
func TestOneGroupOverThreeProtocols(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 1")
	}
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
	show := filepath.Join(dir, "club-night")
	if err := os.CopyFS(show, os.DirFS("../../examples/club-night")); err != nil {
		t.Fatal(err)
	}
	rig, err := os.ReadFile("testdata/club-night/rig.lua")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(show, "rig.lua"), rig, 0o600); err != nil {
		t.Fatal(err)
	}
	const sacnLevels = 126 // where they begin, after the start code
	ears := []func() []time.Time{
		hearBeats(t, stream, func(b []byte) (byte, bool) {
			return at(b, sacnLevels+kick), len(b) > sacnLevels && b[sacnLevels-1] == 0
		}),
		hearBeats(t, lamp, func(b []byte) (byte, bool) {
			d, err := art.ParseDmx(b)
			return at(d.Levels, kick), err == nil
		}),
		hearBeats(t, hearLight(t), func(b []byte) (byte, bool) {
			var p wire.Packet
			wire.Parse(b, &p)
			levels, ok := wire.FindTLV(p.Payload, wire.TIDLevel)
			return at(levels, kick), ok
		}),
	}
	run := exec.Command(*measureWhat, "run", "--interface", "127.0.0.1", "--state", dir, "--osc", "off", "--console", "off", show)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "LAMPS="+lamp.LocalAddr().String())
	inBackground(t, run)
	inBackground(t, exec.Command(*measureWhat, "deck", "--play", "--bpm", "120", "--interface", "127.0.0.1"))
	for range *measureTrials {
		seen := make([][]time.Time, len(ears))
		var hearing sync.WaitGroup
		for i, hear := range ears {
			hearing.Go(func() { seen[i] = hear() })
		}
		hearing.Wait()
		var apart []time.Duration
		for _, beat := range seen[0] {
			first, last, missing := beat, beat, false
			for _, other := range seen[1:] {
				i := slices.IndexFunc(other, func(when time.Time) bool { return when.Sub(beat).Abs() < 100*time.Millisecond })
				if missing = missing || i < 0; missing {
					break
				}
				if other[i].Before(first) {
					first = other[i]
				}
				if other[i].After(last) {
					last = other[i]
				}
			}
			if !missing {
				apart = append(apart, last.Sub(first))
			}
		}
		if len(apart) == 0 {
			t.Logf("no beat was seen on all three: %d, %d and %d", len(seen[0]), len(seen[1]), len(seen[2]))
			continue
		}
		slices.Sort(apart)
		t.Logf("%d beats, the first packets %v apart in the middle and %v at most", len(apart), apart[len(apart)/2], apart[len(apart)-1])
	}
}

// kick is where the lamp in the bass drum is, counted from 0.
const kick = 83

func at(b []byte, i int) byte {
	if i >= len(b) {
		return 0
	}
	return b[i]
}

// hearBeats hears a universe for five seconds, and notes when its lamp came on.
func hearBeats(t *testing.T, c *net.UDPConn, level func(b []byte) (l byte, ok bool)) func() []time.Time {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	})
	return func() (on []time.Time) {
		b, oob := make([]byte, 1500), make([]byte, 256)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		last := byte(255)
		for {
			n, oobn, _, _, err := c.ReadMsgUDPAddrPort(b, oob)
			if err != nil {
				return on
			}
			list, err := unix.ParseSocketControlMessage(oob[:oobn])
			if err != nil || len(list) != 1 {
				return on
			}
			l, ok := level(b[:n])
			if !ok {
				continue
			}
			if l > last && l >= 150 {
				on = append(on, time.Unix(int64(le(list[0].Data[:8])), int64(le(list[0].Data[8:16]))))
			}
			last = l
		}
	}
}
