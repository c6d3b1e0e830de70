package bindings

import (
	"testing"
	"time"

	"showrun/drivers/signet/wire"
	"showrun/runtime/device/signet"
	"showrun/runtime/script"
)

// film runs a timecode from one frame to another, at 25 frames a second from an instant on.
func (s *stand) film(at time.Duration, from, to string) {
	s.t.Helper()
	s.filmOf("25", at, from, to)
}

// filmOf is film at a rate.
func (s *stand) filmOf(fps string, at time.Duration, from, to string) {
	s.t.Helper()
	rate, err := signet.ParseTimecodeRate(fps)
	if err != nil {
		s.t.Fatal(err)
	}
	first, err := rate.Parse(from)
	if err != nil {
		s.t.Fatal(err)
	}
	last, err := rate.Parse(to)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range s.show.Devices() {
		rx, ok := d.(*signet.ReceiverDecl)
		if !ok {
			continue
		}
		for frame := first; frame <= last; frame++ {
			s.run(at + wire.TimecodeRate(rate).At(frame-first))
			s.deliver(script.Event{Topic: rx.TimecodeTopic(1, "frame"), At: s.now(), Value: signet.TimecodeEvent{
				Timecode: signet.Timecode{Rate: rate, Frame: frame, At: s.now(), Running: true}, Position: rate.Label(frame),
			}})
		}
	}
}

// TestCuesGoByTimecode plays a film from its start, from its middle, and once more.
func TestCuesGoByTimecode(t *testing.T) {
	s := live(t, cues+`
local list = cue.list{ name = "film", timecode = signet.receiver{}:timecode(1) }
list:cue{ 1, look = { dim = 10 }, at = "00:00:01:00" }
list:cue{ 2, look = { wash = 20 }, at = "00:00:02:00" }
list:cue{ 3, look = { dim = 30 }, at = "00:00:02:05" }
list:cue{ 4, look = { dim = 40 }, at = "00:01:00:00" }
list:cue{ 5, look = { dim = 50 }, at = "00:00:03:29" }
list:on("go", function(c) print(c.number) end)
`)
	s.film(0, "00:00:00:10", "00:00:02:12")
	s.wantLevels("2.5s 1=20 4=30")
	s.film(3*time.Second, "00:00:30:00", "00:00:30:01") // two frames are no film
	s.film(4*time.Second, "00:00:02:04", "00:00:02:12") // and half a second back is no new pass
	s.film(5*time.Second, "00:00:01:12", "00:00:01:20") // cue 1 is passed in it
	s.wantLevels("6s 1=0 4=10")
	s.film(7*time.Second, "00:00:01:21", "00:00:02:01")
	s.film(9*time.Second, "00:01:00:20", "00:01:00:24") // a late start, at the last it has passed
	s.wantLevels("10s 1=20 4=40")
	s.film(11*time.Second, "00:01:10:20", "00:01:10:24")
	s.wantLog("0.000 WARN cue 5 of film: there is no 00:00:03:29 at 25 frames a second",
		"0.600 1", "1.600 2", "1.800 3", "5.080 1", "7.160 2", "9.080 4")
	s.wantFailures()
}

// TestTimecodeChangesItsRate: the cues it has passed are not passed again by it.
func TestTimecodeChangesItsRate(t *testing.T) {
	s := live(t, cues+`
local list = cue.list{ name = "film", timecode = signet.receiver{}:timecode(1) }
list:cue{ 1, at = "00:00:01:00" }
list:cue{ 2, at = "00:00:02:00" }
list:cue{ 3, at = "00:00:03:00" }
list:on("go", function(c) print(c.number) end)
`)
	s.filmOf("25", 0, "00:00:00:10", "00:00:02:02")
	s.filmOf("30", 1720*time.Millisecond, "00:00:02:03", "00:00:03:02")
	s.filmOf("24", 2800*time.Millisecond, "00:00:03:03", "00:00:04:02")
	s.wantLog("0.600 1", "1.600 2", "2.620 3")
	s.wantFailures()
}
