package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// number is what is read as one. A leading zero is not: that is a code, such as 007.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// parseCSV reads a list of tables, one for each line after the first, which has the keys.
// Empty cells are nil, and what looks like a number is one.
func parseCSV(L *lua.LState, b []byte) (lua.LValue, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma = separator(b)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, &Error{Text: "it is empty; its first line has the names of the columns"}
	}
	if err != nil {
		return nil, csvError(b, err)
	}
	keys := make([]string, len(header))
	for i, name := range header {
		keys[i] = strings.TrimSpace(name)
		line, column := r.FieldPos(i)
		switch first := index(keys[:i], keys[i]); {
		case keys[i] == "":
			return nil, &Error{line, column, "column " + strconv.Itoa(i+1) + " has no name; the first line names the columns"}
		case first >= 0:
			return nil, &Error{line, column, "there are two columns called " + strconv.Quote(cut(keys[i]))}
		}
	}
	list := L.NewTable()
	for n := 1; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, csvError(b, err)
		}
		if len(cells) != len(keys) {
			line, column := r.FieldPos(min(len(cells), len(keys)+1) - 1)
			return nil, &Error{line, column, "this line has " + cellCount(len(cells)) + ", the first one has " + strconv.Itoa(len(keys))}
		}
		row := L.NewTable()
		for i, cell := range cells {
			row.RawSetString(keys[i], typed(cell))
		}
		list.RawSetInt(n, row)
	}
}

func index(list []string, name string) int {
	for i, have := range list {
		if have == name && name != "" {
			return i
		}
	}
	return -1
}

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return strconv.Itoa(n) + " cells"
}

// separator is what the cells of the first line are apart by: a comma, or the semicolon or
// tab that some programs write.
func separator(b []byte) rune {
	first, _, _ := bytes.Cut(b, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func typed(cell string) lua.LValue {
	if cell == "" {
		return lua.LNil
	}
	if number.MatchString(cell) {
		if n, err := strconv.ParseFloat(cell, 64); err == nil {
			return lua.LNumber(n)
		}
	}
	return lua.LString(cell)
}

func csvError(b []byte, err error) error {
	var e *csv.ParseError
	if !errors.As(err, &e) {
		return err
	}
	text := map[error]string{
		csv.ErrBareQuote: `a quote " in a cell that does not begin with one; such a cell is written "like ""this"""`,
		csv.ErrQuote:     `a quote " is not closed, or something stands behind the one that closes it`,
	}[e.Err]
	if text == "" {
		text = e.Err.Error()
	}
	return &Error{e.Line, e.Column, text}
}
