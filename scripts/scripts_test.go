package scripts

import (
	"context"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAModuleBesideTheShowComesFirst has a show with modules of its own under names of the
// library: they are what it gets, and the rest of the library does not mistake them for its
// own.
func TestAModuleBesideTheShowComesFirst(t *testing.T) {
	r := newRun(t)
	folder := fstest.MapFS{}
	for name, text := range map[string]string{
		"show.lua": `local stage, fx = require "stage", require "fx"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = require "signet".sender{}:universe(1):slot(1) }
print(require "pick".mine, require "seq".euclid(1, 2), require "check", require "grid")
fx.chase(lamp)`,
		"pick.lua": `return { mine = "mine" }`, "check.lua": `return "check"`, "grid.lua": `return "grid"`,
	} {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if err := r.Load(context.Background(), folder); err != nil {
		t.Fatal(err)
	}
	r.until(1e9)
	if want := "mine\tx.\tcheck\tgrid"; len(r.prints) == 0 || r.prints[0] != want {
		t.Errorf("prints %q, want %q", r.prints, want)
	}
	if len(r.failed) > 0 || r.levels[0] != 255 {
		t.Errorf("the chase: %q, level %v", r.failed, r.levels[:1])
	}
}
