package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"showrun/runtime/journal"
	"showrun/runtime/show"
)

// span are the first and the last input of a recording that has all between them, and how
// reading it ends.
func span(t *testing.T, path string) (first, last uint64, tail bool, end error) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := journal.Open(bytes.NewReader(file))
	for err == nil {
		var e journal.Entry
		e, err = r.Next()
		switch n := show.NumberOf(e); {
		case n == 0:
		case first == 0:
			first, last = n, n
		case n != last+1:
			t.Fatalf("%s has input %d after %d", path, n, last)
		default:
			last = n
		}
	}
	return first, last, r.Header.Tail, err
}

// boxed is a recorder at work on a black box, of a show whose checkpoints come a little later.
func boxed(t *testing.T, limit int64) (s *session, box Box, reel *Reel) {
	t.Helper()
	s, box = &session{Recorder: New()}, Box{Dir: t.TempDir(), Show: "opera/1"}
	reel, err := box.Open()
	if err != nil {
		t.Fatal(err)
	}
	s.Turn = reel.Turn
	s.Checkpoint = func() { s.wanted.Store(true) }
	s.start(t, reel, limit)
	return s, box, reel
}

// play has a show run for a while that says much, and may be asked for a checkpoint.
func (s *session) play(turns int, rng *rand.Rand) {
	for range turns {
		noise := make([]byte, 0, 128)
		for range 16 {
			noise = binary.LittleEndian.AppendUint64(noise, rng.Uint64())
		}
		if s.wanted.Swap(false) {
			s.number++
			c := show.Checkpoint{Number: s.number}
			s.turn(show.Arrived{Device: string(noise)})
			s.Input(c)
		}
		s.turn(show.Arrived{Device: string(noise)})
		time.Sleep(20 * time.Millisecond)
	}
}

// TestABlackBoxGoesOn for as long as the show does, within its bound: the end of it is always
// there, and more than a third of what it may have.
func TestABlackBoxGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 18
		s, box, reel := boxed(t, limit)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 12 {
			s.play(500, rng)
			time.Sleep(time.Second)
			synctest.Wait()
			var size int64
			for _, path := range []string{box.Running(), reel.earlier} {
				if info, err := os.Stat(path); err == nil {
					size += info.Size()
				}
			}
			taken, err := s.Take(t.Context(), reel)
			if err != nil {
				t.Fatal(err)
			}
			kept := filepath.Join(box.Dir, "kept")
			if err := taken.Keep(kept); err != nil {
				t.Fatal(err)
			}
			first, last, tail, err := span(t, kept)
			if tail != (first > 1) || tail == taken.Since.IsZero() || last != s.number || err != io.EOF || size > limit || tail && taken.Size < limit/3 {
				t.Fatalf("after %d inputs, %d bytes: kept are %d to %d since %v, %d bytes, %v", s.number, size, first, last, taken.Since, taken.Size, err)
			}
			if err := os.Remove(kept); err != nil {
				t.Fatal(err)
			}
			if i == 11 && !tail {
				t.Error("all of it is still there")
			}
		}
		// A kill at any time leaves what was written, as one.
		crashed := Box{Dir: t.TempDir(), Show: box.Show}
		if err := os.CopyFS(crashed.Dir, os.DirFS(box.Dir)); err != nil {
			t.Fatal(err)
		}
		list, err := crashed.Crashes()
		if len(list) != 1 || err != nil {
			t.Fatal(list, err)
		}
		if first, last, tail, err := span(t, list[0]); !tail || first < 2 || last != s.number || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("a crash has %d to %d of %d, %v", first, last, s.number, err)
		}
		if err := errors.Join(s.end(), reel.Close(), box.Ended()); err != nil {
			t.Fatal(err)
		}
		if first, last, _, err := span(t, box.path(lastSuffix)); first < 2 || last != s.number || err != io.EOF {
			t.Errorf("the end has %d to %d of %d, %v", first, last, s.number, err)
		}
		if files, _ := os.ReadDir(box.Dir); len(files) != 1 {
			t.Errorf("left are %v", files)
		}
		if s.Lost() > 0 || s.Ended() != "" {
			t.Error(s.Lost(), s.Ended())
		}
	})
}

// TestAScriptThatIsStuckEndsABlackBox at its bound, loudly: there is no checkpoint for it to
// begin anew with.
func TestAScriptThatIsStuckEndsABlackBox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 18
		s, box, reel := boxed(t, limit)
		s.Checkpoint = func() {}
		s.play(2200, rand.New(rand.NewPCG(1, 2)))
		if err := s.end(); err == nil {
			t.Error("no error")
		}
		if s.Lost() == 0 || !strings.Contains(s.Ended(), "MiB that it may have") {
			t.Error(s.Lost(), s.Ended())
		}
		if err := errors.Join(reel.Close(), box.Ended()); err != nil {
			t.Fatal(err)
		}
		if first, last, tail, err := span(t, box.path(lastSuffix)); tail || first != 1 || last < 300 || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("it has %d to %d, %v", first, last, err)
		}
	})
}

// TestAFileThatCannotBeBegun is tried again, and nothing is missing.
func TestAFileThatCannotBeBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, box, reel := boxed(t, 1<<18)
		if err := os.Mkdir(reel.earlier, 0o700); err != nil { // in the way
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		s.play(700, rng)
		if _, err := os.Stat(box.Running()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(reel.earlier); err != nil {
			t.Fatal(err)
		}
		s.play(200, rng)
		if err := errors.Join(s.end(), reel.Close(), box.Ended()); err != nil {
			t.Fatal(err)
		}
		if first, last, _, err := span(t, box.path(lastSuffix)); first != 1 || last != s.number || err != io.EOF {
			t.Errorf("it has %d to %d of %d, %v", first, last, s.number, err)
		}
		if log := s.log.String(); strings.Count(log, "cannot be written") != 1 || strings.Count(log, "nothing of it is missing") != 1 {
			t.Error(log)
		}
	})
}

// TestOnePartOfABlackBox is kept, whichever a kill has left.
func TestOnePartOfABlackBox(t *testing.T) {
	box := Box{Dir: t.TempDir(), Show: "opera"}
	for _, end := range []string{earlierSuffix, runningSuffix} {
		if err := os.WriteFile(box.path(end), []byte(end), 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := box.Crashes()
		if err != nil || len(kept) != 1 {
			t.Fatal(kept, err)
		}
		if text, err := os.ReadFile(kept[0]); string(text) != end || err != nil {
			t.Errorf("%s: %q, %v", end, text, err)
		}
		if err := os.Remove(kept[0]); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{earlierSuffix, runningSuffix} {
		if err := os.WriteFile(box.path(end), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := box.Open(); err != nil || exists(box.path(earlierSuffix)) {
		t.Error("a part of another run is still there", err)
	}
}
