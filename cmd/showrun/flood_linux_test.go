package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	art "showrun/drivers/artnet/wire"
	"showrun/drivers/lan"
	"showrun/drivers/osc"
	acn "showrun/drivers/sacn/wire"
	"showrun/drivers/signet/wire"
	"showrun/runtime/clock"
)

// TestFramesUnderFlood measures, with -trials N, the worst gap between frames of universe
// 1 in N times 5 s while floods of several kinds reach the show.
func TestFramesUnderFlood(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 3")
	}
	const text = `local clock, artnet, osc, sacn, signet, stage, stagelinq = require "clock", require "artnet", require "osc", require "sacn", require "signet", require "stage", require "stagelinq"
local key = { env = "SHOW_PASSPHRASE" }
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = signet.sender{ key = key }:universe(1):slot(1) }
signet.receiver{ key = key }:universe(2):on("levels", function() end)
require "stagenet".console{}
artnet.sender{}:universe(1)
artnet.receiver{}:universe(2):on("levels", function() end)
sacn.sender{ sync = 9 }:universe(1):set(1, 1)
sacn.receiver{}:universe(2):on("levels", function() end)
require "midi".input{ offer = "flooded", port = %d }:on("cc", function() end)
osc.receiver{ port = %d }:on("/flood/*", function() end)
clock.follow(stagelinq.sink{}:master())
local up = false
clock.every(0.4, function() up = not up lamp:fade(up and 255 or 0, 0.4) end) -- every frame has news`
	heard, session := freeUDP(t), freeUDP(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	if err := os.WriteFile(file, fmt.Appendf(nil, text, session, heard), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := freeUDP(t)
	const loopback = "127.0.0.1"
	run := exec.Command(*measureWhat, "run", "--interface", loopback, "--state", dir, "--osc", fmt.Sprintf("127.0.0.1:%d", commands), file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "SHOW_PASSPHRASE=Ge2p$E$4*A")
	inBackground(t, run)
	inBackground(t, exec.Command(*measureWhat, "deck", "--play", "--bpm", "120", "--interface", loopback))
	light := hearLight(t)
	raw, _ := light.SyscallConn()
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0) // no universe but its own
	})
	worstGap(t, light, 3*time.Second) // the deck is found, and the tempo is its own from then on
	var p wire.Packet
	if v := wire.Parse(forged(1), &p); v != wire.Accept {
		t.Fatalf("a forged packet does not come as far as its signature: %v", v)
	}
	if r, v := p.Route("local"); v != wire.Accept || r.Number != 2 {
		t.Fatalf("a forged packet goes to %+v: %v", r, v)
	}
	message, _ := osc.AppendMessage(nil, osc.Message{Address: "/flood/1", Args: []any{int32(1), "text"}})
	for name, targets := range map[string]struct {
		to []string
		b  func(n int) []byte
	}{
		"nothing":   {nil, nil},
		"OSC":       {[]string{fmt.Sprintf("127.0.0.1:%d", commands), fmt.Sprintf("127.0.0.1:%d", heard)}, always(message)},
		"Sig-Net":   {[]string{"127.0.0.1:5683"}, always(make([]byte, 600))},
		"forged":    {[]string{fmt.Sprintf("%v:%d", wire.Fold(2), wire.Port)}, forged},
		"Art-Net":   {[]string{"127.0.0.1:6454"}, artNet},
		"sACN":      {[]string{fmt.Sprintf("%v:%d", acn.Group(2), acn.Port), fmt.Sprintf("%v:%d", acn.Group(9), acn.Port)}, streaming},
		"MIDI":      {[]string{fmt.Sprintf("127.0.0.1:%d", session), fmt.Sprintf("127.0.0.1:%d", session+1)}, rtpMIDI},
		"discovery": {[]string{"127.0.0.1:51337"}, always(append([]byte("airD"), make([]byte, 80)...))},
		"names":     {[]string{"224.0.0.251:5353"}, names},
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
	ask := exec.Command(*measureWhat, "ctl", "status")
	ask.Env = run.Env
	status, err := ask.CombinedOutput()
	t.Logf("%s%v", status, err) // tells what of the floods came how far
}

func always(b []byte) func(int) []byte { return func(int) []byte { return b } }

// forged are level packets of universe 2 that are right but for their signature, each of
// another sender.
func forged(n int) []byte {
	h := wire.Header{Sender: wire.SenderID{TUID: wire.TUID{3: byte(n >> 16), 4: byte(n >> 8), 5: byte(n)}, Endpoint: 1}, Session: uint32(n), Sequence: 1}
	return wire.Append(nil, h, "local", wire.Resource{Kind: wire.KindLevel, Number: 2},
		wire.AppendTLV(nil, wire.TIDLevel, make([]byte, wire.Slots)), hmac.New(sha256.New, []byte("a wrong key")))
}

// artNet is everything an Art-Net device hears: polls, replies of ever other pages, levels
// that change, syncs, programming, and what is none.
func artNet(n int) []byte {
	switch n % 6 {
	case 0:
		return art.AppendPoll(nil, art.Poll{OnChange: true})
	case 1:
		r := art.Reply{BindIndex: byte(n / 6), Net: byte(n >> 16)}
		r.Ports[0] = art.PortState{Output: true, SwOut: byte(n >> 8)}
		return art.AppendReply(nil, r)
	case 2:
		return art.AppendDmx(nil, art.Dmx{Physical: byte(n), Address: 2, Levels: []byte{byte(n), byte(n >> 8)}})
	case 3:
		return art.AppendSync(nil)
	case 4:
		return art.AppendProgram(nil, art.Program{BindIndex: byte(n>>8) & 3, Command: art.Command(n)})
	}
	return make([]byte, 600)
}

// streaming is everything a receiver of sACN hears: levels and priorities of ever other sources,
// previews, ends, synchronisation, discovery, and what is none.
func streaming(n int) []byte {
	p := acn.Packet{CID: acn.CID{byte(n >> 16), byte(n >> 8), byte(n)}, Universe: 2, Priority: byte(n), Sequence: byte(n), Sync: 9, Slots: make([]byte, acn.Slots)}
	switch n % 7 {
	case 1:
		p.StartCode = acn.StartPriority
	case 2:
		p.Options = acn.Preview
	case 3:
		p.Options = acn.Terminated
	case 4:
		return acn.AppendSync(nil, p.CID, byte(n), 9)
	case 5:
		return acn.AppendDiscovery(nil, p.CID, "stranger", 0, 0, []uint16{1, 2})
	case 6:
		return make([]byte, 600)
	}
	return acn.AppendData(nil, p)
}

// rtpMIDI is what comes to a session: invitations of ever other peers, clocks, feedback, packets of
// peers that are not there, and what is none.
func rtpMIDI(n int) []byte {
	b := []byte{0xff, 0xff, 'I', 'N', 0, 0, 0, 2, 1, 2, 3, 4, 0, byte(n >> 16), byte(n >> 8), byte(n), 'x', 0}
	switch n % 5 {
	case 1:
		b = append([]byte{0xff, 0xff, 'C', 'K', 0, byte(n >> 16), byte(n >> 8), byte(n), 0}, make([]byte, 27)...)
	case 2:
		b[2], b[3] = 'B', 'Y'
	case 3:
		b = []byte{0x80, 0x61, byte(n >> 8), byte(n), 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), 3, 0xb0, 7, byte(n & 127)}
	case 4:
		b = make([]byte, 600)
	}
	return b
}

// names are advertisements, each of another gateway.
func names(n int) []byte {
	label := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	service := append(append(label("_stagenet"), label("_tcp")...), append(label("local"), 0)...)
	instance := append(label(fmt.Sprintf("stranger-%d", n%5000)), service...)
	b := append([]byte{0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0}, service...)
	return append(append(b, 0, 12, 0, 1, 0, 0, 0, 120, 0, byte(len(instance))), instance...)
}

// flood sends as much as the system takes. Names come from their port, as they have to.
func flood(t *testing.T, to string, datagram func(n int) []byte, done <-chan struct{}) {
	dialer := net.Dialer{Control: lan.Share, LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}}
	if strings.HasSuffix(to, ":5353") {
		dialer.LocalAddr = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5353}
	}
	c, err := dialer.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer c.Close()
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				c.Write(datagram(n))
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
