package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Kind says which field of a Value counts.
type Kind int

// The kinds of values, by the key of their JSON object (3.5).
const (
	KindNull   Kind = iota // null string instead of JSON
	KindNumber             // "value": Number
	KindBool               // "state": Bool
	KindText               // "string": Text
	KindColor              // "color": Text, as #AARRGGBB
)

// Value is one decoded state (3.5). It is comparable.
type Value struct {
	Type   int // the protocol's type number, -1 when absent
	Kind   Kind
	Bool   bool
	Number float64
	Text   string
	Raw    string // the JSON as received, empty for null
}

// Any returns the value as bool, float64 or string, and nil for null.
func (v Value) Any() any {
	switch v.Kind {
	case KindNumber:
		return v.Number
	case KindBool:
		return v.Bool
	case KindText, KindColor:
		return v.Text
	}
	return nil
}

// String returns the value for people.
func (v Value) String() string {
	switch v.Kind {
	case KindNumber:
		return strconv.FormatFloat(v.Number, 'g', -1, 64)
	case KindBool:
		return strconv.FormatBool(v.Bool)
	case KindText, KindColor:
		return v.Text
	}
	return "null"
}

// Value decodes the JSON of an emit or set message.
func (m StateMessage) Value() (Value, error) {
	if m.Null {
		return Value{Type: -1}, nil
	}
	return ParseValue(m.JSON)
}

// ParseValue decodes the JSON object of a state: "type" and exactly one of
// "value", "state", "string" and "color". Errors wrap ErrValue.
func ParseValue(text string) (Value, error) {
	var object struct {
		Type  *int     `json:"type"`
		Value *float64 `json:"value"`
		State *bool    `json:"state"`
		Text  *string  `json:"string"`
		Color *string  `json:"color"`
	}
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrValue, err)
	}
	v := Value{Type: -1, Raw: text}
	if object.Type != nil {
		v.Type = *object.Type
	}
	forms := 0
	if object.Value != nil {
		v.Kind, v.Number, forms = KindNumber, *object.Value, forms+1
	}
	if object.State != nil {
		v.Kind, v.Bool, forms = KindBool, *object.State, forms+1
	}
	if object.Text != nil {
		v.Kind, v.Text, forms = KindText, *object.Text, forms+1
	}
	if object.Color != nil {
		v.Kind, v.Text, forms = KindColor, *object.Color, forms+1
	}
	if forms != 1 {
		return Value{}, fmt.Errorf("%w: %d of value, state, string, color in %.60q", ErrValue, forms, text)
	}
	return v, nil
}
