package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"showrun/drivers/signet/wire"
)

// crowdShow has slot 1 change at every half beat, and 1,000 fixtures all the time.
const crowdShow = `local clock, signet, stage = require "clock", require "signet", require "stage"
local s = signet.sender{ mode = "open" }
local up, dark = s:universe(1), true
clock.set_tempo(120)
clock.every(0.5, function() dark = not dark up:set(1, dark and 0 or 255) end)
local lamps = {}
for i = 0, 999 do
  lamps[i] = stage.fixture{ name = "lamp " .. i, kind = "dimmer", at = s:universe(2 + math.floor(i / 500)):slot(i % 500 + 1) }
end
local high = false
clock.every("2s", function() high = not high for i = 0, 999 do lamps[i]:fade(high and 255 or 0, "2s") end end)`

// TestFramesUnderCrowd measures, with -trials N, N times without anybody and with 50 who look
// at the console, of whom 5 take nothing and 5 ask without end: how late frames are, and how
// far what happens on half beats is off them.
func TestFramesUnderCrowd(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 10")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "crowd.lua")
	if err := os.WriteFile(file, []byte(crowdShow), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	run := exec.Command(*measureWhat, "run", "--interface", "127.0.0.1", "--state", dir, "--osc", "off", "--console", address, file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	inBackground(t, run)
	light := hearLight(t)
	raw, _ := light.SyscallConn()
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	})
	halfBeats(t, light, 8*time.Second) // it is there
	type result struct{ late, off, worst time.Duration }
	var alone, crowded []result
	memory := regexp.MustCompile(`(?m)^go_memstats_heap_inuse_bytes \S+`)
	measure := func() result {
		off := halfBeats(t, light, 8*time.Second)
		return result{statusP99(t, run.Env), off[len(off)*99/100], off[len(off)-1]}
	}
	for range *measureTrials {
		alone = append(alone, measure())
		leave := crowd(t, address)
		halfBeats(t, light, time.Second)
		crowded = append(crowded, measure())
		_, text := fetch(t, "http://"+address+"/metrics")
		leave()
		a, c := alone[len(alone)-1], crowded[len(crowded)-1]
		t.Logf("alone %v late, %v off, %v at worst; crowd %v late, %v off, %v at worst; heap %s", a.late, a.off, a.worst, c.late, c.off, c.worst, memory.FindString(text))
	}
	median := func(list []result, of func(result) time.Duration) time.Duration {
		var all []time.Duration
		for _, r := range list {
			all = append(all, of(r))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	for name, of := range map[string]func(result) time.Duration{
		"frames late (99 of 100)":    func(r result) time.Duration { return r.late },
		"half beats off (99 of 100)": func(r result) time.Duration { return r.off },
	} {
		t.Logf("%s: median alone %v, with a crowd %v", name, median(alone, of), median(crowded, of))
	}
}

// halfBeats listens to slot 1 for a while, and returns how far its changes are off a grid of
// half beats, sorted.
func halfBeats(t *testing.T, light *net.UDPConn, length time.Duration) (off []time.Duration) {
	t.Helper()
	const grid = 250 * time.Millisecond
	b, oob := make([]byte, 1500), make([]byte, 256)
	light.SetReadDeadline(time.Now().Add(length))
	began := time.Now()
	last := -1
	var at []time.Duration
	for {
		n, oobn, _, _, err := light.ReadMsgUDPAddrPort(b, oob)
		if err != nil {
			break
		}
		var p wire.Packet
		if wire.Parse(b[:n], &p) != wire.Accept {
			continue
		}
		levels, ok := wire.FindTLV(p.Payload, wire.TIDLevel)
		list, bad := unix.ParseSocketControlMessage(oob[:oobn])
		if !ok || len(levels) == 0 || bad != nil || len(list) != 1 || int(levels[0]) == last {
			continue
		}
		stamp := time.Unix(int64(le(list[0].Data[:8])), int64(le(list[0].Data[8:16])))
		if last >= 0 && stamp.After(began) {
			at = append(at, stamp.Sub(began))
		}
		last = int(levels[0])
	}
	if len(at) == 0 {
		return []time.Duration{0}
	}
	slices.SortFunc(at, func(a, b time.Duration) int { return int(a - b) })
	for _, x := range at {
		d := (x - at[len(at)/2]) % grid
		if d < 0 {
			d += grid
		}
		off = append(off, min(d, grid-d))
	}
	slices.Sort(off)
	return off
}

var lateText = regexp.MustCompile(`frames (\S+) late`)

// statusP99 is how late 99 of 100 frames are, as the show says.
func statusP99(t *testing.T, env []string) time.Duration {
	t.Helper()
	ask := exec.Command(*measureWhat, "ctl", "status")
	ask.Env = env
	out, err := ask.CombinedOutput()
	m := lateText.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v: %s", err, out)
	}
	d, err := time.ParseDuration(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

// crowd is 50 who look at everything until leave is called.
func crowd(t *testing.T, address string) (leave func()) {
	t.Helper()
	var all []*websocket.Conn
	for i := range 50 {
		c, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		c.WriteMessage(websocket.TextMessage, []byte(`{"see":["stage","network","log","output:0","output:1"]}`))
		switch {
		case i < 5: // takes nothing
		case i < 10:
			go func() {
				for n := 0; c.WriteMessage(websocket.TextMessage, []byte(`{"id":`+strconv.Itoa(n)+`,"do":["master","255"]}`)) == nil; n++ {
				}
			}()
			fallthrough
		default:
			go io.Copy(io.Discard, c.NetConn())
		}
	}
	return func() {
		for _, c := range all {
			c.Close()
		}
	}
}
