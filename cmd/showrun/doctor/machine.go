package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/drivers/lan"
	"showrun/drivers/midi/raw"
	"showrun/drivers/signet/key"
	"showrun/runtime/clock"
	"showrun/runtime/control"
	"showrun/runtime/device/signet"
	"showrun/runtime/host"
	"showrun/runtime/store"
)

// A Machine is what the checks know of a computer. All of its functions are set; they may
// be called from one goroutine.
type Machine struct {
	System string // as the Go toolchain calls it, such as linux
	User   string // who would run the show
	Files  fs.FS  // from the root; what it does not have is not known
	Now    func() time.Time
	Built  time.Time // when the program was; zero if it is not known

	Interfaces func() ([]lan.Interface, error)
	Find       func(name string) (lan.Interface, error)
	// Route is the address from which the system sends to another.
	Route func(to netip.AddrPort) (from netip.Addr, err error)
	// Hear sends to a group of its own on an interface and waits until that is heard.
	Hear func(ctx context.Context, on lan.Interface) error
	// Bind opens a port and closes it; a shared one as programs do that share it.
	Bind func(network, address string, shared bool) error

	// Serial lists the serial ports of USB devices and MIDI the ports of this computer,
	// without opening one; Access tells whether this user may open a file.
	Serial func() ([]dmxusb.Port, error)
	MIDI   func() ([]raw.Port, error)
	Access func(file string) error

	// Late sleeps as the thread of the frames does for so long, and returns by how much each
	// sleep was too long, and how it slept.
	Late func(ctx context.Context, length time.Duration) (late []time.Duration, how string)
	// Urgent tries to get a real-time priority.
	Urgent func() error

	Key   func(dir string) (t key.Transfer, file string, err error)
	Peek  func(dir string) (store.Look, error)
	Write func(dir string) error // makes a file in a folder and takes it away
	Free  func(dir string) (bytes uint64, err error)

	Synced      func() (synced, known bool)
	Descriptors func() (most uint64, known bool)
	// Run runs a program that only tells something.
	Run   func(ctx context.Context, program string, args ...string) (string, error)
	Shows func() ([]Running, error)
	// Devices is the check of a show.
	Devices func(context.Context, *Machine, Options) []Finding
}

// Running is a show that runs.
type Running struct {
	Show, PID string
	Text      string // how it stands
	Err       error  // why it does not tell
}

// This is the computer on which the program runs.
func This() *Machine {
	var root fs.FS = os.DirFS("/")
	if runtime.GOOS == "windows" {
		root = nothing{}
	}
	return &Machine{
		System: runtime.GOOS, User: userName(), Files: root, Now: time.Now, Built: builtAt(),
		Interfaces: lan.Interfaces, Find: lan.Find, Route: routeTo, Hear: hear, Bind: bind,
		Serial: dmxusb.SystemPorts{}.List, MIDI: func() ([]raw.Port, error) { return raw.Ports(root) }, Access: access,
		Late: late, Urgent: urgent,
		Key: findKey, Peek: store.Peek, Write: write, Free: freeOn,
		Synced: synced, Descriptors: mostDescriptors, Run: output, Shows: sync.OnceValues(running), Devices: devices,
	}
}

// nothing is a file system without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// read is what is in a file, without space around; "" if it cannot be read.
func (m *Machine) read(name string) string {
	b, err := fs.ReadFile(m.Files, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func userName() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if user := os.Getenv(name); user != "" {
			return user
		}
	}
	return "root"
}

// routeTo asks the system which way it takes. Nothing is sent.
func routeTo(to netip.AddrPort) (netip.Addr, error) {
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

func bind(network, address string, shared bool) error {
	var c net.ListenConfig
	if shared {
		c.Control = lan.Share
	}
	if strings.HasPrefix(network, "tcp") {
		l, err := c.Listen(context.Background(), network, address)
		if err != nil {
			return err
		}
		return l.Close()
	}
	l, err := c.ListenPacket(context.Background(), network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// period is the time between two wakes that are measured.
const period = 4 * time.Millisecond

// late sleeps on a thread of its own, which ends with it.
func late(ctx context.Context, length time.Duration) (list []time.Duration, how string) {
	var sleeping sync.WaitGroup
	sleeping.Go(func() {
		runtime.LockOSThread()
		c := clock.NewReal()
		s := clock.NewSleeper(c)
		how = s.Precision()
		for at := c.Now() + period; at < length && ctx.Err() == nil; at += period {
			s.SleepUntil(at)
			now := c.Now()
			list = append(list, max(now-at, 0))
			for at+period < now { // what was slept through is one sleep
				at += period
			}
		}
	})
	sleeping.Wait()
	return list, how
}

// urgent tries it on a thread that ends.
func urgent() (err error) {
	var trying sync.WaitGroup
	trying.Go(func() {
		runtime.LockOSThread()
		err = clock.Urgent()
	})
	trying.Wait()
	return err
}

// findKey reads the key that a show would use.
func findKey(dir string) (t key.Transfer, file string, err error) {
	for _, folder := range host.KeyFolders(dir) {
		file = signet.KeyFile(folder)
		if t, err = key.ReadFile(file); !errors.Is(err, fs.ErrNotExist) {
			return t, file, err
		}
	}
	return t, signet.KeyFile(dir), fs.ErrNotExist
}

func write(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// outputTime is how long a program may take that tells something.
const outputTime = 2 * time.Second

func output(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, outputTime)
	defer cancel()
	b, err := exec.CommandContext(ctx, program, args...).Output()
	return string(b), err
}

// running asks all shows of this user at the same time.
func running() ([]Running, error) {
	paths, err := control.Shows(control.Folder(os.LookupEnv))
	if err != nil {
		return nil, err
	}
	list := make([]Running, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		asking.Go(func() {
			reply, err := control.Ask(path, control.Request{Command: control.Status})
			pid, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), "-")
			list[i] = Running{Show: reply.Show, PID: pid, Text: reply.Text, Err: err}
		})
	}
	asking.Wait()
	return slices.DeleteFunc(list, func(r Running) bool { return errors.Is(r.Err, control.ErrGone) }), nil
}
