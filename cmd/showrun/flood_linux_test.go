package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"showrun/drivers/osc"
	"showrun/runtime/clock"
)

// TestFramesUnderFlood measures, with -trials N, the worst gap between frames of universe
// 1 in N times 5 s while floods of several kinds reach the show.
func TestFramesUnderFlood(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 3")
	}
	const text = `local clock, osc, signet, stage, stagelinq = require "clock", require "osc", require "signet", require "stage", require "stagelinq"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = signet.sender{}:universe(1):slot(1) }
osc.receiver{ port = %d }:on("/flood/*", function() end)
clock.follow(stagelinq.sink{}:master())
local up = false
clock.every(0.4, function() up = not up lamp:fade(up and 255 or 0, 0.4) end) -- every frame has news`
	heard := freeUDP(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	if err := os.WriteFile(file, fmt.Appendf(nil, text, heard), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := freeUDP(t)
	run := exec.Command(*measureWhat, "run", "--rig", "--osc", fmt.Sprintf("127.0.0.1:%d", commands), file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Signal(os.Interrupt); run.Wait() })
	light := hearLight(t)
	raw, _ := light.SyscallConn()
	raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	worstGap(t, light, 3*time.Second) // the deck is found, and the tempo is its own from then on
	message, _ := osc.AppendMessage(nil, osc.Message{Address: "/flood/1", Args: []any{int32(1), "text"}})
	sigNet := make([]byte, 600) // of a packet that comes as far as its signature
	for name, targets := range map[string]struct {
		to []string
		b  []byte
	}{
		"nothing":   {nil, nil},
		"OSC":       {[]string{fmt.Sprintf("127.0.0.1:%d", commands), fmt.Sprintf("127.0.0.1:%d", heard)}, message},
		"Sig-Net":   {[]string{"127.0.0.1:5683"}, sigNet},
		"discovery": {[]string{"127.0.0.1:51337"}, append([]byte("airD"), sigNet[:80]...)},
	} {
		for range *measureTrials {
			done := make(chan struct{})
			for _, to := range targets.to {
				flood(t, to, targets.b, done)
			}
			gap, frames := worstGap(t, light, 5*time.Second)
			close(done)
			t.Logf("%-10s worst gap %v in %d frames", name, gap.Round(100*time.Microsecond), frames)
		}
	}
}

// flood sends as much as the system takes.
func flood(t *testing.T, to string, b []byte, done <-chan struct{}) {
	c, err := net.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer c.Close()
		for {
			select {
			case <-done:
				return
			default:
				c.Write(b)
			}
		}
	}()
}

// worstGap listens to universe 1 for a while.
func worstGap(t *testing.T, light *net.UDPConn, length time.Duration) (gap time.Duration, frames int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sleeper := clock.NewSleeper(clock.NewReal())
	defer sleeper.Close()
	b, oob := make([]byte, 1500), make([]byte, 256)
	light.SetReadDeadline(time.Now().Add(length))
	began := time.Now()
	var last time.Time
	for {
		_, oobn, _, _, err := light.ReadMsgUDPAddrPort(b, oob)
		if err != nil {
			return gap, frames
		}
		list, err := unix.ParseSocketControlMessage(oob[:oobn])
		if err != nil || len(list) != 1 {
			t.Fatal("no stamp")
		}
		at := time.Unix(int64(le(list[0].Data[:8])), int64(le(list[0].Data[8:16])))
		if at.Before(began) || b[0] == 0 { // of the time before, or of the flood
			continue
		}
		if !last.IsZero() {
			gap = max(gap, at.Sub(last))
		}
		last = at
		frames++
	}
}
