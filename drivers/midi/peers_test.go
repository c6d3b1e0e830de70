package midi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/midi/session"
	"showrun/drivers/midi/wire"
)

// peer is a session of node's rtpmidi.
type peer struct {
	in    io.Writer
	lines chan string
}

// startPeer runs one on a pair of ports of its own; with a port it joins the host there.
func startPeer(t *testing.T, dir string, join int) (p *peer, port int) {
	t.Helper()
	node := lantest.WithPeers(t, "node")
	control, data, err := listen(netip.MustParseAddr("127.0.0.1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	port = control.LocalAddr().(*net.UDPAddr).Port
	control.Close()
	data.Close()
	args := []string{"session.js", strconv.Itoa(port)}
	if join > 0 {
		args = append(args, strconv.Itoa(join))
	}
	cmd := exec.Command(node, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p = &peer{in, make(chan string, 1000)}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
	}()
	t.Cleanup(func() {
		in.Close()
		for range p.lines {
		}
		cmd.Wait()
	})
	p.want(t, "ready", nil)
	return p, port
}

// want waits for a line, and does something again and again until it comes.
func (p *peer) want(t *testing.T, line string, again func()) {
	t.Helper()
	timeout := time.After(60 * time.Second)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case got, open := <-p.lines:
			if got == line {
				return
			}
			if !open || strings.HasPrefix(got, "error") {
				t.Fatalf("the peer says %q", got)
			}
		case <-tick.C:
			if again != nil {
				again()
			}
		case <-timeout:
			t.Fatalf("the peer never says %q", line)
		}
	}
}

// TestRTPMIDIOfNode talks with another implementation in both roles and both ways.
func TestRTPMIDIOfNode(t *testing.T) {
	npm := lantest.WithPeers(t, "npm")
	dir := t.TempDir()
	install := exec.Command(npm, "install", "--no-audit", "--no-fund", "--prefix", dir, "rtpmidi@1.0.0")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install rtpmidi: %v\n%s", err, out)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "peer"))); err != nil {
		t.Fatal(err)
	}
	talk := func(t *testing.T, p *peer, c *Conn, heard chan session.Received) {
		p.want(t, "heard 903c64", func() { c.Send(wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 60, Value: 100}) })
		p.want(t, "heard b20701", func() { c.Send(wire.Message{Kind: wire.ControlChange, Channel: 3, Number: 7, Value: 1}) })
		want := wire.Message{Kind: wire.PitchBend, Channel: 2, Number: 8191}
		timeout := time.After(60 * time.Second)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintln(p.in, "e17f7f")
			case r := <-heard:
				if r.Message != want || r.From != "peer" {
					t.Fatalf("heard %+v", r)
				}
				return
			case <-timeout:
				t.Fatalf("nothing is heard: %+v", c.Stats())
			}
		}
	}
	t.Run("it joins us", func(t *testing.T) {
		host, heard := start(t, Config{Name: "host", Host: true, Hidden: true})
		p, _ := startPeer(t, dir, int(host.Addr().Port()))
		talk(t, p, host, heard)
	})
	t.Run("we join it", func(t *testing.T) {
		p, port := startPeer(t, dir, 0)
		guest, heard := start(t, Config{Name: "guest", Join: fmt.Sprintf("127.0.0.1:%d", port)})
		talk(t, p, guest, heard)
	})
}

// TestMido has another parser read the same streams.
func TestMido(t *testing.T) {
	lantest.WithPeers(t, "python3")
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import mido").Run() == nil {
			python = name
		}
	}
	switch {
	case python == "" && os.Getenv("CI") == "true":
		t.Fatal("python3-mido is missing on the build server")
	case python == "":
		t.Skip("python3-mido is not installed")
	}
	random := rand.New(rand.NewPCG(1, 1))
	var streams, want []string
	for range 500 {
		var b []byte
		var texts []string
		for range 1 + random.IntN(8) {
			m := randomMessage(random)
			one := wire.AppendMessage(nil, m)
			b = append(b, one...)
			texts = append(texts, hex.EncodeToString(one))
		}
		streams, want = append(streams, hex.EncodeToString(b)), append(want, strings.Join(texts, "|"))
	}
	cmd := exec.Command(python, filepath.Join("testdata", "peer", "parse.py"))
	cmd.Stdin = strings.NewReader(strings.Join(streams, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if line != want[i] {
			t.Fatalf("mido reads %s as %s, want %s", streams[i], line, want[i])
		}
	}
}

// randomMessage is a message of any kind.
func randomMessage(r *rand.Rand) wire.Message {
	kinds := []wire.Kind{wire.NoteOff, wire.NoteOn, wire.KeyPressure, wire.ControlChange, wire.ProgramChange, wire.ChannelPressure, wire.PitchBend, wire.Sysex,
		wire.QuarterFrame, wire.SongPosition, wire.SongSelect, wire.TuneRequest, wire.Clock, wire.Start, wire.Continue, wire.Stop, wire.ActiveSensing, wire.Reset}
	m := wire.Message{Kind: kinds[r.IntN(len(kinds))], Number: r.IntN(128), Value: r.IntN(128)}
	if m.Kind.HasChannel() {
		m.Channel = 1 + r.IntN(16)
	}
	switch m.Kind {
	case wire.PitchBend:
		m.Number = r.IntN(16384) - 8192
	case wire.SongPosition:
		m.Number = r.IntN(16384)
	case wire.Sysex:
		m.Data = strings.Repeat(string(rune(r.IntN(128))), r.IntN(20))
	}
	return m
}

// TestTsharkReadsOurs has the dissectors of Wireshark read each kind of packet.
func TestTsharkReadsOurs(t *testing.T) {
	tshark := lantest.WithPeers(t, "tshark")
	name := filepath.Join(t.TempDir(), "midi.pcap")
	journal := wire.AppendJournal(nil, wire.Journal{Checkpoint: 7, Channels: []wire.ChannelJournal{{Channel: 3, On: []wire.Value{{Number: 61, Value: 9}}, Off: []int{60, 72}}}})
	commands, _, _ := wire.AppendCommands(nil, []wire.Message{
		{Kind: wire.NoteOn, Channel: 3, Number: 60, Value: 100}, {Kind: wire.ControlChange, Channel: 1, Number: 7, Value: 1}, {Kind: wire.Clock}, {Kind: wire.QuarterFrame, Number: 0x34},
	}, 0)
	control := func(c wire.Control) []byte { return wire.AppendControl(nil, c) }
	packets := []struct {
		port int
		b    []byte
		want []string
	}{
		{5004, control(wire.Control{Command: wire.Invitation, Token: 0x11, SSRC: 0x22, Name: "desk"}), []string{"Apple", "Invitation", "desk"}},
		{5004, control(wire.Control{Command: wire.Accepted, Token: 0x11, SSRC: 0x22, Name: "host"}), []string{"Invitation Accepted", "host"}},
		{5004, control(wire.Control{Command: wire.Rejected, Token: 0x11, SSRC: 0x22}), []string{"Invitation Rejected"}},
		{5004, control(wire.Control{Command: wire.Ended, Token: 0x11, SSRC: 0x22}), []string{"End Session"}},
		{5004, control(wire.Control{Command: wire.Feedback, SSRC: 0x22, Sequence: 9}), []string{"Receiver Feedback"}},
		{5005, control(wire.Control{Command: wire.ClockSync, SSRC: 0x22, Count: 1, Times: [3]uint64{1, 2, 3}}), []string{"Synchronization"}},
		{5005, wire.AppendPacket(nil, wire.Packet{Sequence: 8, Time: 1000, SSRC: 0x22, Commands: commands, Journal: journal}),
			[]string{"Note On", "Control Change", "Timing Clock", "Quarter Frame", "Journal Section", "Checkpoint", "Note On (n=C#4, v=9)", "Chapter N Log Octet: 0x08"}},
	}
	capture := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0}
	for i, p := range packets {
		capture = appendDatagram(capture, uint32(i), p.port, p.b)
	}
	if err := os.WriteFile(name, capture, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		out, err := exec.Command(tshark, "-r", name, "-V", "-Y", fmt.Sprintf("frame.number == %d", i+1),
			"--enable-heuristic", "applemidi_udp").Output()
		if err != nil {
			t.Fatal(err, string(err.(*exec.ExitError).Stderr))
		}
		for _, want := range p.want {
			if !bytes.Contains(bytes.ToLower(out), []byte(strings.ToLower(want))) {
				t.Errorf("packet %d: no %q in\n%s", i+1, want, out)
			}
		}
		if bytes.Contains(out, []byte("Malformed")) {
			t.Errorf("packet %d is malformed:\n%s", i+1, out)
		}
	}
}

// appendDatagram appends a UDP datagram on loopback to a capture of IP packets.
func appendDatagram(b []byte, second uint32, port int, payload []byte) []byte {
	n := uint32(28 + len(payload))
	for _, v := range []uint32{second, 0, n, n} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, 0x45, 0, byte(n>>8), byte(n), 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
	for _, v := range []int{port, port, 8 + len(payload), 0} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return append(b, payload...)
}
