package server

import (
	"bytes"
	_ "embed" // for the default table
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Slots is the size of the DMX universe that a lighting server drives.
const Slots = 512

// Fixture is a lamp, or a fan, of a lighting server.
type Fixture struct {
	Name     string
	Number   int
	Address  int // DMX address of its first channel, 1-512
	Channels int // 1 or more, one after the other
}

// DefaultTable is the file of the stage the protocol was made for. It is the model
// to write another one after.
//
//go:embed fixtures.json
var DefaultTable string

// DefaultFixtures are the fixtures of DefaultTable.
func DefaultFixtures() []Fixture {
	list, err := ParseFixtures([]byte(DefaultTable))
	if err != nil {
		panic(err) // the file is part of the program
	}
	return list
}

// ParseFixtures reads a fixture table, a file in JSON:
//
//	{ "fixtures": [
//	    { "name": "white", "number": 0, "address": 1 },
//	    { "name": "rgba1", "number": 8, "address": 9, "channels": 4 }
//	] }
//
// channels may be left out for fixtures with one. The error begins with the line
// of the fault where it has one.
func ParseFixtures(b []byte) ([]Fixture, error) {
	var text json.RawMessage
	if err := json.Unmarshal(b, &text); err != nil {
		place := len(b)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			place = int(syntax.Offset) - 1 // it counts the byte at fault
		}
		return nil, fmt.Errorf("line %d: %w", lineOf(b, place), err)
	}
	var file struct {
		Fixtures []json.RawMessage `json:"fixtures"`
	}
	if err := decode(b, &file); err != nil {
		return nil, err
	}
	if len(file.Fixtures) == 0 {
		return nil, errors.New(`no fixtures: expected { "fixtures": [ { "name": "white", "number": 0, "address": 1 } ] }`)
	}
	var list []Fixture
	place := 0
	for i, text := range file.Fixtures {
		place += max(bytes.Index(b[place:], text), 0)
		f, err := parseFixture(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: fixture %d: %w", lineOf(b, place), i+1, err)
		}
		list = append(list, f)
		place += len(text)
	}
	return list, checkFixtures(list)
}

// parseFixture reads one entry of a table.
func parseFixture(text []byte) (Fixture, error) {
	entry := struct {
		Name     *string `json:"name"`
		Number   *int    `json:"number"`
		Address  *int    `json:"address"`
		Channels int     `json:"channels"`
	}{Channels: 1}
	err := decode(text, &entry)
	switch {
	case err != nil:
	case entry.Name == nil:
		err = errors.New(`it has no "name"`)
	case entry.Number == nil:
		err = errors.New(`it has no "number": expected the one that messages may name it by`)
	case entry.Address == nil:
		err = fmt.Errorf(`it has no "address": expected its first DMX address, 1-%d`, Slots)
	}
	if err != nil {
		return Fixture{}, err
	}
	return Fixture{*entry.Name, *entry.Number, *entry.Address, entry.Channels}, nil
}

// decode reads JSON without unknown names into v, with errors for people.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := "" // of the table or fixture itself
		if wrong.Field != "" {
			field = strconv.Quote(wrong.Field) + ": "
		}
		return fmt.Errorf("%sgot %s, expected %s", field, wrong.Value, expected(wrong.Type.Kind().String()))
	}
	return err
}

// lineOf is the line of a place in a text, counted from 1.
func lineOf(b []byte, place int) int {
	return 1 + bytes.Count(b[:min(max(place, 0), len(b))], []byte{'\n'})
}

// expected names a kind of Go in the words of JSON.
func expected(kind string) string {
	switch kind {
	case "int":
		return "a whole number"
	case "string":
		return "a string"
	case "slice":
		return "a list"
	}
	return "an object"
}

// checkFixtures refuses tables in which a name, a number or a slot stands for two
// fixtures.
func checkFixtures(list []Fixture) error {
	names, numbers := map[string]int{}, map[int]int{}
	var slots [Slots + 1]int // fixture by address, counted from 1
	for i, f := range list {
		what := fmt.Sprintf("fixture %d (%q)", i+1, f.Name)
		if f.Name == "" {
			return fmt.Errorf("fixture %d has no name", i+1)
		}
		if _, err := strconv.Atoi(f.Name); err == nil {
			return fmt.Errorf("%s: the name is a number, which messages could not tell from the number of a fixture", what)
		}
		if other, twice := names[f.Name]; twice {
			return fmt.Errorf("%s has the name of fixture %d", what, other+1)
		}
		if other, twice := numbers[f.Number]; twice {
			return fmt.Errorf("%s has number %d, which is that of fixture %d (%q)", what, f.Number, other+1, list[other].Name)
		}
		names[f.Name], numbers[f.Number] = i, i
		switch {
		case f.Number < 0:
			return fmt.Errorf("%s has number %d, expected 0 or more", what, f.Number)
		case f.Channels < 1 || f.Channels > Slots:
			return fmt.Errorf("%s has %d channels, expected 1-%d", what, f.Channels, Slots)
		case f.Address < 1 || f.Address > Slots+1-f.Channels:
			return fmt.Errorf("%s has DMX address %d, expected 1-%d for the first of its %d channels", what, f.Address, Slots+1-f.Channels, f.Channels)
		}
		for a := f.Address; a < f.Address+f.Channels; a++ {
			if other := slots[a]; other != 0 {
				return fmt.Errorf("%s is on DMX address %d, which fixture %d (%q) has already", what, a, other, list[other-1].Name)
			}
			slots[a] = i + 1
		}
	}
	return nil
}
