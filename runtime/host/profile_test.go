package host

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAProfileIsPartOfTheShow: what changes in a profile that the show uses reloads it, and
// one that is broken leaves the show as it was and is named.
func TestAProfileIsPartOfTheShow(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), newLines()
	if err := os.Mkdir(filepath.Join(dir, "fixtures"), 0o700); err != nil {
		t.Fatal(err)
	}
	par, file := filepath.Join(dir, "fixtures", "par.json"), filepath.Join(dir, "show.lua")
	const sound = `{ "name": "Par", "availableChannels": { "Red": { "capability": { "type": "ColorIntensity", "color": "Red" } } },
		"modes": [ { "name": "1ch", "channels": ["Red"] } ] }`
	save(t, par, sound)
	save(t, file, `local one = require("signet").sender{}:universe(1)
		require("stage").fixture{ name = "par", profile = "fixtures/par.json", at = one:slot(1) }`)
	_, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "show loaded", 1)
	save(t, par, sound+"\n")
	log.await(t, "show reloaded", 1)
	save(t, par, `{ "name": "Par", "modes": 7 }`)
	log.await(t, "fixtures/par.json: modes: must be a list, got 7", 1)
	save(t, par, sound)
	log.await(t, "show reloaded", 2)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
