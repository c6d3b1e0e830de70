package color

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Parse returns the colour that a text names: "#rrggbb" or "#rgb" in hexadecimal digits, a
// name of the web such as "tomato" or "dark orange", or a filter such as "L201" or "R26".
// Case, and spaces in names, do not count. closest finds the name most like one that is
// not known, for the error.
func Parse(text string, closest func(typed string, names []string) string) (RGB, error) {
	if digits, ok := strings.CutPrefix(text, "#"); ok {
		return hex(digits)
	}
	name := strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(text))
	if v, ok := css[name]; ok {
		return rgb(v), nil
	}
	if gel := strings.TrimPrefix(name, "lee"); gel != name {
		name = "l" + gel
	}
	if gel := strings.TrimPrefix(strings.TrimPrefix(name, "rosco"), "r"); gel != name && number(gel) {
		name = fmt.Sprintf("r%02s", gel)
	}
	if gel := strings.TrimPrefix(name, "l"); gel != name && number(gel) {
		name = fmt.Sprintf("l%03s", gel)
	}
	if v, ok := gels[name]; ok {
		return rgb(v), nil
	}
	return RGB{}, unknown(name, closest)
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func rgb(v uint32) RGB { return RGB{float64(v >> 16), float64(v >> 8 & 255), float64(v & 255)} }

// hex reads the digits of "#rrggbb" or "#rgb".
func hex(digits string) (RGB, error) {
	v, err := strconv.ParseUint(digits, 16, 32)
	switch {
	case err != nil || strings.ContainsAny(digits, "+_"):
	case len(digits) == 6:
		return rgb(uint32(v)), nil
	case len(digits) == 3:
		return rgb(uint32(v>>8*0x110000 | v>>4&15*0x1100 | v&15*0x11)), nil
	}
	return RGB{}, fmt.Errorf("# is followed by 6 hexadecimal digits, or by 3, as in \"#ff8800\" or \"#f80\"")
}

// unknown says what is wrong with a name, and which may have been meant.
func unknown(name string, closest func(typed string, names []string) string) error {
	if _, err := strconv.ParseUint(name, 16, 32); err == nil && (len(name) == 6 || len(name) == 3) {
		return fmt.Errorf("no colour has that name; with # before it, as in \"#%s\", it is one", name)
	}
	if len(name) > 1 && (name[0] == 'l' || name[0] == 'r') && number(name[1:]) {
		return fmt.Errorf("no filter of that number is known; its colour can be written as \"#rrggbb\"")
	}
	if best := closest(name, Names()); best != "" {
		return fmt.Errorf("no colour has that name (did you mean %q?)", best)
	}
	return fmt.Errorf("no colour has that name; it can be one of the web such as \"tomato\", a filter such as \"L201\" or \"R26\", or \"#rrggbb\"")
}

// Names returns the names of the web, in order.
func Names() []string { return slices.Sorted(maps.Keys(css)) }
