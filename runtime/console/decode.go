package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxDepth is how many lists and objects may be in one another in JSON that others send.
const maxDepth = 8

var (
	errDepth = errors.New("lists and objects are too deep in one another")
	errMore  = errors.New("something follows")
)

// decode reads one value of JSON and nothing else, with no member that is not known.
func decode(b []byte, to any) error {
	if depth(b) > maxDepth {
		return errDepth
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}

// depth is how many lists and objects of a text are in one another.
func depth(b []byte) (deepest int) {
	now, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}
