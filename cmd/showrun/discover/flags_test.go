package discover

import (
	"testing"

	"showrun/drivers/signet/key"
)

func TestFlags(t *testing.T) {
	for name, f := range map[string]Flags{
		"key":   {keyFile: "a", keyEnv: "b"},
		"scope": {Options: Options{Scope: "a b"}},
	} {
		if f.Check() == nil {
			t.Errorf("%s: %+v taken", name, f)
		}
	}
	t.Setenv("GOOD", "Ge2p$E$4*A")
	t.Setenv("BAD", "short")
	kept := func() (key.Transfer, error) { return key.Transfer{Scope: "kept"}, nil }
	for variable, good := range map[string]bool{"GOOD": true, "BAD": false, "NONE": false} {
		f := Flags{keyEnv: variable}
		f.UseKey(kept)
		if transfer, err := f.Key(); (err == nil) != good || good && !transfer.HasK0 {
			t.Errorf("%s: %v", variable, err)
		}
	}
	f := Flags{keyFile: "nothing.json"}
	if f.UseKey(kept); f.Check() != nil {
		t.Error(f.Check())
	}
	if _, err := f.Key(); err == nil {
		t.Error("no file, but a key")
	}
	f = Flags{}
	f.UseKey(kept)
	if transfer, _ := f.Key(); transfer.Scope != "kept" {
		t.Error("the key that is kept is not used")
	}
}
