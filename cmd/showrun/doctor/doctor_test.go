package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/cmd/showrun/topic"
	"showrun/drivers/dmxusb"
	"showrun/drivers/lan"
	"showrun/drivers/midi/raw"
	"showrun/drivers/signet/key"
	"showrun/runtime/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const up = net.FlagUp | net.FlagRunning | net.FlagMulticast | net.FlagBroadcast

// network is an interface, with addresses.
func network(index int, name string, flags net.Flags, addresses ...string) lan.Interface {
	i := lan.Interface{Index: index, Name: name, Flags: flags}
	for _, a := range addresses {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(a))
	}
	return i
}

// file makes a file of a machine.
func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// evening is when the doctor is called.
func evening() time.Time {
	return time.Date(2026, 11, 30, 23, 0, 0, 0, time.FixedZone("CET", 3600))
}

// healthy is a machine on which nothing is wrong.
func healthy() *Machine {
	m := &Machine{
		System: "linux", User: "ann", Now: evening,
		Files: fstest.MapFS{
			"proc/meminfo": file("MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n"),
			"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":              file("performance\n"),
			"sys/devices/system/clocksource/clocksource0/current_clocksource":   file("tsc\n"),
			"sys/devices/system/clocksource/clocksource0/available_clocksource": file("tsc hpet acpi_pm\n"),
		},
		Interfaces: func() ([]lan.Interface, error) {
			return []lan.Interface{network(1, "lo", net.FlagUp|net.FlagRunning|net.FlagLoopback, "127.0.0.1/8"), network(2, "eth0", up, "10.0.0.5/24")}, nil
		},
		Route: func(netip.AddrPort) (netip.Addr, error) { return netip.MustParseAddr("10.0.0.5"), nil },
		Hear:  func(context.Context, lan.Interface) error { return nil },
		Bind:  func(string, string, bool) error { return nil },
		Serial: func() ([]dmxusb.Port, error) {
			return []dmxusb.Port{{Name: "/dev/ttyUSB0", Serial: "EN123456", Product: "DMX USB PRO", FTDI: true}}, nil
		},
		MIDI: func() ([]raw.Port, error) {
			return []raw.Port{{Name: "APC mini", Card: "mini", Device: "dev/snd/midiC1D0"}}, nil
		},
		Access: func(string) error { return nil },
		Late: func(context.Context, time.Duration) ([]time.Duration, string) {
			return []time.Duration{50 * time.Microsecond, 60 * time.Microsecond, 90 * time.Microsecond}, "absolute sleep"
		},
		Urgent:      func() error { return nil },
		Key:         func(string) (key.Transfer, string, error) { return key.Transfer{HasK0: true}, "/state/signet.key", nil },
		Peek:        func(string) (store.Look, error) { return store.Look{Values: 3, Copied: true}, nil },
		Write:       func(string) error { return nil },
		Free:        func(string) (uint64, error) { return 8 << 30, nil },
		Synced:      func() (bool, bool) { return true, true },
		Descriptors: func() (uint64, bool) { return 4096, true },
		Run:         func(context.Context, string, ...string) (string, error) { return "", nil },
		Shows:       func() ([]Running, error) { return nil, nil },
	}
	m.Find = func(name string) (lan.Interface, error) {
		all, _ := m.Interfaces()
		for _, i := range all {
			if i.Name == name {
				return i, nil
			}
		}
		return lan.Interface{}, fmt.Errorf("interface %q: %w", name, lan.ErrAbsent)
	}
	return m
}

// has makes a machine have one more file.
func (m *Machine) has(name, text string) { m.Files.(fstest.MapFS)[name] = file(text) }

// networks gives a machine other interfaces.
func (m *Machine) networks(all ...lan.Interface) {
	m.Interfaces = func() ([]lan.Interface, error) { return all, nil }
}

// holds makes a program hold a port.
func (m *Machine) holds(table string, number, pid int, name string) {
	fsys := m.Files.(fstest.MapFS)
	if fsys["proc/net/"+table] == nil {
		fsys["proc/net/"+table] = file("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n")
	}
	socket := 10*number + len(table)
	fsys["proc/net/"+table].Data = fmt.Appendf(fsys["proc/net/"+table].Data,
		"  1: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 %d 2 0000000000000000 0\n", number, socket)
	if name != "" {
		m.has(fmt.Sprintf("proc/%d/comm", pid), name+"\n")
		fsys[fmt.Sprintf("proc/%d/fd/3", pid)] = &fstest.MapFile{Data: fmt.Appendf(nil, "socket:[%d]", socket), Mode: fs.ModeSymlink | 0o777}
	}
}

// taken is Bind on a machine where ports cannot be opened, all or those that end so.
func taken(numbers ...string) func(string, string, bool) error {
	return func(_, address string, _ bool) error {
		if slices.ContainsFunc(numbers, func(n string) bool { return strings.HasSuffix(address, ":"+n) }) {
			return &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
		}
		return nil
	}
}

// denied is Access on a machine where one file is not for this user.
func denied(file string) func(string) error {
	return func(name string) error {
		if name == file {
			return fs.ErrPermission
		}
		return nil
	}
}

// TestHealthy: nothing is wrong with it, and the report says so.
func TestHealthy(t *testing.T) {
	var told []Finding
	all := Examine(t.Context(), healthy(), Options{StateDir: "/state"}, func(f Finding) { told = append(told, f) })
	if !slices.Equal(all, told) {
		t.Error("not all findings were told")
	}
	for _, f := range all {
		if f.Grade != OK || f.Remedy != "" {
			t.Errorf("%+v", f)
		}
	}
	if got := Verdict(all); got != "ready" {
		t.Error(got)
	}
	seen := map[string]bool{}
	for _, f := range all {
		seen[f.Check] = true
	}
	if len(seen) != len(checks()) {
		t.Errorf("checks without a line: %v", seen)
	}
}

// TestBroken gives the doctor machines on which one thing is wrong.
func TestBroken(t *testing.T) {
	const lo = net.FlagUp | net.FlagRunning | net.FlagLoopback
	loopback := network(1, "lo", lo, "127.0.0.1/8")
	noWay := func(netip.AddrPort) (netip.Addr, error) {
		return netip.Addr{}, os.NewSyscallError("connect", syscall.ENETUNREACH)
	}
	for name, c := range map[string]struct {
		harm     func(*Machine, *Options)
		want     []string // lines that are not ok, each "grade check text", which may be cut
		remedies []string
	}{
		"no interface up": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", net.FlagMulticast))
			m.Route = noWay
		}, []string{"fail interfaces no network: no interface but loopback is up, has a cable and an IPv4 address: eth0 (down)"}, []string{"sudo ip link set eth0 up"}},
		"no cable": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", net.FlagUp|net.FlagMulticast, "10.0.0.5/24"))
			m.Route = noWay
		}, []string{"fail interfaces no network: no interface but loopback is up, has a cable and an IPv4 address: eth0 (no cable)"}, []string{"showrun --rig SHOW      # until there is a network"}},
		"no address": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", up, "fe80::1/64"))
			m.Route = noWay
		}, []string{"fail interfaces no network: no interface but loopback is up, has a cable and an IPv4 address: eth0 (no IPv4 address)"}, nil},
		"no interface at all": {func(m *Machine, _ *Options) { m.networks(); m.Route = noWay }, []string{"fail interfaces no network"}, nil},
		"no list of interfaces": {func(m *Machine, _ *Options) {
			m.Interfaces = func() ([]lan.Interface, error) { return nil, errors.New("list the network interfaces: no") }
		}, []string{"fail interfaces list the network interfaces: no"}, nil},
		"no route": {func(m *Machine, _ *Options) { m.Route = noWay },
			[]string{"fail interfaces no interface is taken by itself: the system knows no way to groups"}, []string{"showrun --interface eth0 SHOW"}},
		"no such interface": {func(_ *Machine, o *Options) { o.Interface = "eth7" },
			[]string{`fail interfaces interface "eth7": not there`}, []string{"showrun --interface eth0 SHOW"}},
		"the way leads into loopback": {func(m *Machine, _ *Options) {
			m.Route = func(netip.AddrPort) (netip.Addr, error) { return netip.MustParseAddr("127.0.0.1"), nil }
		}, []string{"warn interfaces lo is taken, since the way to groups such as 239.254.0.1 leads there: nothing leaves this machine"}, []string{"showrun --interface eth0 SHOW"}},
		"Wi-Fi beside a cable": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", up, "192.168.0.5/24"), network(3, "wlan0", up, "10.0.0.5/24"))
			m.has("sys/class/net/wlan0/wireless/status", "0")
		}, []string{"warn interfaces wlan0 10.0.0.5/24 is taken: the way to groups such as 239.254.0.1 leads there; it is wireless"}, []string{"showrun --interface eth0 SHOW"}},
		"a bridge of containers": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", up, "192.168.0.5/24"), network(3, "docker0", up, "10.0.0.5/24"))
		}, []string{"warn interfaces docker0 10.0.0.5/24 is taken"}, []string{"showrun --interface eth0 SHOW"}},
		"no DHCP": {func(m *Machine, _ *Options) {
			m.networks(loopback, network(2, "eth0", up, "169.254.3.4/16"))
			m.Route = func(netip.AddrPort) (netip.Addr, error) { return netip.MustParseAddr("169.254.3.4"), nil }
		}, []string{"warn interfaces eth0 169.254.3.4/16 is taken: the way to groups such as 239.254.0.1 leads there; its address is one it gave itself"}, nil},
		"no multicast": {func(m *Machine, _ *Options) {
			m.Hear = func(_ context.Context, i lan.Interface) error {
				if i.Loopback() {
					return nil
				}
				return errors.New("no group can be joined: no such device")
			}
		}, []string{"fail multicast eth0: no group can be joined: no such device; Sig-Net, StageNet and StageLinQ need that"}, []string{"sudo ip link set eth0 multicast on"}},
		"groups are filtered": {func(m *Machine, _ *Options) {
			m.Hear = func(_ context.Context, i lan.Interface) error { return errNotHeard }
		}, []string{"warn multicast lo: what was sent to a group is not heard; --rig", "fail multicast eth0: what was sent to a group is not heard"},
			[]string{"sudo ip link set lo up", "sudo nft list ruleset      # or iptables -S: what drops UDP to 224.0.0.0/4?"}},
		"Sig-Net's port is taken": {func(m *Machine, _ *Options) {
			m.holds("udp", 5683, 4711, "coap-server")
			m.Bind = taken("5683")
		}, []string{"fail ports udp 5683 (Sig-Net): coap-server (pid 4711) has it and does not share it"}, []string{"kill 4711"}},
		"serial ports are for members of a group": {func(m *Machine, _ *Options) {
			m.Access = denied("/dev/ttyUSB0")
		}, []string{"warn serial /dev/ttyUSB0 DMX USB PRO EN123456: ann may not open it"}, []string{"sudo usermod -aG dialout ann      # then log in again"}},
		"MIDI ports are for members of a group": {func(m *Machine, _ *Options) {
			m.Access = denied("/dev/snd/midiC1D0")
		}, []string{"warn midi APC mini, /dev/snd/midiC1D0: ann may not open it: permission denied"}, []string{"sudo usermod -aG audio ann      # then log in again"}},
		"MIDI ports cannot be listed": {func(m *Machine, _ *Options) {
			m.MIDI = func() ([]raw.Port, error) { return nil, errors.New("no /proc") }
		}, []string{"warn midi the MIDI ports cannot be listed: no /proc"}, nil},
		"serial ports cannot be listed": {func(m *Machine, _ *Options) {
			m.Serial = func() ([]dmxusb.Port, error) { return nil, errors.New("no sysfs") }
		}, []string{"warn serial the serial ports cannot be listed: no sysfs"}, nil},
		"StageLinQ's port is another user's": {func(m *Machine, _ *Options) {
			m.holds("udp", 51337, 0, "")
			m.Bind = taken("51337")
		}, []string{"fail ports udp 51337 (StageLinQ): a program of another user has it and does not share it"}, []string{"sudo ss -ulpn 'sport = :51337'"}},
		"the port of mDNS, by IPv6": {func(m *Machine, _ *Options) {
			m.holds("udp6", 5353, 9, "browser")
			m.Bind = taken("5353")
		}, []string{"fail ports udp 5353 (mDNS, for StageNet and MIDI): browser (pid 9) has it"}, []string{"kill 9"}},
		"a port on a Mac": {func(m *Machine, _ *Options) { m.System, m.Bind = "darwin", taken("5683") },
			[]string{"fail ports udp 5683 (Sig-Net): another program, which this system does not name, has it"}, []string{"sudo lsof -nP -iUDP:5683"}},
		"a show has the port of commands": {func(m *Machine, _ *Options) {
			m.holds("udp", 7770, 77, "gala-2026")
			m.Shows = func() ([]Running, error) { return []Running{{Show: "gala", PID: "77"}}, nil }
			m.Bind = taken("7770")
		}, []string{"warn ports udp 7770 (OSC commands): showrun (pid 77) has it; another show goes without"}, []string{"showrun --osc 127.0.0.1:7771 SHOW"}},
		"a web server has the console's port": {func(m *Machine, _ *Options) {
			m.holds("tcp", 7780, 80, "nginx")
			m.Bind = taken("7780")
		}, []string{"warn ports tcp 7780 (the console): nginx (pid 80) has it"}, []string{"showrun --console 127.0.0.1:7781 SHOW"}},
		"no permission for a port": {func(m *Machine, _ *Options) {
			m.Bind = func(_, a string, _ bool) error {
				if strings.HasSuffix(a, ":5683") {
					return fs.ErrPermission
				}
				return nil
			}
		}, []string{"fail ports udp 5683 (Sig-Net): permission denied"}, nil},
		"ufw": {func(m *Machine, _ *Options) { m.has("etc/ufw/ufw.conf", "ENABLED=yes\nLOGLEVEL=low\n") },
			[]string{"warn firewall ufw is on"}, []string{"sudo ufw allow proto udp to any port 5004,5005,5353,5568,5683,6454,51337"}},
		"nft": {func(m *Machine, _ *Options) {
			m.Run = func(_ context.Context, program string, _ ...string) (string, error) {
				if program == "nft" {
					return "table inet filter {\n chain input {\n  type filter hook input priority 0; policy drop;\n  # drop nothing\n }\n}\n", nil
				}
				return "", errors.New("not there")
			}
		}, []string{"warn firewall nftables has 1 rule to drop or reject packets"}, nil},
		"iptables": {func(m *Machine, _ *Options) {
			m.Run = func(_ context.Context, program string, _ ...string) (string, error) {
				if program == "iptables" {
					return "-P INPUT DROP\n-A INPUT -j REJECT\n", nil
				}
				return "", errors.New("not there")
			}
		}, []string{"warn firewall iptables has 2 rules to drop or reject packets"}, nil},
		"slow timers": {func(m *Machine, _ *Options) {
			m.Late = func(context.Context, time.Duration) ([]time.Duration, string) {
				return []time.Duration{time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond}, "how"
			}
			m.has("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
		}, []string{"warn timers 3 wakes were late by 2.00 ms in the middle, 4.00 ms at 99 of 100, 4.00 ms at worst: some frames come late", "warn timers the CPU governor is powersave"},
			[]string{"top      # end what is busy; what else may help follows", "sudo cpupower frequency-set -g performance"}},
		"timers of no use": {func(m *Machine, _ *Options) {
			m.Late = func(context.Context, time.Duration) ([]time.Duration, string) {
				return []time.Duration{time.Millisecond, 15 * time.Millisecond, 40 * time.Millisecond}, "how"
			}
			m.has("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n")
			m.has("proc/cpuinfo", "flags : fpu hypervisor lahf_lm\n")
		}, []string{"fail timers 3 wakes were late by 15.00 ms in the middle, 40.00 ms at 99 of 100", "warn timers the clock of the system is hpet", "warn timers this is a virtual machine"},
			[]string{"echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"}},
		"one long wake": {func(m *Machine, _ *Options) {
			m.Late = func(context.Context, time.Duration) ([]time.Duration, string) {
				return append(make([]time.Duration, 499), 6*time.Millisecond), "how"
			}
		}, []string{"warn timers 500 wakes were late by 0.00 ms in the middle, 0.00 ms at 99 of 100, 6.00 ms at worst"}, nil},
		"no sleeps": {func(m *Machine, _ *Options) {
			m.Late = func(context.Context, time.Duration) ([]time.Duration, string) { return nil, "" }
		}, []string{"fail timers nothing could be measured"}, nil},
		"no rtprio": {func(m *Machine, _ *Options) {
			m.Urgent = func() error { return syscall.EPERM }
			m.has("proc/self/limits", "Limit  Soft Limit  Hard Limit  Units\nMax realtime priority     0                    0                    \n")
		}, []string{"warn priority real-time priority is not permitted (operation not permitted; the limit is 0): frames wait for other programs. For a systemd unit: LimitRTPRIO=20"},
			[]string{"echo 'ann - rtprio 20' | sudo tee /etc/security/limits.d/showrun.conf      # then log in again"}},
		"no key": {func(m *Machine, _ *Options) {
			m.Key = func(string) (key.Transfer, string, error) { return key.Transfer{}, "", fs.ErrNotExist }
		}, []string{"warn key no Sig-Net key is kept"}, []string{"showrun keys new      # or keys import FILE"}},
		"a key for all to read": {func(m *Machine, _ *Options) {
			m.Key = func(string) (key.Transfer, string, error) {
				return key.Transfer{Exposed: true}, "/my state/signet.key", nil
			}
		}, []string{"warn key other users of this machine can read the Sig-Net key"}, []string{"chmod 600 '/my state/signet.key'"}},
		"a broken key": {func(m *Machine, _ *Options) {
			m.Key = func(string) (key.Transfer, string, error) {
				return key.Transfer{}, "", errors.New("signet.key: not a key")
			}
		}, []string{"fail key the Sig-Net key cannot be used: signet.key: not a key"}, nil},
		"the state folder is another's": {func(m *Machine, _ *Options) {
			m.Write = func(dir string) error { return &fs.PathError{Op: "open", Path: dir, Err: fs.ErrPermission} }
		}, []string{"fail state /state cannot be written to: open /state: permission denied"}, []string{"sudo chown -R ann /state"}},
		"the state folder is on a disk that is read only": {func(m *Machine, _ *Options) {
			m.Write = func(dir string) error { return &fs.PathError{Op: "open", Path: dir, Err: syscall.EROFS} }
		}, []string{"fail state /state cannot be written to: open /state: read-only file system; machinery is not told anything"}, []string{"showrun --state FOLDER SHOW"}},
		"the state folder is a file": {func(m *Machine, _ *Options) {
			m.Peek = func(string) (store.Look, error) {
				return store.Look{}, &fs.PathError{Op: "open", Path: "/state", Err: syscall.ENOTDIR}
			}
		}, []string{"fail state the state folder cannot be read: open /state: not a directory"}, []string{"showrun --state FOLDER SHOW"}},
		"a full disk": {func(m *Machine, _ *Options) { m.Free = func(string) (uint64, error) { return 1 << 20, nil } },
			[]string{"fail state the disk of /state is full: 1 MiB left"}, []string{"df -h /state"}},
		"a disk that is nearly full": {func(m *Machine, _ *Options) { m.Free = func(string) (uint64, error) { return 20 << 20, nil } },
			[]string{"warn state little space is left for /state: 20 MiB"}, []string{"df -h /state"}},
		"a damaged store": {func(m *Machine, _ *Options) {
			m.Peek = func(string) (store.Look, error) { return store.Look{Damage: store.ErrDamaged}, nil }
		}, []string{"fail state /state/showrun.db is damaged"}, []string{"mv /state/showrun.db /state/showrun.db.bad"}},
		"a damaged store with its copy": {func(m *Machine, _ *Options) {
			m.Peek = func(string) (store.Look, error) { return store.Look{Damage: store.ErrDamaged, Copied: true}, nil }
		}, []string{"warn state /state/showrun.db is damaged"}, nil},
		"machinery left, and a point of no use": {func(m *Machine, _ *Options) {
			m.Peek = func(string) (store.Look, error) {
				return store.Look{Engaged: []string{"theater valve at 10.0.0.9:23000"}, Points: []store.Point{{Show: "gala", Damage: store.ErrDamaged}, {Show: "ball"}}}, nil
			}
		}, []string{"warn state the last run left a machine without making it safe: theater valve at 10.0.0.9:23000", "warn state the restore point of gala is damaged"}, nil},
		"the clock is of 1970": {func(m *Machine, _ *Options) {
			m.Now = func() time.Time { return time.Unix(60, 0).In(evening().Location()) }
		},
			[]string{"fail time the clock says Thu 1 Jan 1970 01:01:00 (CET, +1 h 00), which is before showrun was made"}, []string{"sudo timedatectl set-ntp true"}},
		"nobody sets the clock": {func(m *Machine, _ *Options) { m.Synced = func() (bool, bool) { return false, true } },
			[]string{"warn time the clock says Mon 30 Nov 2026 23:00:00 (CET, +1 h 00), and nothing sets it (NTP)"}, nil},
		"no time zone": {func(m *Machine, _ *Options) { m.Now = func() time.Time { return evening().UTC() } },
			[]string{"warn time no time zone is set"}, nil},
		"few descriptors": {func(m *Machine, _ *Options) { m.Descriptors = func() (uint64, bool) { return 256, true } },
			[]string{"warn files only 256 files and sockets may be open"}, nil},
		"little memory": {func(m *Machine, _ *Options) { m.has("proc/meminfo", "MemAvailable: 300000 kB\n") },
			[]string{"warn memory 292 MiB are free, which is little"}, nil},
		"a small container": {func(m *Machine, _ *Options) {
			m.has("sys/fs/cgroup/memory.max", "134217728\n")
			m.has("sys/fs/cgroup/memory.current", "67108864\n")
		}, []string{"fail memory only 64 MiB are free"}, nil},
		"a show that hangs": {func(m *Machine, _ *Options) {
			m.Shows = func() ([]Running, error) {
				return []Running{{PID: "12", Err: errors.New("no reply for 3s")}, {Show: "gala", PID: "13"}}, nil
			}
		}, []string{"fail shows the show with pid 12 does not answer: no reply for 3s"}, []string{"kill 12      # kill -9 if that does not help"}},
		"a folder of sockets that others may enter": {func(m *Machine, _ *Options) {
			m.Shows = func() ([]Running, error) {
				return nil, errors.New("must be a folder that only you can enter: chmod 700 it")
			}
		}, []string{"fail shows shows cannot be reached by showrun ctl: must be a folder that only you can enter"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, o := healthy(), Options{StateDir: "/state"}
			c.harm(m, &o)
			var bad, remedies []string
			for _, f := range Examine(t.Context(), m, o, func(Finding) {}) {
				if f.Grade != OK {
					bad = append(bad, fmt.Sprintf("%s %s %s", string(f.Grade), f.Check, f.Text))
				}
				if f.Remedy != "" {
					remedies = append(remedies, f.Remedy)
				}
			}
			fits := len(bad) == len(c.want)
			for i := range min(len(bad), len(c.want)) {
				fits = fits && strings.HasPrefix(bad[i], c.want[i])
			}
			if !fits {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(bad, "\n"), strings.Join(c.want, "\n"))
			}
			for _, r := range c.remedies {
				if !slices.Contains(remedies, r) {
					t.Errorf("%q is not among the remedies %q", r, remedies)
				}
			}
		})
	}
}

// TestHelpOfFindings: the topic of each check is one, and what is not well names one, the
// nearest there is.
func TestHelpOfFindings(t *testing.T) {
	for name, leads := range topics() {
		if topic.Text(leads) == "" {
			t.Errorf("%s leads to %q, which is no topic", name, leads)
		}
	}
	m := healthy()
	m.Hear = func(context.Context, lan.Interface) error { return errNotHeard }
	m.Bind = taken("51337")
	want := map[string]string{"multicast": "groups-get-lost", "ports": "port-in-use"}
	for _, f := range Examine(t.Context(), m, Options{StateDir: "/state"}, func(Finding) {}) {
		if f.Grade != OK && f.Help != want[f.Check] || f.Grade == OK && f.Help != "" {
			t.Errorf("%+v", f)
		}
		if f.Grade != OK {
			want[f.Check+" seen"] = f.Help
		}
	}
	if want["multicast seen"] == "" || want["ports seen"] == "" {
		t.Errorf("not all is found: %v", want)
	}
}

// TestSharedPorts: avahi on the port of mDNS and another show on that of Sig-Net are no
// trouble.
func TestSharedPorts(t *testing.T) {
	m := healthy()
	m.holds("udp", 5353, 300, "avahi-daemon")
	m.holds("udp6", 5353, 300, "avahi-daemon")
	m.holds("udp", 5683, 301, "showrun")
	var lines []string
	for _, f := range ports(t.Context(), m, Options{}) {
		lines = append(lines, f.Line())
	}
	for _, want := range []string{"udp 5353 (mDNS, for StageNet and MIDI): shared with avahi-daemon (pid 300)", "udp 5683 (Sig-Net): shared with showrun (pid 301)"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "ok ") && strings.Contains(l, want) }) {
			t.Errorf("%q is not in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// TestOtherSystems: where less is known, that is said, and no remedy is one of Linux.
func TestOtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		m := healthy()
		m.System, m.Files = system, nothing{}
		m.Urgent = func() error { return errors.New("not here") }
		m.Synced = func() (bool, bool) { return false, false }
		m.Descriptors = func() (uint64, bool) { return 0, false }
		m.Now = func() time.Time { return evening().UTC() }
		m.Hear = func(context.Context, lan.Interface) error { return errNotHeard }
		all := Examine(t.Context(), m, Options{StateDir: "/state"}, func(Finding) {})
		if text := Text(all); strings.Contains(text, "sudo") || !strings.Contains(text, "not known on "+system) {
			t.Errorf("%s:\n%s", system, text)
		}
	}
}

// TestReport is what people and programs get.
func TestReport(t *testing.T) {
	all := []Finding{
		{"ports", OK, "udp 5683: free", "", ""}, {"key", Warn, "no key\x1b[2J", "showrun keys new", "no-key"}, {"interfaces", Fail, "none", "", ""},
	}
	want := `ok    ports       udp 5683: free
warn  key         no key?[2J
                  $ showrun keys new
                  $ showrun help no-key
FAIL  interfaces  none

NOT READY: 1 failure, 1 warning
`
	if got := Text(all); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if got := Verdict(all[:2]); got != "ready, with 1 warning" {
		t.Error(got)
	}
	var b strings.Builder
	if err := WriteJSON(&b, "v1", "linux/amd64", all); err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := json.Unmarshal([]byte(b.String()), &r); err != nil || r.Ready || r.Version != "v1" || !slices.Equal(r.Checks, all) {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestThisMachine: the real one answers every question, groups come back on loopback, and
// its state folder is as it was.
func TestThisMachine(t *testing.T) {
	m := This()
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Error(err)
	}
	if err := m.Write(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("writing into no folder: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if free, err := m.Free(dir); err != nil || free == 0 {
		t.Errorf("%d bytes free, %v", free, err)
	}
	lo, err := m.Find("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Hear(t.Context(), lo); err != nil {
		t.Errorf("on loopback: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Hear(gone, lo); err == nil {
		t.Error("heard something in no time")
	}
	if late, how := m.Late(t.Context(), 40*time.Millisecond); len(late) == 0 || how == "" {
		t.Errorf("%v, %q", late, how)
	}
	if in := m.nearest(filepath.Join(dir, "a", "b", "c")); in != dir {
		t.Errorf("nearest is %s, want %s", in, dir)
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	number := c.LocalAddr().(*net.UDPAddr).Port
	if err := m.Bind("udp4", c.LocalAddr().String(), true); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken port is bound: %v", err)
	}
	held := m.holders([]port{{network: "udp4", number: number}})[0]
	if m.System == "linux" && (len(held) != 1 || held[0].pid != os.Getpid()) {
		t.Errorf("port %d is held by %v, want %d", number, held, os.Getpid())
	}
}
