package wire

import (
	"errors"
	"testing"
)

func TestParseValue(t *testing.T) {
	for _, test := range []struct {
		text string
		any  any
		kind int
	}{
		{`{"type":0,"value":121.9754638671875}`, 121.9754638671875, 0},
		{`{"type":0,"value":0.00}`, 0.0, 0},
		{`{"type":10,"value":12918528}`, 12918528.0, 10},
		{`{"type":14,"value":38442.00000000003}`, 38442.00000000003, 14},
		{`{"type":14,"value":-1e3}`, -1000.0, 14},
		{`{"state":false,"type":1}`, false, 1},
		{`{"state":true,"type":2}`, true, 2},
		{`{"state":true,"type":3}`, true, 3},
		{`{"string":"8","type":4}`, "8", 4},
		{`{"string":"S\u00f6n𝄞g \"x\"","type":8}`, `Sön𝄞g "x"`, 8},
		{`{"string":"","type":8}`, "", 8},
		{`{"color":"#ffea2828","type":16}`, "#ffea2828", 16},
		{` { "value" : 1 , "type" : 99 } `, 1.0, 99},
		{`{"state":true}`, true, -1},
		{`{"state":true,"type":1,"more":{"a":[1]}}`, true, 1},
	} {
		v, err := ParseValue(test.text)
		if err != nil || v.Any() != test.any || v.Type != test.kind || v.Raw != test.text {
			t.Errorf("%s = %#v, %v", test.text, v, err)
		}
	}
	for _, text := range []string{
		"", "null", "1", "[]", "{}", `{"type":1}`, `{"value":null,"type":0}`, `{"value":1,"state":true}`,
		`{"value":"1"}`, `{"state":1}`, `{"string":1}`, `{"value":1e999}`, `{"type":1.5,"value":1}`, `{"value":1`, "bad",
	} {
		if v, err := ParseValue(text); !errors.Is(err, ErrValue) {
			t.Errorf("%s = %#v, %v, want ErrValue", text, v, err)
		}
	}
}

func TestValueStrings(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":0,"value":0.5}`: "0.5", `{"state":true}`: "true", `{"string":"Am"}`: "Am", `{"color":"#ff000000"}`: "#ff000000",
	} {
		v, err := ParseValue(text)
		if err != nil || v.String() != want {
			t.Errorf("%s = %q, %v", text, v.String(), err)
		}
	}
	v, err := StateMessage{Type: StateSet, Null: true}.Value()
	if err != nil || v.Any() != nil || v.String() != "null" || v.Kind != KindNull {
		t.Errorf("null = %#v, %v", v, err)
	}
}
