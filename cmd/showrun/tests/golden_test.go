package tests

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showrun/runtime/host/folder"
	"showrun/runtime/rehearse/trial"
)

// TestGoldenLogs are written, are the same then, and differ when the show does.
func TestGoldenLogs(t *testing.T) {
	dir := folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `test("drop", function(t) t:golden("golden/drop.frames") t:advance("6b") end)`})
	update := Options{Options: trial.Options{Update: true}}
	if files, report := run(t, update, "."); CountOf(files).Failed > 0 {
		t.Fatal(report)
	}
	log, err := os.ReadFile(filepath.Join(dir, "golden", "drop.frames"))
	if err != nil || !strings.Contains(string(log), "2.000000 0/3=255") {
		t.Fatalf("%v: %s", err, log)
	}
	if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 {
		t.Fatal(report)
	}
	write(t, "show.lua", strings.Replace(aShow, `color = "blue"`, `color = "lime"`, 1))
	want := "at 2.000 s, beat 4.0: frames are not those of golden/drop.frames:4\n    got      2.000000 0/2=255 0/4=50\n    expected 2.000000 0/3=255 0/4=50\n" +
		"    wash.green differs, set by show.lua:7 in clock.at_beat show.lua:9, cue main 1, color #00ff00: set, since 2.000 s\n"
	if _, report := run(t, Options{}, "."); !strings.Contains(report, want) {
		t.Errorf("got %s\nwant %s", report, want)
	}
	write(t, "show.lua", aShow)
	write(t, "show_test.lua", `test("drop", function(t) t:golden("golden/drop.frames") t:advance("3b") end)`)
	if _, report := run(t, Options{}, "."); !strings.Contains(report, "got      no further frame") {
		t.Errorf("a log that ends early: %s", report)
	}
	write(t, "show_test.lua", `for i = 1, 2 do test("drop " .. i, function(t) t:golden("golden/drop.frames") t:advance("6b") end) end`)
	if _, report := run(t, update, "."); !strings.Contains(report, `the tests "drop 1" of show_test.lua and "drop 2" have one golden log`) {
		t.Errorf("two with one log: %s", report)
	}
	write(t, "show_test.lua", `test("drop", function(t) t:golden("golden/drop.frames") t:advance("6b") end)`)
	list, err := Find([]string{"."})
	if err != nil {
		t.Fatal(err)
	}
	var watcher folder.Watcher
	for range 2 {
		runList(t, update, list, false)
		for range 2 { // a change is one when it has come to rest
			if list[0].Changed(&watcher) {
				t.Error("to write a log is a reason to run again")
			}
		}
	}
	write(t, "show_test.lua", `test("dark", function(t) t:golden("golden/dark.frames") t:advance("1/2b") end)`)
	for _, o := range []Options{update, {}} {
		if files, report := run(t, o, "."); CountOf(files).Failed > 0 {
			t.Errorf("nothing changes: %s", report)
		}
	}
	for _, name := range []string{"show_test.lua", "more_test.lua"} {
		write(t, name, `test("drop", function(t) t:golden() t:advance("6b") end)`)
	}
	if _, report := run(t, update, "."); !strings.Contains(report, `the tests "drop" of more_test.lua and "drop" have one golden log, frames.golden`) {
		t.Errorf("two files with one log: %s", report)
	}
}

// TestGoldenLogsOfOtherEditors: what an editor or another system makes of the ends of lines, and
// of the beginning of a file, is no difference; and what cannot be read is not said to be missing.
func TestGoldenLogsOfOtherEditors(t *testing.T) {
	dir := folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `test("drop", function(t) t:golden("drop.frames") t:advance("6b") end)`})
	if files, report := run(t, Options{Options: trial.Options{Update: true}}, "."); CountOf(files).Failed > 0 {
		t.Fatal(report)
	}
	golden := filepath.Join(dir, "drop.frames")
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	log := string(b)
	for name, text := range map[string]string{
		"of Windows":    strings.ReplaceAll(log, "\n", "\r\n"),
		"of old Macs":   strings.ReplaceAll(log, "\n", "\r"),
		"with a mark":   "\ufeff" + log,
		"without end":   strings.TrimSuffix(log, "\n"),
		"with ends":     log + "\r\n\n",
		"with a margin": strings.ReplaceAll(log, "\n", " \t\n"),
	} {
		write(t, "drop.frames", text)
		if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 {
			t.Errorf("one %s: %s", name, report)
		}
	}
	if err := errors.Join(os.Remove(golden), os.Mkdir(golden, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, report := run(t, Options{}, "."); !strings.Contains(report, "the golden log cannot be read: ") {
		t.Errorf("a folder: %s", report)
	}
}

// TestANoteBehindAMark is seen: some editors begin a file with one.
func TestANoteBehindAMark(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": "error 'not this one'", "kiosk.lua": "x = 1", "show_test.lua": "\ufeff-- showrun: show kiosk.lua\r\n" + `test("x", function(t) t:equal(x, 1) end)`})
	if files, report := run(t, Options{}, "."); CountOf(files).Failed+CountOf(files).Broken > 0 {
		t.Error(report)
	}
}

// TestUpdateWritesOverGoldenLogsOnly, whatever a test calls its own.
func TestUpdateWritesOverGoldenLogsOnly(t *testing.T) {
	dir := folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `test("drop", function(t) t:golden("show.lua") t:advance("6b") end)`})
	_, report := run(t, Options{Options: trial.Options{Update: true}}, ".")
	if !strings.Contains(report, `show.lua is no golden log, and nothing is written over: choose another name for that of the test "drop"`) {
		t.Error(report)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "show.lua")); string(b) != aShow {
		t.Errorf("the show is %.40q, %v", b, err)
	}
}
