package examples

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
	"showrun/scripts"
)

var (
	update = flag.Bool("update", false, "write the golden frame logs anew")
	repeat = flag.Duration("repeat", raced.Of(20*time.Second, 2*time.Second), "how much of each show two runs are compared over")
)

// length is how much of each show the golden logs hold: eight bars at the rig's
// 120 BPM and the bar after.
const length = 18 * time.Second

func shows(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("*/show.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var dirs []string
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return dirs
}

// frames runs a show and returns its frame log; of a long one four frames a second.
func frames(t *testing.T, name string, d time.Duration) []byte {
	t.Helper()
	var b bytes.Buffer
	log := show.NewFrameLog(&b)
	var sink show.FrameSink = log
	if d > length {
		sink = &sparse{FrameSink: log}
	}
	play(t, options(t, name, sink), os.DirFS(name), d)
	if err := log.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func options(t testing.TB, name string, frames show.FrameSink) rehearse.Options {
	return rehearse.Options{
		Name: name, File: "show.lua", Dir: name, Bind: bindings.New, Shipped: scripts.Files(),
		Rate: 44, Lookahead: 50 * time.Millisecond, Frames: frames,
		Log: slog.New(slog.NewTextHandler(complaints{t}, &slog.HandlerOptions{Level: slog.LevelError})),
	}
}

func TestGoldenFrames(t *testing.T) {
	for _, show := range shows(t) {
		t.Run(show, func(t *testing.T) {
			got := condensed(frames(t, show, lengthOf(t, show)))
			golden := filepath.Join("testdata", show+".frames")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, string(got), strings.ReplaceAll(string(want), "\r\n", "\n"))
		})
	}
}

// longest is how long a golden log may be as it is.
const longest = 256 << 10

// condensed is a log that is not too long, or else of each second how many lines it has and
// their sum.
func condensed(log []byte) []byte {
	if len(log) <= longest {
		return log
	}
	var out bytes.Buffer
	second, lines, sum := "0", 0, fnv.New64a()
	write := func() { fmt.Fprintf(&out, "second %s: %d lines, sum %016x\n", second, lines, sum.Sum64()) }
	for line := range bytes.Lines(log) {
		if s, _, _ := bytes.Cut(line, []byte(".")); string(s) != second {
			write()
			second, lines = string(s), 0
			sum.Reset()
		}
		lines++
		sum.Write(line)
	}
	write()
	return out.Bytes()
}

// compare reports the first frame that differs.
func compare(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("frame %d:\n got %s\nwant %s\nIf the new one is right: go test ./examples -update", i+1, g[i], w[i])
		}
	}
	t.Fatalf("%d frames, want %d", len(g), len(w))
}

func TestTwoRunsAreTheSame(t *testing.T) {
	for _, show := range shows(t) {
		start := time.Now()
		a := frames(t, show, *repeat)
		took := time.Since(start)
		compare(t, string(frames(t, show, *repeat)), string(a))
		t.Logf("%s: %v in %v, %d frames with changes", show, *repeat, took.Round(time.Millisecond), bytes.Count(a, []byte("\n")))
	}
}
