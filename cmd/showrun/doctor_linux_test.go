package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"showrun/cmd/showrun/doctor"
)

// inSpace runs something on a thread that is in a network namespace: sockets it opens and
// processes it starts are there.
func inSpace(t *testing.T, space string, do func()) {
	t.Helper()
	var there sync.WaitGroup
	var err error
	there.Go(func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		var fd int
		if fd, err = unix.Open("/run/netns/"+space, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(fd)
		if err = unix.Setns(fd, unix.CLONE_NEWNET); err == nil {
			do()
		}
	})
	there.Wait()
	if err != nil {
		t.Fatal(err)
	}
}

// patient is who the doctor looks at.
type patient struct {
	t      *testing.T
	dir    string // that others can read
	binary string
	space  string
	nobody bool // a user without any rights
}

// newPatient builds the command where every user can run it.
func newPatient(t *testing.T, space string) *patient {
	dir, err := os.MkdirTemp("", "showrun-doctor-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &patient{t: t, dir: dir, binary: filepath.Join(dir, "showrun"), space: space}
	sh(t, "go", "build", "-o", p.binary, ".")
	return p
}

// says runs the doctor, which must end with a code and say all of these, each "check grade
// text", in any order.
func (p *patient) says(code int, args []string, want ...string) {
	p.t.Helper()
	c := exec.Command("prlimit", append([]string{"--rtprio=0", p.binary, "doctor", "--json"}, args...)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_RUNTIME_DIR=" + filepath.Join(p.dir, "run"), "USER=ann"}
	if p.nobody {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var out []byte
	inSpace(p.t, p.space, func() { out, _ = c.Output() })
	var r doctor.Report
	if err := json.Unmarshal(out, &r); err != nil {
		p.t.Fatalf("%v: %q", err, out)
	}
	if got := c.ProcessState.ExitCode(); r.Ready != (got == 0) || r.Ready != (doctor.Failed(r.Checks) == 0) {
		p.t.Errorf("code %d, ready %t\n%s", got, r.Ready, doctor.Text(r.Checks))
	}
	r.Checks = slices.DeleteFunc(r.Checks, func(f doctor.Finding) bool { return f.Check == "timers" }) // tests share the machine
	if failed := doctor.Failed(r.Checks); (failed > 0) != (code == 4) {
		p.t.Errorf("%d failures, want code %d\n%s", failed, code, doctor.Text(r.Checks))
	}
	for _, w := range want {
		found := false
		for _, f := range r.Checks {
			found = found || strings.HasPrefix(fmt.Sprintf("%s %s %s", f.Check, string(f.Grade), f.Text), w)
		}
		if !found {
			p.t.Errorf("%q is not in\n%s", w, doctor.Text(r.Checks))
		}
	}
}

// state makes a state folder.
func (p *patient) state(mode os.FileMode, files map[string]string) string {
	p.t.Helper()
	dir, err := os.MkdirTemp(p.dir, "state-")
	if err != nil {
		p.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, mode); err != nil {
		p.t.Fatal(err)
	}
	return dir
}

// TestDoctorInBrokenHouses has the command look at networks, ports, folders and rights that
// are really not as they should be.
func TestDoctorInBrokenHouses(t *testing.T) {
	needsPlug(t)
	_, space := plug(t)
	p := newPatient(t, space)
	fine := []string{"--state", p.state(0o777, nil)}
	p.says(0, fine, "interfaces ok show 10.91.7.2/24 is taken", "multicast ok show: ", "multicast ok lo: ", "ports ok udp 5683 (Sig-Net): free")

	t.Run("ports", func(t *testing.T) {
		for _, c := range []struct {
			network, address, want string
			code                   int
		}{
			{"udp4", ":5683", "ports fail udp 5683 (Sig-Net): showrun.test (pid %d) has it", 4},
			{"udp4", ":51337", "ports fail udp 51337 (StageLinQ): showrun.test (pid %d) has it", 4},
			{"udp4", ":5353", "ports fail udp 5353 (mDNS, for StageNet and MIDI): showrun.test (pid %d) has it", 4},
			{"udp4", "127.0.0.1:7770", "ports warn udp 7770 (OSC commands): showrun.test (pid %d) has it", 0},
			{"udp4", ":7770", "ports warn udp 7770 (OSC commands): showrun.test (pid %d) has it", 0},
			{"tcp4", "127.0.0.1:7780", "ports warn tcp 7780 (the console): showrun.test (pid %d) has it", 0},
		} {
			var held interface{ Close() error }
			var err error
			inSpace(t, space, func() {
				if c.network == "tcp4" {
					held, err = net.Listen(c.network, c.address)
				} else {
					held, err = net.ListenPacket(c.network, c.address)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			p.says(c.code, fine, fmt.Sprintf(c.want, os.Getpid()))
			held.Close()
		}
	})
	t.Run("folders", func(t *testing.T) {
		p.nobody = true
		defer func() { p.nobody = false }()
		locked := p.state(0o555, nil)
		p.says(4, []string{"--state", locked}, "state fail "+locked+" cannot be written to: ")
		p.says(4, []string{"--state", filepath.Join(locked, "new")}, "state fail "+locked+" cannot be written to: ")
		private := p.state(0o700, nil)
		p.says(4, []string{"--state", private}, "state fail the state folder cannot be read: ")
		damaged := p.state(0o777, map[string]string{"showrun.db": "not a database", "showrun.good.db": ""})
		p.says(4, []string{"--state", damaged}, "state fail "+damaged+"/showrun.db is damaged: it does not end with its sum")
		exposed := p.state(0o777, map[string]string{"signet.key": "not a key"})
		p.says(4, []string{"--state", exposed}, "key fail the Sig-Net key cannot be used: ")
	})
	t.Run("disk", func(t *testing.T) {
		full := p.state(0o777, nil)
		sh(t, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full)
		defer sh(t, "umount", full)
		if err := os.WriteFile(filepath.Join(full, "big"), make([]byte, 60<<10), 0o600); err != nil {
			t.Fatal(err)
		}
		p.says(4, []string{"--state", full}, "state fail the disk of "+full+" is full: 0 MiB left")
		sh(t, "mount", "-o", "remount,ro", full)
		p.says(4, []string{"--state", full}, "state fail "+full+" cannot be written to: open "+full+"/.doctor-")
	})
	t.Run("rights", func(t *testing.T) {
		p.nobody = true
		defer func() { p.nobody = false }()
		p.says(0, fine, "priority warn real-time priority is not permitted (operation not permitted; the limit is 0)")
	})
	t.Run("network", func(t *testing.T) {
		if _, err := exec.LookPath("nft"); err == nil {
			filter := []string{"netns", "exec", space, "nft", "add"}
			sh(t, "ip", append(filter, "table", "ip", "t")...)
			sh(t, "ip", append(filter, "chain", "ip", "t", "in", "{ type filter hook input priority 0; }")...)
			sh(t, "ip", append(filter, "rule", "ip", "t", "in", "iif", "show", "ip", "daddr", "239.0.0.0/8", "drop")...)
			p.says(4, fine, "multicast fail show: what was sent to a group is not heard", "multicast ok lo: ", "firewall warn nftables has 1 rule to drop")
			sh(t, "ip", "netns", "exec", space, "nft", "delete", "table", "ip", "t")
		}
		sh(t, "ip", "-n", space, "route", "del", "224.0.0.0/4")
		p.says(4, fine, "interfaces fail no interface is taken by itself: the system knows no way to groups")
		p.says(0, append(fine, "--interface", "show"), "interfaces ok show 10.91.7.2/24 is taken: --interface names it", "multicast ok show: ")
		p.says(4, append(fine, "--interface", "eth9"), `interfaces fail interface "eth9": `)
		sh(t, "ip", "-n", space, "addr", "del", "10.91.7.2/24", "dev", "show")
		p.says(4, fine, "interfaces fail no network: no interface but loopback is up, has a cable and an IPv4 address: show (no IPv4 address)")
		sh(t, "ip", "-n", space, "link", "set", "show", "down")
		p.says(4, fine, "interfaces fail no network: no interface but loopback is up, has a cable and an IPv4 address: show (down)")
		sh(t, "ip", "-n", space, "link", "set", "lo", "down")
		p.says(4, fine, "interfaces fail no network: ")
	})
}

// TestDoctorLooksForDevices: those of a show are there, or they are not.
func TestDoctorLooksForDevices(t *testing.T) {
	needsPlug(t)
	desk, space := plug(t)
	p := newPatient(t, space)
	show := filepath.Join(p.dir, "gala.lua")
	if err := os.WriteFile(show, []byte(`local theater = require "theater"
require "stagelinq".sink{}
require "stagenet".console{}:gateway("booth")
theater.lighting{ host = "10.91.7.1" }
theater.valve{ host = "10.91.7.9" }
require "osc".sender{ host = "booth.invalid", port = 9000 }`), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--state", p.state(0o777, nil), "--interface", "show", show}
	common := []string{"show ok gala loads; 5 devices declared", "show ok theater.lighting 10.91.7.1:20000: 10.91.7.1 is there",
		"show fail theater.valve 10.91.7.9:23000: 10.91.7.9 is not there"}
	p.says(4, args, append(common, "show fail a player is not there within 3s", "show fail gateway booth is not there within 3s")...)
	inBackground(t, exec.Command("ip", "netns", "exec", desk, p.binary, "gateway", "--id", "booth", "--map", "DMX:1-4", "--interface", "deck"))
	inBackground(t, exec.Command("ip", "netns", "exec", desk, p.binary, "deck", "--interface", "deck"))
	p.says(4, args, append(common, `show ok stagelinq.sink "showrun": what it names is there`, "show ok stagenet.console: what it names is there")...)
}

// TestSupportOfAHouse writes an archive once, for its owner, without what is in the
// environment.
func TestSupportOfAHouse(t *testing.T) {
	needsPlug(t)
	_, space := plug(t)
	p := newPatient(t, space)
	file := filepath.Join(p.dir, "support.zip")
	for _, want := range []int{0, 2} {
		c := exec.Command(p.binary, "support", "--state", p.state(0o777, nil), "-o", file)
		c.Env = []string{"HOME=" + p.dir, "SHOW_PASSPHRASE=Ge2p$E$4*A"}
		var out []byte
		inSpace(t, space, func() { out, _ = c.CombinedOutput() })
		if got := c.ProcessState.ExitCode(); got != want {
			t.Fatalf("code %d, want %d: %s", got, want, out)
		}
	}
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st, err)
	}
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.File {
		e, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(e); err != nil || len(text) == 0 && f.Name != "showrun-support/environment.txt" || strings.Contains(string(text), "Ge2p") {
			t.Errorf("%s: %q, %v", f.Name, text, err)
		}
	}
}
