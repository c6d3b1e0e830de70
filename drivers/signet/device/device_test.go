package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

var (
	rootKey = key.K0{1, 2, 3}
	tuidA   = wire.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xA}
	tuidB   = wire.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xB}
)

func TestReplayLanes(t *testing.T) {
	r := NewReplay(2, 4)
	id := func(t wire.TUID, endpoint uint16) wire.SenderID { return wire.SenderID{TUID: t, Endpoint: endpoint} }
	for i, c := range []struct {
		id        wire.SenderID
		session   uint32
		sequence  uint32
		at        time.Duration
		check, do wire.Verdict
	}{
		{id(tuidA, 1), 5, 9, 0, wire.Accept, wire.Accept},
		{id(tuidA, 1), 5, 9, 0, wire.ReplaySequence, wire.Accept},
		{id(tuidA, 1), 4, 99, 0, wire.ReplaySession, wire.Accept},
		{id(tuidA, 2), 5, 1, 0, wire.Accept, wire.Accept},
		{id(tuidA, 3), 5, 1, 0, wire.Accept, wire.Accept},
		{id(tuidB, 1), 1, 1, 0, wire.Accept, wire.Accept},
		{id(tuidB, 2), 1, 1, 0, wire.Accept, wire.TableFull},                 // no lane left
		{id(wire.TUID{9}, 1), 1, 1, 0, wire.Accept, wire.TableFull},          // no device left
		{id(tuidA, 1), 6, 1, time.Second, wire.Accept, wire.Accept},          // a new session frees its lanes
		{id(tuidA, 2), 5, 2, 0, wire.ReplaySession, wire.Accept},             // and retires the others
		{id(tuidB, 2), 1, 1, time.Second, wire.Accept, wire.Accept},          // room again
		{id(wire.TUID{9}, 1), 1, 1, time.Hour, wire.Accept, wire.TableFull},  // heard less than an hour ago
		{id(wire.TUID{9}, 1), 1, 1, 2 * time.Hour, wire.Accept, wire.Accept}, // A was silent for longest
		{id(tuidA, 1), 1, 1, 2 * time.Hour, wire.Accept, wire.Accept},        // so B goes for A
		{id(tuidB, 1), 1, 1, 2*time.Hour + 1, wire.Accept, wire.TableFull},   // and does not come back
	} {
		got := r.Check(c.id, c.session, c.sequence)
		if got != c.check {
			t.Errorf("step %d: check %v, want %v", i, got, c.check)
		}
		if got != wire.Accept {
			continue
		}
		if got := r.Commit(c.id, c.session, c.sequence, epoch.Add(c.at)); got != c.do {
			t.Errorf("step %d: commit %v, want %v", i, got, c.do)
		}
	}
	if r.Len() != 2 || !r.Forget(tuidA) || r.Forget(tuidA) || r.Len() != 1 {
		t.Errorf("%d devices", r.Len())
	}
	if v := r.Check(id(tuidA, 1), 1, 1); v != wire.Accept {
		t.Errorf("a forgotten device: %v", v)
	}
}

// level is a signed level packet.
func level(t testing.TB, v *Voice, endpoint uint16) []byte {
	t.Helper()
	b, err := v.Append(nil, wire.Resource{Kind: wire.KindLevel, Number: 1}, endpoint, wire.AppendTLV(nil, wire.TIDLevel, []byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newVoice(t testing.TB, tuid wire.TUID, k0 key.K0) *Voice {
	t.Helper()
	v, err := NewVoice(VoiceConfig{TUID: tuid, Keys: k0.Keys()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFloodSparesTheShow: strangers use up their budget, a running stream does
// not notice; nothing of a forged packet stays.
func TestFloodSparesTheShow(t *testing.T) {
	gate := NewGate(GateConfig{Keys: rootKey.Keys(), Interests: everything{}})
	show := newVoice(t, tuidA, rootKey)
	var p wire.Packet
	if _, v := gate.Check(level(t, show, 1), epoch, &p); v != wire.Accept {
		t.Fatal(v)
	}
	now := epoch.Add(time.Second)
	forged := wire.Header{Sender: wire.SenderID{TUID: tuidB, Endpoint: 1}, Session: 1}
	verdicts := map[wire.Verdict]int{}
	payload := wire.AppendTLV(nil, wire.TIDLevel, []byte{1})
	mac := newVoice(t, tuidB, key.K0{9}).MAC(wire.KindLevel)
	for i := range 2000 {
		forged.Sequence++
		binary.BigEndian.PutUint32(forged.Sender.TUID[2:], uint32(i))
		raw := wire.Append(nil, forged, "local", wire.Resource{Kind: wire.KindLevel, Number: 1}, payload, mac)
		_, v := gate.Check(raw, now, &p)
		verdicts[v]++
		if i%10 == 0 {
			if _, v := gate.Check(level(t, show, 1), now, &p); v != wire.Accept {
				t.Fatalf("the show is refused: %v", v)
			}
		}
	}
	if verdicts[wire.BadAuth] != defaultBudget || verdicts[wire.Flood] != 2000-defaultBudget {
		t.Errorf("verdicts %v", verdicts)
	}
	if gate.replay.Len() != 1 {
		t.Errorf("%d devices remembered", gate.replay.Len())
	}
	// The next tick has a budget again, also for newcomers.
	if _, v := gate.Check(level(t, newVoice(t, tuidB, rootKey), 1), now.Add(budgetTick), &p); v != wire.Accept {
		t.Errorf("a newcomer in the next tick: %v", v)
	}
	gate.Reset()
	c := gate.Counters()
	if d := c.Dropped(); gate.replay.Len() != 0 || d["flood"] != 1500 || d["bad_auth"] != 500 || c.Accepted() != 202 {
		t.Errorf("counters %v", d)
	}
}

func TestGateAllocatesNothing(t *testing.T) {
	gate := NewGate(GateConfig{Keys: rootKey.Keys(), Interests: everything{}})
	show := newVoice(t, tuidA, rootKey)
	var packets [][]byte
	for range 202 {
		packets = append(packets, level(t, show, 1))
	}
	var p wire.Packet
	if n := testing.AllocsPerRun(200, func() {
		if _, v := gate.Check(packets[0], epoch, &p); v != wire.Accept {
			t.Fatal(v)
		}
		packets = packets[1:]
	}); n > 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// failing is a session store whose disk is full.
type failing struct{ MemorySessions }

var errDisk = errors.New("disk full")

func (*failing) SaveSession(wire.TUID, uint32) error { return errDisk }

func TestVoice(t *testing.T) {
	sessions := &MemorySessions{}
	for want := uint32(1); want <= 3; want++ {
		session, err := NextSession(sessions, tuidA)
		if err != nil || session != want {
			t.Fatalf("session %d, %v", session, err)
		}
	}
	if _, err := NextSession(&failing{}, tuidA); !errors.Is(err, errDisk) || !errors.Is(err, ErrSessionStore) {
		t.Errorf("full disk: %v", err)
	}
	stored, err := NewVoice(VoiceConfig{TUID: tuidA, Session: 3, Next: Numbers(sessions, tuidA, 3)})
	if err != nil || stored.Session() != 3 || stored.Renew() != nil || stored.Session() != 4 {
		t.Errorf("with a store: session %d, %v", stored.Session(), err)
	}
	alone, err := NewVoice(VoiceConfig{TUID: tuidA})
	if err != nil || alone.Session() != 1 || alone.Renew() != nil || alone.Session() != 2 {
		t.Errorf("without a store: session %d, %v", alone.Session(), err)
	}
	if _, err := NewVoice(VoiceConfig{}); err == nil {
		t.Error("a voice without a name")
	}
	if _, err := NewVoice(VoiceConfig{TUID: tuidA, Scope: "Hall A"}); err == nil {
		t.Error("a scope with a space")
	}
	v, err := NewVoice(VoiceConfig{TUID: tuidA, Keys: key.Keys{Sender: rootKey.Keys().Sender}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Append(nil, wire.Resource{Kind: wire.KindPoll}, 0, nil); err == nil {
		t.Error("signed without a key")
	}
	v.messageID = 0xFFFF
	if id := v.NextMessageID(); id != 1 {
		t.Errorf("message ID %d follows 0xFFFF", id)
	}
	open, err := NewVoice(VoiceConfig{TUID: tuidA, Open: true})
	if err != nil || open.Session() != 0 || open.Renew() != nil {
		t.Errorf("open mode: %v", err)
	}
	raw, err := open.Append(nil, wire.Resource{Kind: wire.KindPoll}, 0, nil)
	var p wire.Packet
	if wire.Parse(raw, &p); err != nil || p.Mode != wire.ModeOpen || p.Sequence != 0 || len(p.Auth) != 0 {
		t.Errorf("open mode: %+v, %v", p, err)
	}
}

// TestSequenceWrap: the number 0xFFFFFFFF is never sent; the session ends
// before, and every lane starts again.
func TestSequenceWrap(t *testing.T) {
	sessions := &MemorySessions{}
	v, err := NewVoice(VoiceConfig{TUID: tuidA, Keys: rootKey.Keys(), Next: Numbers(sessions, tuidA, 1)})
	if err != nil {
		t.Fatal(err)
	}
	gate := NewGate(GateConfig{Keys: rootKey.Keys(), Interests: everything{}})
	sessions.SaveSession(tuidA, 1)
	v.Lane(1).sequence = 0xFFFFFFFC
	if left := v.Left(); left != 2 {
		t.Errorf("%d numbers left", left)
	}
	v.Lane(2).sequence = 9
	for i, want := range []struct {
		endpoint          uint16
		session, sequence uint32
	}{{1, 1, 0xFFFFFFFD}, {2, 1, 10}, {1, 1, 0xFFFFFFFE}, {1, 2, 1}, {2, 2, 1}, {1, 2, 2}} {
		var p wire.Packet
		if _, verdict := gate.Check(level(t, v, want.endpoint), epoch, &p); verdict != wire.Accept {
			t.Errorf("packet %d: %v", i, verdict)
		}
		if p.Session != want.session || p.Sequence != want.sequence {
			t.Errorf("packet %d: session %d, sequence %#x", i, p.Session, p.Sequence)
		}
	}
	if last, _, _ := sessions.Session(tuidA); last != 2 {
		t.Errorf("stored session %d", last)
	}
	sessions.SaveSession(tuidA, 0xFFFFFFFE)
	v.Lane(1).sequence = 0xFFFFFFFE
	if _, err := v.Append(nil, wire.Resource{Kind: wire.KindSync}, 1, nil); !errors.Is(err, ErrSessionsSpent) {
		t.Errorf("after the last session: %v", err)
	}
}

func TestBeaconsAreChecked(t *testing.T) {
	gate := NewGate(GateConfig{Scope: "Hall_A", Keys: rootKey.Keys(), Interests: everything{}})
	v := newVoice(t, tuidA, rootKey)
	good := wire.AppendPollReply(nil, wire.PollReply{TUID: tuidA})
	for name, c := range map[string]struct {
		raw  []byte
		want wire.Verdict
	}{
		"good":           {v.AppendBeacon(nil, good), wire.Beacon},
		"another TUID":   {v.AppendBeacon(nil, wire.AppendPollReply(nil, wire.PollReply{TUID: tuidB})), wire.BadPayload},
		"empty reply":    {v.AppendBeacon(nil, wire.AppendTLV(nil, wire.TIDPollReply, nil)), wire.BadPayload},
		"no reply":       {v.AppendBeacon(nil, nil), wire.BadPayload},
		"broken TLV":     {v.AppendBeacon(nil, []byte{1}), wire.BadPayload},
		"other resource": {wire.Append(nil, wire.Header{Mode: wire.ModeOffboarded}, "local", wire.Resource{Kind: wire.KindSync}, nil, nil), wire.BadURI},
		"other scope":    {wire.Append(nil, wire.Header{Mode: wire.ModeOffboarded}, "Hall_A", wire.Resource{Kind: wire.KindNodeBeacon}, nil, nil), wire.WrongScope},
		"signed beacon":  {wire.Append(nil, wire.Header{}, "Hall_A", wire.Resource{Kind: wire.KindNodeBeacon}, nil, v.MAC(wire.KindNode)), wire.BadURI},
	} {
		var p wire.Packet
		if _, got := gate.Check(c.raw, epoch, &p); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// chatty is a device with more to say than fits one packet.
type chatty struct{}

func (c chatty) DataEndpoints() int  { return 2 }
func (c chatty) ChangeCount() uint16 { return 7 }
func (c chatty) AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	switch t {
	case wire.TIDEPLabel, wire.TIDEPUniverse, wire.TIDEPDMXTiming:
		return wire.AppendTLV(b, t, make([]byte, 500))
	case wire.TIDEndpointCount:
		return AppendCommonTLV(b, t, Description{}, c.DataEndpoints())
	}
	return b
}

func TestPresenceSplitsPackets(t *testing.T) {
	p := NewPresence(PresenceConfig{TUID: tuidA, Device: chatty{}, Rand: rand.New(rand.NewPCG(1, 2))}, epoch)
	p.booting = false
	var said []string
	say := func(r wire.Resource, payload []byte) {
		text := fmt.Sprintf("%v/%d", r.Kind, r.Number)
		for rest := payload; len(rest) > 0; {
			tlv, more, ok := wire.NextTLV(rest)
			if !ok {
				t.Fatal("cut inside a TLV")
			}
			rest = more
			text += fmt.Sprintf(" %04X", uint16(tlv.TID))
		}
		if len(payload) > wire.MaxPayload {
			t.Errorf("payload of %d bytes", len(payload))
		}
		said = append(said, text)
	}
	expect := func(want ...string) {
		t.Helper()
		if strings.Join(said, "|") != strings.Join(want, "|") {
			t.Errorf("said %q, want %q", said, want)
		}
		said = nil
	}
	if !p.Deadline().IsZero() {
		t.Errorf("deadline %v with nothing to say", p.Deadline())
	}
	poll := wire.Poll{Low: tuidA, High: tuidA, Endpoint: wire.AllEndpoints, Level: wire.QueryConfig}
	p.Polled(poll, epoch)
	p.Step(epoch, say)
	expect("node/0 0002 0602")
	p.Step(epoch.Add(wire.EndpointSpacing-1), say) // endpoints keep a distance
	expect()
	p.Step(epoch.Add(wire.EndpointSpacing), say)
	expect("node/1 0002 0901 0902", "node/1 0002 0909")
	p.Step(epoch.Add(2*wire.EndpointSpacing), say)
	expect("node/2 0002 0901 0902", "node/2 0002 0909")
	p.Report(1, 2, []wire.TID{wire.TIDEPCapability}, epoch)
	p.Step(epoch.Add(time.Second-wire.EndpointSpacing), say)
	p.Step(epoch.Add(time.Second), say)
	expect()
	for range 100 { // status: newest wins, once per second
		p.Status(1, wire.TIDEPLabel, epoch)
		p.Status(1, wire.TIDEPUniverse, epoch)
	}
	p.Step(epoch.Add(time.Second), say)
	expect("node/1 0002 0902 0901")
	p.Status(1, wire.TIDEPLabel, epoch)
	if d := p.Deadline(); !d.Equal(epoch.Add(2 * time.Second)) {
		t.Errorf("next status at %v", d.Sub(epoch))
	}
	p.Step(epoch.Add(2*time.Second-1), say)
	expect()
	p.Step(epoch.Add(2*time.Second), say)
	expect("node/1 0002 0902")
	for i := range 100 { // a flood of different polls is bounded
		p.Polled(wire.Poll{Low: tuidA, High: tuidA, Level: wire.QueryLevel(i % 4), Endpoint: uint16(i % 3)}, epoch)
		p.Report(1, 1, []wire.TID{wire.TIDEPLabel}, epoch)
	}
	if len(p.replies) > maxReplies {
		t.Errorf("%d replies waiting", len(p.replies))
	}
}

// TestWrongKeyIsLogged: people learn once a minute that packets do not fit.
func TestWrongKeyIsLogged(t *testing.T) {
	var log strings.Builder
	p := NewPresence(PresenceConfig{
		TUID: tuidA, Device: chatty{}, Rand: rand.New(rand.NewPCG(1, 2)),
	}, epoch)
	verdict := func(v wire.Verdict, from netip.Addr, at time.Time) {
		p.Verdict(v, from, at)
		p.TakeWarning().Log(slog.New(slog.NewTextHandler(&log, nil)), tuidA)
	}
	from := netip.MustParseAddr("10.0.0.7")
	for i, v := range []wire.Verdict{wire.BadAuth, wire.BadAuth, wire.ModeMismatch, wire.WrongScope} {
		verdict(v, from, epoch.Add(time.Duration(i)*time.Second))
	}
	both := netip.MustParseAddr("10.0.0.8") // sends each packet signed and unsigned
	verdict(wire.Accept, both, epoch.Add(time.Minute))
	verdict(wire.ModeMismatch, both, epoch.Add(time.Minute))
	verdict(wire.ModeMismatch, from, epoch.Add(time.Minute))
	verdict(wire.Flood, from, epoch.Add(time.Hour))
	verdict(wire.BadAuth, netip.MustParseAddr("127.0.0.1"), epoch.Add(2*time.Hour))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[1], "WARN") || !strings.Contains(lines[2], "level=INFO") || !strings.Contains(lines[2], "other rigs") || !strings.Contains(lines[0], "do not fit our key") || !strings.Contains(lines[0], "from=10.0.0.7") || !strings.Contains(lines[1], "one signs") {
		t.Errorf("logged:\n%s", log.String())
	}
}
