// Package format writes and reads numbers as Lua 5.1 does, and formats the conversions of string.format.
package format

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

const (
	whitespace    = " \t\n\v\f\r"
	decimalDigits = "0123456789"
	hexDigits     = decimalDigits + "abcdefABCDEF"
)

// minusZero are the bits of -0.
const minusZero = 1 << 63

// Number is the text of a number, as "%.14g" in C.
func Number(f float64) string {
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 1e14 && math.Float64bits(f) != minusZero:
		return strconv.FormatInt(int64(f), 10)
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

// ParseNumber reads a whole text as a decimal or hexadecimal number, with space around it. Too large a number is
// infinite, as strtod has it.
func ParseNumber(s string) (float64, bool) {
	s = strings.Trim(s, whitespace)
	digits := s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		digits = s[1:]
	}
	allowed := decimalDigits + ".eE+-"
	if len(digits) > 1 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') {
		allowed = hexDigits + "xX.pP+-"
		if !strings.ContainsAny(s, "pP") {
			s += "p0"
		}
	}
	// strconv knows more notations than Lua (inf, nan, 1_000): the letters tell them apart.
	if strings.TrimLeft(digits, allowed) != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true
}

// ParseInBase reads a whole text as an integer in base 2 to 36, with space around it and, in base 16, an optional 0x.
func ParseInBase(s string, base int) (float64, bool) {
	s = strings.Trim(s, whitespace)
	sign := 1.0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s = s[2:]
	}
	if s == "" {
		return 0, false
	}
	value := 0.0
	for i := 0; i < len(s); i++ {
		digit := base
		switch b := s[i]; {
		case b >= '0' && b <= '9':
			digit = int(b - '0')
		case b >= 'a' && b <= 'z':
			digit = int(b-'a') + 10
		case b >= 'A' && b <= 'Z':
			digit = int(b-'A') + 10
		}
		if digit >= base {
			return 0, false
		}
		value = value*float64(base) + float64(digit)
	}
	return sign * value, true
}
