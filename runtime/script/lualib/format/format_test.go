package format

import (
	"math"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {-12, "-12"}, {1e13, "10000000000000"}, {1e14, "1e+14"}, {1 << 53, "9.007199254741e+15"},
		{1 << 63, "9.2233720368548e+18"}, {-1 << 63, "-9.2233720368548e+18"}, {0.1, "0.1"}, {1. / 3, "0.33333333333333"},
		{1e-7, "1e-07"}, {1e100, "1e+100"}, {math.Inf(1), "inf"}, {math.Inf(-1), "-inf"}, {math.NaN(), "nan"},
	} {
		if got := Number(c.value); got != c.want {
			t.Errorf("%g gave %s, want %s", c.value, got, c.want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"12": 12, " 12\n": 12, "-12": -12, "+12": 12, "1e3": 1000, "1E-2": 0.01, ".5": 0.5, "5.": 5, "010": 10,
		"0x1F": 31, "-0X1f": -31, "0x1p4": 16, "0x.8": 0.5, "0xA.8p1": 21, "1e999": math.Inf(1), "-1e999": math.Inf(-1),
	} {
		if got, ok := ParseNumber(text); !ok || got != want {
			t.Errorf("%q gave %g, %t, want %g", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", ".", "-", "e3", "1e", "1e+", "0x", "0x.", "0xg", "1 2", "--1", "+-1", "inf", "-inf", "nan",
		"infinity", "1_000", "0b1", "0o7", "1\x00", "0x1p", "1p4", "\u0661"} {
		if got, ok := ParseNumber(text); ok {
			t.Errorf("%q gave %g, want nothing", text, got)
		}
	}
}

func TestParseInBase(t *testing.T) {
	for _, c := range []struct {
		text string
		base int
		want float64
		ok   bool
	}{
		{"ff", 16, 255, true}, {"0xFF", 16, 255, true}, {" -zz ", 36, -1295, true}, {"+101", 2, 5, true}, {"2", 2, 0, false},
		{"", 8, 0, false}, {"-", 8, 0, false}, {"0x", 16, 0, false}, {"1.5", 8, 0, false}, {"7 7", 8, 0, false}, {"0x1", 8, 0, false},
		{"\xe4", 36, 0, false}, {"@", 36, 0, false}, {"ffffffffffffffff", 16, 18446744073709551615, true},
	} {
		if got, ok := ParseInBase(c.text, c.base); got != c.want || ok != c.ok {
			t.Errorf("%q in base %d gave %g, %t, want %g, %t", c.text, c.base, got, ok, c.want, c.ok)
		}
	}
}

func TestConversion(t *testing.T) {
	for _, c := range []struct {
		spec  string
		value float64
		want  string
	}{
		{"d", -7, "-7"}, {"5d", 7, "    7"}, {"-5d", 7, "7    "}, {"05d", -7, "-0007"}, {"+d", 7, "+7"}, {" d", 7, " 7"}, {".3d", 7, "007"},
		{"08.3d", 7, "     007"}, {".0d", 0, ""}, {"5.d", 0, "     "}, {"i", 3.99, "3"}, {"u", -1, "18446744073709551615"}, {"d", -1 << 63, "-9223372036854775808"},
		{"x", 255, "ff"}, {"#X", 255, "0XFF"}, {"#x", 0, "0"}, {"#08x", 255, "0x0000ff"}, {"o", 8, "10"}, {"#o", 8, "010"}, {"#.0o", 0, "0"}, {"#.5o", 8, "00010"},
		{"f", 0.5, "0.500000"}, {".0f", 2.5, "2"}, {"#.0f", 2, "2."}, {"#.0e", 2, "2.e+00"}, {"e", 12345.678, "1.234568e+04"}, {"g", 1e20, "1e+20"}, {"G", 1e-10, "1E-10"},
		{"g", 100000, "100000"}, {"g", 1e6, "1e+06"}, {".0g", 0.00012, "0.0001"}, {"#g", 1, "1.00000"}, {"#.3g", 1e-5, "1.00e-05"}, {"#.1g", 5, "5."},
		{"+08.2f", 1.5, "+0001.50"}, {"05g", math.Inf(-1), " -inf"}, {"5G", math.NaN(), "  NAN"}, {"f", math.Copysign(0, -1), "-0.000000"},
	} {
		spec, rest, err := ParseConversion(c.spec + "|")
		if err != nil || rest != "|" {
			t.Errorf("%%%s: rest %q, %v", c.spec, rest, err)
			continue
		}
		got := spec.Float(c.value)
		if strings.IndexByte("diouxX", spec.Verb) >= 0 {
			got, _ = spec.Integer(c.value)
		}
		if got != c.want {
			t.Errorf("%%%s of %g gave %q, want %q", c.spec, c.value, got, c.want)
		}
	}
	for _, c := range []struct {
		verb  string
		value float64
	}{{"d", 1 << 63}, {"d", math.NaN()}, {"x", 1 << 64}, {"u", -1e300}, {"i", math.Inf(1)}} {
		spec, _, _ := ParseConversion(c.verb)
		if got, ok := spec.Integer(c.value); ok {
			t.Errorf("%%%s of %g gave %s, want nothing", c.verb, c.value, got)
		}
	}
}

func TestParseConversionErrors(t *testing.T) {
	for text, want := range map[string]string{
		"": "invalid option '%' to 'format'", "5": "invalid option '%' to 'format'", "y": "invalid option '%y' to 'format'",
		"-+ #00d": ErrFlags.Error(), "100d": ErrWidth.Error(), ".100d": ErrWidth.Error(), "5.2.1d": "invalid option '%.' to 'format'",
	} {
		if _, _, err := ParseConversion(text); err == nil || err.Error() != want {
			t.Errorf("%%%s gave %v, want %s", text, err, want)
		}
	}
}

// FuzzNumber checks that the text of a number reads as that number again, and that no text makes reading panic.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1e3", "0x1F", "-0x1p-4", " 12 ", "inf", "1_0", "0x.8", "."} {
		f.Add(seed, 16)
	}
	f.Fuzz(func(t *testing.T, text string, base int) {
		value, ok := ParseNumber(text)
		if ok {
			again, ok := ParseNumber(Number(value))
			if difference := again - value; ok && difference > 1e-13*max(value, -value) {
				t.Errorf("%q is %g, printed and read again %g", text, value, again)
			}
		}
		if base >= 2 && base <= 36 {
			if value, ok := ParseInBase(text, base); ok && value < 0 != strings.Contains(text, "-") && value != 0 {
				t.Errorf("%q in base %d is %g", text, base, value)
			}
		}
	})
}
