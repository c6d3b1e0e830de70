package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestNewToken(t *testing.T) {
	token, err := NewToken(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if err != nil {
		t.Fatal(err)
	}
	if want := "7fffffff-ffff-4fff-bfff-ffffffffffff"; token.String() != want {
		t.Errorf("%s, want %s: top bit clear, version 4", token, want)
	}
	token, err = NewListenToken(bytes.NewReader(make([]byte, 16)))
	if err != nil {
		t.Fatal(err)
	}
	if want := "ffffffff-ffff-4000-8000-000000000000"; token.String() != want {
		t.Errorf("%s, want %s", token, want)
	}
	for name, make := range map[string]func(io.Reader) (Token, error){"NewToken": NewToken, "NewListenToken": NewListenToken} {
		if _, err := make(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s with too little randomness: %v", name, err)
		}
	}
}

func TestParseToken(t *testing.T) {
	const text = "8fba5ced-9381-4d5c-b334-5bf935b8e49e"
	want := Token{0x8f, 0xba, 0x5c, 0xed, 0x93, 0x81, 0x4d, 0x5c, 0xb3, 0x34, 0x5b, 0xf9, 0x35, 0xb8, 0xe4, 0x9e}
	for _, s := range []string{text, strings.ReplaceAll(text, "-", ""), strings.ToUpper(text)} {
		if got, err := ParseToken(s); err != nil || got != want || got.String() != text {
			t.Errorf("%q = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "8fba", text + "00", text[:35], strings.Replace(text, "8", "x", 1), "8fba5ced-9381-4d5cb-334-5bf935b8e49e"} {
		if got, err := ParseToken(s); err == nil {
			t.Errorf("%q was accepted as %v", s, got)
		}
	}
}
