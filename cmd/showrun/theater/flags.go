// Package theater runs theater OSC servers beside one another, as showrun theater
// does: what its flags say, what the lighting server drives, and the status line.
package theater

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/bridge"
	"showrun/cmd/showrun/settings"
	"showrun/drivers/theater/server"
)

// Help says what the command does.
const Help = `theater runs the servers of a theater OSC stage, each on a UDP port of its own:

  --lighting   moves fixtures along their paths and drives a DMX output
  --motion     models a device of four stepper motors with its 20-segment buffer
  --valve      models a device of two pneumatic actuators

The lighting server takes the place of the one of a lab: --to sends its 512 levels
to a universe of another protocol, or to the channels of a StageNet gateway in the
order of its lease. Motion and valve servers move nothing: they are there to rehearse against,
and tell what the devices would have done.

The servers listen on this machine only, unless --interface names a network
interface. The key for Sig-Net is that of showrun keys.`

// Examples are command lines.
const Examples = `  showrun theater --lighting 20000 --motion 21000 --valve 23000
  showrun theater --lighting 20000 --interface eth0 --to signet:1 --fixtures stage.json
  showrun theater --lighting 20000 --to stagenet:GATEWAY_01@192.168.1.20:4000
  showrun theater --motion 21000,21001,21002,21003
  showrun theater --print-fixtures > stage.json    a fixture table to begin with`

// How many devices of a kind a stage has.
const (
	maxMotions = 4
	maxValves  = 2
)

// Flags are those of the command.
type Flags struct {
	Lighting      int // port, -1 for none
	Motion, Valve []int
	Fixtures      string // file, "" for the default table
	PrintFixtures bool
	To            string
	Rate          int
	Interface     string
	State         string // folder, "" for the default one
	For           time.Duration
	Verbose       bool

	fixtures   []server.Fixture
	target     *bridge.Address // nil for none
	sigNetPort int             // for tests, 0 for the usual one
}

// Add adds the flags to a command, but for the state folder, which others have too.
func (f *Flags) Add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.IntVar(&f.Lighting, "lighting", -1, "UDP port of a lighting server, usually 20000")
	p.IntSliceVar(&f.Motion, "motion", nil, "UDP ports of motion servers, usually 21000 and the next ones")
	p.IntSliceVar(&f.Valve, "valve", nil, "UDP ports of valve servers, usually 23000 and the next one")
	p.StringVar(&f.Fixtures, "fixtures", "", "fixture table of the lighting server, a JSON file (default: see --print-fixtures)")
	p.BoolVar(&f.PrintFixtures, "print-fixtures", false, "print the fixture table that is used without --fixtures, and end")
	p.StringVar(&f.To, "to", "", "where levels go: "+bridge.Usage(false))
	p.IntVar(&f.Rate, "rate", server.DefaultRate, "frames a second of the lighting server")
	p.StringVar(&f.Interface, "interface", "", "network interface: a name or an IPv4 address, 0.0.0.0 for all (default: this machine only)")
	p.DurationVar(&f.For, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.BoolVarP(&f.Verbose, "verbose", "v", false, "log more")
	settings.Between(p, "lighting", 0, 65535, "")
	settings.Between(p, "motion", 0, 65535, "")
	settings.Between(p, "valve", 0, 65535, "")
	settings.Between(p, "rate", 1, server.MaxRate, "frames a second")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Path(p, "fixtures")
	settings.ByHand(p, "print-fixtures")
	settings.Shared(p, "verbose")
}

// Check refuses what cannot be, and reads the fixture table. given tells whether a
// flag was given.
func (f *Flags) Check(given func(string) bool) error {
	lighting := f.Lighting >= 0
	if !lighting && len(f.Motion)+len(f.Valve) == 0 {
		return errors.New("choose what to run: --lighting 20000, --motion 21000, --valve 23000")
	}
	if err := cmp.Or(checkCount("motion", f.Motion, maxMotions), checkCount("valve", f.Valve, maxValves)); err != nil {
		return err
	}
	if lighting {
		return f.checkLighting()
	}
	for _, name := range []string{"fixtures", "to", "rate"} {
		if given(name) {
			return fmt.Errorf("--%s goes with --lighting only", name)
		}
	}
	return nil
}

// checkLighting checks what belongs to the lighting server.
func (f *Flags) checkLighting() error {
	if f.To != "" {
		to, err := bridge.ParseSink(f.To, 1)
		if err != nil {
			return err
		}
		f.target = &to
	}
	var err error
	f.fixtures, err = readFixtures(f.Fixtures)
	return err
}

// checkCount checks how many ports a flag has.
func checkCount(flag string, ports []int, most int) error {
	if len(ports) > most {
		return fmt.Errorf("--%s takes at most %d ports, got %d", flag, most, len(ports))
	}
	return nil
}

// maxTable is the size of a fixture table at most, in bytes.
const maxTable = 1 << 20

// readFixtures reads a fixture table, or the default one if no file is named.
func readFixtures(file string) ([]server.Fixture, error) {
	if file == "" {
		return server.DefaultFixtures(), nil
	}
	in, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no fixture table at %s; showrun theater --print-fixtures writes one to begin with", file)
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxTable+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxTable {
		return nil, fmt.Errorf("%s: a fixture table has at most %d bytes", file, maxTable)
	}
	list, err := server.ParseFixtures(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}
