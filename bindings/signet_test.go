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
			list = append(list, fmt.Sprintf("%s: %v", d.Key(), universes))
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
		`signet sender scope "local" on "" endpoint 1 rate 44 label "" key store mode secure sync false latency 0s: [1]`,
		`signet sender scope "stage2" on "lo" endpoint 7 rate 30 label "desk" key env "SECRET" mode secure sync false latency 0s: [3 63999]`,
		`signet sender scope "local" on "" endpoint 1 rate 44 label "" key file "keys/k0.json" mode secure sync false latency 0s: []`,
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

// TestOrdersOfSenders: what is no level reaches the Sender at its instant.
func TestOrdersOfSenders(t *testing.T) {
	s := live(t, `local two = net:universe(2, { priority = 120, multicast = "239.1.2.3" })
		local preview = net:universe(2, { preview = true })
		clock.after(0.5, function() two:priority(90) two:set(1, 7) preview:set(1, 9) end)
		clock.after(1, function() preview:leave() end)
		print(two == preview, two == net:universe(2), two.preview, preview.preview)`)
	s.wantLog("0.000 false\ttrue\tfalse\ttrue")
	s.wantLevels("500ms 1/1=7 2/1=9")
	s.run(time.Second)
	wantLines(t, "orders", s.orders, []string{
		"0.500 {Universe:2 Priority:[90]}", "1.000 {Universe:2 Preview:true}",
	})
	decl := s.show.Devices[0].(*device.SenderDecl)
	if u := decl.Universes[1]; string(u.Priority) != "\x78" || u.Multicast.String() != "239.1.2.3" || u.Preview {
		t.Errorf("declared %+v", u)
	}
	if n := s.devices[decl.Key()].(*device.Sender).Universes(); n != 2 {
		t.Errorf("%d universes are sent, want 2", n)
	}
}

func TestTimecode(t *testing.T) {
	text := `local tc = net:timecode(1)
		local film = net:timecode(2, { rate = 29.97 })
		print(tc.position, tc.running, tc.rate, film.position, film.rate, tc == net:timecode(1, { rate = 25 }))
		clock.after(1, function()
			tc:start("01:00:00:00") film:locate("00:01:00:02")
			print(tc.position, tc.running, film.position, film.running)
			clock.sleep(0.5)
			print(tc.position, film.position)
			tc:locate("02:00:00:00") tc:stop() film:start()
			print(tc.position, tc.running, film.running)
			clock.sleep(10)
			print(tc.position, film.position)
		end)`
	s := live(t, text)
	s.run(12 * time.Second)
	s.wantLog("0.000 00:00:00:00\tfalse\t25\t00:00:00;00\t29.97\ttrue",
		"1.000 01:00:00:00\ttrue\t00:01:00;02\tfalse",
		"1.500 01:00:00:12\t00:01:00;02",
		"1.500 02:00:00:00\tfalse\ttrue",
		"11.500 02:00:00:00\t00:01:10;01")
	// A reload that declares it as before lets it run on.
	s.reload(`local film = net:timecode(2, { rate = 29.97 }) clock.after(1, function() print(film.position, film.running) end)`)
	s.run(14 * time.Second)
	if got := s.log[len(s.log)-1]; got != "13.000 00:01:11;16\ttrue" {
		t.Errorf("after the reload: %s", got)
	}
}
