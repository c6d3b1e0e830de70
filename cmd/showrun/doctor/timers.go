package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// measureTime is how long sleeps are measured.
const measureTime = 2 * time.Second

// What is good enough: a frame is 23 ms, and two of 1 ms apart are one to the eye. Later
// than the others and a flash is seen to miss its beat.
const (
	goodP99  = time.Millisecond
	goodMost = 5 * time.Millisecond
	poorP99  = 10 * time.Millisecond
)

// timers measures how exactly this machine wakes, and looks for reasons why not.
func timers(ctx context.Context, m *Machine, _ Options) []Finding {
	late, how := m.Late(ctx, measureTime)
	if len(late) == 0 {
		return []Finding{fail("", "nothing could be measured")}
	}
	slices.Sort(late)
	p50, p99, most := late[len(late)/2], late[len(late)*99/100], late[len(late)-1]
	text := fmt.Sprintf("%d wakes were late by %s in the middle, %s at 99 of 100, %s at worst", len(late), short(p50), short(p99), short(most))
	reasons := m.slow()
	remedy := "top      # end what is busy; what else may help follows"
	if m.System == "windows" {
		remedy = ""
	}
	switch {
	case p99 > poorP99:
		return append([]Finding{fail(remedy, "%s: light is seen to come late (%s)", text, how)}, reasons...)
	case p99 > goodP99 || most > goodMost:
		return append([]Finding{warn(remedy, "%s: some frames come late (%s)", text, how)}, reasons...)
	}
	for i := range reasons {
		reasons[i].Grade = OK
		reasons[i].Remedy = ""
	}
	return append([]Finding{ok("%s: good", text)}, reasons...)
}

func short(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// slow are reasons why a machine may wake late; each is a warning.
func (m *Machine) slow() (list []Finding) {
	governors, _ := fs.Glob(m.Files, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
	for _, file := range governors {
		if g := m.read(file); g != "" && g != "performance" {
			list = append(list, warn("sudo cpupower frequency-set -g performance", "the CPU governor is %s, which lets the processor sleep deeply", g))
			break
		}
	}
	const clocks = "sys/devices/system/clocksource/clocksource0/"
	now, could := m.read(clocks+"current_clocksource"), strings.Fields(m.read(clocks+"available_clocksource"))
	switch {
	case now == "hpet", now == "acpi_pm", now == "jiffies", now == "refined-jiffies":
		remedy := ""
		if slices.Contains(could, "tsc") {
			remedy = "echo tsc | sudo tee /" + clocks + "current_clocksource"
		}
		list = append(list, warn(remedy, "the clock of the system is %s, which is slow to read", now))
	}
	if strings.Contains(m.read("proc/cpuinfo"), " hypervisor") {
		list = append(list, warn("", "this is a virtual machine (its clock is %s): it stands whenever its host is busy. Run the show on a machine of its own", now))
	}
	return list
}

// priority looks whether threads of frames may come before others.
func priority(_ context.Context, m *Machine, _ Options) []Finding {
	err := m.Urgent()
	switch {
	case m.System != "linux":
		return []Finding{ok("%s gives none to ordinary programs: end other programs during a show", m.System)}
	case err == nil:
		return []Finding{ok("real-time priority is permitted")}
	}
	limit := "not known"
	for line := range strings.Lines(m.read("proc/self/limits")) {
		if rest, is := strings.CutPrefix(line, "Max realtime priority"); is {
			limit = strings.Fields(rest)[0]
		}
	}
	return []Finding{
		warn(fmt.Sprintf("echo '%s - rtprio 20' | sudo tee /etc/security/limits.d/showrun.conf      # then log in again", m.User),
			"real-time priority is not permitted (%v; the limit is %s): frames wait for other programs. For a systemd unit: LimitRTPRIO=20", err, limit),
	}
}
