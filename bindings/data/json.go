package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// parseJSON reads one JSON value. null is nil: it leaves no key in an object and a hole in
// an array.
func parseJSON(L *lua.LState, b []byte) (lua.LValue, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, &Error{Text: "it is empty"}
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(b, new(json.RawMessage)); errors.As(err, &syntax) {
		text := strings.Replace(syntax.Error(), "invalid character", "unexpected", 1)
		if strings.Contains(text, "unexpected end of JSON input") {
			return nil, at(b, len(b), "it ends in the middle of something")
		}
		return nil, at(b, int(syntax.Offset)-1, "%s", text)
	}
	r := jsonReader{L: L, b: b, dec: json.NewDecoder(bytes.NewReader(b))}
	r.dec.UseNumber()
	return r.value(0)
}

// jsonReader makes tables of JSON whose syntax is right.
type jsonReader struct {
	L   *lua.LState
	b   []byte
	dec *json.Decoder
}

// fail is an error at what was read last.
func (r *jsonReader) fail(format string, args ...any) error {
	return at(r.b, int(r.dec.InputOffset())-1, format, args...)
}

func (r *jsonReader) value(depth int) (lua.LValue, error) {
	if depth > MaxDepth {
		return nil, r.fail("tables are in one another more than %d deep", MaxDepth)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			return r.array(depth)
		}
		return r.object(depth)
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return nil, r.fail("the number %s is too large", cut(v.String()))
		}
		return lua.LNumber(n), nil
	case bool:
		return lua.LBool(v), nil
	case string:
		return lua.LString(v), nil
	}
	return lua.LNil, nil
}

func (r *jsonReader) array(depth int) (lua.LValue, error) {
	t := r.L.NewTable()
	for i := 1; r.dec.More(); i++ {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t.RawSetInt(i, v)
	}
	_, err := r.dec.Token()
	return t, err
}

func (r *jsonReader) object(depth int) (lua.LValue, error) {
	t := r.L.NewTable()
	seen := map[string]bool{}
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if seen[name] {
			return nil, r.fail("the key %q is there twice", cut(name))
		}
		seen[name] = true
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t.RawSetString(name, v)
	}
	_, err := r.dec.Token()
	return t, err
}

// cut shortens a text for an error.
func cut(text string) string {
	const longest = 40
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
