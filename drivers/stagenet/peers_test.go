package stagenet_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
)

// withPeers skips unless SHOWRUN_PEERS=1 and everything it needs is there; on a
// build server a missing tool is a failure.
func withPeers(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs programs of others; set SHOWRUN_PEERS=1 to run it")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, fmt.Sprintf("%s is not installed: %v", tool, err))
		}
	}
}

// missing skips, but fails on a build server.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// peer is a program of others that prints JSON, a line each.
type peer struct {
	t     *testing.T
	lines chan map[string]any
	input io.WriteCloser
	cmd   *exec.Cmd
}

// start runs a program until the end of the test.
func start(t *testing.T, dir, name string, args ...string) *peer {
	t.Helper()
	p := &peer{t: t, lines: make(chan map[string]any, 1000), cmd: exec.Command(name, args...)}
	p.cmd.Dir, p.cmd.Stderr = dir, os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			line := map[string]any{}
			if json.Unmarshal(s.Bytes(), &line) != nil {
				line[s.Text()] = true
			}
			p.lines <- line
		}
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-read
		p.cmd.Wait()
	})
	return p
}

// next waits for a line with a key.
func (p *peer) next(key string) map[string]any {
	p.t.Helper()
	limit := time.After(2 * patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("%s ends before it prints %q", p.cmd, key)
			}
			if line[key] != nil {
				return line
			}
			if line["closed"] != nil {
				p.t.Logf("%s: %v", p.cmd, line)
			}
		case <-limit:
			p.t.Fatalf("%s does not print %q", p.cmd, key)
		}
	}
}

// node installs the ws package beside our scripts.
func node(t *testing.T) string {
	t.Helper()
	withPeers(t, "node", "npm")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "peer"))); err != nil {
		t.Fatal(err)
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", dir)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("npm install ws: %v\n%s", err, out))
	}
	return dir
}

// TestPeerGateway: a gateway on the ws package of Node does the whole handshake
// and gets 512 values.
func TestPeerGateway(t *testing.T) {
	dir := node(t)
	p := start(t, dir, "node", "gateway.mjs", "512", "77")
	url := fmt.Sprintf("ws://127.0.0.1:%v/stagenet", p.next("port")["port"])
	c, e, stop := startConsole(t, stagenet.Config{Gateways: []string{url}})
	if line := p.next("lease"); line["addresses"] != 512.0 || line["extensions"] != "" {
		t.Errorf("the peer's lease: %v", line)
	}
	g := e.next(t, stagenet.Mapped).Gateway
	if i, ok := g.Index("DMX", 512); g.ID != "NODE_GATEWAY" || len(g.Mappings) != 512 || !ok || i != 511 {
		t.Errorf("gateway %q with %d mappings", g.ID, len(g.Mappings))
	}
	c.Levels(g.ID, bytes.Repeat([]byte{76}, 512))
	c.Flush(time.Now())
	c.Levels(g.ID, bytes.Repeat([]byte{77}, 512))
	c.Flush(time.Now())
	if line := p.next("values"); line["values"] != 512.0 {
		t.Errorf("the peer's values: %v", line)
	}
	stop()
	if line := p.next("closed"); line["closed"] != 1001.0 {
		t.Errorf("the peer sees %v, want code 1001", line)
	}
}

// TestPeerConsole: a console on the ws package of Node leases our gateway and
// sets 512 channels.
func TestPeerConsole(t *testing.T) {
	dir := node(t)
	l := newLamps()
	g, stop := startGateway(t, gateway.Config{ID: "GATEWAY_01", Channels: gateway.Channels("DMX", 1, 512), Sink: l})
	p := start(t, dir, "node", "console.mjs", g.URL(), "99")
	if line := p.next("gateway"); line["gateway"] != "GATEWAY_01" || line["addresses"] != 512.0 {
		t.Errorf("asks %v", line)
	}
	if line := p.next("lease"); line["mappings"] != 512.0 {
		t.Errorf("maps %v", line)
	}
	l.wait(t, "512 values", func(v map[gateway.Channel]byte) bool {
		return len(v) == 512 && v[gateway.Channel{HardwareType: "DMX", Number: 512}] == 99
	})
	stop()
	if line := p.next("closed"); line["closed"] != 1001.0 {
		t.Errorf("the peer sees %v, want code 1001", line)
	}
}

// python finds an interpreter with the zeroconf module.
func python(t *testing.T) string {
	t.Helper()
	withPeers(t)
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import zeroconf").Run() == nil {
			return name
		}
	}
	missing(t, "python3-zeroconf is not installed")
	return ""
}

// TestPeerZeroconfRegisters: a service of python3-zeroconf is found, and lost.
func TestPeerZeroconfRegisters(t *testing.T) {
	interpreter := python(t)
	_, e, _ := startConsole(t, stagenet.Config{Discover: true, Interface: "lo"})
	p := start(t, filepath.Join("testdata", "peer"), interpreter, "register.py")
	p.next("registering")
	since := time.Now()
	want := func(kind stagenet.EventKind) {
		t.Helper()
		for {
			ev := e.next(t, kind)
			if g := ev.Gateway; g.ID == "PY_01" {
				t.Log(kind, "after", ev.At.Sub(since).Round(time.Millisecond))
				if kind == stagenet.Found && (g.Type != "MIDI" || g.Version != "1.0" || g.Address != "ws://127.0.0.1:51999/stagenet") {
					t.Errorf("found %+v", g)
				}
				return
			}
		}
	}
	want(stagenet.Found)
	p.next("registered")
	since = time.Now()
	io.WriteString(p.input, "\n")
	want(stagenet.Lost)
}

// TestPeerZeroconfBrowses: python3-zeroconf finds our gateway, by a name with
// spaces and dots, and hears that it goes.
func TestPeerZeroconfBrowses(t *testing.T) {
	interpreter := python(t)
	p := start(t, filepath.Join("testdata", "peer"), interpreter, "browse.py")
	p.next("ready")
	g, stop := startGateway(t, gateway.Config{
		ID: "PEER_02", Name: "Café 1.2 Stage", Channels: gateway.Channels("ANALOG", 0, 2), Sink: newLamps(), Advertise: true, Interface: "127.0.0.1",
	})
	since := time.Now()
	for {
		line := p.next("added")
		if !strings.Contains(line["added"].(string), "Stage") {
			continue
		}
		text, _ := line["text"].(map[string]any)
		if line["port"] != float64(g.Addr().Port) || fmt.Sprint(line["addresses"]) != "[127.0.0.1]" ||
			text["id"] != "PEER_02" || text["type"] != "ANALOG" || text["version"] != "1.0" {
			t.Errorf("the peer sees %v", line)
		}
		break
	}
	t.Log("found after", time.Since(since).Round(time.Millisecond))
	stop()
	for !strings.Contains(p.next("removed")["removed"].(string), "Stage") {
	}
}
