package artnet_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
)

// withPeers skips unless SHOWRUN_PEERS=1, and finds programs of other implementations; on a
// build server they must be there.
func withPeers(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs programs of others; set SHOWRUN_PEERS=1 to run it")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing(t, "%v", err)
		}
	}
}

func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// capture is packets as a file of the pcap format, each in a UDP and an IPv4 header.
func capture(packets [][]byte) []byte {
	le, be := binary.LittleEndian, binary.BigEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0) // up to 256 KiB a packet, raw IP
	for i, p := range packets {
		size := 28 + len(p)
		b = le.AppendUint32(b, uint32(i+1))
		b = append(b, 0, 0, 0, 0)
		b = le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(size))
		b = append(b, 0x45, 0)
		b = be.AppendUint16(b, uint16(size))
		b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 2, 0, 0, 1, 2, 0, 0, 2)
		b = be.AppendUint16(be.AppendUint16(b, wire.Port), wire.Port)
		b = be.AppendUint16(b, uint16(8+len(p)))
		b = append(append(b, 0, 0), p...)
	}
	return b
}

// TestWiresharkReadsOurPackets: its dissector finds in each kind of packet what we put
// there, and nothing malformed.
func TestWiresharkReadsOurPackets(t *testing.T) {
	withPeers(t, "tshark")
	reply := wire.Reply{
		IP: netip.MustParseAddr("2.0.0.7"), Net: 3, Subnet: 4, Oem: wire.Oem, Maker: wire.Maker, ShortName: "node", LongName: "node of the stage",
		BindIndex: 2, RefreshHz: 44, Responding: true,
		Ports: [4]wire.PortState{{Output: true, SwOut: 5, Sending: true, Merging: true, LTP: true}, {Input: true, SwIn: 6}},
	}
	file := filepath.Join(t.TempDir(), "packets.pcap")
	if err := os.WriteFile(file, capture([][]byte{
		wire.AppendPoll(nil, wire.Poll{OnChange: true}),
		wire.AppendReply(nil, reply),
		wire.AppendDmx(nil, wire.Dmx{Sequence: 7, Physical: 1, Address: wire.AddressOf(3, 4, 5), Levels: bytes.Repeat([]byte{9}, 512)}),
		wire.AppendSync(nil),
		wire.AppendProgram(nil, wire.Program{BindIndex: 2, Command: wire.CommandMergeLTP | 1}),
	}), 0o600); err != nil {
		t.Fatal(err)
	}
	fields := []string{
		"artnet.header.opcode", "artnet.poll_reply.short_name", "artnet.poll_reply.bind_index", "artnet.output.sequence",
		"artnet.output.physical", "artnet.output.length", "artnet.address.command", "_ws.malformed",
	}
	args := []string{"-r", file, "-d", "udp.port==6454,artnet", "-T", "fields", "-E", "separator=|"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	want := "0x2000|||||||\n0x2100|node|0x02|||||\n0x5000|||7|1|512||\n0x5200|||||||\n0x6000||||||0x11|\n"
	if got := strings.ReplaceAll(string(out), "\r", ""); got != want {
		t.Errorf("tshark reads\n%swant\n%s", got, want)
	}
}

// insideEnv says that a test is inside the network it made.
const insideEnv = "SHOWRUN_ARTNET_INSIDE"

// within runs a test in a network namespace of its own, with two addresses on one
// interface, and reports whether this is inside of it.
func within(t *testing.T, addresses ...string) bool {
	t.Helper()
	if os.Getenv(insideEnv) == t.Name() {
		return true
	}
	if os.Getuid() != 0 {
		missing(t, "network namespaces need root")
	}
	name := "showrun-artnet-" + strconv.Itoa(os.Getpid())
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			missing(t, "ip %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	ip("netns", "add", name)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
	ip("-n", name, "link", "set", "lo", "up")
	ip("-n", name, "link", "add", "stage0", "type", "veth", "peer", "name", "stage1")
	for _, a := range addresses {
		ip("-n", name, "addr", "add", a, "brd", "+", "dev", "stage0")
	}
	ip("-n", name, "link", "set", "stage0", "up")
	ip("-n", name, "link", "set", "stage1", "up")
	c := exec.Command("ip", "netns", "exec", name, os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), insideEnv+"="+t.Name())
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

const (
	theirs = "10.77.0.1"
	ours   = "10.77.0.2"
	nobody = 65534
)

// startOLA starts the daemon of OLA with its Art-Net plug-in only, and returns the number
// of that device.
func startOLA(t *testing.T) (device string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ola") // the daemon runs as another user, who cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, plugin := range []string{"dummy", "e131", "espnet", "ftdidmx", "gpio", "karate", "kinet", "milinst", "opendmx", "openpixelcontrol", "osc",
		"pathport", "renard", "sandnet", "shownet", "spi", "stageprofi", "usbdmx", "usbserial", "uartdmx", "nanoleaf"} {
		if err := os.WriteFile(filepath.Join(dir, "ola-"+plugin+".conf"), []byte("enabled = false\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	config := "enabled = true\nip = " + theirs + "\nnet = 0\nsubnet = 0\noutput_ports = 4\nuse_limited_broadcast = false\nuse_loopback = false\nalways_broadcast = false\n"
	if err := os.WriteFile(filepath.Join(dir, "ola-artnet.conf"), []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	olad := exec.Command("olad", "-c", dir, "-l", "1", "--no-http", "--no-register-with-dns-sd")
	olad.Env = append(os.Environ(), "HOME="+dir)
	olad.Stdout, olad.Stderr = &log, &log
	olad.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}} // it refuses to be root
	if err := olad.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		olad.Process.Kill()
		olad.Wait()
		if t.Failed() {
			t.Logf("olad said\n%s", log.String())
		}
	})
	until(t, "olad answers", func() bool {
		out, _ := exec.Command("ola_dev_info").Output()
		if m := regexp.MustCompile(`Device (\d+): ArtNet`).FindSubmatch(out); m != nil {
			device = string(m[1])
		}
		return device != ""
	})
	return device
}

// until waits for something to become true.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	for range 1200 {
		if done() {
			return
		}
		<-look.C
	}
	t.Fatalf("after half a minute it is not so: %s", what)
}

func run(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestOLA: we find each other, levels go both ways by unicast, and a source of each is
// merged there and here.
func TestOLA(t *testing.T) {
	withPeers(t, "olad", "ola_dev_info", "ola_patch", "ola_set_dmx", "ola_recorder", "ip")
	if !within(t, theirs+"/24", ours+"/24") {
		return
	}
	device := startOLA(t)
	tool(t, "ola_patch", "--device", device, "--port", "0", "--input", "--universe", "1") // takes 0:0:1
	tool(t, "ola_patch", "--device", device, "--port", "0", "--universe", "2")            // sends 0:0:2

	var ports artnet.Ports
	c, err := artnet.Open(artnet.Config{Interface: ours, Ports: &ports, ShortName: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{Interface: ours, Ports: &ports, ShortName: "lamps", Universes: []wire.Address{2}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.Run)
	run(t, n.Run)
	if err := c.Join(1); err != nil {
		t.Fatal(err)
	}
	until(t, "OLA is found", func() bool {
		for _, found := range c.Nodes() {
			if found.From.String() == theirs && found.Subscribes(1) {
				return true
			}
		}
		return false
	})
	// OLA gets our levels. Its recorder writes "universe level,level,…" lines.
	levels := []byte{11, 22, 33}
	record := filepath.Join(t.TempDir(), "levels")
	frames := func(done func() bool) {
		until(t, "levels arrive", func() bool {
			c.SetLevels(1, levels)
			c.Flush(time.Now())
			return done()
		})
	}
	recorder := exec.Command("ola_recorder", "--record", record, "--universes", "1")
	var said bytes.Buffer
	recorder.Stdout, recorder.Stderr = &said, &said
	if err := recorder.Start(); err != nil {
		t.Fatal(err)
	}
	recorded := make(chan error, 1)
	go func() { recorded <- recorder.Wait() }()
	changed := 0
	frames(func() bool {
		changed++
		levels[2] = byte(changed) // the recorder is told of what arrives, whenever it is ready
		if changed == 120 {
			recorder.Process.Signal(os.Interrupt)
		}
		select {
		case err := <-recorded:
			if err != nil {
				t.Errorf("ola_recorder: %v\n%s", err, said.String())
			}
			return true
		default:
			return false
		}
	})
	text, err := os.ReadFile(record)
	if err != nil || !bytes.Contains(text, []byte("1 11,22,")) {
		t.Errorf("OLA recorded %.200q, %v; want levels that begin with 11,22", text, err)
	}
	// And we get its.
	until(t, "the node hears OLA", func() bool {
		tool(t, "ola_set_dmx", "--universe", "2", "--dmx", "9,8,7")
		l := n.Levels(2)
		return len(l) >= 3 && bytes.Equal(l[:3], []byte{9, 8, 7})
	})
	if s := n.Sources(2); fmt.Sprint(s) != "[{10.77.0.1 0}]" {
		t.Errorf("sources %v", s)
	}
	// Both on one universe: our node merges, the highest level of each slot.
	if err := c.Join(2); err != nil {
		t.Fatal(err)
	}
	until(t, "the node merges OLA's levels and ours", func() bool {
		c.SetLevels(2, []byte{1, 200, 0})
		c.Flush(time.Now())
		l := n.Levels(2)
		return len(l) >= 3 && bytes.Equal(l[:3], []byte{9, 200, 7})
	})
}
