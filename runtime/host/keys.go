package host

import (
	"errors"
	"io/fs"
	"path/filepath"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/runtime/device"
)

// errNoKey says how to get a key.
var errNoKey = errors.New(`no key: Sig-Net signs every packet, so the Sender needs the key of its installation.
  Make one and keep it:             showrun keys new
  or take over one that exists:     showrun keys new --passphrase, showrun keys import FILE
  or name it in the show:           signet.sender{ key = { env = "SIGNET_PASSPHRASE" } }
  To try a show without any of it:  showrun --rig show.lua`)

// keys finds the keys of a Sig-Net device: from the environment variable or the
// file its declaration names, else those of the virtual rig, else those of the key
// store.
func (h *Host) keys(from device.KeyRef) (signet.Keys, error) {
	switch {
	case from.Env != "":
		k0, err := key.FromEnvironment(from.Env, h.opts.Getenv)
		if err != nil {
			return signet.Keys{}, err
		}
		return k0.Keys(), nil
	case from.File != "":
		file := from.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(h.show.Dir, file)
		}
		transfer, err := key.ReadFile(file)
		if err != nil {
			return signet.Keys{}, err
		}
		return transfer.Keys(), nil
	case h.rig != nil:
		return h.rig.Keys(), nil
	}
	transfer, err := key.ReadFile(h.keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return signet.Keys{}, errNoKey
	}
	return transfer.Keys(), err
}
