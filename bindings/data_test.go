package bindings

import (
	"strings"
	"testing"
)

// TestData reads files beside the show.
func TestData(t *testing.T) {
	s := newStand(t)
	files := map[string]string{
		"show.lua": prelude + `
local songs, lamps = show.data("songs.json"), show.data("rig/lamps.csv")
for i, lamp in ipairs(lamps) do print(i, lamp.name, lamp.level + 1, lamp.note) end
print(songs.title, songs.cues[2], songs.none, #songs.cues)`,
		"songs.json":    `{"title": "Storm", "cues": [1, 2.5], "none": null}`,
		"rig/lamps.csv": "name,level,note\nfront,255,\nback,10,old\n",
	}
	if err := s.load(files); err != nil {
		t.Fatal(err)
	}
	s.wantLog("0.000 1\tfront\t256\tnil", "0.000 2\tback\t11\told", "0.000 Storm\t2.5\tnil\t2")
}

// TestDataMistakes names file, line and column, and what may have been meant.
func TestDataMistakes(t *testing.T) {
	for call, want := range map[string]string{
		`show.data("song.json")`:    `there is no file song.json in the show folder (did you mean 'songs.json'?)`,
		`show.data("rig/lamp.csv")`: `there is no file rig/lamp.csv in the show folder (did you mean 'rig/lamps.csv'?)`,
		`show.data("x.csv")`:        `there is no file x.csv in the show folder`,
		`show.data("songs.yaml")`:   `the file must be one whose name ends in .json or .csv, got "songs.yaml"`,
		`show.data("../x.json")`:    `the file must be one of the show folder, such as "cues.csv" or "data/songs.json", got "../x.json"`,
		`show.data("/etc/x.json")`:  `the file must be one of the show folder, such as "cues.csv" or "data/songs.json", got "/etc/x.json"`,
		`show.data()`:               `the file must be a string, got nil`,
		`show.data{}`:               `the file must be a string, got a table`,
		`show.data("bad.json")`:     `bad.json: line 2, column 8: unexpected '}' looking for beginning of value`,
		`show.data("large.csv")`:    `large.csv has 4194306 bytes; a file of data has at most 4194304`,
	} {
		s := newStand(t)
		err := s.load(map[string]string{
			"show.lua": prelude + call, "songs.json": "{}", "rig/lamps.csv": "a\n", "bad.json": "{\n  \"a\": }", "large.csv": "a\n" + strings.Repeat("x", 4<<20),
		})
		if want = "show.lua:1: show.data: " + want; err == nil || err.Error() != want {
			t.Errorf("%s\n%v\n  want %s", call, err, want)
		}
	}
	s := live(t, `clock.after(1, function() show.data("songs.json") end)`)
	s.run(2e9)
	s.wantFailures("clock.after show.lua:1: show.lua:1: show.data: data is read while the show loads: at the top level of the script, not in a task or a handler")
}
