package discover

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// Help describes the command.
const Help = `discover lists the devices on the network: of Sig-Net those that have the key of
this installation and those that have none yet, what answers polls of Art-Net, gateways of
StageNet, sources of sACN, everything that speaks StageLinQ, sessions of RTP-MIDI and the
MIDI ports of this computer (on Linux), and the serial ports with the DMX widgets at them.
On a terminal the list grows while it looks. It changes nothing.

For Sig-Net it needs the key, or a guest file: that of showrun keys is used unless
--key-file or --key-env name another. It listens for 3.5 s whether another Manager
asks already and asks itself if none does; --now asks at once. Devices answer within
1.5 s, those without keys show up every 5 s.

Sources of sACN tell of themselves every 10 s. Ports whose chip is that of a DMX USB Pro
are asked for the number on its case, others are left alone.

With --json one JSON object is written at the end, with members signet, artnet,
stagenet, stagelinq, sacn, midi and serial. A protocol that could not be searched has the member error.`

// Example shows how the command is used.
const Example = `  showrun discover
  showrun discover --signet --interface eth0 --for 0
  showrun discover --json --for 6s --now > devices.json`

// Flags are what the command line says.
type Flags struct {
	Options
	JSON    bool
	For     time.Duration // 0 = until told to end
	Verbose bool

	keyFile, keyEnv string
}

// Add adds the flags to the command.
func (f *Flags) Add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.BoolVar(&f.SigNet, "signet", false, "look for Sig-Net devices")
	p.BoolVar(&f.ArtNet, "artnet", false, "look for Art-Net devices")
	p.BoolVar(&f.StageNet, "stagenet", false, "look for StageNet gateways")
	p.BoolVar(&f.StageLinQ, "stagelinq", false, "look for StageLinQ units")
	p.BoolVar(&f.SACN, "sacn", false, "look for sACN sources")
	p.BoolVar(&f.MIDI, "midi", false, "look for MIDI sessions and ports")
	p.BoolVar(&f.Serial, "serial", false, "look for DMX widgets at serial ports (default: all of these)")
	p.BoolVar(&f.JSON, "json", false, "write JSON, at the end")
	p.DurationVar(&f.For, "for", 12*time.Second, "how long to look, 0 = until Ctrl-C")
	p.BoolVar(&f.Now, "now", false, "Sig-Net: ask at once, without listening for another Manager")
	p.StringVar(&f.Interface, "interface", "", "network interface: a name or an IPv4 address (default: the system's choice for Sig-Net, the first that can broadcast for Art-Net, else all but loopback)")
	p.StringVar(&f.Scope, "scope", "", `Sig-Net: scope of the installation (default: that of a guest file, or "local")`)
	p.StringVar(&f.keyFile, "key-file", "", "Sig-Net: transfer file or guest file with the key")
	p.StringVar(&f.keyEnv, "key-env", "", "Sig-Net: environment variable with the passphrase")
	p.IntVar(&f.SigNetPort, "signet-port", 0, "UDP port of Sig-Net, for tests (default 5683)")
	p.IntVar(&f.ArtNetPort, "artnet-port", 0, "UDP port of Art-Net, for tests (default 6454)")
	p.IntVar(&f.StageLinQPort, "stagelinq-port", 0, "UDP port of StageLinQ discovery, for tests (default 51337)")
	p.BoolVarP(&f.Verbose, "verbose", "v", false, "log more")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Between(p, "signet-port", 0, 65535, "")
	settings.Between(p, "artnet-port", 0, 65535, "")
	settings.Between(p, "stagelinq-port", 0, 65535, "")
	settings.Path(p, "key-file")
	settings.Shared(p, "interface", "verbose")
}

// Check refuses what cannot be.
func (f *Flags) Check() error {
	if f.keyFile != "" && f.keyEnv != "" {
		return errors.New("--key-file and --key-env do not go together")
	}
	if f.Scope != "" {
		return wire.CheckScope(f.Scope)
	}
	return nil
}

// UseKey makes the searches take the key that the flags name, or else the one that
// is kept.
func (f *Flags) UseKey(kept func() (key.Transfer, error)) {
	f.Key = kept
	switch {
	case f.keyEnv != "":
		f.Key = func() (key.Transfer, error) {
			k0, err := key.FromEnvironment(f.keyEnv, os.LookupEnv)
			return key.Transfer{HasK0: true, K0: k0}, err
		}
	case f.keyFile != "":
		f.Key = func() (key.Transfer, error) { return key.ReadFile(f.keyFile) }
	}
}
