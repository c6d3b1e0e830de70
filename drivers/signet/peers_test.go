package signet_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/signet"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
)

// published is the test passphrase of the reference SDK; never a default.
const (
	published   = "Ge2p$E$4*A"
	publishedK0 = "52fcc2e7749f40358ba00b1d557dc11861e89868e139f23014f6a0cfe59cf173"
)

// installPeer puts node-sig-net and our scripts into a folder of the test.
func installPeer(t *testing.T) string {
	t.Helper()
	npm := lantest.WithPeers(t, "npm")
	dir := t.TempDir()
	install := exec.Command(npm, "install", "--no-audit", "--no-fund", "--prefix", dir, "node-sig-net@0.0.1")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install node-sig-net: %v\n%s", err, out)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "peer"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// peerPacket is one line of receive.mjs.
type peerPacket struct {
	Ready    bool
	Code     int
	Verified bool
	URI      string
	Session  uint32
	Sequence uint32
	Sender   string
	TLVs     [][2]any
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func publishedKeys(t *testing.T) signet.K0 {
	t.Helper()
	k0, err := signet.K0FromPassphrase(published)
	if err != nil {
		t.Fatal(err)
	}
	return k0
}

// TestPeerVerifiesOurPackets: node-sig-net takes everything a Sender and a Node
// of ours send.
func TestPeerVerifiesOurPackets(t *testing.T) {
	dir := installPeer(t)
	port := testPort(4)
	peer := exec.Command("node", filepath.Join(dir, "receive.mjs"), "127.0.0.1", strconv.Itoa(port), publishedK0,
		"239.254.0.1", "239.254.255.249", "239.254.255.250", "239.254.255.253")
	peer.Stderr = os.Stderr
	out, err := peer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		peer.Process.Kill()
		peer.Wait()
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the peer does not start")
	}
	k0 := publishedKeys(t)
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: legit, Keys: k0.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: port, Sync: true, Label: "Desk",
	})
	if err != nil {
		t.Fatal(err)
	}
	priority := bytes.Repeat([]byte{120}, 512)
	if err := errorsOf(
		s.Join(1, signet.UniverseOptions{Priority: priority}), s.Join(110, signet.UniverseOptions{}), s.Join(1, signet.UniverseOptions{Preview: true}),
	); err != nil {
		t.Fatal(err)
	}
	tc, err := s.Timecode(7, wire.Rate2997Drop)
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, s.Run)()
	n, err := node.Open(node.Config{TUID: ignore, Keys: k0.NodeKeys(ignore), Interface: "127.0.0.1", Port: port, Universes: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, n.Run)()
	tc.Start(0, time.Now())
	s.SetLevels(1, []byte{1, 2, 3})
	s.SetLevels(110, []byte{4, 5, 6})
	s.SetPreview(1, []byte{7})

	want := map[string]bool{
		"level/1 0101": true, "level/1 0102": true, "level/110 0101": true, "preview/1 0103": true, "sync 0201": true, "sync 0203": true,
		"timecode/7 0202": true, "node/" + legit.String() + "/0 0609": true, "node/" + ignore.String() + "/0 0609": true,
	}
	for end := time.Now().Add(15 * time.Second); len(want) > 0; {
		if time.Now().After(end) || !lines.Scan() {
			t.Fatalf("the peer heard none of %v", want)
		}
		var p peerPacket
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Code != 0 || !p.Verified {
			t.Fatalf("the peer refuses %s", lines.Text())
		}
		for _, tlv := range p.TLVs {
			delete(want, fmt.Sprintf("%s %04X", strings.TrimPrefix(p.URI, "/sig-net/v1/local/"), int(tlv[0].(float64))))
		}
		if strings.HasSuffix(p.URI, "/level/1") && p.TLVs[1][1] != "010203"+strings.Repeat("00", 509) {
			t.Errorf("levels %v", p.TLVs[1])
		}
	}
}

// TestWeTakeThePeersPackets: its levels, announcement and poll arrive; after a
// restart at session 1 it is refused until it is forgotten.
func TestWeTakeThePeersPackets(t *testing.T) {
	dir := installPeer(t)
	port := testPort(5)
	peerTUID := signet.TUID{0x53, 0x79, 0, 0, 0, 1}
	k0 := publishedKeys(t)
	levels := make(chan byte, 1000)
	r, err := receiver.Open(receiver.Config{
		Keys: k0.Keys(), Interface: "127.0.0.1", Port: port,
		OnLevels: func(_ int, l []byte, p receiver.Packet) {
			if p.Sender.TUID == peerTUID {
				levels <- l[0]
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Subscribe(1); err != nil {
		t.Fatal(err)
	}
	defer run(t, r.Run)()
	events := make(chan manager.Event, 1000)
	m, err := manager.Open(manager.Config{
		TUID: legit, Keys: k0.Keys(), Sessions: &signet.MemorySessions{}, Interface: "127.0.0.1", Port: port,
		OnEvent: func(e manager.Event) { events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, m.Run)()
	n, err := node.Open(node.Config{TUID: ignore, Keys: k0.NodeKeys(ignore), Interface: "127.0.0.1", Port: port, Universes: []int{1}, Label: "Polled"})
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, n.Run)()

	send := func(count int) {
		t.Helper()
		peer := exec.Command("node", filepath.Join(dir, "send.mjs"), "127.0.0.1", strconv.Itoa(port), publishedK0, strconv.Itoa(count))
		if out, err := peer.CombinedOutput(); err != nil {
			t.Fatalf("send.mjs: %v\n%s", err, out)
		}
	}
	heard := func() (list []byte) {
		for {
			select {
			case l := <-levels:
				list = append(list, l)
			case <-time.After(200 * time.Millisecond):
				return list
			}
		}
	}
	send(30)
	if got := heard(); len(got) != 30 || got[0] != 1 || got[29] != 30 {
		t.Fatalf("levels %v, drops %v", got, r.Stats().Drops)
	}
	send(20)
	if got := heard(); len(got) != 0 || r.Stats().Counters[wire.ReplaySequence] < 20 {
		t.Errorf("after its restart: %v, drops %v", got, r.Stats().Drops)
	}
	if !r.Forget(peerTUID) {
		t.Error("the peer was not known")
	}
	send(20)
	if got := heard(); len(got) != 20 {
		t.Errorf("after forgetting it: %v, drops %v", got, r.Stats().Drops)
	}
	seen := func(list []manager.Node, id signet.TUID, label string) bool {
		return slices.ContainsFunc(list, func(n manager.Node) bool { return n.TUID == id && n.Label() == label })
	}
	for timeout := time.After(10 * time.Second); !seen(m.Nodes(), peerTUID, "") || !seen(m.Nodes(), ignore, "Polled"); {
		select {
		case <-events:
		case <-timeout:
			t.Fatalf("the peer's announcement or the answer to its poll is missing: %+v", m.Nodes())
		}
	}
}

// everyPacket is one of each kind that we send, with its path.
func everyPacket(t *testing.T) (packets [][]byte, paths []string) {
	t.Helper()
	const scope = "13-CHAR-SCOPE"
	k0 := publishedKeys(t)
	for _, open := range []bool{false, true} {
		v, err := device.NewVoice(device.VoiceConfig{TUID: legit, Scope: scope, Open: open, Keys: k0.NodeKeys(legit)})
		if err != nil {
			t.Fatal(err)
		}
		presence := device.NewPresence(device.PresenceConfig{
			TUID: legit, Device: plainDevice{}, Rand: rand.New(rand.NewPCG(1, 2)), Polled: true,
		}, time.Unix(0, 0))
		say := func(r wire.Resource, payload []byte) {
			b, err := v.Append(nil, r, r.Number, payload)
			if err != nil {
				t.Fatal(err)
			}
			packets = append(packets, b)
			paths = append(paths, string(wire.AppendURI(nil, scope, r)))
		}
		level := wire.AppendTLV(nil, wire.TIDLevel, make([]byte, 512))
		priority := wire.AppendTLV(nil, wire.TIDPriority, make([]byte, 512))
		say(wire.Resource{Kind: wire.KindLevel, Number: 1}, level)
		say(wire.Resource{Kind: wire.KindLevel, Number: 63999}, append(priority, level...))
		say(wire.Resource{Kind: wire.KindPreview, Number: 42}, wire.AppendTLV(nil, wire.TIDPreview, []byte{1}))
		say(wire.Resource{Kind: wire.KindSync}, wire.AppendTLV(nil, wire.TIDSync, nil))
		say(wire.Resource{Kind: wire.KindSync}, wire.AppendAnnouncement(nil, wire.Announcement{Universe: 1, Command: wire.UniverseJoin}))
		say(wire.Resource{Kind: wire.KindTimecode, Number: 255}, wire.AppendTimecode(nil, wire.Timecode{Hours: 1, Rate: wire.Rate120}))
		say(wire.Resource{Kind: wire.KindPoll}, wire.AppendPoll(nil, wire.Poll{Manager: legit, Low: legit, High: legit}))
		say(wire.Resource{Kind: wire.KindManager, TUID: legit, Number: wire.AllEndpoints}, wire.AppendTLV(nil, wire.TIDEPLabel, nil))
		presence.Step(time.Unix(1, 0), say)  // on-boot
		presence.Step(time.Unix(20, 0), say) // lost
		presence.Event(wire.EventAuth, netip.MustParseAddr("10.0.0.66"), time.Unix(20, 0))
		presence.Polled(wire.Poll{Low: legit, High: legit, Level: wire.QueryExtended}, time.Unix(20, 0))
		presence.Step(time.Unix(20, 0), say)
		packets = append(packets, v.AppendBeacon(nil, wire.AppendPollReply(nil, wire.PollReply{TUID: legit})))
		paths = append(paths, "/sig-net/v1/local/node_beacon/"+legit.String()+"/0")
	}
	return packets, paths
}

// plainDevice has a label and nothing else.
type plainDevice struct{}

func (plainDevice) DataEndpoints() int  { return 0 }
func (plainDevice) ChangeCount() uint16 { return 0 }
func (plainDevice) AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	if t == wire.TIDDeviceLabel {
		return wire.AppendLabel(b, t, "Desk")
	}
	return device.AppendCommonTLV(b, t, device.Description{Supported: []wire.TID{wire.TIDPoll}, Model: "m", Scope: "local"}, 0)
}

// TestTsharkDissects gives one packet of every kind to the CoAP dissector of
// Wireshark.
func TestTsharkDissects(t *testing.T) {
	tshark := lantest.WithPeers(t, "tshark")
	packets, paths := everyPacket(t)
	name := filepath.Join(t.TempDir(), "all.pcap")
	if err := os.WriteFile(name, lantest.Capture(netip.AddrPortFrom(wire.Fold(1), wire.Port), wire.TTL, packets), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", name, "-T", "fields", "-E", "separator=|", "-E", "aggregator=/",
		"-e", "frame.protocols", "-e", "coap.type", "-e", "coap.code", "-e", "coap.opt.uri_path_recon", "-e", "_ws.malformed", "-e", "_ws.expert.message").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(packets) {
		t.Fatalf("%d packets dissected of %d", len(lines), len(packets))
	}
	for i, line := range lines {
		f := strings.Split(line, "|")
		if len(f) != 6 || !strings.HasPrefix(f[0], "raw:ip:udp:coap") || f[1] != "1" || f[2] != "2" || f[3] != paths[i] || f[4] != "" {
			t.Errorf("%s: %q", paths[i], f)
		}
		if strings.Contains(strings.ToLower(f[5]), "invalid") || strings.Contains(strings.ToLower(f[5]), "malformed") {
			t.Errorf("%s: %s", paths[i], f[5])
		}
	}
}
