package sacn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/sacn"
	"showrun/drivers/sacn/receiver"
	"showrun/drivers/sacn/wire"
)

// TestTsharkDissects gives one packet of every kind to the ACN dissector of Wireshark.
// Release 4.0 leaves those of synchronisation and discovery alone: it knows no vector 8.
func TestTsharkDissects(t *testing.T) {
	tshark := lantest.WithPeers(t, "tshark")
	cid := sacn.CID{1, 2, 3}
	data := func(start, options byte) []byte {
		return wire.AppendData(nil, wire.Packet{
			CID: cid, Name: []byte("Desk"), Priority: 150, Sequence: 7, Options: options, Universe: 63999, StartCode: start, Slots: make([]byte, 512),
		})
	}
	packets := [][]byte{
		data(wire.StartLevels, 0), data(wire.StartLevels, wire.Preview), data(wire.StartLevels, wire.Terminated),
		data(wire.StartPriority, 0),
		wire.AppendSync(nil, cid, 7, 7000), wire.AppendDiscovery(nil, cid, "Desk", 0, 0, []uint16{1, 2, 7000}),
	}
	name := filepath.Join(t.TempDir(), "all.pcap")
	if err := os.WriteFile(name, lantest.Capture(netip.AddrPortFrom(wire.Group(1), wire.Port), wire.TTL, packets), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "--enable-heuristic", "acn", "-o", "acn.dmx_enable:TRUE", "-r", name, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f",
		"-e", "frame.protocols", "-e", "acn.cid", "-e", "acn.dmx.source_name", "-e", "acn.dmx.priority", "-e", "acn.dmx.seq_number",
		"-e", "acn.dmx.universe", "-e", "acn.dmx.count", "-e", "acn.dmx.options", "-e", "acn.dmx.start_code2", "-e", "_ws.malformed").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(packets) {
		t.Fatalf("%d packets dissected of %d:\n%s", len(lines), len(packets), out)
	}
	for i, line := range lines {
		f := strings.Split(line, "|")
		unknown := i >= 4 && f[0] == "raw:ip:udp:data"
		if !unknown && (f[0] != "raw:ip:udp:acn" || f[1] != cid.String()) || f[9] != "" {
			t.Errorf("packet %d: %s", i, line)
		}
		if i >= 4 {
			continue
		}
		want := []string{"Desk", "150", "7", "63999", "513", fmt.Sprint(packets[i][112]), fmt.Sprint(packets[i][125])}
		if !slices.Equal(f[2:9], want) {
			t.Errorf("packet %d: %q, want %q", i, f[2:9], want)
		}
	}
}

// aloneEnv tells a process of the tests that it is in a network of its own.
const aloneEnv = "SHOWRUN_SACN_ALONE"

// aloneOn runs a test again in a network namespace, whose one interface has the address.
func aloneOn(t *testing.T, address string) bool {
	t.Helper()
	if os.Getenv(aloneEnv) == "" {
		unshare := lantest.WithPeers(t, "unshare")
		c := exec.Command(unshare, "--net", os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
		c.Env = append(os.Environ(), aloneEnv+"=1")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "--- SKIP") {
			t.Skipf("%s", out)
		}
		return false
	}
	for _, line := range []string{"link add ola0 type veth peer name ola1", "addr add " + address + "/24 dev ola0", "link set lo up", "link set ola0 up", "link set ola1 up"} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", line, err, out)
		}
	}
	return true
}

// ola is an OLA daemon with its E1.31 plug-in, seen through its web server.
type ola struct {
	t   *testing.T
	web string
}

// nobody is a user without rights: the daemon refuses to run as root.
const nobody = 65534

// startOLA starts a daemon on an address, in a folder of its own.
func startOLA(t *testing.T, address string) *ola {
	t.Helper()
	olad := lantest.WithPeers(t, "olad")
	dir, err := os.MkdirTemp("", "ola")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	plugins := strings.Fields("artnet dummy espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol osc pathport renard sandnet shownet spi stageprofi uartdmx usbdmx usbpro usbserial")
	for _, name := range plugins {
		if err := os.WriteFile(filepath.Join(dir, "ola-"+name+".conf"), []byte("enabled = false\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	conf := "enabled = true\nip = " + address + "\ninput_ports = 3\noutput_ports = 3\ncid = 00010203-0405-0607-0809-0a0b0c0d0e0f\n"
	if err := os.WriteFile(filepath.Join(dir, "ola-e131.conf"), []byte(conf), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(plugins, "e131") {
		if err := os.Chown(filepath.Join(dir, "ola-"+name+".conf"), nobody, nobody); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Skip(err)
	}
	c := exec.Command(olad, "-c", dir, "-p", "9190", "-r", "9110", "--no-register-with-dns-sd", "--no-use-async-libusb", "-l", "1")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	c.Env = append(os.Environ(), "HOME="+dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	o := &ola{t, "http://127.0.0.1:9190"}
	o.until("olad to start", func() bool { return strings.Contains(o.get("/json/get_ports"), "E1.31") })
	return o
}

const olaPatience = 30 * time.Second

// until waits for something.
func (o *ola) until(what string, there func() bool) {
	o.t.Helper()
	deadline, tick := time.After(olaPatience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !there() {
		select {
		case <-tick.C:
		case <-deadline:
			o.t.Fatalf("waited %v for %s", olaPatience, what)
		}
	}
}

func (o *ola) get(path string) string { return body(http.Get(o.web + path)) }

func (o *ola) post(path string, values url.Values) string {
	return body(http.PostForm(o.web+path, values))
}

func body(r *http.Response, err error) string {
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

// patch puts a port of the E1.31 device on a universe: "I" for one that listens, "O" for one
// that sends.
func (o *ola) patch(universe int, direction string) {
	o.t.Helper()
	var ports []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(o.get("/json/get_ports")), &ports); err != nil {
		o.t.Fatal(err)
	}
	for _, p := range ports {
		if strings.Contains(p.ID, "-"+direction+"-") {
			n := fmt.Sprint(universe)
			if out := o.post("/new_universe", url.Values{"id": {n}, "name": {"u" + n}, "add_ports": {p.ID}}); !strings.Contains(out, "true") {
				o.t.Fatalf("port %s on universe %d: %s", p.ID, universe, out)
			}
			return
		}
	}
	o.t.Fatalf("no port %s among %+v", direction, ports)
}

// levels are the first of a universe as the daemon has merged it.
func (o *ola) levels(universe, n int) []int {
	var answer struct {
		DMX []int `json:"dmx"`
	}
	json.Unmarshal([]byte(o.get(fmt.Sprintf("/get_dmx?u=%d", universe))), &answer)
	return answer.DMX[:min(n, len(answer.DMX))]
}

func (o *ola) expect(universe int, want ...int) {
	o.t.Helper()
	o.until(fmt.Sprintf("levels %v of universe %d, has %v", want, universe, o.levels(universe, len(want))), func() bool {
		return slices.Equal(o.levels(universe, len(want)), want)
	})
}

// source runs a Sender until stop is called or the test ends.
func source(t *testing.T, id byte, priority byte) (s *sacn.SenderConn, stop func()) {
	t.Helper()
	s, err := sacn.OpenSender(sacn.Config{CID: sacn.CID{id, 1}, Name: fmt.Sprintf("desk %d", id), Interface: "ola0", Priority: priority})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	if err := s.Join(1, sacn.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	return s, stop
}

// TestOLAHearsUs: OLA takes our levels, merges our sources by priority and the highest level,
// and lets one go that ends.
func TestOLAHearsUs(t *testing.T) {
	lantest.WithPeers(t, "olad")
	if !aloneOn(t, "10.31.0.1") {
		return
	}
	o := startOLA(t, "10.31.0.1")
	o.patch(1, "I")
	low, _ := source(t, 1, 100)
	low.SetLevels(1, false, []byte{10, 200, 3})
	o.expect(1, 10, 200, 3)
	low.SetLevels(1, false, []byte{11, 200, 3})
	o.expect(1, 11, 200, 3)
	equal, stopEqual := source(t, 2, 100)
	equal.SetLevels(1, false, []byte{250, 4})
	o.expect(1, 250, 200, 3)
	high, stopHigh := source(t, 3, 101)
	high.SetLevels(1, false, []byte{1, 2})
	o.expect(1, 1, 2, 0)
	stopHigh()
	o.expect(1, 250, 200, 3)
	stopEqual()
	o.expect(1, 11, 200, 3)
}

// TestWeHearOLA: we take its levels, and merge them with ours by priority.
func TestWeHearOLA(t *testing.T) {
	lantest.WithPeers(t, "olad")
	if !aloneOn(t, "10.31.0.1") {
		return
	}
	o := startOLA(t, "10.31.0.1")
	o.patch(1, "O")
	var mu sync.Mutex
	var heard []byte
	r, err := receiver.Open(receiver.Config{Interface: "ola0", OnLevels: func(_ int, levels []byte, _ receiver.Packet) {
		mu.Lock()
		defer mu.Unlock()
		heard = slices.Clone(levels)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Subscribe(1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	defer running.Wait()
	defer cancel()
	hears := func(want ...byte) {
		t.Helper()
		o.until(fmt.Sprintf("levels %v", want), func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(heard) >= len(want) && slices.Equal(heard[:len(want)], want)
		})
	}
	o.post("/set_dmx", url.Values{"u": {"1"}, "d": {"10,200,3"}})
	hears(10, 200, 3)
	o.post("/set_dmx", url.Values{"u": {"1"}, "d": {"12,200,4"}})
	hears(12, 200, 4)
	if list := r.Sources(1); len(list) != 1 || list[0].Priority != 100 || !strings.Contains(list[0].Name, "OLA") {
		t.Errorf("sources %+v", list)
	}
	s, stop := source(t, 1, 99)
	s.SetLevels(1, false, []byte{255, 255})
	o.until("our source", func() bool { return len(r.Sources(1)) == 2 })
	hears(12, 200, 4)
	if err := s.SetPriority(1, []byte{150}); err != nil {
		t.Fatal(err)
	}
	hears(255, 255, 0)
	if err := s.SetPriority(1, append([]byte{150}, make([]byte, 511)...)); err != nil {
		t.Fatal(err)
	}
	hears(255, 200, 4)
	stop()
	hears(12, 200, 4)
}
