package examples

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
	"showrun/scripts"
)

// edits are the changes that the page of the example proposes, in its order.
func edits(t *testing.T) (list [][2]string) {
	t.Helper()
	page, err := os.ReadFile("live/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		if !strings.HasPrefix(m[1], "front") {
			list = append(list, [2]string{m[1], m[2]})
		}
	}
	if len(list) != 5 {
		t.Fatalf("%d changes: %q", len(list), list)
	}
	return list
}

// TestLiveWhileItIsEdited makes each change of the page, one every three seconds and in the
// middle of something. The last is a mistake that leaves the show as it was.
func TestLiveWhileItIsEdited(t *testing.T) {
	text, err := os.ReadFile("live/show.lua")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	log := show.NewFrameLog(&b)
	r, err := rehearse.New(rehearse.Options{
		Name: "live", File: "show.lua", Dir: "live", Bind: bindings.New, Shipped: scripts.Files(),
		Protocols: []device.Protocol{stagelinq.Protocol()}, Rate: 44, Lookahead: 50 * time.Millisecond, Frames: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	version := string(text)
	save := func() error {
		return r.Load(context.Background(), fstest.MapFS{"show.lua": &fstest.MapFile{Data: []byte(version)}})
	}
	if err := save(); err != nil {
		t.Fatal(err)
	}
	for i, e := range edits(t) {
		if err := r.Until(context.Background(), time.Duration(i+1)*3*time.Second+130*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if strings.Count(version, e[0]) != 1 {
			t.Errorf("%s is not in the show once", e[0])
		}
		version = strings.Replace(version, e[0], e[1], 1)
		err := save()
		if i < 4 && err != nil {
			t.Errorf("%s: %v", e[1], err)
		}
		if i == 4 && (err == nil || !strings.Contains(err.Error(), "show.lua:36: attempt to call a nil value (field 'cylce'); did you mean 'cycle'?")) {
			t.Errorf("%s: %v", e[1], err)
		}
	}
	if err := r.Until(context.Background(), length); err != nil {
		t.Fatal(err)
	}
	if err := log.Flush(); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "live-edited.frames")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, b.String(), strings.ReplaceAll(string(want), "\r\n", "\n"))
}
