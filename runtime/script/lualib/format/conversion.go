package format

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// flags are those of a conversion; more bytes than there are flags is an error.
const flags = "-+ #0"

// The errors of ParseConversion. An unknown verb has an error of its own text.
var (
	ErrFlags = errors.New("invalid format (repeated flags)")
	ErrWidth = errors.New("invalid format (width or precision too long)")
)

// Conversion is one "%" item of string.format. Width and precision have two digits at most.
type Conversion struct {
	Verb byte // one of cdiouxXeEfgGqs

	left, plus, space, alternate, zero bool

	width     int
	precision int // -1: not given
}

// ParseConversion reads a conversion after its "%" and returns it with the text behind it.
func ParseConversion(text string) (Conversion, string, error) {
	spec := Conversion{precision: -1}
	rest := strings.TrimLeft(text, flags)
	given := text[:len(text)-len(rest)]
	if len(given) > len(flags) {
		return spec, "", ErrFlags
	}
	spec.left = strings.Contains(given, "-")
	spec.plus = strings.Contains(given, "+")
	spec.space = strings.Contains(given, " ")
	spec.alternate = strings.Contains(given, "#")
	spec.zero = strings.Contains(given, "0")
	var err error
	if spec.width, rest, err = twoDigits(rest); err != nil {
		return spec, "", err
	}
	if strings.HasPrefix(rest, ".") {
		if spec.precision, rest, err = twoDigits(rest[1:]); err != nil {
			return spec, "", err
		}
	}
	if rest == "" || strings.IndexByte("cdiouxXeEfgGqs", rest[0]) < 0 {
		return spec, "", fmt.Errorf("invalid option '%%%s' to 'format'", rest[:min(1, len(rest))])
	}
	spec.Verb = rest[0]
	return spec, rest[1:], nil
}

func twoDigits(text string) (n int, rest string, err error) {
	rest = strings.TrimLeft(text, decimalDigits)
	digits := text[:len(text)-len(rest)]
	if len(digits) > 2 {
		return 0, "", ErrWidth
	}
	n, _ = strconv.Atoi("0" + digits)
	return n, rest, nil
}

// Byte formats for the verb c.
func (spec Conversion) Byte(b byte) string {
	spec.zero = false
	return spec.pad("", string([]byte{b}))
}

// Text formats for the verb s. The precision is the most bytes of it to show.
func (spec Conversion) Text(s string) string {
	if spec.precision >= 0 && spec.precision < len(s) {
		s = s[:spec.precision]
	}
	spec.zero = false
	return spec.pad("", s)
}

// Integer formats a whole number for the verbs d, i, o, u, x and X, or reports that 64 bits do not hold it. The
// unsigned verbs show a negative number in two's complement.
func (spec Conversion) Integer(f float64) (string, bool) {
	f = math.Trunc(f)
	signed := spec.Verb == 'd' || spec.Verb == 'i'
	limit := float64(1 << 64)
	if signed {
		limit = 1 << 63
	}
	if !(f >= -1<<63 && f < limit) {
		return "", false
	}
	n := uint64(math.Abs(f))
	switch {
	case signed && f < 0:
		return spec.digits("-", strconv.FormatUint(n, 10)), true
	case signed:
		return spec.digits(spec.positive(), strconv.FormatUint(n, 10)), true
	case f < 0:
		return spec.unsigned(-n), true
	}
	return spec.unsigned(n), true
}

// positive is the sign of a number that is not negative.
func (spec Conversion) positive() string {
	switch {
	case spec.plus:
		return "+"
	case spec.space:
		return " "
	}
	return ""
}

func (spec Conversion) unsigned(n uint64) string {
	switch spec.Verb {
	case 'o':
		digits := strconv.FormatUint(n, 8)
		if spec.alternate && n != 0 && spec.precision <= len(digits) {
			digits = "0" + digits
		}
		return spec.digits("", digits)
	case 'u':
		return spec.digits("", strconv.FormatUint(n, 10))
	}
	digits, prefix := strconv.FormatUint(n, 16), "0x"
	if spec.Verb == 'X' {
		digits, prefix = strings.ToUpper(digits), "0X"
	}
	if !spec.alternate || n == 0 {
		prefix = ""
	}
	return spec.digits(prefix, digits)
}

// digits applies precision and width to the digits of an integer. With a precision the flag 0 means nothing, and zero
// printed with precision 0 has no digits.
func (spec Conversion) digits(prefix, digits string) string {
	if spec.precision >= 0 {
		spec.zero = false
		if digits == "0" && spec.precision == 0 {
			digits = ""
			if spec.Verb == 'o' && spec.alternate {
				digits = "0"
			}
		}
		if missing := spec.precision - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
	}
	return spec.pad(prefix, digits)
}

// Float formats for the verbs e, E, f, g and G.
func (spec Conversion) Float(f float64) string {
	sign := spec.positive()
	if math.Signbit(f) && f == f {
		sign = "-"
	}
	f = math.Abs(f)
	var text string
	switch {
	case math.IsInf(f, 0):
		text, spec.zero = "inf", false
	case f != f:
		text, spec.zero = "nan", false
	default:
		text = spec.finite(f)
	}
	if spec.Verb == 'E' || spec.Verb == 'G' {
		text = strings.ToUpper(text)
	}
	return spec.pad(sign, text)
}

// finite is the text of a finite number that is not negative. The flag # keeps a decimal point, and trailing zeros
// with g.
func (spec Conversion) finite(f float64) string {
	verb, precision := spec.Verb|('a'-'A'), spec.precision
	if precision < 0 {
		precision = 6
	}
	if verb == 'g' {
		precision = max(precision, 1)
		if !spec.alternate {
			return strconv.FormatFloat(f, 'g', precision, 64)
		}
		scientific := strconv.FormatFloat(f, 'e', precision-1, 64)
		_, exponent, _ := strings.Cut(scientific, "e")
		x, _ := strconv.Atoi(exponent)
		if verb, precision = 'e', precision-1; x >= -4 && x <= precision {
			verb, precision = 'f', precision-x
		}
	}
	text := strconv.FormatFloat(f, verb, precision, 64)
	if spec.alternate && precision == 0 {
		mantissa, exponent, found := strings.Cut(text, "e")
		text = mantissa + "."
		if found {
			text += "e" + exponent
		}
	}
	return text
}

// pad fills up to the width: with zeros between prefix and body, or with spaces before or after.
func (spec Conversion) pad(prefix, body string) string {
	missing := spec.width - len(prefix) - len(body)
	switch {
	case missing <= 0:
		return prefix + body
	case spec.left:
		return prefix + body + strings.Repeat(" ", missing)
	case spec.zero:
		return prefix + strings.Repeat("0", missing) + body
	}
	return strings.Repeat(" ", missing) + prefix + body
}
