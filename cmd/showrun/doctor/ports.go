package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A port is one that showrun opens.
type port struct {
	network string // udp4 or tcp4
	host    string // "" = all addresses
	number  int
	of      string // for people
	shared  bool   // with other programs on this machine
	remedy  string // for who has another program there; "" = end that one
}

// known are the ports of all protocols that showrun opens whatever a show says.
func known() []port {
	return []port{
		{"udp4", "", 5683, "Sig-Net", true, ""},
		{"udp4", "", 5568, "sACN", true, ""},
		{"udp4", "", 6454, "Art-Net", true, ""},
		{"udp4", "", 51337, "StageLinQ", true, ""},
		{"udp4", "", 5353, "mDNS, for StageNet and MIDI", true, ""},
		{"udp4", "127.0.0.1", 7770, "OSC commands", false, "showrun --osc 127.0.0.1:7771 SHOW"},
		{"tcp4", "127.0.0.1", 7780, "the console", false, "showrun --console 127.0.0.1:7781 SHOW"},
	}
}

func (p port) String() string { return fmt.Sprintf("%s %d (%s)", p.network[:3], p.number, p.of) }

// A holder is a process that has a port open.
type holder struct {
	pid  int // 0 = it is another user's, so the system does not tell
	name string
}

func (h holder) String() string {
	if h.pid == 0 {
		return "a program of another user"
	}
	return fmt.Sprintf("%s (pid %d)", h.name, h.pid)
}

// command is the name of our own processes, unless somebody has renamed them.
const command = "showrun"

// ours tells whether a holder is a showrun.
func (h holder) ours() bool { return h.name == command }

// ports tries to open what a show opens.
func ports(_ context.Context, m *Machine, _ Options) (list []Finding) {
	running, _ := m.Shows() // which may be called anything
	held := m.holders(known())
	for i, p := range known() {
		for j, h := range held[i] {
			if slices.ContainsFunc(running, func(r Running) bool { return r.PID == strconv.Itoa(h.pid) }) {
				held[i][j].name = command
			}
		}
		list = append(list, m.port(p, held[i]))
	}
	return list
}

func (m *Machine) port(p port, held []holder) Finding {
	var names []string
	others := false
	for _, h := range held {
		names = append(names, h.String())
		others = others || !h.ours()
	}
	by := strings.Join(names, ", ")
	if len(held) > 0 && !others {
		if p.shared {
			return ok("%v: shared with %s", p, by)
		}
		return warn(p.remedy, "%v: %s has it; another show goes without, or takes another port", p, by)
	}
	err := m.Bind(p.network, p.host+":"+strconv.Itoa(p.number), p.shared)
	switch {
	case err == nil && by == "":
		return ok("%v: free", p)
	case err == nil:
		return ok("%v: shared with %s", p, by)
	case !errors.Is(err, syscall.EADDRINUSE):
		return fail("", "%v: %v", p, err)
	}
	by = cmp.Or(by, "another program, which this system does not name,")
	if p.remedy != "" {
		return warn(p.remedy, "%v: %s has it", p, by)
	}
	return fail(m.ends(p, held), "%v: %s has it and does not share it", p, by)
}

// ends is how to end who holds a port, or how to find out who does.
func (m *Machine) ends(p port, held []holder) string {
	switch {
	case len(held) == 1 && held[0].pid != 0:
		return fmt.Sprintf("kill %d", held[0].pid)
	case m.System == "linux":
		return fmt.Sprintf("sudo ss -%slpn 'sport = :%d'", p.network[:1], p.number)
	case m.System == "darwin":
		return fmt.Sprintf("sudo lsof -nP -i%s:%d", strings.ToUpper(p.network[:3]), p.number)
	case m.System == "windows":
		return fmt.Sprintf("netstat -abno | findstr :%d", p.number)
	}
	return ""
}

// holders finds out who has ports open, for each, by /proc; nobody where there is none.
func (m *Machine) holders(all []port) [][]holder {
	sockets := map[string][]int{} // ports by the number of a socket
	for i, p := range all {
		for _, table := range []string{p.network[:3], p.network[:3] + "6"} {
			for line := range strings.Lines(m.read("proc/net/" + table)) {
				f := strings.Fields(line)
				if len(f) < 10 || table[:3] == "tcp" && f[3] != "0A" { // LISTEN
					continue
				}
				_, number, _ := strings.Cut(f[1], ":")
				if n, err := strconv.ParseUint(number, 16, 16); err == nil && int(n) == p.number {
					sockets[f[9]] = append(sockets[f[9]], i)
				}
			}
		}
	}
	held := make([][]holder, len(all))
	found := map[string]bool{}
	m.eachSocket(func(h holder, socket string) {
		for _, i := range sockets[socket] {
			found[socket] = true
			if !slices.Contains(held[i], h) {
				held[i] = append(held[i], h)
			}
		}
	})
	for socket, of := range sockets {
		for _, i := range of {
			if stranger := (holder{}); !found[socket] && !slices.Contains(held[i], stranger) {
				held[i] = append(held[i], stranger)
			}
		}
	}
	return held
}

// eachSocket tells of every socket of a process that lets itself be seen.
func (m *Machine) eachSocket(tell func(h holder, socket string)) {
	entries, _ := fs.ReadDir(m.Files, "proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		dir := "proc/" + e.Name() + "/fd"
		open, _ := fs.ReadDir(m.Files, dir)
		name := ""
		for _, fd := range open {
			to, _ := fs.ReadLink(m.Files, dir+"/"+fd.Name())
			socket, is := strings.CutPrefix(to, "socket:[")
			if !is {
				continue
			}
			if name == "" {
				name = cmp.Or(m.read("proc/"+e.Name()+"/comm"), "a program")
			}
			tell(holder{pid, name}, strings.TrimSuffix(socket, "]"))
		}
	}
}

func (m *Machine) stat(name string) (fs.FileInfo, error) { return fs.Stat(m.Files, name) }
