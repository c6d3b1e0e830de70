package record

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

func TestMain(m *testing.M) {
	Register(nil)
	goleak.VerifyTestMain(m)
}

// paper is a file in memory that may be full, or hang.
type paper struct {
	mu     sync.Mutex
	bytes  []byte
	full   bool
	synced int           // bytes that outlive a power cut
	hang   chan struct{} // what is written waits for it; nil = nothing does
}

func (p *paper) WriteAt(b []byte, at int64) (int, error) {
	p.mu.Lock()
	hang := p.hang
	p.mu.Unlock()
	if hang != nil {
		<-hang
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full {
		p.bytes = append(p.bytes[:at], b[:len(b)/2]...) // as a disk that fills up does
		return len(b) / 2, errors.New("no space left on device")
	}
	p.bytes = append(p.bytes[:at], b...)
	return len(b), nil
}

func (p *paper) Sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.synced = len(p.bytes)
	return nil
}

func (p *paper) fill(full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.full = full
}

func (p *paper) read() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bytes)
}

// session is a recorder at work.
type session struct {
	*Recorder
	paper  *paper
	log    bytes.Buffer
	number uint64
	wanted atomic.Bool // a checkpoint is
	end    func() error
}

func begin(t *testing.T, limit int64) *session {
	t.Helper()
	s := &session{Recorder: New(), paper: &paper{}}
	s.start(t, s.paper, limit)
	return s
}

// start begins a recording in a file.
func (s *session) start(t *testing.T, to File, limit int64) {
	t.Helper()
	began := time.Now()
	s.Log, s.Since = slog.New(slog.NewTextHandler(&s.log, nil)), func(at time.Time) time.Duration { return at.Sub(began) }
	registry := &level.Registry{}
	registry.Output("one", 512)
	s.Names(registry)
	s.Begin(to, limit, journal.Header{Show: "gala"})
	s.disk.room = 1 << 20
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := s.Run(ctx); done <- err }()
	s.end = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { s.end() })
}

// turn has the loops do a turn each, of which that of the engine makes a frame and takes as
// much as it is told to.
func (s *session) turn(inputs ...any) {
	now := time.Duration(s.number) * time.Millisecond
	s.number += 2
	s.Input(show.ScriptTurn{Number: s.number - 1, Now: now})
	s.Turned(show.EngineTurn{Number: s.number, Now: now, Inputs: inputs}, &level.Frame{At: now, Levels: [][]byte{make([]byte, 512)}})
}

// inputs are how many inputs a file has, and how reading it ends.
func inputs(file []byte) (n uint64, err error) {
	r, err := journal.Open(bytes.NewReader(file))
	for err == nil {
		var e journal.Entry
		switch e, err = r.Next(); e.(type) {
		case show.ScriptTurn, show.EngineTurn:
			n++
			if show.NumberOf(e) != n {
				return n, fmt.Errorf("input %d is %d", n, show.NumberOf(e))
			}
		}
	}
	return n, err
}

// TestWhatIsTakenIsWritten within a second, with frames and lines, and the end is one.
func TestWhatIsTakenIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, 0)
		for range 100 {
			s.turn()
			time.Sleep(20 * time.Millisecond)
		}
		rec := slog.NewRecord(time.Now(), slog.LevelWarn, "a device is lost", 0)
		s.Line(rec, "a device is lost device=dj", "")
		time.Sleep(time.Second)
		synctest.Wait()
		killed := s.paper.read()
		if s.paper.synced > 0 {
			t.Error("synced too often")
		}
		if n, err := inputs(killed); n != 200 || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("killed now, %d inputs are left, %v", n, err)
		}
		time.Sleep(syncEvery)
		s.turn()
		time.Sleep(time.Second)
		synctest.Wait()
		if n, _ := inputs(s.paper.read()[:s.paper.synced]); n != 202 {
			t.Errorf("after a power cut, %d inputs are left", n)
		}
		if err := s.end(); err != nil {
			t.Error(err)
		}
		if n, err := inputs(s.paper.read()); n != 202 || err != io.EOF {
			t.Errorf("%d inputs, %v", n, err)
		}
		r, _ := journal.Open(bytes.NewReader(s.paper.read()))
		frames, line := 0, journal.Line{}
		for e, err := r.Next(); err == nil; e, err = r.Next() {
			switch e := e.(type) {
			case journal.Frame:
				frames++
			case journal.Line:
				line = e
			}
		}
		if want := (journal.Line{At: 2 * time.Second, Level: 4, Text: "a device is lost", Attrs: " device=dj"}); frames != 101 || line != want {
			t.Errorf("%d frames, %+v", frames, line)
		}
	})
}

// TestAFullDiskCostsNothingIfItIsEmptiedInTime: what could not be written waits, and goes in
// its place.
func TestAFullDiskCostsNothingIfItIsEmptiedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, 0)
		for i := range 1000 {
			s.paper.fill(i > 200 && i < 800)
			s.turn()
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		s.end()
		if n, err := inputs(s.paper.read()); n != 2000 || err != io.EOF {
			t.Errorf("%d inputs, %v", n, err)
		}
		if s.Lost() != 0 || s.Ended() != "" {
			t.Error(s.Lost(), s.Ended())
		}
		if log := s.log.String(); strings.Count(log, "no space left") != 1 || strings.Count(log, "nothing of it is missing") != 1 {
			t.Error(log)
		}
	})
}

// TestADiskThatHangsCostsTheRecording and nothing else: the loops are never kept waiting, what
// is lost is counted and told once, and the show can end.
func TestADiskThatHangsCostsTheRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, 0)
		s.turn()
		time.Sleep(time.Second)
		hang := make(chan struct{})
		s.paper.mu.Lock()
		s.paper.hang = hang
		s.paper.mu.Unlock()
		noise := make([]byte, 32<<10) // that cannot be packed
		rand.NewChaCha8([32]byte{}).Read(noise)
		before := time.Now()
		for range 50 {
			s.turn(show.Arrived{Device: string(noise)})
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(before); took != 5*time.Second {
			t.Errorf("who records was kept waiting: %v", took)
		}
		if n := s.Lost(); n < 20 || n > 60 || !strings.Contains(s.Ended(), "has not taken the last") {
			t.Errorf("%d lost, %q", n, s.Ended())
		}
		if err := s.end(); err == nil || !strings.Contains(err.Error(), "does not take the end") {
			t.Error(err)
		}
		if log := s.log.String(); strings.Count(log, "the recording ends here") != 1 || strings.Count(log, "\n") != 1 {
			t.Error(log)
		}
		if n, err := inputs(s.paper.read()); n != 2 || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("%d inputs, %v", n, err)
		}
		close(hang)
		synctest.Wait()
		if n, err := inputs(s.paper.read()); n < 40 || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("later, %d inputs, %v", n, err)
		}
	})
}

// TestABlackBoxHasItsBound: it has the beginning, and says that it goes no further.
func TestABlackBoxHasItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 20
		s := begin(t, limit)
		rng := rand.New(rand.NewPCG(1, 2))
		for range 8000 {
			var noise []byte
			for range 16 {
				noise = binary.LittleEndian.AppendUint64(noise, rng.Uint64())
			}
			s.turn(show.Arrived{Device: string(noise)})
			time.Sleep(20 * time.Millisecond)
		}
		s.end()
		file := s.paper.read()
		n, err := inputs(file)
		if len(file) > limit || len(file) < limit/2 || !errors.As(err, new(*journal.Broken)) {
			t.Errorf("%d bytes, %v", len(file), err)
		}
		if lost := s.Lost(); lost == 0 || lost > 16000-n || lost < 16000-n-200 || !strings.Contains(s.Ended(), "1 MiB that it may have") {
			t.Errorf("%d are in, %d lost, %q", n, lost, s.Ended())
		}
	})
}

// TestALoopThatIsTooFast for who encodes loses the rest, and what came before is kept.
func TestALoopThatIsTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, 0)
		for range ringLen + 100 {
			s.turn()
		}
		s.end()
		if n, _ := inputs(s.paper.read()); n != 2*ringLen {
			t.Errorf("%d inputs of %d", n, 2*ringLen)
		}
		if s.Lost() != 200 || s.Ended() == "" {
			t.Error(s.Lost(), s.Ended())
		}
	})
}

// TestAFullDiskKeepsNothing: who asks is told.
func TestAFullDiskKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, 0)
		s.paper.fill(true)
		s.turn()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.Take(ctx, nil); err == nil {
			t.Error("a full disk has taken it")
		}
	})
}

// TestTheLoopsAllocateNothing for a frame.
func TestTheLoopsAllocateNothing(t *testing.T) {
	r, f := framed()
	if n := testing.AllocsPerRun(ringLen/2, func() { r.Turned(show.EngineTurn{Number: 1}, f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func framed() (*Recorder, *level.Frame) {
	r, registry, f := New(), &level.Registry{}, &level.Frame{}
	for u := range 8 {
		registry.Output(fmt.Sprint("universe ", u), 512)
		f.Levels = append(f.Levels, make([]byte, 512))
	}
	r.Names(registry)
	return r, f
}

// BenchmarkFrame is what a frame of eight universes costs the engine loop.
func BenchmarkFrame(b *testing.B) {
	r, f := framed()
	b.ReportAllocs()
	for b.Loop() {
		r.Turned(show.EngineTurn{Number: 1}, f)
		r.turns.take()
	}
}

// TestBlackBoxesOfCrashesAreKept under their time, and of too many those that tell most.
func TestBlackBoxesOfCrashesAreKept(t *testing.T) {
	box := Box{Dir: filepath.Join(t.TempDir(), "re[c]"), Show: "opera/1"}
	night := time.Date(2026, 11, 30, 21, 43, 5, 0, time.Local)
	crash := func(at time.Time, size int) string {
		t.Helper()
		f, err := box.Open()
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt(make([]byte, size), 0)
		if err = errors.Join(err, f.Close(), os.Chtimes(box.Running(), at, at)); err != nil {
			t.Fatal(err)
		}
		kept, err := box.Crashes()
		if err != nil || len(kept) != 1 {
			t.Fatal(kept, err)
		}
		return kept[0]
	}
	long := crash(night, 1000)
	if want := "opera%2F1-20261130-214305-crash.recording"; filepath.Base(long) != want {
		t.Errorf("%s, want %s", long, want)
	}
	last := ""
	for i := range 30 { // a show that ends as soon as it is started
		last = crash(night.Add(time.Duration(i+1)*time.Second), 10)
		if err := box.Prune(2000); err != nil {
			t.Fatal(err)
		}
	}
	there := func() int { list, _ := os.ReadDir(box.Dir); return len(list) }
	if _, err := os.Stat(long); err != nil || there() != mostCrashes {
		t.Errorf("%d are there, %v", there(), err)
	}
	if err := box.Prune(15); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(last); err != nil || there() != 1 {
		t.Errorf("%d are there, %v", there(), err)
	}
	f, err := box.Open()
	if err = errors.Join(err, f.Close(), box.Ended()); err != nil {
		t.Fatal(err)
	}
	if kept, err := box.Crashes(); len(kept) > 0 || err != nil {
		t.Errorf("one that ended as it should is kept as a crash: %v, %v", kept, err)
	}
}

// TestARecordingReplacesNothing: neither one that begins, nor one that is kept.
func TestARecordingReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gig.recording")
	for _, want := range []string{"gig.recording", "gig-2.recording", "gig-3.recording"} {
		f, err := NewReel(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if filepath.Base(f.Name()) != want {
			t.Error(f.Name())
		}
		taken, err := f.Take(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := taken.Keep(path); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Error(err)
		}
	}
}
