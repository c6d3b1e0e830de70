package source

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// The JSON of states, with its keys in alphabetical order as units write
// them (3.5).

func boolState(kind int, state bool) string {
	return `{"state":` + strconv.FormatBool(state) + `,"type":` + strconv.Itoa(kind) + `}`
}

func textState(kind int, text string) string {
	return `{"string":` + quote(text) + `,"type":` + strconv.Itoa(kind) + `}`
}

// numberState writes a value. Type 0 has the precision of a float32 (3.5).
func numberState(kind int, value float64) string {
	if kind == 0 {
		value = float64(float32(value))
	}
	return `{"type":` + strconv.Itoa(kind) + `,"value":` + strconv.FormatFloat(value, 'f', -1, 64) + `}`
}

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("source: string does not encode: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
