package wire

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Token identifies one StageLinQ process. It is a UUID in RFC 4122 byte order
// and has to stay the same over restarts: persist it (1.3).
type Token [16]byte

// NewToken returns a random version-4 UUID whose top bit is clear. Some units
// ignore the services request of a token with the top bit set (1.3). The bytes
// come from rand, which is crypto/rand.Reader outside tests.
func NewToken(rand io.Reader) (Token, error) {
	var t Token
	if _, err := io.ReadFull(rand, t[:]); err != nil {
		return Token{}, fmt.Errorf("stagelinq: token: %w", err)
	}
	t[0] &= 0x7f
	t.setVersion4()
	return t, nil
}

// NewListenToken returns a random token of the form ffffffff-ffff-4xxx. Some
// hardware, mixers above all, dials a listener only when its token looks like
// this (1.3). Use it together with Config.Listen.
func NewListenToken(rand io.Reader) (Token, error) {
	var t Token
	if _, err := io.ReadFull(rand, t[6:]); err != nil {
		return Token{}, fmt.Errorf("stagelinq: token: %w", err)
	}
	for i := range 6 {
		t[i] = 0xff
	}
	t.setVersion4()
	return t, nil
}

func (t *Token) setVersion4() {
	t[6] = 0x40 | t[6]&0x0f
	t[8] = 0x80 | t[8]&0x3f
}

// IsZero reports the zero token, which stands for "nobody" in echo requests.
func (t Token) IsZero() bool { return t == Token{} }

// String returns the token as a UUID, such as
// 8fba5ced-9381-4d5c-b334-5bf935b8e49e.
func (t Token) String() string {
	h := hex.EncodeToString(t[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseToken reads a token written as 32 hexadecimal digits, with or without
// the hyphens of a UUID.
func ParseToken(s string) (Token, error) {
	digits := s
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		digits = strings.Join([]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]}, "")
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(Token{}) {
		return Token{}, fmt.Errorf("stagelinq: token %q: want 32 hexadecimal digits, as in 8fba5ced-9381-4d5c-b334-5bf935b8e49e", s)
	}
	return Token(b), nil
}
