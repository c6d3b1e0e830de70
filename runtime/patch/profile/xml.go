package profile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a description.xml.
const (
	maxXML      = 8 << 20 // bytes
	maxElements = 1 << 17
)

// element is an element of a description.xml.
type element struct {
	doc      *document
	parent   *element
	name     string
	line     int
	attrs    map[string]string
	children []*element
}

// parseXML reads a file.
func parseXML(data []byte) (*element, error) {
	if len(data) > maxXML {
		return nil, fmt.Errorf("the description has %d bytes, more than %d", len(data), maxXML)
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	top := &element{doc: &document{}}
	at, depth, count := top, 0, 0
	for {
		token, err := dec.Token()
		line, _ := dec.InputPos()
		switch {
		case err == io.EOF && at == top && len(top.children) > 0:
			return top, nil
		case err == io.EOF:
			return nil, errors.New("there is nothing in it")
		case err != nil:
			return nil, explainXML(err, line)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth, count = depth+1, count+1
			if depth > maxDepth || count > maxElements {
				return nil, fmt.Errorf("line %d: more than %d elements, or more than %d deep", line, maxElements, maxDepth)
			}
			at = at.child(token, line)
		case xml.EndElement:
			at, depth = at.parent, depth-1
		}
	}
}

func explainXML(err error, line int) error {
	if wrong := (*xml.SyntaxError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("line %d: %s", wrong.Line, wrong.Msg)
	}
	return fmt.Errorf("line %d: %s", line, strings.TrimPrefix(err.Error(), "xml: "))
}

// child adds an element.
func (e *element) child(token xml.StartElement, line int) *element {
	c := &element{doc: e.doc, parent: e, name: token.Name.Local, line: line, attrs: make(map[string]string, len(token.Attr))}
	for _, a := range token.Attr {
		c.attrs[a.Name.Local] = a.Value
	}
	e.children = append(e.children, c)
	return c
}

// place is where the element stands, from below FixtureType on, counting those of a name
// from 0: "DMXModes.DMXMode[1]".
func (e *element) place() string {
	if e.parent == nil || e.name == "GDTF" || e.name == "FixtureType" {
		return ""
	}
	name := e.name
	if alike := e.parent.all(e.name); len(alike) > 1 {
		name += "[" + strconv.Itoa(slices.Index(alike, e)) + "]"
	}
	if before := e.parent.place(); before != "" {
		return before + "." + name
	}
	return name
}

// fail notes what is wrong with the element, or with an attribute of it if one is named.
func (e *element) fail(attr, format string, args ...any) {
	if e.doc.wrong != nil {
		return
	}
	place := e.place()
	if attr != "" {
		place = strings.TrimPrefix(place+"."+attr, ".")
	}
	e.doc.fail(strings.TrimSuffix("line "+strconv.Itoa(e.line)+": "+place, ": "), format, args...)
}

// wants notes that an attribute has another value than it should.
func (e *element) wants(attr, what string) {
	value, ok := e.attrs[attr]
	if !ok {
		e.fail(attr, "must be %s, but it is not there", what)
		return
	}
	if len(value) > 40 {
		value = strings.ToValidUTF8(value[:40], "") + "…"
	}
	e.fail(attr, "must be %s, got %q", what, value)
}

// has tells whether an attribute is there and not empty.
func (e *element) has(attr string) bool { return e.attrs[attr] != "" }

// need is the text of an attribute that must be there.
func (e *element) need(attr string) string {
	if !e.has(attr) {
		e.wants(attr, "a name")
	}
	return e.attrs[attr]
}

// all are the children of a name.
func (e *element) all(name string) (list []*element) {
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// one is the first child of a name; an empty one if there is none.
func (e *element) one(name string) *element {
	if i := slices.IndexFunc(e.children, func(c *element) bool { return c.name == name }); i >= 0 {
		return e.children[i]
	}
	return &element{doc: e.doc, parent: e, name: name, line: e.line}
}

// number is an attribute with a number, other if it is not there.
func (e *element) number(attr string, other float64) float64 {
	if !e.has(attr) {
		return other
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(e.attrs[attr]), 64)
	if err != nil || !(v > -1e9 && v < 1e9) {
		e.wants(attr, "a number")
		return other
	}
	return v
}

// whole is an attribute with a whole number from lo to hi, other if it is not there.
func (e *element) whole(attr string, other, lo, hi int) int {
	if !e.has(attr) {
		return other
	}
	v, err := strconv.Atoi(strings.TrimSpace(e.attrs[attr]))
	if err != nil || v < lo || v > hi {
		e.wants(attr, fmt.Sprintf("a whole number %d-%d", lo, hi))
		return other
	}
	return v
}
