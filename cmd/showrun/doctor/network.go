package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/drivers/lan"
)

// group stands for all to which levels are sent.
func group() netip.AddrPort { return netip.MustParseAddrPort("239.254.0.1:5683") }

// taken is the interface a show would use, and why. The error is for people.
func (m *Machine) taken(all []lan.Interface, o Options) (i lan.Interface, why string, err error) {
	if o.Interface != "" {
		i, err := m.Find(o.Interface)
		if err == nil && !i.Up() {
			err = fmt.Errorf("interface %q is down", i.Name)
		}
		return i, "--interface names it", err
	}
	from, err := m.Route(group())
	if err != nil {
		return i, "", err
	}
	for _, i := range all {
		for _, p := range i.Prefixes {
			if p.Addr() == from {
				return i, "the way to groups such as 239.254.0.1 leads there", nil
			}
		}
	}
	return i, "", fmt.Errorf("the system sends from %v, which is on no interface", from)
}

// usable tells whether an interface can reach others by IPv4, which all protocols need.
func usable(i lan.Interface) bool {
	_, err := i.IPv4()
	return i.Up() && i.Flags&net.FlagRunning != 0 && err == nil && !i.Loopback()
}

// interfaces looks which network a show would use.
func interfaces(_ context.Context, m *Machine, o Options) (list []Finding) {
	all, err := m.Interfaces()
	if err != nil {
		return []Finding{fail("", "%v", err)}
	}
	var up, down []lan.Interface
	for _, i := range all {
		switch {
		case usable(i):
			up = append(up, i)
		case !i.Loopback():
			down = append(down, i)
		}
	}
	if len(up) == 0 {
		remedy := "showrun --rig SHOW      # until there is a network"
		if len(down) > 0 && !down[0].Up() {
			remedy = m.sudo("ip link set " + down[0].Name + " up")
		}
		return []Finding{fail(remedy, "no network: no interface but loopback is up, has a cable and an IPv4 address%s", states(down))}
	}
	it, why, err := m.taken(all, o)
	switch {
	case err != nil && o.Interface != "":
		list = append(list, fail("showrun --interface "+up[0].Name+" SHOW", "%v", err))
	case err != nil:
		list = append(list, fail("showrun --interface "+up[0].Name+" SHOW", "no interface is taken by itself: the system knows no way to groups (%v)", err))
	case it.Loopback():
		list = append(list, warn("showrun --interface "+up[0].Name+" SHOW", "%s is taken, since %s: nothing leaves this machine", it.Name, why))
	default:
		list = append(list, m.suits(it, why, up))
	}
	for _, i := range up {
		if i.Name != it.Name {
			list = append(list, ok("%s is up too and not taken; --interface %s takes it", described(i), i.Name))
		}
	}
	if text := states(down); text != "" {
		list = append(list, ok("not in use%s", text))
	}
	return list
}

// suits judges the interface that is taken.
func (m *Machine) suits(it lan.Interface, why string, up []lan.Interface) Finding {
	text := fmt.Sprintf("%s is taken: %s", described(it), why)
	remedy := ""
	for _, i := range up {
		if i.Name != it.Name && !m.wireless(i) && !virtual(i) {
			remedy = "showrun --interface " + i.Name + " SHOW"
		}
	}
	ip, err := it.IPv4()
	switch {
	case err != nil:
		return fail(remedy, "%s; it has no IPv4 address", text)
	case m.wireless(it):
		return warn(remedy, "%s; it is wireless, where groups are slow and get lost: take a cable", text)
	case virtual(it):
		return warn(remedy, "%s; it looks like one of a container, a virtual machine or a tunnel", text)
	case ip.IsLinkLocalUnicast():
		return warn("", "%s; its address is one it gave itself: nobody answered by DHCP, devices with other addresses are not reached", text)
	}
	return ok("%s", text)
}

func (m *Machine) wireless(i lan.Interface) bool {
	_, err := m.stat("sys/class/net/" + i.Name + "/wireless")
	return err == nil
}

func virtual(i lan.Interface) bool {
	return slices.ContainsFunc([]string{"docker*", "br-*", "virbr*", "vmnet*", "vboxnet*", "tun*", "tap*", "wg*", "tailscale*", "zt*", "utun*"}, func(p string) bool {
		is, _ := path.Match(p, i.Name)
		return is
	})
}

// described is an interface with its addresses.
func described(i lan.Interface) string {
	words := []string{i.Name}
	for _, p := range i.Prefixes {
		if p.Addr().Is4() {
			words = append(words, p.String())
		}
	}
	return strings.Join(words, " ")
}

// states says why interfaces are of no use.
func states(list []lan.Interface) string {
	text := ""
	for n, i := range list {
		why := "no IPv4 address"
		switch {
		case !i.Up():
			why = "down"
		case i.Flags&net.FlagRunning == 0:
			why = "no cable"
		}
		sep := ", "
		if n == 0 {
			sep = ": "
		}
		text += fmt.Sprintf("%s%s (%s)", sep, i.Name, why)
	}
	return text
}

// sudo is a command as root types it; on other systems the words are no command.
func (m *Machine) sudo(command string) string {
	if m.System != "linux" {
		return ""
	}
	return "sudo " + command
}

// hearTime is how long an own packet may take to come back.
const hearTime = time.Second

// multicasts tries groups on every interface that is up, all at the same time.
func multicasts(ctx context.Context, m *Machine, o Options) []Finding {
	all, err := m.Interfaces()
	if err != nil {
		return nil // which has been told
	}
	it, _, _ := m.taken(all, o)
	ctx, cancel := context.WithTimeout(ctx, hearTime)
	defer cancel()
	list := make([]Finding, len(all))
	var trying sync.WaitGroup
	for n, i := range all {
		if !usable(i) && !(i.Loopback() && i.Up()) {
			continue
		}
		trying.Go(func() { list[n] = m.loop(i, i.Name == it.Name, m.Hear(ctx, i)) })
	}
	trying.Wait()
	return slices.DeleteFunc(list, func(f Finding) bool { return f.Grade == "" })
}

// errNotHeard says that what was sent did not come back.
var errNotHeard = errors.New("what was sent to a group is not heard")

// loop says what came of trying a group on an interface.
func (m *Machine) loop(i lan.Interface, taken bool, err error) Finding {
	if err == nil {
		return ok("%s: groups can be joined, and what is sent to one is heard", i.Name)
	}
	remedy := m.sudo("ip link set " + i.Name + " multicast on")
	if errors.Is(err, errNotHeard) {
		remedy = m.sudo("nft list ruleset      # or iptables -S: what drops UDP to 224.0.0.0/4?")
	}
	text := fmt.Sprintf("%s: %v", i.Name, err)
	switch {
	case i.Loopback():
		return warn(m.sudo("ip link set lo up"), "%s; --rig and two shows on this machine need that", text)
	case taken:
		return fail(remedy, "%s; Sig-Net, StageNet and StageLinQ need that", text)
	}
	return warn(remedy, "%s", text)
}
