package wire

import (
	"encoding/hex"
	"errors"
	"testing"
)

func TestStrings(t *testing.T) {
	for _, test := range []struct{ text, hex string }{
		{"", "00000000"},
		{"A", "000000020041"},
		{"ö", "0000000200f6"},
		{"𝄞", "00000004d834dd1e"},
	} {
		b := appendString(nil, test.text)
		if got := hex.EncodeToString(b); got != test.hex {
			t.Errorf("%q = %s, want %s", test.text, got, test.hex)
		}
		c := cursor{b: b}
		raw, null := c.text(100)
		if c.err != nil || null || len(c.b) != 0 || decodeText(raw) != test.text {
			t.Errorf("%q came back as %q, %v, %v", test.text, decodeText(raw), null, c.err)
		}
	}
}

func TestStringErrors(t *testing.T) {
	for _, test := range []struct {
		hex  string
		want error
	}{
		{"000000", ErrShort},
		{"0000000200", ErrShort},
		{"00000001", ErrString},
		{"0000000c", ErrTooLong},
		{"fffffffe", ErrTooLong},
	} {
		c := cursor{b: unhex(t, test.hex)}
		if _, _ = c.text(10); !errors.Is(c.err, test.want) {
			t.Errorf("%s: %v, want %v", test.hex, c.err, test.want)
		}
	}
	c := cursor{b: unhex(t, "ffffffff")}
	if raw, null := c.text(10); !null || len(raw) != 0 || c.err != nil {
		t.Errorf("null string: %x, %v, %v", raw, null, c.err)
	}
}

func TestLoneSurrogates(t *testing.T) {
	for text, want := range map[string]string{
		"d834":         "�",
		"dd1e":         "�",
		"dd1ed834":     "��",
		"d8340041":     "�A",
		"d834d834dd1e": "�𝄞",
	} {
		if got := decodeText(unhex(t, text)); got != want {
			t.Errorf("%s = %q, want %q", text, got, want)
		}
	}
}
