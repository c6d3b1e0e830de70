package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"showrun/bindings"
	"showrun/cmd/showrun/discover"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/device/artnet"
	"showrun/runtime/device/midi"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/sacn"
	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
	"showrun/runtime/device/universe"
	"showrun/runtime/host"
	"showrun/runtime/host/folder"
	"showrun/runtime/script"
	"showrun/runtime/show"
	"showrun/runtime/store"
	"showrun/scripts"
)

// awaitTime is how long what a show names may take to be there.
const awaitTime = 3 * time.Second

// devices loads a show and looks whether what it names is there. Nothing is sent to
// machinery and lights: of its devices only those run that do no more than ask and listen without a show.
func devices(ctx context.Context, m *Machine, o Options) []Finding {
	f, err := folder.Find(o.Show)
	if err != nil {
		return []Finding{fail("", "%v", err)}
	}
	l, env, err := load(ctx, f)
	if err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return []Finding{fail("", "%s does not load: %s", f.Name, text)}
	}
	defer l.End()
	declared := l.Declarations()
	if running := stands(m, f.Name); running != nil {
		return running
	}
	env.Interface, env.Keys = o.Interface, host.KeyFolders(o.StateDir)
	list := make([][]Finding, len(declared))
	var looking sync.WaitGroup
	for i, d := range declared {
		looking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, awaitTime)
			defer cancel()
			list[i] = m.look(ctx, d, env)
		})
	}
	looking.Wait()
	return append([]Finding{ok("%s loads; %s declared", f.Name, terminal.Plural(len(declared), "device"))}, slices.Concat(list...)...)
}

// load loads a show. Its devices keep nothing.
func load(ctx context.Context, f folder.Folder) (*show.Load, device.Env, error) {
	c, log := clock.NewReal(), slog.New(slog.DiscardHandler)
	m := show.New(show.Config{
		Name: f.Name, File: f.File, Dir: filepath.Base(f.Dir), Seed: 1, Bind: bindings.New, Shipped: scripts.Files(),
		Now: c.Now, Stopwatch: c.Now,
		World: script.World{Wall: func() time.Time { return c.Time(c.Now()) }, Date: c.Time, Clock: c.Now, Getenv: os.LookupEnv},
		Log:   log,
	})
	files := f.Open()
	defer files.Close()
	l, err := m.Prepare(ctx, files, show.First())
	env := m.Env()
	env.Since, env.Time, env.Dir, env.Getenv, env.Store = c.Since, c.Time, f.Dir, os.LookupEnv, &store.Memory{}
	return l, env, err
}

// stands is what the show itself says if it runs; nil if it does not. Two of it would take
// each other's ports.
func stands(m *Machine, name string) []Finding {
	all, _ := m.Shows()
	for _, r := range all {
		if r.Show != name || r.Err != nil {
			continue
		}
		if _, missing, waits := strings.Cut(r.Text, "WAITING FOR "); waits {
			return []Finding{fail("showrun discover", "%s runs and waits for %s", name, missing)}
		}
		return []Finding{ok("%s runs, and what it names is there", name)}
	}
	return nil
}

// look tells whether a device can be opened, and what it needs is there.
func (m *Machine) look(ctx context.Context, d device.Declaration, env device.Env) []Finding {
	opened, err := open(ctx, d, env)
	if err != nil {
		return []Finding{m.unopened(d, err)}
	}
	list := []Finding{ok("%v can be opened", d)}
	var waits []string
	waiter, waiting := opened.(device.Waiter)
	console, leases := d.(*stagenet.ConsoleDecl)
	if waiting && !leases {
		waits = await(ctx, opened, waiter)
	} else {
		if leases { // it would give them to gateways, so that is left to others
			waits = gateways(ctx, waiter.WaitsFor(), console, env)
		}
		if c, ok := opened.(interface{ Close() error }); ok {
			c.Close()
		}
	}
	if waiting {
		list = nil
	}
	for _, what := range waits {
		list = append(list, fail("showrun discover", "%s is not there within %v (%v)", what, awaitTime, d))
	}
	if waiting && len(waits) == 0 {
		list = append(list, ok("%v: what it names is there", d))
	}
	for _, h := range hosts(d) {
		list = append(list, m.reach(ctx, d, h))
	}
	return list
}

// open opens a device, which may take as long as it likes.
func open(ctx context.Context, d device.Declaration, env device.Env) (device.Device, error) {
	type result struct {
		device device.Device
		err    error
	}
	done := make(chan result, 1)
	go func() {
		opened, err := d.Open(env)
		if a, ok := opened.(device.Adopter); ok && err == nil {
			a.Adopt(d) // or it does not know whom to wait for
		}
		done <- result{opened, err}
	}()
	select {
	case r := <-done:
		return r.device, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("not opened within %v", awaitTime)
	}
}

// unopened says why a device cannot be opened, and who has its port.
func (m *Machine) unopened(d device.Declaration, err error) Finding {
	text, _, _ := strings.Cut(err.Error(), "\n")
	remedy := ""
	r, listens := d.(*osc.ReceiverDecl)
	_, plays := d.(*midi.PortDecl)
	switch {
	case plays && errors.Is(err, fs.ErrPermission):
		remedy = m.joins(audio)
	case listens && errors.Is(err, syscall.EADDRINUSE):
		p := port{network: "udp4", number: r.Port, of: "OSC"}
		held := m.holders([]port{p})[0]
		for _, h := range held {
			text += fmt.Sprintf("; %v has it", h)
		}
		remedy = m.ends(p, held)
	case strings.Contains(text, "no key"):
		remedy = "showrun keys new      # or keys import FILE"
	}
	return fail(remedy, "%v cannot be opened: %s", d, text)
}

// lookAgain is how often is looked whether what is waited for is there.
const lookAgain = 50 * time.Millisecond

// await runs a device that only asks and listens, until what it waits for is there, or ctx ends, and
// returns what is not.
func await(ctx context.Context, opened device.Device, w device.Waiter) []string {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var running sync.WaitGroup
	defer running.Wait()
	defer end()
	for _, loop := range opened.Loops() {
		running.Go(func() { _ = loop(ctx) })
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		waits := w.WaitsFor()
		if len(waits) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return waits
		case <-tick.C:
		}
	}
}

// gateways looks which of those that are waited for are advertised, and returns the others.
// One that is known by its URL only cannot be told from others, so if all of those answer,
// nothing is missing.
func gateways(ctx context.Context, waits []string, d *stagenet.ConsoleDecl, env device.Env) []string {
	var left []string
	for _, text := range d.URLs {
		if u, err := url.Parse(text); err == nil && !answers(ctx, u.Host) {
			left = append(left, "gateway "+text)
		}
	}
	if !d.Discover || len(waits) == 0 {
		return left
	}
	found := make(chan struct{}, 1)
	s, err := discover.StageNet(discover.StageNetConfig{
		Interface: env.NetworkInterface(d.Interface), Log: env.Log, Tell: func(string) {
			select {
			case found <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		return append(left, waits...)
	}
	ctx, end := context.WithCancel(ctx)
	var searching sync.WaitGroup
	defer searching.Wait()
	defer end()
	searching.Go(func() { _ = s.Run(ctx) })
	missing := slices.Clone(waits)
	for len(missing) > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-found:
		}
		for _, row := range s.Found(time.Now()).Rows {
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == "gateway "+row.Cells[0] })
		}
	}
	if len(d.URLs) > 0 && len(left) == 0 {
		return nil
	}
	return append(left, missing...)
}

// hosts are those that a device sends to by name or address.
func hosts(d device.Declaration) []string {
	switch d := d.(type) {
	case *osc.SenderDecl:
		return []string{d.Host}
	case *theater.LightingDecl:
		return []string{d.Host}
	case *theater.MotionDecl:
		return []string{d.Host}
	case *theater.ValveDecl:
		return []string{d.Host}
	case *artnet.SenderDecl:
		return unicasts([]universe.Universe{{Unicast: d.Unicast}})
	case *midi.PortDecl:
		if d.Host != "" {
			return []string{d.Host}
		}
	case *sacn.SenderDecl:
		return unicasts(append(d.Universes, universe.Universe{Unicast: d.Unicast}))
	case *signet.SenderDecl:
		return unicasts(d.Universes)
	}
	return nil
}

// unicasts are the hosts to which universes go by address, each once.
func unicasts(universes []universe.Universe) (list []string) {
	for _, u := range universes {
		list = append(list, addresses(u.Addresses(anyPort))...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// anyPort is that of an address without one; nobody looks at it.
const anyPort = 1

// addresses are those of ports, without these.
func addresses(list []netip.AddrPort) (hosts []string) {
	for _, to := range list {
		hosts = append(hosts, to.Addr().String())
	}
	return hosts
}
