package bindings

import (
	"strings"
	"testing"
)

// TestWhatTellsItselfWithoutEndIsStopped has handlers whose own doing calls them again, at
// one instant: each is stopped with its line, and time goes on.
func TestWhatTellsItselfWithoutEndIsStopped(t *testing.T) {
	for _, text := range []string{
		`local p = show.param{ "p", default = 0 } p:on(function(v) if more() then p:set(v + 1) end end) at(0.1, function() p:set(1) end)`,
		`local t t = show.trigger("t", function() if more() then t:fire() end end) at(0.1, function() t:fire() end)`,
		`list:cue{ 1 } list:on("done", function() if more() then list:jump(1) end end) at(0.1, function() list:go() end)`,
		`list:cue{ 1 } list:on("go", function() if more() then list:go(1) end end) at(0.1, function() list:go() end)`,
	} {
		s := live(t, cues+`local n = 0 local function more() n = n + 1 return n < 50000 end dim:fade(255, 1) -- the handlers give up by themselves then
`+text)
		s.wantLevels("1s 4=255")
		if got := strings.Join(s.failures, "\n"); strings.Count(got, "things ran without time passing") != 1 || !strings.Contains(got, "show.lua:10") {
			t.Errorf("%s\nfailures %q, %s", text, got, strings.Join(s.log, ", "))
		}
	}
}
