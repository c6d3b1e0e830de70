package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/runtime/control"
)

// TestAShowThatIsNotRecordedAnyMore goes on: the status, the console and the log say so, the
// log once.
func TestAShowThatIsNotRecordedAnyMore(t *testing.T) {
	t.Parallel()
	log, dir := newLines(), t.TempDir()
	h, stop := runLive(t, Options{Show: "../../examples/first-light", Rig: true, Log: log.logger(), BlackBox: 4 << 10, StateDir: dir})
	log.await(t, "the recording ends here, and the show goes on: it has the 0 MiB that it may have", 1)
	before := h.Status()
	for h.Status().Frames < before.Frames+20 || h.Status().Unrecorded == before.Unrecorded {
		<-time.After(10 * time.Millisecond)
	}
	s := h.Status()
	if text := s.String(); !strings.Contains(text, "NOT RECORDED ANY MORE: it has the") || !strings.Contains(text, "are not in the recording") {
		t.Error(text)
	}
	if text := s.since(before); strings.Contains(text, "recording") {
		t.Errorf("it is told every minute: %s", text)
	}
	found := false
	for _, d := range h.House().Drops {
		found = found || d.Name == "unrecorded" && d.N > 0
	}
	if !found {
		t.Errorf("the console has %+v", h.House().Drops)
	}
	kept := filepath.Join(dir, "kept")
	if r := h.command(control.Request{Command: control.Keep, Words: []string{kept}}); !r.OK || !strings.Contains(r.Text, "it does not go up to now: it has the") {
		t.Error(r)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "the recording ends here"); n != 1 {
		t.Errorf("said %d times", n)
	}
	for _, path := range []string{kept, filepath.Join(dir, "recordings", "first-light-last.recording")} {
		if info, err := os.Stat(path); err != nil || info.Size() > 5<<10 {
			t.Error(info, err)
		}
	}
}

// TestTheEndWaitsForNoKeep that a disk does not take.
func TestTheEndWaitsForNoKeep(t *testing.T) {
	t.Parallel()
	log := newLines()
	h, stop := runLive(t, Options{Show: "../../examples/first-light", Rig: true, Log: log.logger(), BlackBox: 1 << 20, StateDir: t.TempDir()})
	log.await(t, "show loaded", 1)
	if err := h.recording.reel.Close(); err != nil { // so that nothing can be written
		t.Fatal(err)
	}
	log.await(t, "the recording cannot be written, which is tried again", 1)
	if r := h.command(control.Request{Command: control.Keep}); !r.OK || !strings.Contains(r.Text, "takes a while") {
		t.Error(r)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "a recording is not kept: the disk does not take the recording: the show ends") || strings.Contains(text, "does not end") {
		t.Error(text)
	}
}

// TestAShowThatFailsLeavesItsBlackBox as a run does that was killed.
func TestAShowThatFailsLeavesItsBlackBox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := newLines()
	opts := Options{Show: "../../examples/first-light", Rig: true, Log: log.logger(), BlackBox: 1 << 20, StateDir: dir}
	h, stop := runLive(t, opts)
	log.await(t, "show loaded", 1)
	h.crashed <- &InternalError{}
	if err := stop(); err == nil {
		t.Error("no error")
	}
	_, stop = runLive(t, opts)
	log.await(t, "its black box is kept", 1)
	log.await(t, "show loaded", 2)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if list, _ := filepath.Glob(filepath.Join(dir, "recordings", "*-crash.recording")); len(list) != 1 {
		t.Errorf("kept are %v", list)
	}
}
