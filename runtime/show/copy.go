package show

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"showrun/runtime/color"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// Copy writes the present look of fixtures, parts and groups, or of all fixtures of which
// something is held if none is named, as Lua for the look of a cue. That gives the levels
// that there are now, before the master; it moves nothing. Any goroutine may call it. The
// error is for people.
func (m *Machine) Copy(names []string) (string, error) {
	b := m.Board()
	if len(names) == 0 {
		names = b.heldFixtures()
	}
	if len(names) == 0 {
		return "", errors.New("nothing is held; name the fixtures whose look is to be copied")
	}
	var looks []fixtureLook
	for _, name := range names {
		fixtures, err := b.named(name)
		if err != nil {
			return "", err
		}
		for _, f := range fixtures {
			looks = b.addLook(looks, f)
		}
	}
	for i := range looks {
		looks[i].items = copying{fixture: looks[i].whole, reader: m.Levels(), about: looks[i].of}.items()
	}
	if _, isGroup := b.fixtures().Group(names[0]); isGroup && len(names) == 1 && len(looks) > 1 && alike(looks) {
		looks = looks[:1]
		looks[0].whole.Name = names[0]
	}
	text := "{\n"
	for _, l := range looks {
		text += "  " + luaKey(l.whole.Name) + " = { " + strings.Join(l.items, ", ") + " },\n"
	}
	return text + "}", nil
}

// heldFixtures names those of which something is held.
func (b *Board) heldFixtures() (names []string) {
	for _, h := range b.Holds {
		name := h.Fixture
		if list := b.fixtures().Named(name); len(list) == 1 && list[0].Of != "" {
			name = list[0].Of
		}
		if !h.Gone && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// fixtureLook is what a look says of a fixture.
type fixtureLook struct {
	whole patch.Fixture
	of    []level.Address // the channels it is about
	items []string
}

func alike(looks []fixtureLook) bool {
	return !slices.ContainsFunc(looks, func(l fixtureLook) bool { return !slices.Equal(l.items, looks[0].items) })
}

// addLook adds a fixture whose look is written. That of a part is one of its whole, about the
// channels of the part: looks name no parts.
func (b *Board) addLook(looks []fixtureLook, f patch.Fixture) []fixtureLook {
	whole := f
	if f.Of != "" {
		whole, _ = b.fixtures().Fixture(f.Of)
	}
	i := slices.IndexFunc(looks, func(l fixtureLook) bool { return l.whole.Name == whole.Name })
	if i < 0 {
		i, looks = len(looks), append(looks, fixtureLook{whole: whole})
	}
	l := &looks[i]
	for _, ch := range f.Channels {
		if !slices.Contains(l.of, ch.Coarse) {
			l.of = append(l.of, ch.Coarse)
		}
	}
	return looks
}

// copying is a fixture whose look is written.
type copying struct {
	fixture patch.Fixture
	reader  *engine.Reader
	about   []level.Address // channels
}

// items writes what a look says: the attributes, as far as they tell it, and channels.
func (c copying) items() (items []string) {
	f := c.fixture
	var told []level.Address
	if f.Colored() && len(c.about) == len(f.Channels) && !c.named("color") && !c.named("intensity") {
		items, told = c.attributes()
	}
	dimmers := f.Dimmer()
	for _, ch := range f.Channels {
		if slices.Contains(told, ch.Coarse) || !slices.Contains(c.about, ch.Coarse) {
			continue
		}
		key, percents := ch.Name, false
		if len(dimmers) == 1 && dimmers[0] == ch && !c.named("intensity") {
			key, percents = "intensity", true
		}
		items = append(items, luaKey(key)+" = "+c.levelText(ch, percents))
	}
	return items
}

// named tells whether the fixture has a channel that is called as an attribute is.
func (c copying) named(name string) bool {
	_, err := c.fixture.Channel(name)
	return err == nil
}

// attributes writes intensity and color, and returns the channels that are told by them;
// nothing if it takes less to write each channel. It is for what has a color: of white lamps
// a look cannot say which share of the intensity they have.
func (c copying) attributes() (items []string, told []level.Address) {
	m := c.fixture.Mix
	shown := make([]float64, len(m.Channels))
	for i, ch := range m.Channels {
		shown[i] = c.reader.Value(ch.Coarse)
	}
	value := func(n int) float64 { return c.reader.Value(m.Attribute(n).Coarse) }
	intensity, is := 255.0, color.RGB{R: value(1), G: value(2), B: value(3)}
	if m.Dims {
		intensity = value(0)
	}
	best := float64(len(m.Channels))
	try := func(intensity float64, is color.RGB, hex bool) {
		text, is := colorText(is, hex)
		list := []string{"color = " + text}
		if m.Dims {
			text, intensity = intensityText(intensity)
			list, is = append(list, "intensity = "+text), is.Times(intensity/255)
		}
		var same []level.Address
		for i, l := range m.Levels(nil, is) {
			if c.same(m.Channels[i], l, shown[i]) {
				same = append(same, m.Channels[i].Coarse)
			}
		}
		cost := float64(len(list) + len(shown) - len(same))
		if !hex {
			cost += 0.5
		}
		if len(same) > 0 && cost <= best {
			best, items, told = cost, list, same
		}
	}
	inferred, made := m.Infer(shown, intensity)
	for _, hex := range []bool{false, true} { // of equals the last
		try(inferred, made, hex)
		try(intensity, is, hex)
	}
	return items, told
}

// same tells whether two levels of a channel are one on its output, with the master where it
// is and when it is full.
func (c copying) same(ch patch.Channel, a, b float64) bool {
	scale := 1.0
	if v := c.reader.Value(ch.Coarse); v > 0 {
		scale = c.reader.Shown(ch.Coarse) / v
	}
	out := func(l, scale float64) float64 { return math.Floor(min(max(l, 0), 255)*scale*stepsOf(ch) + 0.5) }
	return out(a, 1) == out(b, 1) && out(a, scale) == out(b, scale)
}

// levelText writes the level of a channel with as few digits as say it: in degrees where the
// way is known.
func (c copying) levelText(ch patch.Channel, percents bool) string {
	p, l := c.fixture.Property(ch), c.reader.Value(ch.Coarse)
	if percents && p.Degrees == 0 {
		if text, is := intensityText(l); c.same(ch, is, l) {
			return text
		}
	}
	steps := math.Floor(l*stepsOf(ch) + 0.5)
	for _, near := range []float64{l, steps / stepsOf(ch)} { // or in the middle of those that are one
		for digits := range mostDigits + 1 {
			text, is := decimal(near, digits)
			if p.Degrees != 0 {
				text, is = decimal(p.Turned(near), digits)
				is, _ = p.Angle(is)
			}
			if c.same(ch, is, l) {
				return text
			}
		}
	}
	return strconv.FormatFloat(l, 'f', -1, 64)
}

// stepsOf is how many steps of a channel are one of a level.
func stepsOf(ch patch.Channel) float64 {
	if ch.Fine.IsZero() {
		return 1
	}
	return 257
}

// mostDigits is how many decimals are written: so many tell all levels of 16 bits apart, also
// in degrees of a head that turns ten times.
const mostDigits = 4

// decimal writes a number with so many decimals, and is that number.
func decimal(v float64, digits int) (string, float64) {
	n, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', digits, 64), 64)
	if n == 0 {
		return "0", 0 // and not -0
	}
	return strconv.FormatFloat(n, 'f', -1, 64), n
}

// intensityText writes an intensity: as a percentage if that is what it is.
func intensityText(l float64) (string, float64) {
	if p := math.Round(l / 2.55); math.Abs(p*2.55-l) < 1e-6 {
		return fmt.Sprintf(`"%g%%"`, p), p / 100 * 255
	}
	for digits := range mostDigits {
		if text, is := decimal(l, digits); math.Abs(is-l) < 1e-6 {
			return text, is
		}
	}
	return decimal(l, mostDigits)
}

// colorText writes a colour, as digits or as a list, and is what was written.
func colorText(c color.RGB, hex bool) (string, color.RGB) {
	if hex {
		c, _ := color.Parse(c.String(), patch.Closest)
		return strconv.Quote(c.String()), c
	}
	var texts [3]string
	for i, v := range []*float64{&c.R, &c.G, &c.B} {
		texts[i], *v = decimal(min(max(*v, 0), 255), mostDigits)
	}
	return "{ " + strings.Join(texts[:], ", ") + " }", c
}

var luaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// luaKey is how a table in Lua has a name as a key.
func luaKey(name string) string {
	if luaName.MatchString(name) && !slices.Contains(luaWords, name) {
		return name
	}
	return "[" + luaString(name) + "]"
}

var luaWords = strings.Fields("and break do else elseif end false for function if in local nil not or repeat return then true until while")

// luaString quotes a text as Lua 5.1 reads it. What does not show is written by its bytes:
// terminals show it as something else, and who pastes that names something else.
func luaString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + text[:n])
		case r == utf8.RuneError || !unicode.IsPrint(r):
			for _, c := range []byte(text[:n]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	b.WriteByte('"')
	return b.String()
}
