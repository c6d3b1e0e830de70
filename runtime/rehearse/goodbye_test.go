package rehearse_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frames runs a show in virtual time, with the rig's player, and returns its frame log.
func frames(t *testing.T, text string, d time.Duration) string {
	t.Helper()
	var b bytes.Buffer
	log := show.NewFrameLog(&b)
	opts := rehearse.Options{
		Name: "show", File: "show.lua", Bind: bindings.New, Protocols: []device.Protocol{stagelinq.Protocol()},
		Rate: 44, Lookahead: 50 * time.Millisecond, Frames: log,
	}
	if err := rehearse.Play(context.Background(), opts, fstest.MapFS{"show.lua": {Data: []byte(text)}}, d); err != nil {
		t.Fatal(err)
	}
	log.Flush()
	return b.String()
}

func TestVirtualRunEndsWithTheGoodbye(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(frames(t, `local u = require "signet".sender{}:universe(1)
u:set(1, 10)
require("clock").every("10ms", function() u:set(1, 20) end)
require("show").on("stop", function() u:set(1, 30) end)`, time.Second)), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " 0/1=30") {
		t.Errorf("the last frame is %q", last)
	}
}

// TestTheGoodbyePlaysAFadeOfAColour out, as it does any fade.
func TestTheGoodbyePlaysAFadeOfAColour(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(frames(t, `local one = require "signet".sender{}:universe(1)
local wash = require "stage".fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
wash:set{ color = "red" }
require("show").on("stop", function() wash:fade({ color = "#000040" }, 1) end)`, time.Second)), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " 0/1=0 0/3=64") {
		t.Errorf("the last frame is %q", last)
	}
}

// ticks is a part of a rig that has something to do every tenth of a second.
type ticks struct{ at []time.Duration }

func (p *ticks) Next() time.Duration    { return time.Duration(len(p.at)) * time.Second / 10 }
func (p *ticks) Step(now time.Duration) { p.at = append(p.at, now) }
func (p *ticks) Patch([]device.Opened)  {}

// TestTheRigGoesOnInTheGoodbye: what has deadlines besides the show has them until it is over.
func TestTheRigGoesOnInTheGoodbye(t *testing.T) {
	r, err := rehearse.New(rehearse.Options{Name: "show", File: "show.lua", Bind: bindings.New})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	part := &ticks{}
	r.Bring(part)
	text := `require("show").on("stop", function() require("clock").sleep(1) end)`
	if err := r.Load(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Until(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	r.End()
	for n, at := range part.at {
		if want := time.Duration(n) * time.Second / 10; at != want {
			t.Errorf("step %d came at %v, not at %v", n, at, want)
		}
	}
	if len(part.at) != 21 || r.Now() < 2*time.Second {
		t.Errorf("%d steps up to %v", len(part.at), r.Now())
	}
}
