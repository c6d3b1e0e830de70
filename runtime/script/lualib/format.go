package lualib

import (
	"math"
	"strconv"
	"strings"
)

// formatFlags are the flags of a conversion; more bytes than there are flags is an error.
const formatFlags = "-+ #0"

// conversion is one "%" item of string.format. Width and precision have two digits at most.
type conversion struct {
	left, plus, space, alternate, zero bool

	width     int
	precision int // -1: not given
	verb      byte
}

func stringFormat(c call) int {
	format := c.text(1)
	top := c.L.GetTop()
	var out []byte
	for arg := 2; ; {
		plain, rest, found := strings.Cut(format, "%")
		c.checkLength(len(out) + len(plain) + 1)
		out = append(out, plain...)
		if !found {
			return c.pushText(string(out))
		}
		if strings.HasPrefix(rest, "%") {
			out = append(out, '%')
			format = rest[1:]
			continue
		}
		var spec conversion
		if spec, format = c.conversion(rest); arg > top {
			c.argError(arg, "no value")
		}
		item := c.formatItem(spec, arg)
		c.checkLength(len(out) + len(item))
		out = append(out, item...)
		arg++
	}
}

// conversion reads a conversion after its "%" and returns it with the text behind it.
func (c call) conversion(text string) (conversion, string) {
	spec := conversion{precision: -1}
	rest := strings.TrimLeft(text, formatFlags)
	flags := text[:len(text)-len(rest)]
	if len(flags) > len(formatFlags) {
		c.raise("invalid format (repeated flags)")
	}
	spec.left = strings.Contains(flags, "-")
	spec.plus = strings.Contains(flags, "+")
	spec.space = strings.Contains(flags, " ")
	spec.alternate = strings.Contains(flags, "#")
	spec.zero = strings.Contains(flags, "0")
	spec.width, rest = c.twoDigits(rest)
	if strings.HasPrefix(rest, ".") {
		spec.precision, rest = c.twoDigits(rest[1:])
	}
	if rest == "" {
		c.raise("invalid option '%%' to 'format'")
	}
	spec.verb = rest[0]
	if strings.IndexByte("cdiouxXeEfgGqs", spec.verb) < 0 {
		c.raise("invalid option '%%%c' to 'format'", spec.verb)
	}
	return spec, rest[1:]
}

func (c call) twoDigits(text string) (int, string) {
	rest := strings.TrimLeft(text, decimalDigits)
	digits := text[:len(text)-len(rest)]
	if len(digits) > 2 {
		c.raise("invalid format (width or precision too long)")
	}
	n, _ := strconv.Atoi("0" + digits)
	return n, rest
}

// formatItem is the text of an argument.
func (c call) formatItem(spec conversion, arg int) string {
	switch spec.verb {
	case 'c':
		spec.zero = false
		return spec.pad("", string([]byte{byte(c.integer(arg))}))
	case 'd', 'i':
		f := c.wholeNumber(arg, 1<<63)
		return spec.signed(f < 0, strconv.FormatUint(magnitude(f), 10))
	case 'o', 'u', 'x', 'X':
		f := c.wholeNumber(arg, 1<<64)
		n := magnitude(f)
		if f < 0 {
			n = -n // two's complement
		}
		return spec.unsigned(n)
	case 'q':
		return c.quote(c.text(arg))
	case 's':
		s := c.display(c.L.Get(arg))
		if spec.precision >= 0 && spec.precision < len(s) {
			s = s[:spec.precision]
		}
		spec.zero = false
		return spec.pad("", s)
	}
	return spec.float(c.number(arg))
}

// wholeNumber reads a number without its fraction, at least -2^63 and below the limit.
func (c call) wholeNumber(arg int, limit float64) float64 {
	f := math.Trunc(c.number(arg))
	if !(f >= -1<<63 && f < limit) {
		c.argError(arg, "number has no integer representation")
	}
	return f
}

func magnitude(f float64) uint64 { return uint64(math.Abs(f)) }

// signed formats the digits of a signed integer.
func (spec conversion) signed(negative bool, digits string) string {
	if negative {
		return spec.digits("-", digits)
	}
	return spec.digits(spec.positive(), digits)
}

// positive is the sign of a number that is not negative.
func (spec conversion) positive() string {
	switch {
	case spec.plus:
		return "+"
	case spec.space:
		return " "
	}
	return ""
}

func (spec conversion) unsigned(n uint64) string {
	switch spec.verb {
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
	if spec.verb == 'X' {
		digits, prefix = strings.ToUpper(digits), "0X"
	}
	if !spec.alternate || n == 0 {
		prefix = ""
	}
	return spec.digits(prefix, digits)
}

// digits applies precision and width to the digits of an integer. With a precision the flag 0 means nothing, and zero
// printed with precision 0 has no digits.
func (spec conversion) digits(prefix, digits string) string {
	if spec.precision >= 0 {
		spec.zero = false
		if digits == "0" && spec.precision == 0 {
			digits = ""
			if spec.verb == 'o' && spec.alternate {
				digits = "0"
			}
		}
		if missing := spec.precision - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
	}
	return spec.pad(prefix, digits)
}

// float formats for the verbs e, E, f, g and G.
func (spec conversion) float(f float64) string {
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
	if spec.verb == 'E' || spec.verb == 'G' {
		text = strings.ToUpper(text)
	}
	return spec.pad(sign, text)
}

// finite is the text of a finite number that is not negative. The flag # keeps a decimal point, and trailing zeros
// with g.
func (spec conversion) finite(f float64) string {
	verb, precision := spec.verb|('a'-'A'), spec.precision
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
func (spec conversion) pad(prefix, body string) string {
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

// quote writes a string so that the Lua reader gets it back.
func (c call) quote(s string) string {
	c.checkLength(len(s))
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\\', '\n':
			b = append(b, '\\', s[i])
		case '\r':
			b = append(b, `\r`...)
		case 0:
			b = append(b, `\000`...)
		default:
			b = append(b, s[i])
		}
	}
	return string(append(b, '"'))
}
