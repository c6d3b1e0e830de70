package node

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

var (
	epoch       = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	root        = signet.K0{1, 2, 3}
	managerTUID = signet.TUID{0x7F, 0xF0, 0xC0, 0xFF, 0xEE, 0x01}
	senderTUID  = signet.TUID{0x7F, 0xF0, 0xA1, 0xB2, 0xC3, 0xD4}
	offender    = netip.MustParseAddrPort("10.0.0.66:1")
)

// A bench is a Node without sockets, a Manager and a Sender that talk to it.
type bench struct {
	t       testing.TB
	m       *machine
	now     time.Time
	manager *device.Voice
	sender  *device.Voice
	heard   *device.Gate // a Manager's, judging what the Node says
	outputs []string
}

// everything wants every resource.
type everything struct{}

func (everything) Wants(wire.Resource) bool { return true }

func newBench(t testing.TB, cfg Config) *bench {
	t.Helper()
	cfg.TUID = nodeTUID
	cfg.Scope = "local"
	cfg.SoemCode = wire.PrototypeSoemCode
	cfg.Rand = rand.New(rand.NewPCG(1, 2))
	m, err := newMachine(cfg, epoch)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, m: m, now: epoch}
	b.manager = newVoice(t, managerTUID)
	b.sender = newVoice(t, senderTUID)
	b.heard = device.NewGate(device.GateConfig{Keys: root.Keys(), Open: cfg.Open, Interests: everything{}})
	return b
}

func newVoice(t testing.TB, tuid signet.TUID) *device.Voice {
	t.Helper()
	v, err := device.NewVoice(device.VoiceConfig{TUID: tuid, Keys: root.NodeKeys(nodeTUID)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *bench) send(v *device.Voice, r wire.Resource, endpoint uint16, payload []byte) {
	b.t.Helper()
	raw, err := v.Append(nil, r, endpoint, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	b.raw(raw)
}

func (b *bench) raw(raw []byte) {
	var p wire.Packet
	b.note(b.m.receive(nil, &p, raw, offender, b.now))
}

func (b *bench) note(outputs []output) {
	for _, o := range outputs {
		if o.changed {
			b.outputs = append(b.outputs, fmt.Sprintf("%d:% x", o.number, b.m.endpoint(o.number).shown()[:min(2, len(b.m.endpoint(o.number).shown()))]))
		}
	}
}

// command sends TLVs to an endpoint, told as TID and value.
func (b *bench) command(endpoint uint16, tlvs ...any) {
	b.t.Helper()
	var payload []byte
	for i := 0; i < len(tlvs); i += 2 {
		payload = wire.AppendTLV(payload, tlvs[i].(wire.TID), []byte(tlvs[i+1].(string)))
	}
	b.send(b.manager, wire.Resource{Kind: wire.KindManager, TUID: nodeTUID, Number: endpoint}, 0, payload)
}

func (b *bench) poll(level wire.QueryLevel, endpoint uint16) {
	b.t.Helper()
	payload := wire.AppendPoll(nil, wire.Poll{Manager: managerTUID, Low: nodeTUID, High: nodeTUID, Endpoint: endpoint, Level: level})
	b.send(b.manager, wire.Resource{Kind: wire.KindPoll}, 0, payload)
}

func (b *bench) level(universe uint16, levels ...byte) {
	b.t.Helper()
	b.send(b.sender, wire.Resource{Kind: wire.KindLevel, Number: universe}, 1, wire.AppendTLV(nil, wire.TIDLevel, levels))
}

// after moves time on, stepping at every deadline on the way, and gives what
// the Node said as text.
func (b *bench) after(d time.Duration) []string {
	b.t.Helper()
	var said []string
	end := b.now.Add(d)
	for {
		if next := b.m.deadline(); !next.IsZero() && !next.After(end) {
			b.now = maxTime(b.now, next)
		} else {
			b.now = end
		}
		b.note(b.m.step(nil, b.now, func(r wire.Resource, payload []byte) {
			said = append(said, b.read(r, payload))
		}))
		if b.now.Equal(end) {
			return said
		}
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// read sends what the Node says through a Manager's gate and tells it.
func (b *bench) read(r wire.Resource, payload []byte) string {
	b.t.Helper()
	var p wire.Packet
	var raw []byte
	var err error
	if r.Kind == wire.KindNodeBeacon {
		raw = b.m.voice.AppendBeacon(nil, payload)
	} else if raw, err = b.m.voice.Append(nil, r, r.Number, payload); err != nil {
		b.t.Fatal(err)
	}
	if _, v := b.heard.Check(raw, b.now, &p); v != wire.Accept && v != wire.Beacon {
		b.t.Fatalf("the Node's packet is refused: %v", v)
	}
	if len(raw) > wire.MaxSend {
		b.t.Errorf("packet of %d bytes", len(raw))
	}
	text := fmt.Sprintf("%v/%d", r.Kind, r.Number)
	for i, rest := 0, p.Payload; len(rest) > 0; i++ {
		tlv, more, _ := wire.NextTLV(rest)
		rest = more
		switch {
		case (i == 0) != (tlv.TID == wire.TIDPollReply):
			b.t.Errorf("TLV %d of %v is %v", i, r, tlv.TID)
		case tlv.TID == wire.TIDPollReply:
			reply, _ := wire.ParsePollReply(tlv.Value)
			text += fmt.Sprintf(" #%d", reply.ChangeCount)
		default:
			name := strings.TrimPrefix(strings.TrimPrefix(tlv.TID.String(), "TID_"), "RT_")
			text += fmt.Sprintf(" %s=%x", name, tlv.Value)
		}
	}
	return text
}

func (b *bench) expect(got []string, want ...string) {
	b.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.t.Fatalf("at %v:\n %s\nwant\n %s", b.now.Sub(epoch), strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

// settled is a bench past its on-boot notification and the refusal of
// commands.
func settled(t testing.TB, cfg Config) *bench {
	t.Helper()
	cfg.Keys = root.NodeKeys(nodeTUID)
	b := newBench(t, cfg)
	b.after(commandDelay)
	return b
}

const bootList = " PROTOCOL_VERSION=01 ROLE_CAPABILITY=81 ENDPOINT_COUNT=0002 MULT_OVERRIDE=00"

func TestBootAndLost(t *testing.T) {
	b := newBench(t, Config{Keys: root.NodeKeys(nodeTUID), Universes: []int{1, 0}})
	b.expect(b.after(time.Second), "node/0 #0"+bootList)
	b.expect(b.after(8*time.Second-1), []string{}...)
	b.expect(b.after(1), "node_lost/0 #0"+bootList)
	b.expect(b.after(3*time.Second), "node_lost/0 #0"+bootList)
	if !b.m.lost {
		t.Error("not lost")
	}
	other := wire.AppendPoll(nil, wire.Poll{Manager: managerTUID, Low: managerTUID, High: managerTUID})
	b.send(b.manager, wire.Resource{Kind: wire.KindPoll}, 0, other) // any valid poll will do
	b.expect(b.after(9*time.Second-1), []string{}...)
	b.expect(b.after(1), "node_lost/0 #0"+bootList)
}

func TestPolls(t *testing.T) {
	b := settled(t, Config{Universes: []int{1, 110}, Label: "Wash", Model: "Virtual", Version: "1.2"})
	b.poll(wire.QueryHeartbeat, wire.AllEndpoints)
	b.expect(b.after(0), "node/0 #0 ENDPOINT_COUNT=0002 MULT_OVERRIDE=00")
	b.poll(wire.QueryHeartbeat, 2)
	b.expect(b.after(0), "node/2 #0")
	b.poll(wire.QueryHeartbeat, 3) // there is none
	b.expect(b.after(time.Second), []string{}...)
	const config2 = "node/2 #0 EP_UNIVERSE=006e EP_LABEL=00 EP_MULT_OVERRIDE=00000000 EP_CAPABILITY=11 EP_DIRECTION=01 EP_STATUS=00000001 EP_FAILOVER=000000 EP_DMX_TIMING=0000 EP_REFRESH_CAPABILITY=2c EP_PROTOCOL=00"
	b.poll(wire.QueryConfig, wire.AllEndpoints)
	b.expect(b.after(5*time.Millisecond),
		"node/0 #0 ENDPOINT_COUNT=0002 DEVICE_LABEL=57617368 MULT_OVERRIDE=00 IDENTIFY=00 STATUS=00000000 SCOPE=6c6f63616c",
		strings.Replace(strings.Replace(config2, "node/2", "node/1", 1), "006e", "0001", 1),
		config2)
	b.poll(wire.QueryFull, 0)
	got := b.after(0)
	for _, tid := range []string{" SUPPORTED_TIDS=00010002", " PROTOCOL_VERSION=01", " FIRMWARE_VERSION=00000000312e32", " MODEL_NAME=5669727475616c", " ROLE_CAPABILITY=81"} {
		if len(got) != 1 || !strings.Contains(got[0], tid) {
			t.Errorf("%v holds no %s", got, tid)
		}
	}
	b.raw([]byte("x"))
	forged, _ := b.sender.Append(nil, wire.Resource{Kind: wire.KindLevel, Number: 1}, 1, nil)
	forged[len(forged)-1] ^= 1
	b.raw(forged)
	b.raw(forged)
	b.expect(b.after(0), "node/0 #0 DG_SECURITY_EVENT=000100000002010a000042")
	b.raw(forged)
	b.expect(b.after(time.Second-1), []string{}...) // once per second and code
	b.expect(b.after(1), "node/0 #0 DG_SECURITY_EVENT=000100000003010a000042")
	b.poll(wire.QueryExtended, 0)
	if got := b.after(0); len(got) != 1 || !strings.HasSuffix(got[0], "DG_SECURITY_EVENT=000100000003010a000042") {
		t.Errorf("extended: %v", got)
	}

	// A poll of a range is answered after a random delay, once for two.
	wide := wire.AppendPoll(nil, wire.Poll{Manager: managerTUID, High: signet.TUID{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, Endpoint: wire.AllEndpoints})
	b.send(b.manager, wire.Resource{Kind: wire.KindPoll}, 0, wide)
	b.send(b.manager, wire.Resource{Kind: wire.KindPoll}, 0, wide)
	b.expect(b.after(0), []string{}...)
	b.expect(b.after(wire.PollBackoff), "node/0 #0 ENDPOINT_COUNT=0002 MULT_OVERRIDE=00")
}

func TestCommands(t *testing.T) {
	b := newBench(t, Config{Keys: root.NodeKeys(nodeTUID), Universes: []int{1, 2}})
	b.command(0, wire.TIDDeviceLabel, "early")
	b.after(commandDelay)
	if b.m.label != "" {
		t.Error("a command was taken in the first two seconds")
	}
	b.command(1, wire.TIDEPUniverse, "\x00\x07", wire.TIDEPLabel, "Left", wire.TIDEPStatus, "")
	b.expect(b.after(0), "node/1 #1 EP_UNIVERSE=0007 EP_LABEL=4c656674 EP_STATUS=00000001")
	b.command(1, wire.TIDEPUniverse, "\x00\x07") // no effect: confirmed, not counted
	b.expect(b.after(0), "node/1 #1 EP_UNIVERSE=0007")
	b.command(1, wire.TIDEPLabel, "void", wire.TIDEPCapability, "\x01") // read-only: the whole packet is void
	b.command(1, wire.TIDEPLabel, "void", wire.TIDDeviceLabel, "x")     // not at this endpoint
	b.command(1, wire.TIDEPProtocol, "\x01")
	b.command(3, wire.TIDEPLabel, "void") // no such endpoint
	b.command(0, wire.TIDReboot, "\xFFBOOM")
	b.command(0, wire.TIDMultOverride, "\x01")
	b.expect(b.after(0), []string{}...)
	if b.m.refused != 6 {
		t.Errorf("%d refused", b.m.refused)
	}
	b.command(1, wire.TIDRDMTODData, "", wire.TID(0x7ABC), "later", wire.TIDOffboard, "")
	b.expect(b.after(0), []string{}...) // nothing to say
	b.command(0, wire.TIDIdentify, "\x02")
	b.expect(b.after(0), "node/0 #1 IDENTIFY=02") // not stored, not counted
	b.command(0, wire.TIDIdentify, "\x04")
	b.expect(b.after(0), "node/0 #1 IDENTIFY=00")

	b.m.regroup = false
	b.command(wire.AllEndpoints, wire.TIDEPMultOverride, "\xEF\x01\x02\x03")
	b.expect(b.after(time.Millisecond), "node/1 #2 EP_MULT_OVERRIDE=ef010203", "node/2 #2 EP_MULT_OVERRIDE=ef010203")
	if g := b.m.groups(); !b.m.regroup || !slices.Contains(g, netip.MustParseAddr("239.1.2.3")) || slices.Contains(g, wire.Fold(7)) {
		t.Errorf("groups %v", g)
	}
	b.command(1, wire.TIDEPMultOverride, "\x0A\x01\x02\x03") // no multicast group
	b.command(2, wire.TIDEPUniverse, "\x00\x08")             // another universe clears the override
	b.expect(b.after(0), "node/2 #3 EP_MULT_OVERRIDE=00000000", "node/2 #3 EP_UNIVERSE=0008")
	b.command(2, wire.TIDEPUniverse, "\x00\x09", wire.TIDEPMultOverride, "\xEF\x01\x02\x04") // unless one is set with it
	b.expect(b.after(0), "node/2 #4 EP_UNIVERSE=0009 EP_MULT_OVERRIDE=ef010204")
	b.command(0, wire.TIDMultOverride, "\x00")
	b.expect(b.after(0), "node/1 #5 EP_MULT_OVERRIDE=00000000", "node/2 #5 EP_MULT_OVERRIDE=00000000", "node/0 #5 MULT_OVERRIDE=00")

	b.command(0, wire.TIDDeviceLabel, "Kept")
	b.command(2, wire.TIDEPFailover, "\x03\x00\x05", wire.TIDEPDMXTiming, "\x01\x02", wire.TIDEPDirection, "\x00")
	b.after(0)
	state := b.m.state()
	again := newBench(t, Config{State: &state})
	if fmt.Sprint(again.m.state()) != fmt.Sprint(state) || state.ChangeCount != 7 || !state.Endpoints[1].Off {
		t.Errorf("state %+v", state)
	}
	b.m.changes = 0xFFFF
	b.command(0, wire.TIDDeviceLabel, "Wrapped")
	b.expect(b.after(0), "node/0 #0 DEVICE_LABEL=57726170706564")
}

func TestWithoutLocalKeyCommandsAreIgnored(t *testing.T) {
	b := newBench(t, Config{Keys: root.Keys(), Universes: []int{1}})
	b.after(commandDelay)
	b.command(0, wire.TIDDeviceLabel, "x")
	if c := b.m.gate.Counters(); c[wire.NotSubscribed] != 1 || b.m.label != "" {
		t.Errorf("counters %v", c)
	}
}

func TestOutputs(t *testing.T) {
	b := settled(t, Config{Universes: []int{1, 1}, Scenes: map[uint16][]byte{5: {0xAA}}})
	b.poll(wire.QueryHeartbeat, 0)
	b.after(0)
	outputs := func(want ...string) {
		t.Helper()
		b.expect(b.outputs, want...)
		b.outputs = nil
	}
	b.level(1, 1, 2)
	outputs("1:01 02", "2:01 02")
	b.expect(b.after(0), "node/1 #0 EP_STATUS=00000009", "node/2 #0 EP_STATUS=00000009")
	b.level(1, 1, 2)
	outputs()
	// Sync holds both until released.
	b.send(b.sender, wire.Resource{Kind: wire.KindSync}, 1, wire.AppendTLV(nil, wire.TIDSync, nil))
	b.level(1, 3, 4)
	outputs()
	b.send(b.sender, wire.Resource{Kind: wire.KindSync}, 1, wire.AppendTLV(nil, wire.TIDSync, nil))
	outputs("1:03 04", "2:03 04")
	b.command(2, wire.TIDEPFailover, "\x01\x00\x00") // blackout concerns the slots nobody drives
	outputs()
	b.after(2900 * time.Millisecond)
	outputs()
	b.after(200 * time.Millisecond) // lost: endpoint 1 holds
	outputs("2:00 00")
	b.command(1, wire.TIDEPFailover, "\x02\x00\x00")
	outputs("1:ff ff")
	b.command(1, wire.TIDEPFailover, "\x03\x00\x05")
	outputs("1:aa 00")
	b.command(1, wire.TIDEPFailover, "\x03\x00\x06") // a scene we do not have: hold
	outputs()
	b.command(1, wire.TIDEPFailover, "\x04\x00\x00")
	outputs("1:")
	if b.m.endpoint(1).shown() != nil || b.m.endpoint(1).flags() != statusActive {
		t.Error("the output has not stopped")
	}
	b.after(time.Second)
	b.command(2, wire.TIDLevelFoldback, "", wire.TIDEPStatus, "")
	if got := b.after(0); len(got) != 1 || !strings.Contains(got[0], "EP_STATUS=00000041") || !strings.Contains(got[0], "DG_LEVEL_FOLDBACK=0000") {
		t.Errorf("foldback %v", got)
	}
	b.command(1, wire.TIDLevelFoldback, "")
	b.expect(b.after(0), []string{}...)
}

func TestOffboard(t *testing.T) {
	sessions := &signet.MemorySessions{}
	first, err := device.NextSession(sessions, nodeTUID)
	if err != nil {
		t.Fatal(err)
	}
	b := settled(t, Config{Universes: []int{1}, Label: "Dim", Sessions: sessions, Session: first})
	b.after(wire.OffboardWindow)
	b.command(0, wire.TIDOffboard, "WIPE")
	b.after(0)
	if b.m.offboarded {
		t.Fatal("offboarded after the window")
	}
	b.command(0, wire.TIDReboot, "\xFEBOOT") // a warm restart does not open it again
	b.after(commandDelay)
	b.command(0, wire.TIDOffboard, "WIPE")
	if b.m.offboarded {
		t.Fatal("offboarded after a warm restart")
	}
	b.command(0, wire.TIDReboot, "\xFFBOOT")
	said := b.after(commandDelay)
	if b.m.voice.Session() != 3 || len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), "PROTOCOL_VERSION") {
		t.Errorf("session %d after two restarts, said %v", b.m.voice.Session(), said)
	}
	b.command(0, wire.TIDOffboard, "WIPE")
	beacon := "node_beacon/0 #0 DEVICE_LABEL=44696d ENDPOINT_COUNT=0001"
	b.expect(b.after(0), beacon)
	b.expect(b.after(5*time.Second-1), []string{}...)
	b.expect(b.after(1), beacon)
	if len(b.m.groups()) != 0 {
		t.Error("an offboarded device hears groups")
	}
	b.level(1, 9)
	b.poll(wire.QueryFull, 0)
	b.expect(b.after(0), []string{}...)
	if err := b.m.onboard(root.NodeKeys(nodeTUID), b.now); err != nil {
		t.Fatal(err)
	}
	if last, _, _ := sessions.Session(nodeTUID); last != 4 {
		t.Errorf("session %d after onboarding", last)
	}
	b.level(1, 9)
	if level, _ := b.m.endpoint(1).merger.Lookup(0); level != 9 {
		t.Error("onboarded, but takes no levels")
	}
}

func TestReceiveAllocatesNothing(t *testing.T) {
	b := settled(t, Config{Universes: []int{1}})
	payload := wire.AppendTLV(nil, wire.TIDLevel, make([]byte, 512))
	var packets [][]byte
	for range 300 {
		payload[4]++
		raw, err := b.sender.Append(nil, wire.Resource{Kind: wire.KindLevel, Number: 1}, 1, payload)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, raw)
	}
	var p wire.Packet
	outputs := make([]output, 0, 4)
	if n := testing.AllocsPerRun(200, func() {
		outputs = b.m.receive(outputs[:0], &p, packets[0], offender, b.now)
		packets = packets[1:]
	}); n > 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// FuzzReceive feeds a Node signed packets of any payload: it must never panic,
// and never apply half a packet.
func FuzzReceive(f *testing.F) {
	f.Add(byte(wire.KindManager), uint16(1), wire.AppendTLV(nil, wire.TIDEPUniverse, []byte{0, 7}))
	f.Add(byte(wire.KindPoll), uint16(0), wire.AppendPoll(nil, wire.Poll{}))
	f.Add(byte(wire.KindLevel), uint16(1), wire.AppendTLV(nil, wire.TIDPriority, []byte{1, 2}))
	f.Fuzz(func(t *testing.T, kind byte, number uint16, payload []byte) {
		if len(payload) > wire.MaxPayload {
			return
		}
		b := settled(t, Config{Universes: []int{1, 2}})
		r := wire.Resource{Kind: wire.Kind(kind%9 + 1), Number: number, TUID: nodeTUID}
		if r.Kind == wire.KindNodeBeacon {
			return
		}
		b.send(b.sender, r, 1, payload)
		b.after(time.Second)
	})
}
