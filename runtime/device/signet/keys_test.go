package signet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/runtime/device"
)

// TestKeysOf: what a declaration names comes first, if it is here, then the rig, then the
// key store.
func TestKeysOf(t *testing.T) {
	env, _, _ := sigNetEnv(t, 0)
	const passphrase = "Correct1Horse"
	variables := map[string]string{"PASS": passphrase}
	env.Dir, env.Getenv = t.TempDir(), func(name string) (string, bool) { v, set := variables[name]; return v, set }
	file := signet.K0{7}
	if err := key.WriteFile(filepath.Join(env.Dir, "k0.json"), key.AppendK0(nil, file)); err != nil {
		t.Fatal(err)
	}
	typed, err := signet.K0FromPassphrase(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRig(RigConfig{}, device.RigEnv{})
	if err != nil {
		t.Fatal(err)
	}
	rigged := env
	rigged.Rigs = map[string]device.Rig{protocol: r}
	for name, c := range map[string]struct {
		env  device.Env
		from KeyRef
		want signet.Keys
	}{
		"store":             {env, KeyRef{}, sigNetRoot.Keys()},
		"file":              {env, KeyRef{File: "k0.json"}, file.Keys()},
		"absolute file":     {env, KeyRef{File: filepath.Join(env.Dir, "k0.json")}, file.Keys()},
		"variable":          {env, KeyRef{Env: "PASS"}, typed.Keys()},
		"rig":               {rigged, KeyRef{}, r.keys},
		"file with a rig":   {rigged, KeyRef{File: "k0.json"}, file.Keys()},
		"variable with one": {rigged, KeyRef{Env: "PASS"}, typed.Keys()},
		"no file, a rig":    {rigged, KeyRef{File: "nothing"}, r.keys},
		"not set, a rig":    {rigged, KeyRef{Env: "NOTHING"}, r.keys},
	} {
		if got, err := keysOf(c.env, c.from); err != nil || got != c.want {
			t.Errorf("%s: other keys, %v", name, err)
		}
	}
	if _, err := keysOf(env, KeyRef{Env: "NOTHING"}); err == nil {
		t.Error("keys of a variable that is not set")
	}
	if _, err := keysOf(env, KeyRef{File: "nothing"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	second := env
	second.Keys = append([]string{t.TempDir()}, env.Keys...)
	if got, err := keysOf(second, KeyRef{}); err != nil || got != sigNetRoot.Keys() {
		t.Errorf("a second show, with a state folder of its own: other keys, %v", err)
	}
	if err := os.WriteFile(KeyFile(env.Keys[0]), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keysOf(env, KeyRef{}); err == nil || errors.Is(err, errNoKey) {
		t.Errorf("a key store that cannot be read: %v", err)
	}
}
