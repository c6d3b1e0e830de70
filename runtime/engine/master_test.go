package engine

import (
	"testing"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

func TestMasterScalesIntensityOnly(t *testing.T) {
	e := newTest(t)
	full := []Command{Set{ch(1), 200}, Set{ch16(2), 200}, Set{ch(4), 200}}
	e.Submit(at(0, append(full, Intensity{[]patch.Channel{ch(1), ch16(2), ch(1)}})...))
	e.Submit(at(10*ms, Master{To: 127.5}))
	e.Submit(at(20*ms, Blackout{On: true, Duration: Length{Time: 20 * ms}}))
	e.Submit(at(40*ms, Set{ch(1), 100}, Master{To: 300}))
	e.Submit(at(50*ms, Blackout{Duration: Length{Time: 20 * ms}}))
	e.Submit(at(80*ms, Intensity{[]patch.Channel{ch(4)}}, Master{To: -5, Duration: Length{Time: 10 * ms}}))
	e.Submit(at(90*ms, Intensity{}))
	check(t, step(e, 90*ms, 4),
		"0s 200 200 200 200",
		"10ms 100 100 100 200",
		"20ms 100 100 100 200",
		"30ms 50 50 50 200",
		"40ms 0 0 0 200",
		"50ms 0 0 0 200",
		"60ms 50 100 100 200",
		"70ms 100 200 200 200",
		"80ms 100 200 200 200",
		"90ms 100 200 200 200")
	step(e, 120*ms, 0)
	if v := e.Value(level.Address{Slot: 4}); v != 200 {
		t.Errorf("the master changed a channel to %v", v)
	}
}

func TestMasterFadesFromWhereItIs(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch(1), 255}, Intensity{[]patch.Channel{ch(1)}}))
	e.Submit(at(10*ms, Master{Duration: Length{Time: 40 * ms}}))
	e.Submit(at(30*ms, Master{To: 255, Duration: Length{Time: 20 * ms}}))
	check(t, step(e, 60*ms, 1), "0s 255", "10ms 255", "20ms 191", "30ms 128", "40ms 191", "50ms 255", "60ms 255")
}

func TestMasterAndChannelsThatChangeTheirWidth(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch(1), 200}, Set{ch(2), 200}, Intensity{[]patch.Channel{ch(1), ch(2)}}))
	e.Submit(at(10*ms, Set{ch16(1), 128}, Master{To: 127.5})) // slot 2 is a fine half now
	e.Submit(at(20*ms, Set{ch(2), 200}))
	check(t, step(e, 20*ms, 2), "0s 200 200", "10ms 64 64", "20ms 64 100")
}
