package server

import (
	"bytes"
	"cmp"
	_ "embed" // for the default table
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// channels may be left out for fixtures with one. The error begins with a line
// number where the fault has one.
func ParseFixtures(b []byte) ([]Fixture, error) {
	var file struct {
		Fixtures []struct {
			Name     string `json:"name"`
			Number   *int   `json:"number"`
			Address  *int   `json:"address"`
			Channels *int   `json:"channels"`
		} `json:"fixtures"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, located(b, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, located(b, d.InputOffset(), errors.New("more text after the end of the table"))
	}
	if len(file.Fixtures) == 0 {
		return nil, errors.New(`no fixtures: expected { "fixtures": [ { "name": "white", "number": 0, "address": 1 } ] }`)
	}
	list := make([]Fixture, len(file.Fixtures))
	for i, f := range file.Fixtures {
		switch {
		case f.Number == nil:
			return nil, fmt.Errorf(`fixture %d (%q) has no "number": expected the one that messages may name it by`, i+1, f.Name)
		case f.Address == nil:
			return nil, fmt.Errorf(`fixture %d (%q) has no "address": expected its first DMX address, 1-%d`, i+1, f.Name, Slots)
		}
		list[i] = Fixture{f.Name, *f.Number, *f.Address, 1}
		if f.Channels != nil {
			list[i].Channels = *f.Channels
		}
	}
	return list, checkFixtures(list)
}

// located says where in a file a fault is. JSON tells the place of some of its
// errors only; for the rest it is where reading ended.
func located(b []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, err = int64(len(b)), errors.New("the file ends within the table")
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &wrong):
		offset = wrong.Offset
		err = fmt.Errorf("%s: got %s, expected %s", cmp.Or(wrong.Field, "the table"), wrong.Value, expected(wrong.Type.Kind().String()))
	}
	line := 1 + bytes.Count(b[:min(max(offset, 0), int64(len(b)))], []byte{'\n'})
	return fmt.Errorf("line %d: %w", line, err)
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
