package profile

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"showrun/runtime/patch"
)

// maxCapabilities bounds those of a channel.
const maxCapabilities = 1024

// describeChannel fills in what the levels of a channel do.
func (f *ofl) describeChannel(c *Channel, e entry) {
	d := e.definition
	d.only("name", "fineChannelAliases", "dmxValueResolution", "defaultValue", "highlightValue", "constant", "precedence", "capability", "capabilities")
	declared := declaredBytes(d)
	l := levels{declared, len(c.Slots)}
	capabilities := d.get("capabilities").upTo(maxCapabilities)
	switch {
	case d.has("capability") == d.has("capabilities"):
		d.fail("a channel must have either capability or capabilities")
	case d.has("capability"):
		capabilities = []node{d.get("capability")}
	case len(capabilities) == 0:
		d.get("capabilities").wants("a list of capabilities")
	}
	next := 0
	for _, n := range capabilities {
		from, to := 0, l.most()
		if d.has("capabilities") {
			from, to = rawRange(n, declared)
			if from < next {
				n.get("dmxRange").fail("begins at %d, before the end of the one before at %d", from, next-1)
			}
		}
		next = to + 1
		c.Capabilities = append(c.Capabilities, f.capability(n, d.get("name").textOr(e.key), l, from, to))
		if f.doc.wrong != nil {
			return
		}
	}
	c.own = snake(c.Label)
	c.settle(c.own)
	c.through(f.lens)
	if d.has("defaultValue") {
		c.Default = l.level(rawDefault(d, declared))
	} else {
		c.Default = c.opened()
	}
}

// levels turns numbers of a file into levels.
type levels struct {
	declared int // bytes of the file's numbers
	used     int // bytes the mode has
}

func (l levels) most() int { return 1<<(8*l.declared) - 1 }

// level is 0-255 for a number of the file; of bytes the mode does not have, nothing is
// left.
func (l levels) level(raw int) float64 {
	bytes := l.declared
	if l.used < bytes {
		raw >>= 8 * (bytes - l.used)
		bytes = l.used
	}
	return float64(raw) * 255 / float64(int(1)<<(8*bytes)-1)
}

// declaredBytes is how many bytes the numbers of a channel's definition have.
func declaredBytes(d node) int {
	all := 1 + len(d.get("fineChannelAliases").upTo(2))
	n := d.get("dmxValueResolution")
	if !n.there {
		return all
	}
	bytes := slices.Index([]string{"8bit", "16bit", "24bit"}, n.text()) + 1
	switch {
	case bytes == 0:
		n.wants(`"8bit", "16bit" or "24bit"`)
	case bytes > all:
		n.fail("is %s, but the channel has %d bit", n.text(), 8*all)
	}
	return max(bytes, 1)
}

// rawDefault is the default of a channel: a number, or part of the most there is.
func rawDefault(d node, bytes int) int {
	most := 1<<(8*bytes) - 1
	n := d.get("defaultValue")
	if text, ok := n.value.(string); ok {
		percent, unit, ok := patch.ParseQuantity(text)
		if !ok || unit != patch.Percent || !strings.HasSuffix(text, "%") || percent < 0 || percent > 100 {
			n.wants(`a number or a part such as "50%"`)
			return 0
		}
		return int(math.Round(percent / 100 * float64(most)))
	}
	if !n.there {
		return 0
	}
	return n.whole(0, most)
}

// rawRange is the range of a capability.
func rawRange(c node, bytes int) (from, to int) {
	n := c.get("dmxRange")
	ends := n.items()
	if len(ends) != 2 {
		n.wants("two numbers, the first and the last")
		return 0, 0
	}
	most := 1<<(8*bytes) - 1
	from, to = ends[0].whole(0, most), ends[1].whole(0, most)
	if from > to {
		n.fail("goes from %d down to %d", from, to)
	}
	return from, to
}

// capabilityKeys are all members of capabilities that are read.
var capabilityKeys = append(slices.Sorted(maps.Keys(quantityUnits)),
	"dmxRange", "type", "comment", "helpWanted", "menuClick", "switchChannels", "shutterEffect", "soundControlled", "randomTiming", "color",
	"colors", "colorsStart", "colorsEnd", "wheel", "slotNumber", "slotNumberStart", "slotNumberEnd", "isShaking", "effectName", "effectPreset",
	"blade", "fogType", "hold", "brightness",
	"speedStart", "speedEnd", "angleStart", "angleEnd", "durationStart", "durationEnd", "colorTemperatureStart", "colorTemperatureEnd",
	"brightnessStart", "brightnessEnd", "parameterStart", "parameterEnd", "fogOutputStart", "fogOutputEnd", "distanceStart", "distanceEnd")

// capability reads one capability, whose levels are from and to.
func (f *ofl) capability(n node, channel string, l levels, from, to int) Capability {
	n.only(capabilityKeys...)
	kind := n.get("type").text()
	k, ok := oflKinds[kind]
	if !ok {
		types := slices.Sorted(maps.Keys(oflKinds))
		n.get("type").fail("unknown type '%s'%s", kind, meant(kind, types))
		return Capability{}
	}
	f.checkWords(n, kind)
	c := Capability{Capability: patch.Capability{From: l.level(from), To: l.level(to), About: f.oflProperty(n, kind, channel)}}
	for _, key := range k.quantities {
		if start, end, unit, ok := quantity(n, key); ok && c.Unit == patch.NoUnit {
			c.Start, c.End, c.Unit = start, end, unit
		}
	}
	switch n.get("menuClick").textOr("") {
	case "start":
		c.Level = c.From
	case "end":
		c.Level = c.To
	case "center", "hidden":
		c.Level = l.level((from + to) / 2)
	case "":
		if c.Level = l.level((from + to) / 2); c.Start != c.End {
			c.Level = c.From
		}
	default:
		n.get("menuClick").wants(`"start", "center", "end" or "hidden"`)
	}
	f.nameCapability(&c, n, kind, channel)
	return c
}

// checkWords checks the members that must be one of a few words.
func (f *ofl) checkWords(n node, kind string) {
	key, words := "", []string(nil)
	switch kind {
	case "ShutterStrobe":
		key, words = "shutterEffect", slices.Sorted(maps.Keys(shutterEffects))
	case "ColorIntensity":
		key, words = "color", oflColors
	default:
		return
	}
	if m := n.get(key); !slices.Contains(words, m.text()) {
		text, _ := m.value.(string)
		m.fail("must be one of %s, got %s%s", list(words), m.describe(), didYouMean(text, words))
	}
}

// quantity reads what the levels of a capability mean: one value, or one at each end.
func quantity(n node, key string) (start, end float64, unit patch.Unit, ok bool) {
	if one := n.get(key); one.there {
		start, unit = amount(one, key)
		return start, start, unit, true
	}
	a, b := n.get(key+"Start"), n.get(key+"End")
	if !a.there && !b.there {
		return 0, 0, patch.NoUnit, false
	}
	start, unit = amount(a, key)
	end, other := amount(b, key)
	return start, end, unit, unit == other
}

// amount reads a quantity.
func amount(n node, key string) (float64, patch.Unit) {
	if number, ok := n.value.(json.Number); ok && quantityUnits[key] == patch.NoUnit {
		v, _ := number.Float64()
		return v, patch.NoUnit
	}
	text, _ := n.value.(string)
	v, unit, ok := patch.ParseQuantity(text)
	if !ok || unit != patch.Percent && unit != quantityUnits[key] {
		example := "a number or a word"
		if u := quantityUnits[key]; u != patch.NoUnit {
			example = `a quantity such as "10` + u.String() + `"`
		}
		words := patch.Keywords()
		if hint := didYouMean(text, words); hint != "" {
			n.fail("must be %s, got %s%s", example, n.describe(), hint)
		}
		n.wants(example)
	}
	return v, unit
}

// nameCapability gives a capability the names that scripts know it by, and its colour.
func (f *ofl) nameCapability(c *Capability, n node, kind, channel string) {
	switch kind {
	case "NoFunction":
		c.add("off", "none", "no function")
	case "ShutterStrobe":
		c.add(strings.ReplaceAll(snake(n.get("shutterEffect").text()), "_", " "))
		if strings.HasPrefix(c.About, "random_") {
			c.Names = []string{strings.ReplaceAll(c.About, "_", " ")}
		}
	case "WheelSlot", "WheelShake", "WheelSlotRotation":
		f.nameSlot(c, n, kind, channel)
	case "ColorPreset":
		if list := n.get("colors"); list.there {
			if c.Color, c.Colored = colors(list); c.Colored {
				defer c.add(c.Color.String())
			}
		}
	case "Effect":
		c.add(n.get("effectName").textOr(""), strings.ReplaceAll(snake(n.get("effectPreset").textOr("")), "_", " "))
	}
	if n.get("soundControlled").flag() {
		defer c.add("sound")
	}
	c.add(n.get("comment").textOr(""))
	for _, key := range oflKinds[kind].quantities {
		if word, _ := n.get(key).value.(string); patch.IsKeyword(word) {
			c.add(word)
		}
	}
	if len(c.Names) == 0 && c.Start == c.End && kind != "ColorIntensity" && (kind != "Intensity" || c.Unit != patch.NoUnit) {
		c.add(strings.ReplaceAll(snake(kind), "_", " "), "on")
	}
}

// nameSlot names a capability after a place on a wheel.
func (f *ofl) nameSlot(c *Capability, n node, kind, channel string) {
	w, _ := f.wheelOf(n, channel)
	number := n.get("slotNumber")
	if len(w.slots) == 0 || !number.there && kind != "WheelSlot" {
		return
	}
	suffix := map[string]string{"WheelShake": " shake", "WheelSlotRotation": " rotation"}[kind]
	if !number.there {
		slotNumber(n.get("slotNumberStart"), w)
		slotNumber(n.get("slotNumberEnd"), w)
		return
	}
	at := slotNumber(number, w)
	c.add(w.slotName(at) + suffix)
	if at == float64(int(at)) && at >= 1 {
		s := w.slots[min(int(at), len(w.slots))-1]
		c.Color, c.Colored = s.color, s.colored && kind == "WheelSlot"
		c.add(strconv.Itoa(int(at)) + suffix)
	}
}

// slotNumber is a place on a wheel, from 0 up to the first one again.
func slotNumber(n node, w wheel) float64 {
	number, ok := n.value.(json.Number)
	v, err := number.Float64()
	if !ok || err != nil || v < 0 || v > float64(len(w.slots)+1) {
		n.wants("the number of a slot of the wheel, 1-" + strconv.Itoa(len(w.slots)))
		return 1
	}
	return v
}

// add gives a capability names it does not have yet.
func (c *Capability) add(names ...string) {
	for _, name := range names {
		if name != "" && !slices.Contains(c.Names, name) {
			c.Names = append(c.Names, name)
		}
	}
}
