package bindings

import "testing"

// TestWhatIsNotPatchedAnyMoreGoesDark: a fixture that is removed, or gets another address or
// another kind while it fades, leaves no light behind. What moves stays, as do slots that
// the script speaks of.
func TestWhatIsNotPatchedAnyMoreGoesDark(t *testing.T) {
	const wash = `local wash = stage.fixture{ name = "wash", kind = "rgbw", at = one:slot(1) } `
	s := live(t, wash+`
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(11) }
local fine = stage.fixture{ name = "fine", channels = { "dimmer", "dimmer fine" }, at = one:slot(13) }
local head = stage.fixture{ name = "head", channels = { "pan", "winch", "dimmer" }, at = one:slot(21) }
local away = stage.fixture{ name = "away", kind = "dimmer", at = net:universe(2):slot(1) }
wash:set{ color = "white" } lamp:fade(200, 2) fine:set(255) head:set(90) away:set(255) one:set(31, 77)`)
	s.wantLevels("1s 4=255 11=100 13=255 14=255 21=90 22=90 23=90 31=77")
	s.reload(`local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(12) }
local low = stage.fixture{ name = "low", kind = "dimmer", at = one:slot(14) }
one:set(23, 66)
lamp:set(50)`)
	s.wantLevels("1.5s 1=255 4=0 11=0 12=50 13=0 14=255 21=90 22=90 23=66 31=77")
	s.wantLevels("4s 1=255 4=0 11=0 12=50 13=0 14=255 21=90 22=90 23=66 31=77")
	if n := s.virtual.Show().Counts().Unknown; n > 0 {
		t.Errorf("%d commands are refused", n)
	}
	s.wantFailures()
}
