package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq/source"
)

// act lets the rig's player do something at the instant it has got to.
func (s *stand) act(at time.Duration, f func(p *source.Player, now time.Time)) {
	s.t.Helper()
	s.run(at)
	f(s.player.Player(), s.time(s.now()))
}

const watched = `
	local function watch(name, deck, from, to, options)
		options = options or {}
		options.enter = function(d) print(name, "enter") end
		options.start = function(d, how) print(name, "start", how.late) end
		options.beat = function(b) print(name, b.number) end
		options.stop = function() print(name, "stop") end
		options.exit = function() print(name, "exit") end
		return deck:between(from, to, options)
	end `

// told is the log without fractions of a second below a tenth, a line a word.
func (s *stand) told() string {
	var list []string
	for _, l := range s.log {
		at, text, _ := strings.Cut(l, " ")
		var seconds float64
		fmt.Sscan(at, &seconds)
		list = append(list, fmt.Sprintf("%.1f:%s", seconds, strings.ReplaceAll(text, "\t", " ")))
	}
	return strings.Join(list, "\n")
}

func (s *stand) wantTold(want ...string) {
	s.t.Helper()
	if got := s.told(); got != strings.Join(want, "\n") {
		s.t.Errorf("told:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	s.wantFailures()
}

func TestBetween(t *testing.T) {
	s := live(t, bothDecks+watched+`watch("one", one, "1bar", 7)`)
	s.play(120)
	s.run(4 * time.Second)
	s.wantTold("2.0:one enter", "2.0:one start false", "2.0:one 4", "2.5:one 5", "3.0:one 6", "3.5:one stop", "3.5:one exit")
}
