package main

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
	"showrun/scripts"
)

// lastFrame is the frame that a machine made last.
type lastFrame struct {
	registry func() *level.Registry
	frame    *journal.Frame
}

func (l *lastFrame) Frame(f *level.Frame) {
	l.frame = &journal.Frame{At: f.At, Hash: f.Hash(l.registry())}
}

// repeats feeds a recording to a machine, which has to make the frames that it tells of, and
// returns how many that are and how the recording ends.
func repeats(t *testing.T, path string) (frames int, end error) {
	t.Helper()
	record.Register(protocols())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := journal.Open(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var again *show.Replay
	last := &lastFrame{registry: func() *level.Registry { return again.Registry() }}
	cfg := record.Config(r.Header)
	cfg.Bind, cfg.Shipped, cfg.Frames = bindings.New, scripts.Files(), last
	again = show.NewReplay(cfg)
	for {
		e, err := r.Next()
		if err != nil {
			return frames, err
		}
		switch e := e.(type) {
		case journal.Line:
		case journal.Frame:
			if frames++; last.frame == nil || *last.frame != e {
				t.Fatalf("frame %d: recorded %v, made %v", frames, e, last.frame)
			}
			last.frame = nil
		default:
			if last.frame != nil {
				t.Fatalf("made %v, which is not recorded", last.frame)
			}
			if err := again.Feed(e); err != nil {
				t.Fatalf("after %d frames: %v", frames, err)
			}
		}
	}
}

// TestAKilledShowLeavesItsRecording: the black box of a show that is killed at any instant
// repeats it, is kept by the next start, and that one is recorded from where it goes on.
func TestAKilledShowLeavesItsRecording(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds for each crash")
	}
	random := rand.New(rand.NewPCG(17, uint64(*crashes)))
	for range *crashes {
		state := t.TempDir()
		start := func() (*exec.Cmd, *logLines) {
			run := exec.Command("showrun", "run", "--rig", "--osc", "off", "--console", "off", "--log-format", "json", "--state", state, "../../examples/club-night")
			run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+state)
			return run, follow(t, run)
		}
		run, lines := start()
		lines.await(t, "show loaded")
		<-time.After(time.Second + time.Duration(random.Int64N(int64(2*time.Second))))
		if err := run.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		run.Wait()

		run, lines = start()
		lines.await(t, "show loaded")
		crashes, _ := filepath.Glob(filepath.Join(state, "recordings", "club-night-*-crash.recording"))
		if len(crashes) != 1 {
			t.Fatalf("kept are %v", crashes)
		}
		frames, end := repeats(t, crashes[0])
		if broken := new(journal.Broken); frames == 0 || !errors.As(end, &broken) {
			t.Errorf("%d frames, %v", frames, end)
		}
		if err := run.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		run.Wait()
		frames, end = repeats(t, filepath.Join(state, "recordings", "club-night-last.recording"))
		if frames == 0 || end != io.EOF {
			t.Errorf("of the run that went on, %d frames, %v", frames, end)
		}
	}
}
