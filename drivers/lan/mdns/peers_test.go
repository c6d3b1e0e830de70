//go:build linux

package mdns

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test of peers runs this test binary again inside a network namespace;
// there TestBrowseForPeers is a small program that prints what it finds.
const browseVariable = "SHOWRUN_MDNS_BROWSE"

func TestBrowseForPeers(t *testing.T) {
	iface := os.Getenv(browseVariable)
	if iface == "" {
		t.Skip("is a part of TestAvahi; set SHOWRUN_PEERS=1 to run that")
	}
	b, err := New(Config{Service: "_lighting._tcp", Interface: iface, OnEvent: func(e Event) {
		var at []string
		for _, a := range e.Service.Endpoints {
			at = append(at, a.String())
		}
		fmt.Printf("%s|%s|%s|%s\n", e.Kind, e.Service.Instance, strings.Join(at, " "), e.Service.Text["id"])
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		os.Stdin.Read(make([]byte, 1)) // the test closes it
		stop()
	}()
	fmt.Println("ready|||")
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
`

const avahiConfig = `[server]
host-name=%s
use-ipv4=%s
use-ipv6=%s
enable-dbus=yes
allow-interfaces=%s
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
`

// wired is two machines on a cable: network namespaces with an end of a veth
// pair each. The first is ours, avahi lives in the second.
type wired struct {
	t     *testing.T
	ours  string // namespace and interface
	other string
	bus   string
	avahi *exec.Cmd // the daemon
}

func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

func wire(t *testing.T) *wired {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs avahi in network namespaces; set SHOWRUN_PEERS=1 to run it")
	}
	lacks := ""
	for _, tool := range []string{"ip", "unshare", "dbus-daemon", "avahi-daemon", "avahi-publish", "avahi-browse"} {
		if _, err := exec.LookPath(tool); err != nil {
			lacks = tool + " is not installed"
		}
	}
	if os.Geteuid() != 0 {
		lacks = "network namespaces need root"
	}
	if lacks != "" && os.Getenv("CI") == "true" {
		t.Fatal(lacks)
	}
	if lacks != "" {
		t.Skip(lacks)
	}
	name := fmt.Sprintf("sn%d", os.Getpid()%100000)
	w := &wired{t: t, ours: name + "a", other: name + "b"}
	for _, n := range []string{w.ours, w.other} {
		ip(t, "netns add "+n)
		t.Cleanup(func() { exec.Command("ip", "netns", "del", n).Run() })
		ip(t, "-n "+n+" link set lo up")
	}
	ip(t, fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s", w.ours, w.ours, w.other, w.other))
	for i, n := range []string{w.ours, w.other} {
		ip(t, fmt.Sprintf("-n %s addr add 10.77.0.%d/24 dev %s", n, i+1, n))
		ip(t, fmt.Sprintf("-n %s link set %s addrgenmode none", n, n)) // no IPv6 of its own
		ip(t, fmt.Sprintf("-n %s link set %s up", n, n))
		ip(t, fmt.Sprintf("-n %s route add 224.0.0.0/4 dev %s", n, n))
	}
	return w
}

// run starts a program in the second namespace.
func (w *wired) run(name string, args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", w.other, name}, args...)...)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+w.bus)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill ends a program without asking.
func kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
}

// serve starts avahi.
func (w *wired) serve(host string, four, six bool) {
	w.t.Helper()
	dir, err := os.MkdirTemp("", "avahi") // t.TempDir is too long for a socket
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { os.RemoveAll(dir) })
	w.bus = filepath.Join(dir, "bus")
	yes := map[bool]string{true: "yes", false: "no"}
	for name, text := range map[string]string{
		"bus.conf":   fmt.Sprintf(busConfig, w.bus),
		"avahi.conf": fmt.Sprintf(avahiConfig, host, yes[four], yes[six], w.other),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	w.run("dbus-daemon", "--config-file="+filepath.Join(dir, "bus.conf"), "--nofork")
	w.until("the bus", func() bool { _, err := os.Stat(w.bus); return err == nil })
	// A /run of its own, so that two daemons do not share a pid file.
	w.avahi = w.run("unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && exec avahi-daemon "+
		"--no-drop-root --no-chroot --no-rlimits -f "+filepath.Join(dir, "avahi.conf"))
	w.until("avahi", func() bool {
		cmd := exec.Command("ip", "netns", "exec", w.other, "avahi-browse", "-pt", "_lighting._tcp")
		cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+w.bus)
		return cmd.Run() == nil
	})
}

// until waits for something that another program does.
func (w *wired) until(what string, ok func() bool) {
	w.t.Helper()
	limit, again := time.After(15*time.Second), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-limit:
			w.t.Fatalf("%s does not start", what)
		}
	}
}

func (w *wired) publish(name string, port int, text string) *exec.Cmd {
	return w.run("avahi-publish", "-s", name, "_lighting._tcp", fmt.Sprint(port), text)
}

// browse runs our browser in the first namespace. What it prints is checked
// line by line.
func (w *wired) browse() (expect func(within time.Duration, want string)) {
	w.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", w.ours, os.Args[0], "-test.run=^TestBrowseForPeers$", "-test.v")
	cmd.Env = append(os.Environ(), browseVariable+"="+w.ours)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	lines, done := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			if strings.Count(s.Text(), "|") == 3 {
				lines <- s.Text()
			}
		}
	}()
	w.t.Cleanup(func() {
		in.Close()
		<-done
		if err := cmd.Wait(); err != nil {
			w.t.Errorf("the browser: %v", err)
		}
	})
	expect = func(within time.Duration, want string) {
		w.t.Helper()
		limit, since := time.After(within), time.Now()
		for {
			select {
			case got := <-lines:
				w.t.Log(got, "after", time.Since(since).Round(time.Millisecond))
				if got == want {
					return
				}
			case <-limit:
				w.t.Fatalf("not told within %s: %s", within, want)
			}
		}
	}
	expect(10*time.Second, "ready|||")
	return expect
}

// TestAvahi: names, goodbyes, a power cut with a new address and port.
func TestAvahi(t *testing.T) {
	w := wire(t)
	w.serve("stagebox", true, false)
	expect := w.browse()
	const soon = 10 * time.Second
	const name = "Café v1.2 Stage"
	service := w.publish(name, 4000, "id=GATEWAY_01")
	expect(soon, "added|"+name+"|10.77.0.2:4000|GATEWAY_01")
	kill(service)
	expect(soon, "removed|"+name+"|10.77.0.2:4000|GATEWAY_01")
	w.publish(name, 4001, "id=GATEWAY_01")
	expect(soon, "added|"+name+"|10.77.0.2:4001|GATEWAY_01")
	kill(w.avahi) // it has no time for a goodbye
	ip(t, fmt.Sprintf("-n %s addr del 10.77.0.2/24 dev %s", w.other, w.other))
	ip(t, fmt.Sprintf("-n %s addr add 10.77.0.3/24 dev %s", w.other, w.other))
	ip(t, fmt.Sprintf("-n %s route replace 224.0.0.0/4 dev %s", w.other, w.other))
	w.serve("stagebox", true, false)
	w.publish(name, 4002, "id=GATEWAY_01")
	expect(soon, "updated|"+name+"|10.77.0.3:4002|GATEWAY_01")
}

// TestAvahiIPv6: a network without IPv4; link-local addresses get their zone.
func TestAvahiIPv6(t *testing.T) {
	w := wire(t)
	for i, n := range []string{w.ours, w.other} {
		ip(t, fmt.Sprintf("-n %s addr del 10.77.0.%d/24 dev %s", n, i+1, n))
		ip(t, fmt.Sprintf("-n %s addr add fe80::7:%d/64 dev %s nodad", n, i+1, n))
	}
	w.serve("stagebox", false, true)
	expect := w.browse()
	service := w.publish("Six", 4000, "id=GATEWAY_06")
	expect(10*time.Second, fmt.Sprintf("added|Six|[fe80::7:2%%%s]:4000|GATEWAY_06", w.ours))
	kill(service)
	expect(10*time.Second, fmt.Sprintf("removed|Six|[fe80::7:2%%%s]:4000|GATEWAY_06", w.ours))
}
