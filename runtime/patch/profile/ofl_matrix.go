package profile

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxPixels bounds the pixels of a fixture; each takes a slot at least.
const maxPixels = maxSlots

// maxRules bounds the rules of a group of pixels.
const maxRules = 32

// matrix is how the pixels of a fixture lie.
type matrix struct {
	node
	keys       []string          // in the order of their names: 1, 2, 10
	at         map[string][3]int // from 1: x, y, z
	groupNames []string          // in the order of the file
	groups     map[string][]string
	wholes     []string // groups of all pixels: no part of the fixture
}

func readMatrix(n node) matrix {
	m := matrix{node: n, at: map[string][3]int{}, groups: map[string][]string{}}
	if !n.there {
		return m
	}
	n.only("pixelCount", "pixelKeys", "pixelGroups")
	if n.has("pixelKeys") {
		m.readKeys(n.get("pixelKeys"))
	} else {
		m.count(n.get("pixelCount"))
	}
	for key := range m.at {
		m.keys = append(m.keys, key)
	}
	slices.SortFunc(m.keys, naturally)
	groups := n.get("pixelGroups")
	for _, name := range groups.keys() {
		if _, ok := m.at[name]; ok {
			groups.get(name).fail("there is a pixel of that name")
		}
		m.groups[name] = m.group(groups.get(name))
		m.groupNames = append(m.groupNames, name)
		if len(m.groups[name]) == len(m.keys) {
			m.wholes = append(m.wholes, name)
		}
	}
	return m
}

// readKeys takes names row by row, null where there is a hole.
func (m *matrix) readKeys(n node) {
	for z, plane := range n.items() {
		for y, row := range plane.items() {
			for x, key := range row.items() {
				if key.value == nil {
					continue
				}
				m.at[key.text()] = [3]int{x + 1, y + 1, z + 1}
			}
		}
	}
	switch {
	case len(m.at) == 0:
		n.wants("names of pixels by plane, row and column")
	case len(m.at) > maxPixels:
		n.fail("%d pixels, more than %d", len(m.at), maxPixels)
	}
}

// count makes names for so many pixels in each direction: "3" in a row, "(3, 1)" in a
// plane.
func (m *matrix) count(n node) {
	items := n.items()
	if len(items) != 3 {
		n.wants("three numbers of pixels: across, down and deep")
		return
	}
	var size [3]int
	all := 1
	for i, item := range items {
		size[i] = item.whole(1, maxPixels)
		all *= size[i]
	}
	if all > maxPixels {
		n.fail("%d pixels, more than %d", all, maxPixels)
		return
	}
	for i := range all {
		at := [3]int{i%size[0] + 1, i/size[0]%size[1] + 1, i/size[0]/size[1] + 1}
		var axes []string
		for axis, n := range size {
			if n > 1 {
				axes = append(axes, strconv.Itoa(at[axis]))
			}
		}
		key := "(" + strings.Join(axes, ", ") + ")"
		if len(axes) < 2 {
			key = strconv.Itoa(i + 1)
		}
		m.at[key] = at
	}
}

// group lists the pixels of a group.
func (m *matrix) group(n node) []string {
	if n.value == "all" {
		return m.keys
	}
	if _, ok := n.value.([]any); ok {
		var keys []string
		for _, item := range n.items() {
			if _, ok := m.at[item.text()]; !ok {
				item.fail("no pixel '%s'%s", item.text(), didYouMean(item.text(), m.keys))
			}
			keys = append(keys, item.text())
		}
		return keys
	}
	if _, ok := n.value.(*object); !ok {
		n.wants(`"all", a list of pixels or an object with x, y, z or name`)
		return nil
	}
	n.only("x", "y", "z", "name")
	keys := m.ordered("XYZ")
	for axis, name := range []string{"x", "y", "z"} {
		for _, rule := range n.get(name).upTo(maxRules) {
			keys = slices.DeleteFunc(keys, func(key string) bool { return !obeys(rule, m.at[key][axis]) })
		}
	}
	for _, pattern := range n.get("name").upTo(maxRules) {
		re, err := regexp.Compile(pattern.text())
		if err != nil {
			pattern.wants("a regular expression")
			break
		}
		keys = slices.DeleteFunc(keys, func(key string) bool { return !re.MatchString(key) })
	}
	return keys
}

// obeys tells whether a place on an axis obeys a rule such as ">=3", "even" or "3n+1".
func obeys(rule node, place int) bool {
	text := rule.text()
	switch text {
	case "even":
		return place%2 == 0
	case "odd":
		return place%2 == 1
	}
	for _, sign := range []string{">=", "<=", "="} {
		if number, ok := strings.CutPrefix(text, sign); ok {
			n, err := strconv.Atoi(number)
			if err != nil {
				break
			}
			return sign[0] == '>' && place >= n || sign[0] == '<' && place <= n || place == n
		}
	}
	divisor, rest, _ := strings.Cut(text, "n")
	d, err := strconv.Atoi(divisor)
	r, err2 := strconv.Atoi(cmp.Or(rest, "+0"))
	if err != nil || err2 != nil || d < 1 || r < 0 || !strings.Contains(text, "n") {
		rule.wants(`a rule such as "=3", ">=3", "<=3", "even", "odd" or "3n+1"`)
		return false
	}
	return place%d == r
}

// repeat lists the pixels or groups that templates are repeated for.
func (f *ofl) repeat(n node) []string {
	if _, ok := n.value.([]any); ok {
		var keys []string
		for _, item := range n.items() {
			key := item.text()
			_, pixel := f.matrix.at[key]
			if _, group := f.matrix.groups[key]; !pixel && !group {
				item.fail("no pixel or group of pixels '%s'%s", key, didYouMean(key, append(slices.Clone(f.matrix.keys), f.matrix.groupNames...)))
			}
			keys = append(keys, key)
		}
		return keys
	}
	order, _ := n.value.(string)
	switch axes, ok := strings.CutPrefix(order, "eachPixel"); {
	case !f.matrix.there:
		n.fail("channels are repeated for pixels, but the file has no matrix")
	case axes == "Group" && ok:
		if len(f.matrix.groupNames) == 0 {
			n.fail("there are no pixelGroups in the matrix")
		}
		return f.matrix.groupNames
	case axes == "ABC" && ok:
		return f.matrix.keys
	case ok && slices.Contains([]string{"XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"}, axes):
		return f.matrix.ordered(axes)
	default:
		n.wants(`"eachPixelABC", "eachPixelXYZ" (or another order of axes), "eachPixelGroup" or a list of pixels`)
	}
	return nil
}

// ordered lists the pixels so that the first axis changes first: for XYZ row by row.
func (m matrix) ordered(axes string) []string {
	keys := slices.Clone(m.keys)
	slices.SortStableFunc(keys, func(a, b string) int {
		for i := 2; i >= 0; i-- {
			axis := axes[i] - 'X'
			if c := cmp.Compare(m.at[a][axis], m.at[b][axis]); c != 0 {
				return c
			}
		}
		return 0
	})
	return keys
}

// naturally orders names as people do: "2" before "10", numbers before words.
func naturally(a, b string) int {
	for a != "" && b != "" {
		na, ra := leadingNumber(a)
		nb, rb := leadingNumber(b)
		if ra != a && rb != b {
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = ra, rb
			continue
		}
		if c := cmp.Compare(strings.ToLower(a[:1]), strings.ToLower(b[:1])); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(a, b)
}

// leadingNumber cuts the digits off the front of a name, without zeros before them.
func leadingNumber(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	digits = strings.TrimLeft(s[:len(s)-len(rest)], "0")
	return digits, rest
}
