package doctor

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"showrun/cmd/showrun/terminal"
)

// builtAt is when the program was built from, as far as the build tells.
func builtAt() time.Time {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, _ := time.Parse(time.RFC3339, s.Value)
			return at
		}
	}
	return time.Time{}
}

// wallClock looks at the time, by which show.at goes.
func wallClock(_ context.Context, m *Machine, _ Options) (list []Finding) {
	now := m.Now()
	const setsItself = "timedatectl set-ntp true"
	oldest := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if m.Built.After(oldest) {
		oldest = m.Built
	}
	zone, offset := now.Zone()
	said := fmt.Sprintf("%s (%s, %+d h %02d)", now.Format("Mon 2 Jan 2006 15:04:05"), zone, offset/3600, offset%3600/60)
	synced, known := m.Synced()
	switch {
	case now.Before(oldest.Add(-24 * time.Hour)):
		list = append(list, fail(m.sudo(setsItself), "the clock says %s, which is before showrun was made: show.at fires at wrong times", said))
	case known && !synced:
		list = append(list, warn(m.sudo(setsItself), "the clock says %s, and nothing sets it (NTP): compare it with yours", said))
	case known:
		list = append(list, ok("%s, set by the network (NTP)", said))
	default:
		list = append(list, ok("%s; whether the network sets it is not known", said))
	}
	if zone == "UTC" {
		list = append(list, warn(m.sudo("timedatectl set-timezone Europe/Vienna      # or yours"), `no time zone is set: show.at("20:00") means 20:00 UTC`))
	}
	return list
}

// fewFiles is fewer than a show with many devices and browsers may need.
const fewFiles = 1024

// descriptors looks how many files and sockets the program may open.
func descriptors(_ context.Context, m *Machine, _ Options) []Finding {
	switch n, known := m.Descriptors(); {
	case !known:
		return []Finding{ok("how many files and sockets may be open is not known on %s", m.System)}
	case n < fewFiles:
		return []Finding{warn("ulimit -n 4096      # LimitNOFILE=4096 in a systemd unit", "only %d files and sockets may be open, and many browsers or gateways take them all", n)}
	default:
		return []Finding{ok("%d files and sockets may be open", n)}
	}
}

// Memory that is little for a show, in MiB.
const (
	littleMemory = 512
	noMemory     = 128
)

// memory looks how much a show can have.
func memory(_ context.Context, m *Machine, _ Options) []Finding {
	free := int64(-1)
	for line := range strings.Lines(m.read("proc/meminfo")) {
		var kib int64
		if _, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); err == nil {
			free = kib >> 10
		}
	}
	if most, err := strconv.ParseInt(m.read("sys/fs/cgroup/memory.max"), 10, 64); err == nil {
		used, _ := strconv.ParseInt(m.read("sys/fs/cgroup/memory.current"), 10, 64)
		if left := max(most-used, 0) >> 20; free < 0 || left < free {
			free = left
		}
	}
	switch {
	case free < 0:
		return []Finding{ok("how much is free is not known on %s", m.System)}
	case free < noMemory:
		return []Finding{fail("ps aux --sort=-rss | head", "only %d MiB are free: the show may be ended by the system", free)}
	case free < littleMemory:
		return []Finding{warn("ps aux --sort=-rss | head", "%d MiB are free, which is little", free)}
	}
	return []Finding{ok("%d MiB are free", free)}
}

// firewall looks for rules that keep packets out. Whether they keep those of a show out is
// for people to read.
func firewall(ctx context.Context, m *Machine, _ Options) []Finding {
	if m.System != "linux" {
		return []Finding{ok("not looked at on %s; let showrun through for UDP 5683, 5568, 6454, 51337, 5353, 5004 and 5005 if groups are not heard", m.System)}
	}
	if strings.Contains(m.read("etc/ufw/ufw.conf"), "ENABLED=yes") {
		return []Finding{warn("sudo ufw allow proto udp to any port 5004,5005,5353,5568,5683,6454,51337", "ufw is on: if devices are not found, let these ports in")}
	}
	rules, err := m.Run(ctx, "nft", "list", "ruleset")
	const remedy = "sudo nft list ruleset      # are UDP 5004, 5005, 5353, 5568, 5683, 6454 and 51337 let in?"
	if err == nil {
		if n := drops(rules); n > 0 {
			return []Finding{warn(remedy, "nftables has %s to drop or reject packets: if devices are not found, look there", terminal.Plural(n, "rule"))}
		}
	}
	if rules, failed := m.Run(ctx, "iptables", "-S"); failed == nil {
		err = nil
		if n := drops(strings.ToLower(rules)); n > 0 {
			return []Finding{warn("sudo iptables -S      # are UDP 5004, 5005, 5353, 5568, 5683, 6454 and 51337 let in?", "iptables has %s to drop or reject packets: if devices are not found, look there", terminal.Plural(n, "rule"))}
		}
	}
	if err != nil {
		return []Finding{ok("not known, its rules cannot be read; if groups are not heard: sudo nft list ruleset")}
	}
	return []Finding{ok("no rule drops packets")}
}

// drops counts the lines of rules that keep packets out.
func drops(rules string) (n int) {
	for line := range strings.Lines(rules) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && (strings.Contains(line, "drop") || strings.Contains(line, "reject")) {
			n++
		}
	}
	return n
}

// shows asks what runs already.
func shows(_ context.Context, m *Machine, _ Options) (list []Finding) {
	all, err := m.Shows()
	if err != nil {
		return []Finding{fail("", "shows cannot be reached by showrun ctl: %v", err)}
	}
	for _, r := range all {
		switch {
		case r.Err != nil:
			list = append(list, fail("kill "+r.PID+"      # kill -9 if that does not help", "the show with pid %s does not answer: %v", r.PID, r.Err))
		default:
			list = append(list, ok("%s runs (pid %s)", r.Show, r.PID))
		}
	}
	if list == nil {
		return []Finding{ok("none runs")}
	}
	return list
}
