// Package data reads the data files of a show, JSON and CSV, as Lua tables. Errors tell
// line and column.
package data

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// Limits of a file.
const (
	MaxSize  = 4 << 20 // bytes
	MaxDepth = 64      // tables in tables
)

// An Error is what is wrong with a file, and where: lines and columns count from 1, in
// characters.
type Error struct {
	Line, Column int
	Text         string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Extensions are the ends of the names of files that can be read.
func Extensions() []string { return []string{".json", ".csv"} }

// Known reports whether a file of that name can be read.
func Known(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".json" || ext == ".csv"
}

// Parse reads a file by the end of its name.
func Parse(L *lua.LState, name string, b []byte) (lua.LValue, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // some editors begin with it
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")):
		return nil, &Error{Text: "it is written in UTF-16; save it as UTF-8"}
	case !utf8.Valid(b):
		i := 0
		for r, n := utf8.DecodeRune(b); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRune(b[i:]) {
			i += n
		}
		return nil, at(b, i, "this is no UTF-8; save the file as UTF-8")
	case strings.ToLower(path.Ext(name)) == ".csv":
		return parseCSV(L, b)
	}
	return parseJSON(L, b)
}

// at is an error at a byte of a file.
func at(b []byte, offset int, format string, args ...any) *Error {
	before := b[:min(max(offset, 0), len(b))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Error{
		Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1,
		Text: fmt.Sprintf(format, args...),
	}
}
