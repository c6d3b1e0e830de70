package discover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/wire"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/source"
	slwire "showrun/drivers/stagelinq/wire"
	"showrun/drivers/stagenet/gateway"
	snwire "showrun/drivers/stagenet/wire"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/store"
)

// TestMain: the library that advertises gateways goes on asking for a moment.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/grandcat/zeroconf.(*Server).probe"))
}

const patience = 20 * time.Second

var (
	root = signet.K0{1, 2, 3}
	wash = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xA}
	bare = signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 0xB}
)

// looking are searches on their way.
type looking struct {
	t     *testing.T
	s     *Searches
	found chan string
	stop  func() error
}

// look starts searches on loopback that end with the test.
func look(t *testing.T, o Options) *looking {
	t.Helper()
	l := &looking{t: t, found: make(chan string, 1000)}
	o.Interface, o.Log = "lo", slog.New(slog.DiscardHandler)
	o.Tell = func(protocol, device string) { l.found <- protocol + ": " + device }
	if o.StateDir == "" {
		o.StateDir = t.TempDir()
	}
	var err error
	if l.s, err = Open(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.s.Run(ctx) }()
	l.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { l.stop() })
	return l
}

// sees waits until a device is told of that has all of these words.
func (l *looking) sees(words ...string) {
	l.t.Helper()
	var others []string
	for timeout := time.After(patience); ; {
		select {
		case device := <-l.found:
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(device, w) }) {
				return
			}
			others = append(others, device)
		case <-timeout:
			l.t.Fatalf("%q is not found, but %q", words, others)
		}
	}
}

// text is what a person is shown.
func (l *looking) text() string { return strings.Join(Lines(l.s.Sections(time.Now())), "\n") }

// inBackground runs until the test ends.
func inBackground(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
}

// guest is the content of a guest file.
func guest() (key.Transfer, error) {
	return key.ParseTransfer(key.AppendGuest(nil, "hall", root.Keys()))
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in\n%s", p, text)
		}
	}
}

// TestSigNet finds a real Node and one without keys with the keys of a guest.
func TestSigNet(t *testing.T) {
	const port = 15731
	l := look(t, Options{SigNet: true, Key: guest, SigNetPort: port, Now: true})
	for _, cfg := range []node.Config{
		{TUID: wash, Keys: root.NodeKeys(wash), Scope: "hall", Universes: []int{7, 0}, Label: "Wash\x1b[2J", Model: "Par 64"},
		{TUID: bare, Universes: []int{1}, Label: "New"},
	} {
		cfg.Interface, cfg.Port = "lo", port
		n, err := node.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		inBackground(t, n.Run)
	}
	for range 2 { // in any order
		l.sees("Sig-Net: 7FF0:8000000")
	}
	contains(t, l.text(),
		"Sig-Net, scope hall: 2 devices (asking every 3 s)",
		"  TUID           LABEL",
		"  7FF0:8000000A  Wash?[2J  Par 64  7FF00001  node   127.0.0.1  yes",
		"      endpoint 1, consumer, universe 7\n      endpoint 2, consumer\n",
		"  7FF0:8000000B  New                                127.0.0.1  yes     no keys",
	)
	if err := l.stop(); err != nil {
		t.Error(err)
	}

	var out bytes.Buffer
	if err := WriteJSON(&out, l.s.Sections(time.Now())); err != nil {
		t.Fatal(err)
	}
	var d struct {
		SigNet struct {
			Scope   string
			Nodes   []map[string]any
			Beacons []map[string]any
			Dropped map[string]int
		} `json:"signet"`
	}
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.SigNet.Scope != "hall" || len(d.SigNet.Nodes) != 1 || len(d.SigNet.Beacons) != 1 || d.SigNet.Dropped == nil {
		t.Fatalf("%s", out.String())
	}
	n := d.SigNet.Nodes[0]
	for name, want := range map[string]any{
		"tuid": "7FF0:8000000A", "label": "Wash\x1b[2J", "model": "Par 64", "soem_code": float64(0x7FF00001), "address": "127.0.0.1", "online": true,
	} {
		if n[name] != want {
			t.Errorf("%s is %v, want %v", name, n[name], want)
		}
	}
	if e := n["endpoints"].([]any)[0].(map[string]any); e["universe"] != 7.0 || e["direction"] != "consumer" || e["label"] != "" {
		t.Errorf("endpoint %v", e)
	}
}

// TestSigNetRemarks: what is heard but not listed is told.
func TestSigNetRemarks(t *testing.T) {
	s := &sigNet{cfg: SigNetConfig{TUID: wash}}
	var stats manager.Stats
	if got := s.remarks(stats); got != nil {
		t.Errorf("remarks %q", got)
	}
	stats.Counters[wire.BadAuth], stats.Counters[wire.WrongScope], stats.Counters[wire.ModeMismatch] = 1, 2, 3
	s.take(manager.Event{Kind: manager.Duplicate, Node: manager.Node{Address: netip.MustParseAddrPort("10.0.0.9:1")}})
	want := []string{
		"1 packet signed with another key; is it the key of this installation?",
		"2 packets of another scope; --scope names it",
		"3 packets of devices in Open Mode, which nobody signs",
		"duplicate: 10.0.0.9 speaks with our TUID 7FF0:8000000A",
	}
	if got := s.remarks(stats); !slices.Equal(got, want) {
		t.Errorf("remarks %q, want %q", got, want)
	}
	for late, want := range map[time.Duration]string{0: "4 s", 501 * time.Millisecond: "3 s", 3400 * time.Millisecond: "1 s", time.Minute: "0 s"} {
		if got := s.doing(s.began.Add(late), stats); !strings.HasSuffix(got, "asking in "+want) {
			t.Errorf("after %v it says %q", late, got)
		}
	}
	row := nodeRow(devsignet.Node{TUID: "T", Endpoints: []devsignet.NodeEndpoint{{Number: 3, Label: "Left"}}, Notes: []string{"a", "b"}})
	if row.Cells[6] != "no" || row.Cells[7] != "a, b" || row.Details[0] != `endpoint 3, "Left"` {
		t.Errorf("row %+v", row)
	}
}

// TestSigNetWaits: it says what it waits for, and leaves asking to others.
func TestSigNetWaits(t *testing.T) {
	const port = 15732
	key := func() (key.Transfer, error) { return key.Transfer{HasK0: true, K0: root}, nil }
	first := look(t, Options{SigNet: true, Key: key, SigNetPort: port})
	contains(t, first.text(), "Sig-Net, scope local: nothing found (listening for another Manager, asking in ")
	contains(t, Status(first.s.Sections(time.Now())), "Sig-Net, scope local: 0 devices, listening for another Manager")
	second := look(t, Options{SigNet: true, Key: key, SigNetPort: port, Now: true})
	first.sees("Sig-Net: 7FF0:", "showrun discover")
	contains(t, first.text(), "1 device (another Manager asks, the answers are for all)", "manager  127.0.0.1  yes")
	second.stop()
	if !Any(first.s.Sections(time.Now())) {
		t.Error("nothing found")
	}
}

// TestStageLinQ finds a virtual player.
func TestStageLinQ(t *testing.T) {
	const port = 15733
	unit, err := source.Open(source.Config{Name: "booth", Token: stagelinq.Token{7}, Decks: 2, Interface: "lo", DiscoveryPort: port})
	if err != nil {
		t.Fatal(err)
	}
	inBackground(t, unit.Run)
	l := look(t, Options{StageLinQ: true, StageLinQPort: port})
	l.sees("StageLinQ: booth", "JP13", "127.0.0.1")
	contains(t, l.text(),
		"StageLinQ: 1 device (listening)",
		"  NAME   SOFTWARE  VERSION  KIND    DECKS  ADDRESS    TOKEN                                 ONLINE",
		"  booth  JP13      3.4.0    player  2      127.0.0.1  07000000-0000-0000-0000-000000000000  yes",
	)
	l.stop()
	if text := strings.Join(Lines(l.s.Sections(time.Now().Add(time.Minute))), "\n"); !strings.Contains(text, " no") {
		t.Errorf("not gone after a silent minute:\n%s", text)
	}
	heard := l.s.attempts[0].search.(*stageLinQ)
	now := time.Now()
	for i, exit := range []bool{false, true} {
		heard.take(discovery.Heard{Announcement: slwire.Announcement{Token: slwire.Token{9}, Name: "short", Exit: exit}, At: now})
		if devices := heard.Found(now).Document.(stageLinQDocument).Devices; len(devices) != 2 || devices[1].Online == exit {
			t.Errorf("step %d: %+v", i, devices)
		}
	}
	for software, kind := range map[string]string{
		"JC11": "player", "JM08": "mixer", "OfflineAnalyzer": "analyzer", "JC20": "accessory", "Resolume": "program",
	} {
		if got := kindOf(software); got != kind {
			t.Errorf("%s is a %s", software, got)
		}
	}
}

// dark is a gateway's hardware nobody looks at.
type dark struct{}

func (dark) Set(gateway.Channel, snwire.Value) {}

// TestStageNet finds a gateway by multicast DNS on loopback.
func TestStageNet(t *testing.T) {
	g, err := gateway.Listen(gateway.Config{
		ID: "gw-discover", Channels: gateway.Channels("DMX", 1, 4), Listen: "127.0.0.1:0", Interface: "lo",
		Advertise: true, Name: "Grid Left", Sink: dark{},
	})
	if err != nil {
		t.Fatal(err)
	}
	inBackground(t, g.Run)
	l := look(t, Options{StageNet: true})
	l.sees("StageNet: Grid Left", g.Addr().String())
	contains(t, l.text(), "StageNet: ", "gw-discover", "DMX", "1.0", "Grid Left")
	found := l.s.Sections(time.Now())[0].Document.(stageNetDocument).Gateways
	i := slices.IndexFunc(found, func(g advertised) bool { return g.ID == "gw-discover" })
	if i < 0 || found[i].Address != g.Addr().String() || !found[i].Online || found[i].Type != "DMX" || len(found[i].All) == 0 {
		t.Errorf("gateways %+v", found)
	}
}

// TestStageNetTable: gateways that leave stay in the list as gone.
func TestStageNetTable(t *testing.T) {
	var told []string
	s, err := StageNet(StageNetConfig{Tell: func(what string) { told = append(told, what) }})
	if err != nil {
		t.Fatal(err)
	}
	browse := s.(*stageNet).take
	browse(mdns.Event{Kind: mdns.Added, Service: mdns.Service{Instance: "B"}})
	browse(mdns.Event{Kind: mdns.Added, Service: mdns.Service{Instance: "A"}})
	browse(mdns.Event{Kind: mdns.Updated, Service: mdns.Service{Instance: "A", Text: map[string]string{"id": "a"}}})
	browse(mdns.Event{Kind: mdns.Removed, Service: mdns.Service{Instance: "B"}})
	for i := range 2 * maxServices {
		browse(mdns.Event{Kind: mdns.Updated, Service: mdns.Service{Instance: strings.Repeat("C", 1+i)}})
	}
	list := s.Found(time.Time{}).Document.(stageNetDocument).Gateways
	if len(list) != maxServices || list[0].ID != "a" || !list[0].Online || list[1].Online || !slices.Equal(told, []string{"B", "A"}) {
		t.Errorf("%d gateways, %+v, told %q", len(list), list[:2], told)
	}
}

// TestFailures: of all protocols those that work are searched; one that was asked
// for has to work.
func TestFailures(t *testing.T) {
	keyless := func() (key.Transfer, error) { return key.Transfer{}, errors.New("no key is kept") }
	all := look(t, Options{Key: keyless, StageLinQPort: 15734, ArtNetPort: 15735})
	text := all.text()
	contains(t, text, "Sig-Net: nothing found\n  no key is kept\n\nArt-Net: ", "\n\nStageNet: ", "\n\nStageLinQ: ")
	if err := all.stop(); err != nil {
		t.Errorf("one of them failed: %v", err)
	}
	var out bytes.Buffer
	if err := WriteJSON(&out, all.s.Sections(time.Now())); err != nil || !strings.Contains(out.String(), `"error": "no key is kept"`) {
		t.Errorf("%s, %v", out.String(), err)
	}
	o := Options{SigNet: true, StageLinQ: true, Key: keyless, StageLinQPort: 15734, StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err == nil || err.Error() != "no key is kept" {
		t.Errorf("chosen: %v", err)
	}
	o.SigNet, o.StageLinQ, o.Interface, o.Key = false, false, "nowhere7", guest
	if s, err = Open(o); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err == nil || strings.Count(err.Error(), "nowhere7") != 6 {
		t.Errorf("no such interface: %v", err)
	}
	if Any(s.Sections(time.Now())) {
		t.Error("found on no interface")
	}
}

// TestIdentity: it stays, except while another search has it.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	id := open(t, dir)
	tuid, token := who(t, id)
	if err := id.SaveSession(tuid, 7); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir)
	otherTUID, otherToken := who(t, other)
	if otherTUID == tuid || otherToken == token {
		t.Error("two searches are one device")
	}
	if _, known, err := other.Session(otherTUID); known || err != nil || other.SaveSession(otherTUID, 1) != nil {
		t.Errorf("session of another: %t %v", known, err)
	}
	id.Close()
	other.Close()
	again := open(t, dir)
	if tuid2, token2 := who(t, again); tuid2 != tuid || token2 != token {
		t.Error("another identity")
	}
	if n, known, err := again.Session(tuid); n != 7 || !known || err != nil {
		t.Errorf("session %d %t %v", n, known, err)
	}
	again.Close()

	kept, err := store.Open(filepath.Join(dir, "discover"))
	if err != nil {
		t.Fatal(err)
	}
	kept.Put("signet tuid", "discover", []byte{1})
	kept.Close()
	broken := open(t, dir)
	defer broken.Close()
	if _, err := broken.TUID(); err == nil {
		t.Error("a broken TUID is taken")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenIdentity(file, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file as a folder")
	}
}

func open(t *testing.T, dir string) *Identity {
	t.Helper()
	id, err := OpenIdentity(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func who(t *testing.T, id *Identity) (signet.TUID, stagelinq.Token) {
	t.Helper()
	tuid, err := id.TUID()
	if err != nil {
		t.Fatal(err)
	}
	token, err := id.Token()
	if err != nil {
		t.Fatal(err)
	}
	return tuid, token
}
