package bindings

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/device"
)

func senders(s *stand) []string {
	var list []string
	for _, d := range s.show.Devices {
		if d, ok := d.(*device.SenderDecl); ok {
			var universes []int
			for _, u := range d.Universes {
				universes = append(universes, u.Number)
			}
			c := *d
			c.Universes = nil
			list = append(list, fmt.Sprintf("%+v %v", c, universes))
		}
	}
	return list
}

func TestSenders(t *testing.T) {
	s := live(t, `local a = signet.sender{ scope = "stage2", interface = "lo", rate = 30, endpoint = 7, label = "desk", key = { env = "SECRET" } }
		a:universe(3) a:universe(63999) a:universe(3)
		signet.sender{ key = { file = "keys/k0.json" } }
		print(signet.sender() == net, signet.sender{ rate = 44, scope = "local" } == net, a == net, a:universe(3) == a:universe(3), a:universe(3).number)`)
	s.wantLog("0.000 true\ttrue\tfalse\ttrue\t3")
	wantLines(t, "senders", senders(s), []string{
		"{Scope:local Interface: KeyFile: KeyEnv: Label: Endpoint:1 Rate:44 Universes:[]} [1]",
		"{Scope:stage2 Interface:lo KeyFile: KeyEnv:SECRET Label:desk Endpoint:7 Rate:30 Universes:[]} [3 63999]",
		"{Scope:local Interface: KeyFile:keys/k0.json KeyEnv: Label: Endpoint:1 Rate:44 Universes:[]} []",
	})
}

// TestLevelsSurviveAReload: what the next generation does not touch stays, what
// runs goes on.
func TestLevelsSurviveAReload(t *testing.T) {
	s := live(t, `one:set(1, 50) one:fade(2, 200, 2) one:set(3, 7)`)
	s.wantLevels("1s 1=50 2=100 3=7")
	s.reload(`print(one:get(1), one:get(2)) one:set(3, 8)`)
	s.wantLevels("1.5s 1=50 2=150 3=8")
	s.wantLevels("2s 1=50 2=200 3=8")
	s.wantLog("0.000 50\t100")
	s.wantLevels(fmt.Sprintf("%v 2=200", 3*time.Second))
}
