package host

import (
	"errors"
	"fmt"
	"path/filepath"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/runtime/device"
)

// errNoKey says how to get a key.
var errNoKey = errors.New(`no key: Sig-Net signs every packet, so the Sender needs the key of its installation.
  In the show, name where it is:   signet.sender{ key = { env = "SIGNET_PASSPHRASE" } }
  and give the passphrase:         SIGNET_PASSPHRASE='…' showrun show.lua
  Or keep it in a file made by a Manager:  signet.sender{ key = { file = "k0.json" } }
  To try a show without any of it: showrun --rig show.lua`)

// keys finds the keys of a Sender: from the environment variable or the file its
// declaration names, else those of the virtual rig.
func (h *Host) keys(d *device.SenderDecl) (signet.Keys, error) {
	switch {
	case d.KeyEnv != "":
		passphrase, ok := h.opts.Getenv(d.KeyEnv)
		if !ok || passphrase == "" {
			return signet.Keys{}, fmt.Errorf("the environment variable %s, which should hold the passphrase, is not set", d.KeyEnv)
		}
		k0, err := signet.K0FromPassphrase(passphrase)
		if err != nil {
			return signet.Keys{}, fmt.Errorf("the passphrase in %s: %w", d.KeyEnv, err)
		}
		return k0.Keys(), nil
	case d.KeyFile != "":
		file := d.KeyFile
		if !filepath.IsAbs(file) {
			file = filepath.Join(h.show.dir, file)
		}
		transfer, err := key.ReadFile(file)
		if err != nil {
			return signet.Keys{}, err
		}
		return transfer.Keys(), nil
	case h.rig != nil:
		return h.rig.Keys(), nil
	}
	return signet.Keys{}, errNoKey
}
