package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a JSON file.
const (
	maxJSON      = 4 << 20 // bytes
	maxDepth     = 32
	maxJSONNodes = 1 << 18
)

// document is a file while it is read. The first thing that is wrong with it is kept;
// what is read after that is empty.
type document struct {
	wrong error
}

// fail notes what is wrong at a place; "" is the file itself.
func (d *document) fail(place, format string, args ...any) {
	if d.wrong != nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	if place != "" {
		text = place + ": " + text
	}
	d.wrong = errors.New(text)
}

// node is a value in a JSON file, and where it stands: "modes[1].channels[3]". One that
// is not there has no value.
type node struct {
	doc   *document
	place string
	value any // nil, bool, json.Number, string, []any or *object
	there bool
}

// object is a JSON object, whose keys have an order here.
type object struct {
	keys []string
	of   map[string]any
}

// parseJSON reads a file.
func parseJSON(data []byte) (node, error) {
	if len(data) > maxJSON {
		return node{}, fmt.Errorf("the file has %d bytes, more than %d", len(data), maxJSON)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return node{}, errors.New("the file is written in UTF-16; save it as UTF-8")
	}
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	value, err := r.value("", 0)
	if err == nil {
		if _, more := r.dec.Token(); more != io.EOF {
			err = errors.New("there is something after the end")
		}
	}
	if err != nil {
		return node{}, r.explain(err, data)
	}
	return node{doc: &document{}, value: value, there: true}, nil
}

// jsonReader makes values of tokens.
type jsonReader struct {
	dec   *json.Decoder
	nodes int
}

// explain says in which line an error is.
func (r *jsonReader) explain(err error, data []byte) error {
	at := r.dec.InputOffset()
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		at = wrong.Offset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, err = int64(len(data)), errors.New("the file ends too early")
	}
	line := 1 + bytes.Count(data[:min(max(at, 0), int64(len(data)))], []byte("\n"))
	return fmt.Errorf("line %d: %w", line, err)
}

func (r *jsonReader) value(place string, depth int) (any, error) {
	if r.nodes++; r.nodes > maxJSONNodes {
		return nil, fmt.Errorf("more than %d values", maxJSONNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return r.object(place, depth)
	case json.Delim('['):
		return r.list(place, depth)
	}
	return token, nil
}

func (r *jsonReader) object(place string, depth int) (any, error) {
	o := &object{of: map[string]any{}}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // the decoder lets nothing else through
		if _, twice := o.of[key]; twice {
			return nil, fmt.Errorf("%s is there twice", member(place, key))
		}
		v, err := r.value(member(place, key), depth+1)
		if err != nil {
			return nil, err
		}
		o.keys, o.of[key] = append(o.keys, key), v
	}
	_, err := r.dec.Token()
	return o, err
}

func (r *jsonReader) list(place string, depth int) (any, error) {
	l := []any{}
	for r.dec.More() {
		v, err := r.value(place, depth+1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	_, err := r.dec.Token()
	return l, err
}

// member is the place of a member of an object.
func member(place, key string) string {
	if snake(key) == "" || strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '$'
	}) {
		if len(key) > 60 {
			key = strings.ToValidUTF8(key[:60], "") + "…"
		}
		return place + "[" + strconv.Quote(key) + "]"
	}
	if place == "" {
		return key
	}
	return place + "." + key
}

func (n node) fail(format string, args ...any) { n.doc.fail(n.place, format, args...) }

// wants notes that the value is of another kind than it should be.
func (n node) wants(what string) {
	if !n.there {
		n.fail("must be %s, but it is not there", what)
		return
	}
	n.fail("must be %s, got %s", what, n.describe())
}

func (n node) describe() string {
	switch v := n.value.(type) {
	case nil:
		return "null"
	case string:
		if len(v) > 40 {
			v = strings.ToValidUTF8(v[:40], "") + "…"
		}
		return strconv.Quote(v)
	case []any:
		if len(v) == 0 {
			return "an empty list"
		}
		return "a list"
	case *object:
		return "an object"
	}
	return fmt.Sprint(n.value)
}

// has tells whether an object has a member.
func (n node) has(key string) bool {
	o, ok := n.value.(*object)
	if !ok {
		return false
	}
	_, ok = o.of[key]
	return ok
}

// get is a member of an object; it need not be there.
func (n node) get(key string) node {
	m := node{doc: n.doc, place: member(n.place, key)}
	if o, ok := n.value.(*object); ok {
		m.value, m.there = o.of[key]
	} else if n.there {
		n.wants("an object")
	}
	return m
}

// only has an object refuse keys that look like known ones but are none. Others are
// passed over: the format may grow.
func (n node) only(known ...string) {
	o, _ := n.value.(*object)
	if o == nil {
		return
	}
	for _, key := range o.keys[:min(len(o.keys), 100)] {
		if slices.Contains(known, key) {
			continue
		}
		if hint := didYouMean(key, known); hint != "" {
			n.fail("unknown key '%s'%s", key, hint)
		}
	}
}

// keys are those of an object, which may be absent.
func (n node) keys() []string {
	switch v := n.value.(type) {
	case *object:
		return v.keys
	default:
		if n.there {
			n.wants("an object")
		}
		return nil
	}
}

// items are those of a list, which may be absent.
func (n node) items() []node {
	l, ok := n.value.([]any)
	if !ok {
		if n.there {
			n.wants("a list")
		}
		return nil
	}
	nodes := make([]node, len(l))
	for i, v := range l {
		nodes[i] = node{n.doc, fmt.Sprintf("%s[%d]", n.place, i), v, true}
	}
	return nodes
}

// upTo is items of a list that must not be longer than most.
func (n node) upTo(most int) []node {
	items := n.items()
	if len(items) > most {
		n.fail("%d in the list, more than %d", len(items), most)
		return items[:most]
	}
	return items
}

// text is a string that has to be there.
func (n node) text() string {
	s, ok := n.value.(string)
	if !ok || s == "" {
		n.wants("a string that is not empty")
	}
	return s
}

// textOr is a string, or what is given where there is none.
func (n node) textOr(other string) string {
	if !n.there {
		return other
	}
	return n.text()
}

// flag is true or false; false if it is not there.
func (n node) flag() bool {
	b, ok := n.value.(bool)
	if !ok && n.there {
		n.wants("true or false")
	}
	return b
}

// whole is a whole number from lo to hi.
func (n node) whole(lo, hi int) int {
	number, ok := n.value.(json.Number)
	v, err := strconv.Atoi(string(number))
	if !ok || err != nil || v < lo || v > hi {
		n.wants(fmt.Sprintf("a whole number %d-%d", lo, hi))
		return lo
	}
	return v
}
