package signet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/runtime/device"
)

// KeyRef says where the key of a device is found. Without either it is that of the key
// store.
type KeyRef struct {
	File string // transfer file, relative to the show folder
	Env  string // environment variable with the passphrase
}

func (k KeyRef) String() string {
	switch {
	case k.File != "":
		return fmt.Sprintf("file %q", k.File)
	case k.Env != "":
		return fmt.Sprintf("env %q", k.Env)
	}
	return "store"
}

// KeyFile is the key store in a state folder.
func KeyFile(stateDir string) string { return filepath.Join(stateDir, "signet.key") }

// errNoKey says how to get a key.
var errNoKey = errors.New(`no key: Sig-Net signs every packet, so the Sender needs the key of its installation.
  Make one and keep it:             showrun keys new
  or take over one that exists:     showrun keys new --passphrase, showrun keys import FILE
  or name it in the show:           signet.sender{ key = { env = "SIGNET_PASSPHRASE" } }
  To try a show without any of it:  showrun --rig show.lua`)

// path is that of the file.
func (k KeyRef) path(env device.Env) string {
	if filepath.IsAbs(k.File) {
		return k.File
	}
	return filepath.Join(env.Dir, k.File)
}

// isHere tells whether there is what a declaration names.
func (k KeyRef) isHere(env device.Env) bool {
	switch {
	case k.Env != "":
		passphrase, _ := env.Getenv(k.Env)
		return passphrase != ""
	case k.File != "":
		_, err := os.Stat(k.path(env))
		return !errors.Is(err, fs.ErrNotExist)
	}
	return false
}

// keysOf finds the keys of a device: from the environment variable or the file its
// declaration names, else those of the virtual rig, else those of the key store. On a rig
// its keys also take the place of what is named and not here.
func keysOf(env device.Env, from KeyRef) (signet.Keys, error) {
	if rigOf(env) != nil && from != (KeyRef{}) && !from.isHere(env) {
		env.Log.Info("sig-net: the key that the show names is not here; on the rig one of the rig's own does", "key", from.String())
		from = KeyRef{}
	}
	switch {
	case from.Env != "":
		k0, err := key.FromEnvironment(from.Env, env.Getenv)
		if err != nil {
			return signet.Keys{}, err
		}
		return k0.Keys(), nil
	case from.File != "":
		transfer, err := key.ReadFile(from.path(env))
		if err != nil {
			return signet.Keys{}, err
		}
		return transfer.Keys(), nil
	}
	if r := rigOf(env); r != nil {
		return r.keys, nil
	}
	transfer, err := FindKey(env.Keys...)
	if errors.Is(err, fs.ErrNotExist) {
		return signet.Keys{}, errNoKey
	}
	return transfer.Keys(), err
}

// FindKey reads the first key store that there is in some state folders; fs.ErrNotExist if
// there is none.
func FindKey(folders ...string) (t key.Transfer, err error) {
	err = fs.ErrNotExist
	for _, dir := range folders {
		if t, err = key.ReadFile(KeyFile(dir)); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, err
}
