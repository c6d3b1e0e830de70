package lualib

import (
	"strings"

	"showrun/runtime/script/lualib/format"
)

func stringFormat(c call) int {
	text := c.text(1)
	top := c.L.GetTop()
	var out []byte
	for arg := 2; ; {
		plain, rest, found := strings.Cut(text, "%")
		c.checkLength(len(out) + len(plain) + 1)
		out = append(out, plain...)
		if !found {
			return c.pushText(string(out))
		}
		if strings.HasPrefix(rest, "%") {
			out = append(out, '%')
			text = rest[1:]
			continue
		}
		spec, rest, err := format.ParseConversion(rest)
		if err != nil {
			c.raise("%v", err)
		}
		if arg > top {
			c.argError(arg, "no value")
		}
		item := c.formatItem(spec, arg)
		c.checkLength(len(out) + len(item))
		out = append(out, item...)
		text = rest
		arg++
	}
}

// formatItem is the text of an argument.
func (c call) formatItem(spec format.Conversion, arg int) string {
	switch spec.Verb {
	case 'c':
		return spec.Byte(byte(c.integer(arg)))
	case 'd', 'i', 'o', 'u', 'x', 'X':
		s, ok := spec.Integer(c.number(arg))
		if !ok {
			c.argError(arg, "number has no integer representation")
		}
		return s
	case 'q':
		return c.quote(c.text(arg))
	case 's':
		return spec.Text(c.display(c.L.Get(arg)))
	}
	return spec.Float(c.number(arg))
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
