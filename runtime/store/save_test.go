package store

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFilesUnderARunningShow are cut off, overwritten, emptied, removed, with their folder
// or without: what is kept stays, is written anew, and it is said once for each time.
func TestFilesUnderARunningShow(t *testing.T) {
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, harm := range map[string]func(dir, file string) error{
		"cut off":           func(_, file string) error { return os.Truncate(file, 4096) },
		"emptied":           func(_, file string) error { return os.Truncate(file, 0) },
		"overwritten":       func(_, file string) error { return os.WriteFile(file, noise, 0o600) },
		"removed":           func(_, file string) error { return os.Remove(file) },
		"with its folder":   func(dir, _ string) error { return os.RemoveAll(dir) },
		"the copy":          func(dir, _ string) error { return os.Remove(filepath.Join(dir, goodName)) },
		"of an older state": func(dir, file string) error { return os.WriteFile(file, seal(nil), 0o600) },
	} {
		dir := full(t)
		s, log, err := fresh(dir)
		if err != nil {
			t.Fatal(err)
		}
		want := digest(s)
		for n := 1; n <= 2; n++ {
			if err := harm(dir, s.file()); err != nil {
				t.Fatal(err)
			}
			s.look()
			s.look()
			if got := strings.Count(log.String(), "somebody else has changed or removed the state file"); got != n || digest(s) != want {
				t.Errorf("%s: said %d times, want %d: %s", name, got, n, log)
			}
		}
		if err := harm(dir, s.file()); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Put("b", "new", []byte("value")), s.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again := opened(t, dir)
		if v, _, _ := again.Get("b", "new"); string(v) != "value" || again.Engaged()["valve"] == nil {
			t.Errorf("%s: the next run has %q and %v", name, v, again.Engaged())
		}
	}
}

// TestDiskThatTakesNothing: values go on in memory, it is said once, with advice, machines
// are not taken on, and all is written when the disk is back.
func TestDiskThatTakesNothing(t *testing.T) {
	dir := full(t)
	s, log, err := fresh(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil { // no folder can be there
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Put("b", "new", []byte("value")); err != nil {
			t.Error(err)
		}
		s.look()
	}
	if err := s.Engage("motion", []byte("how")); err == nil || !strings.Contains(err.Error(), advice) {
		t.Errorf("a machine is taken on: %v", err)
	}
	if err := s.Engage("valve", []byte("how")); err != nil {
		t.Errorf("one whose record is kept: %v", err)
	}
	if err := s.Engage("valve", []byte("another way")); err == nil || string(s.Engaged()["valve"]) != "how" {
		t.Errorf("another record: %v, %q", err, s.Engaged())
	}
	if n := strings.Count(log.String(), "the state cannot be written"); n != 1 || !strings.Contains(log.String(), advice) {
		t.Errorf("said %d times: %s", n, log)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	s.look()
	if !strings.Contains(log.String(), "the state can be written again") {
		t.Errorf("logged %s", log)
	}
	if err := errors.Join(s.Engage("motion", []byte("how")), s.Close()); err != nil {
		t.Error(err)
	}
	again := opened(t, dir)
	if v, _, _ := again.Get("b", "new"); string(v) != "value" || len(again.Engaged()) != 2 {
		t.Errorf("the next run has %q and %v", v, again.Engaged())
	}
}

// TestWhoDoesNotDoWithout is told by the call itself.
func TestWhoDoesNotDoWithout(t *testing.T) {
	dir := full(t)
	s := opened(t, dir)
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("b", "new", nil); err == nil {
		t.Error("nothing is told")
	}
}

// TestDiskThatDoesNotAnswer keeps a caller for two seconds once, and nobody afterwards,
// until it does.
func TestDiskThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &Store{dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil)), writing: make(chan struct{}, 1)}
		answer := make(chan struct{})
		began := time.Now()
		if err := s.atDisk(func() error { <-answer; return nil }); !errors.Is(err, errSlow) {
			t.Error(err)
		}
		for range 100 {
			s.put("b", "key", nil)
			_ = s.keep()
		}
		if took := time.Since(began); took != saveTime {
			t.Errorf("callers were kept for %v, want %v", took, saveTime)
		}
		if n := strings.Count(log.String(), "the state cannot be written"); n != 1 {
			t.Errorf("said %d times: %s", n, &log)
		}
		close(answer)
		synctest.Wait()
		s.look()
		if b, err := read(s.file()); err != nil || len(b) != 1 {
			t.Errorf("kept %v, %v", b, err)
		}
	})
}
