package host

import (
	"bytes"
	"path/filepath"
	"testing"
)

// TestLevelsWithoutARig: the status has the levels of the output of the first fixture, and of
// the first output there is when nothing is patched.
func TestLevelsWithoutARig(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []byte
	}{
		"a fixture of the second universe": {`local signet, stage = require "signet", require "stage"
local s = signet.sender{ mode = "open", interface = "lo" }
s:universe(1):set(1, 9)
local two = s:universe(2)
stage.fixture{ name = "lamp", kind = "dimmer", at = two:slot(3) }
two:set(3, 255)
two:set(20, 128)`, []byte{0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128}},
		"no fixture": {`require "signet".sender{ mode = "open", interface = "lo" }:universe(1):set(2, 64)`,
			append([]byte{0, 64}, make([]byte, 18)...)},
		"no output": {``, nil},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "show.lua")
			save(t, file, c.text)
			h, stop := runLive(t, Options{Show: file})
			awaitStatus(t, h, "its levels", func(s Status) bool { return s.Generation == 1 && bytes.Equal(s.Meter, c.want) })
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
