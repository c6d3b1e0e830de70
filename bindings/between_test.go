package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
)

// act lets the rig's player do something at the instant it has got to.
func (s *stand) act(at time.Duration, f func(p *source.Player, now time.Time)) {
	s.t.Helper()
	s.run(at)
	f(s.player.Player(), s.time(s.now()))
}

// lose takes the player away, and says so.
func (s *stand) lose() {
	s.silence()
	unit := stagelinq.Device{Token: stagelinq.Token{0x0f, 6: 0x40, 8: 0x80}, Name: "rigdeck", Software: "JP13"}
	for _, sink := range rehearse.Devices[*devlinq.Sink](s.virtual) {
		sink.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: unit, At: s.time(s.now())})
	}
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

func TestBetweenWhatIsLandedOn(t *testing.T) {
	s := live(t, bothDecks+watched+`watch("one", one, 64, "17bar")`)
	s.play(120)
	s.act(2100*time.Millisecond, func(p *source.Player, now time.Time) { p.SeekBeat(1, 64, now) })
	s.act(3*time.Second, func(p *source.Player, now time.Time) { p.SeekBeat(1, 66.5, now) })
	s.act(4*time.Second, func(p *source.Player, now time.Time) { p.SeekBeat(1, 66.5, now) })
	s.act(4100*time.Millisecond, func(p *source.Player, now time.Time) { p.Pause(1, now) })
	s.act(5*time.Second, func(p *source.Player, now time.Time) { p.SeekBeat(1, 64, now) })
	s.act(6*time.Second, func(p *source.Player, now time.Time) { p.Play(1, now) })
	s.act(6300*time.Millisecond, func(p *source.Player, now time.Time) { p.SeekBeat(1, 200, now) })
	s.act(7*time.Second, func(p *source.Player, now time.Time) { p.Pause(1, now) })
	s.act(8*time.Second, func(p *source.Player, now time.Time) { p.SeekBeat(1, 66, now); p.Play(1, now) }) // a hot cue starts it
	s.run(9 * time.Second)
	s.wantTold(
		"2.1:one enter", "2.1:one start false", "2.1:one 64", "2.6:one 65",
		"3.2:one 67", "3.8:one stop", "3.8:one exit", // passed by a jump: 66
		"4.0:one enter", "4.0:one start true", "4.1:one stop",
		"6.0:one start false", "6.1:one 64", "6.3:one stop", "6.3:one exit",
		"8.1:one enter", "8.1:one start true", "8.1:one 66", "8.5:one 67", "9.0:one stop", "9.0:one exit")
}

func TestBetweenOfALoop(t *testing.T) {
	s := live(t, bothDecks+watched+`watch("one", one, 4, 8)`)
	s.play(120)
	s.act(2*time.Second, func(p *source.Player, now time.Time) { p.Loop(1, 4, now) })
	s.act(6500*time.Millisecond, func(p *source.Player, now time.Time) { p.EndLoop(1, now) })
	s.run(9 * time.Second)
	s.wantTold("2.0:one enter", "2.0:one start false", "2.0:one 4", "2.5:one 5", "3.0:one 6", "3.5:one 7",
		"4.0:one 4", "4.5:one 5", "5.0:one 6", "5.5:one 7", "6.0:one 4", "6.5:one 5", "7.0:one 6", "7.5:one 7", "8.0:one stop", "8.0:one exit")
}

func TestTheTitleThatLeads(t *testing.T) {
	s := live(t, bothDecks+`
		master:on("track", function(d) print(d.title, d.signature, d.device.name) end)
		one:on("track", function(d) print("one", d.title) end)`)
	s.play(120)
	track := func(title string) source.Track {
		return source.Track{Title: title, Artist: "A", BPM: 120, Length: 215500 * time.Millisecond}
	}
	s.act(1*time.Second, func(p *source.Player, now time.Time) { p.Load(2, track("Two / 2"), now); p.Play(2, now) })
	s.act(2*time.Second, func(p *source.Player, now time.Time) { p.SetMaster(2, now) })
	s.act(3*time.Second, func(p *source.Player, now time.Time) { p.Load(1, track("Three"), now) })
	s.act(4*time.Second, func(p *source.Player, now time.Time) { p.Load(2, track("Three"), now) })
	s.act(5*time.Second, func(p *source.Player, now time.Time) { p.SetMaster(1, now) }) // with the same title
	s.run(6 * time.Second)
	s.wantTold("0.0:one Click", "0.0:Click Click / Virtual rig / 1440:00 rigdeck",
		"2.0:Two / 2 Two/2 / A / 3:36 rigdeck", "3.0:one Three", "4.0:Three Three / A / 3:36 rigdeck")
}

func TestPresentStatesAfterAReload(t *testing.T) {
	text := bothDecks + `for _, d in ipairs{ one, two, master } do
			for _, e in ipairs{ "play", "stop", "track", "tempo", "jump", "master" } do d:on(e, function(d) print(d.number, e) end) end
			d:on("play", function() print("no") end):cancel()
		end
		clock.after(1, function() one:on("play", function() print("no") end) end)`
	s := live(t, text)
	s.play(120)
	s.run(2 * time.Second)
	s.log = nil
	s.reload(text)
	s.run(4 * time.Second)
	s.wantTold("2.0:1 play", "2.0:1 track", "2.0:1 master", "2.0:0 play", "2.0:0 track", "2.0:0 master")
}

const tracks = bothDecks + `
	local function show(name, options)
		return function(d)
			print(name, "begins", d.number, d.title)
			clock.every(0.4, function() print(name) end)
			d:on_beat(1, function(b) print(name, b.number) end)
			clock.run(function() clock.sleep(100) print("no") end)
		end
	end `

func TestShowsOfTracks(t *testing.T) {
	s := live(t, tracks+`
		stagelinq.track("click / virtual rig / 1440:00", show "click")
		stagelinq.track("b* / *", show "b")
		stagelinq.track(show "other")
		stagelinq.track("No / *", show "no"):cancel()
		print(pcall(function() one.signature = 1 end))`)
	s.play(120)
	load := func(n int, title string) func(p *source.Player, now time.Time) {
		return func(p *source.Player, now time.Time) {
			p.Load(n, source.Track{Title: title, Artist: "A", BPM: 120}, now)
		}
	}
	s.act(time.Second, load(1, "Beta"))
	s.act(1900*time.Millisecond, load(1, "No"))
	s.act(2400*time.Millisecond, func(p *source.Player, now time.Time) { p.Unload(1, now) })
	s.act(3*time.Second, load(2, "Beta"))
	s.act(3200*time.Millisecond, func(p *source.Player, now time.Time) { p.Unload(2, now) })
	s.run(5 * time.Second)
	s.wantTold("0.0:false show.lua:14: stagelinq.deck: fields cannot be set ('signature')",
		"0.0:click begins 1 Click", "0.4:click", "0.5:click 1", "0.8:click", "1.0:click 2",
		"1.0:b begins 1 Beta", "1.4:b", "1.8:b", "1.9:other begins 1 No", "2.3:other",
		"3.0:b begins 2 Beta")
}

func TestShowsOfTracksOnlyOnAirAndByTheMaster(t *testing.T) {
	s := live(t, tracks+`
		stagelinq.track("* / *", function(d) print("air", d.number) d:between(0, 1e6, { exit = function() print("exit", d.number) clock.sleep(0.1) print("no") end }) end, { on_air = true })
		stagelinq.track(function() print("none is unknown") end)
		stagelinq.track("* / *", function(d) print("leads", d.number, d.device.name) end, { master = true })`)
	s.play(120)
	s.act(time.Second, func(p *source.Player, now time.Time) {
		p.Load(2, source.Track{Title: "Two", BPM: 120}, now)
		p.SetFader(2, 0, now)
		p.Play(2, now)
	})
	s.act(2*time.Second, func(p *source.Player, now time.Time) { p.SetFader(2, 1, now) })
	s.act(3*time.Second, func(p *source.Player, now time.Time) { p.SetMaster(2, now) })
	s.act(4*time.Second, func(p *source.Player, now time.Time) { p.SetFader(2, 0, now); p.SetMaster(1, now) })
	s.act(5*time.Second, func(p *source.Player, now time.Time) { p.SetFader(2, 1, now) })
	s.run(6 * time.Second)
	s.wantTold("0.0:air 1", "0.0:leads 1 rigdeck", "2.0:air 2", "3.0:leads 2 rigdeck", "4.0:exit 2", "4.0:leads 1 rigdeck", "5.0:air 2")
}

// TestShowsOfTracksStay while their player is lost, and after a reload begin again.
func TestShowsOfTracksStay(t *testing.T) {
	text := tracks + `stagelinq.track("Click / *", function(d) print("click", d.phrase) clock.every(1, function() print("on") end) end)`
	s := live(t, text)
	s.play(120)
	s.act(0, func(p *source.Player, now time.Time) {
		p.Load(1, source.Track{Title: "Click", Artist: "Virtual rig"}, now)
	})
	s.run(100 * time.Millisecond)
	s.log = nil
	s.act(200*time.Millisecond, func(p *source.Player, now time.Time) {
		p.Load(1, source.Track{Title: "Click", Artist: "Virtual rig", BPM: 120, Length: 24 * time.Hour}, now)
		p.Play(1, now)
	})
	s.run(500 * time.Millisecond)
	s.lose()
	s.run(1500 * time.Millisecond)
	s.play(120)
	s.run(2500 * time.Millisecond)
	s.reload(text)
	s.run(3200 * time.Millisecond)
	s.wantTold("0.2:click nil", "1.2:on", "2.2:on", "2.5:click 1")
}

// TestBetweenWaitsForWhereADeckIs: another track, or another deck that leads, is not taken to
// be where the one before was.
func TestBetweenWaitsForWhereADeckIs(t *testing.T) {
	s := live(t, bothDecks+watched+`watch("one", one, 4, 8) watch("master", master, 4, 8)`)
	s.play(120)
	s.act(time.Second, func(p *source.Player, now time.Time) {
		p.Load(2, source.Track{Title: "Two", Artist: "A", BPM: 120}, now)
		p.SeekBeat(2, 20, now)
		p.Play(2, now)
	})
	s.act(2600*time.Millisecond, func(p *source.Player, now time.Time) { p.Pause(1, now) })
	s.act(3*time.Second, func(p *source.Player, now time.Time) { p.SetMaster(2, now) })
	s.act(4*time.Second, func(p *source.Player, now time.Time) {
		p.Load(1, source.Track{Title: "Three", Artist: "A", BPM: 120}, now)
	})
	s.run(5 * time.Second)
	s.wantTold("2.0:one enter", "2.0:one start false", "2.0:master enter", "2.0:master start false", "2.0:one 4", "2.0:master 4",
		"2.5:one 5", "2.5:master 5", "2.6:one stop", "2.6:master stop", "3.0:master exit", "4.0:one exit")
}

func TestBetweenOfTheNextTrack(t *testing.T) {
	s := live(t, bothDecks+watched+`watch("two", two, 0, 8)`)
	s.play(120)
	for at, title := range []string{"A", "B"} {
		s.act(time.Duration(at+1)*time.Second, func(p *source.Player, now time.Time) {
			p.Load(2, source.Track{Title: title, Artist: "A", BPM: 120}, now)
		})
	}
	s.run(3 * time.Second)
	s.wantTold("1.2:two enter", "2.0:two exit", "2.2:two enter")
}

// TestTheLeadGoesOverBetweenBeats: the master's beats go on with the next of the deck that
// leads then, however that came to be there.
func TestTheLeadGoesOverBetweenBeats(t *testing.T) {
	s := live(t, bothDecks+`master:on_beat(1, function(b) print(b.number) end)`)
	s.play(120)
	s.act(time.Second, func(p *source.Player, now time.Time) {
		p.Load(2, source.Track{Title: "Two", Artist: "A", BPM: 120}, now)
		p.SeekBeat(2, 20, now)
		p.Play(2, now)
	})
	s.act(2230*time.Millisecond, func(p *source.Player, now time.Time) { p.SeekBeat(2, 33, now) }) // 34 is at 2.73
	s.act(2760*time.Millisecond, func(p *source.Player, now time.Time) { p.SetMaster(2, now) })
	s.run(3600 * time.Millisecond)
	s.wantTold("0.5:1", "1.0:2", "1.5:3", "2.0:4", "2.5:5", "3.2:35")
}
