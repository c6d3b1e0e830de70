// Package raw has the MIDI ports of this computer: on Linux the raw devices of ALSA, found
// by their names and without any library. For other systems there is none yet.
package raw

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"showrun/drivers/midi/wire"
)

// ErrSystem is what a system gives whose ports cannot be reached.
var ErrSystem = errors.New("the MIDI ports of this computer can be reached on Linux only; on this system offer or join a session of RTP-MIDI instead")

// ErrNone is what Open gives while no port has the name.
var ErrNone = errors.New("there is no such MIDI port")

// Config describes a Conn.
type Config struct {
	// Name is a pattern of the name of the port, or of its card; of several that are like
	// it the first counts.
	Name string
	// Root is where the folders proc and dev are; "" is the system's.
	Root string
	// OnMessage is told of each message, on the goroutine of Run; it must not wait.
	OnMessage func(m wire.Message, at time.Time)
	Log       *slog.Logger
}

// Port is a port of this computer.
type Port struct {
	Name   string // of the device, as "APC mini"
	Card   string // the short name of its card, as "mini"
	Device string // its file
}

// Ports lists the ports of a system whose root is given.
func Ports(root fs.FS) ([]Port, error) {
	files, err := fs.Glob(root, "proc/asound/card*/midi*")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b string) int {
		if len(a) != len(b) { // card10 behind card9
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	var list []Port
	for _, file := range files {
		var card, device int
		if n, _ := fmt.Sscanf(file, "proc/asound/card%d/midi%d", &card, &device); n != 2 {
			continue
		}
		about, err := fs.ReadFile(root, file)
		if err != nil {
			continue // it was unplugged meanwhile
		}
		name, _, _ := strings.Cut(string(about), "\n")
		id, _ := fs.ReadFile(root, path.Join(path.Dir(file), "id"))
		list = append(list, Port{strings.TrimSpace(name), strings.TrimSpace(string(id)), fmt.Sprintf("dev/snd/midiC%dD%d", card, device)})
	}
	return list, nil
}

// Find is the first port that is like a name.
func Find(root fs.FS, name string, like func(pattern, name string) bool) (Port, error) {
	list, err := Ports(root)
	if err != nil {
		return Port{}, err
	}
	var names []string
	for _, p := range list {
		if like(name, p.Name) || like(name, p.Card) {
			return p, nil
		}
		names = append(names, fmt.Sprintf("%q", p.Name))
	}
	if len(names) == 0 {
		return Port{}, fmt.Errorf("midi: %w like %q; this computer has none", ErrNone, name)
	}
	return Port{}, fmt.Errorf("midi: %w like %q; there is %s", ErrNone, name, strings.Join(names, ", "))
}
