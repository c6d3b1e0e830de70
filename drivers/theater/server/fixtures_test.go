package server

import (
	"strings"
	"testing"
)

func TestDefaultFixtures(t *testing.T) {
	want := map[string][3]int{
		"white": {0, 1, 1}, "blue": {1, 2, 1}, "magenta": {2, 3, 1}, "straw": {3, 4, 1}, "black": {4, 5, 1},
		"unused1": {5, 6, 1}, "unused2": {6, 7, 1}, "fan": {7, 8, 1}, "rgba1": {8, 9, 4}, "rgba2": {9, 13, 4},
	}
	list := DefaultFixtures()
	if len(list) != len(want) {
		t.Errorf("%d fixtures, want %d", len(list), len(want))
	}
	for _, f := range list {
		if w := want[f.Name]; w != [3]int{f.Number, f.Address, f.Channels} {
			t.Errorf("%+v, want %v", f, w)
		}
	}
}

func TestFixtureErrors(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{``, `line 1: unexpected end of JSON input`},
		{"\n{", `line 2: unexpected end of JSON input`},
		{"{\n\"fixtures\": [\n{ name: 1 }", `line 3: invalid character 'n'`},
		{`{}`, `no fixtures: expected {`},
		{`null`, `no fixtures: expected {`},
		{`{"fixtures": []}`, `no fixtures`},
		{`[]`, `got array, expected an object`},
		{`{"fixtures": {}}`, `"fixtures": got object, expected a list`},
		{`{"fixtures": [7]}`, `line 1: fixture 1: got number, expected an object`},
		{`{"fixtures": [null]}`, `line 1: fixture 1: it has no "name"`},
		{"{\"fixtures\": [\n{\"name\": \"a\", \"number\": 0, \"address\": 1},\n{\"name\": \"b\", \"adress\": 1}]}", `line 3: fixture 2: json: unknown field "adress"`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 1}], "rate": 44}`, `unknown field "rate"`},
		{"{\"fixtures\": [\n{\"name\": \"a\", \"number\": 0.5, \"address\": 1}]}", `line 2: fixture 1: "number": got number 0.5, expected a whole number`},
		{`{"fixtures": [{"name": 1, "number": 0, "address": 1}]}`, `"name": got number, expected a string`},
		{"{\"fixtures\": [{\"name\": \"a\", \"number\": 0, \"address\": 1}]}\n{}", `line 2: invalid character '{' after top-level value`},
		{`{"fixtures": [{"name": "", "number": 0, "address": 1}]}`, `fixture 1 has no name`},
		{`{"fixtures": [{"name": "a", "address": 1}]}`, `fixture 1: it has no "number"`},
		{`{"fixtures": [{"name": "a", "number": 1}]}`, `fixture 1: it has no "address"`},
		{`{"fixtures": [{"name": "7", "number": 1, "address": 1}]}`, `the name is a number`},
		{`{"fixtures": [{"name": "a", "number": -1, "address": 1}]}`, `has number -1, expected 0 or more`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 0}]}`, `has DMX address 0, expected 1-512 for the first of its 1 channels`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 510, "channels": 4}]}`, `has DMX address 510, expected 1-509`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 1, "channels": 0}]}`, `has 0 channels, expected 1-512`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 9223372036854775807, "channels": 2}]}`, `expected 1-511`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 1}, {"name": "a", "number": 1, "address": 2}]}`, `fixture 2 ("a") has the name of fixture 1`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 1}, {"name": "b", "number": 0, "address": 2}]}`, `fixture 2 ("b") has number 0, which is that of fixture 1 ("a")`},
		{`{"fixtures": [{"name": "a", "number": 0, "address": 1, "channels": 2}, {"name": "b", "number": 1, "address": 2}]}`, `fixture 2 ("b") is on DMX address 2, which fixture 1 ("a") has already`},
	} {
		_, err := ParseFixtures([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.file, err, c.want)
		}
	}
}
