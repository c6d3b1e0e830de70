package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"showrun/runtime/patch"
)

// channel adds a DMXChannel to the profile wherever its geometry is.
func (g *gdtf) channel(p *Profile, e *element) {
	offsets := channelOffsets(e)
	if len(offsets) == 0 {
		return // one that exists in calculations only
	}
	c := g.describe(e, len(offsets))
	name := e.need("Geometry")
	places := g.places[name]
	if len(places) == 0 {
		e.fail("Geometry", "no geometry '%s' in the mode%s", name, didYouMean(name, keys(g.places)))
	}
	brk := cmp.Or(e.attrs["DMXBreak"], "1")
	for _, at := range places {
		if len(p.Channels) >= maxSlots {
			e.fail("", "more than %d channels", maxSlots)
		}
		copied := c
		if copied.Pixel = -1; at.reference != nil {
			copied.Pixel = g.pixel(p, at)
		}
		copied.Slots = at.slots(e, brk, offsets)
		if g.doc.wrong != nil {
			return
		}
		p.Channels = append(p.Channels, copied)
	}
}

// channelOffsets are the addresses of a channel, from 1; none for a virtual one.
func channelOffsets(e *element) []int {
	text := e.attrs["Offset"]
	if text == "" || strings.EqualFold(text, "None") {
		return nil
	}
	var offsets []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > maxSlots || slices.Contains(offsets, n) {
			e.wants("Offset", fmt.Sprintf("different numbers 1-%d with commas between, or None", maxSlots))
			return nil
		}
		offsets = append(offsets, n)
	}
	if len(offsets) > 3 {
		e.fail("Offset", "has %d addresses; channels have up to 24 bits", len(offsets))
		return nil
	}
	return offsets
}

// slots are those of a channel at a place, from 0.
func (at place) slots(e *element, brk string, offsets []int) (slots []int) {
	first := 1
	switch {
	case at.reference != nil:
		if brk != "1" && !strings.EqualFold(brk, "Overwrite") {
			e.fail("DMXBreak", "is %s: the mode takes several start addresses; choose a mode that takes one", brk)
		}
		first = at.first(brk) + at.offset
	case strings.EqualFold(brk, "Overwrite"):
		e.fail("DMXBreak", "is Overwrite, but geometry '%s' is not referred to", e.attrs["Geometry"])
	case brk != "1":
		e.fail("DMXBreak", "is %s: the mode takes several start addresses; choose a mode that takes one", brk)
	}
	for _, o := range offsets {
		s := o + first - 2
		if s >= maxSlots {
			e.fail("Offset", "is slot %d, past the last of %d", s+1, maxSlots)
		}
		slots = append(slots, s)
	}
	return slots
}

// pixel finds or makes the pixel of a place.
func (g *gdtf) pixel(p *Profile, at place) int {
	i := slices.IndexFunc(p.Pixels, func(px Pixel) bool { return px.Name == at.name })
	if i < 0 {
		i = len(p.Pixels)
		p.Pixels = append(p.Pixels, Pixel{Name: at.name})
	}
	return i
}

// function is a ChannelFunction with the range of levels that it has.
type function struct {
	*element
	name      string
	attribute string
	from, to  int // numbers of the channel's bytes
}

// describe reads what a channel does.
func (g *gdtf) describe(e *element, bytes int) Channel {
	functions := g.functions(e, bytes)
	if len(functions) == 0 {
		e.fail("", "there is no LogicalChannel with a ChannelFunction in it")
		return Channel{}
	}
	initial := initialFunction(e, functions)
	functions = slices.DeleteFunc(functions, func(f function) bool {
		return f.has("ModeMaster") && (f.attrs["ModeMaster"] != initial.attrs["ModeMaster"] || f.attrs["ModeFrom"] != initial.attrs["ModeFrom"])
	})
	closeRanges(functions, bytes)
	logical := e.one("LogicalChannel").attrs["Attribute"]
	property, number := attributeName(logical)
	c := Channel{Label: logical, Property: property, own: property}
	if number > 1 {
		c.own = property + "_" + strconv.Itoa(number)
	}
	for _, f := range functions {
		g.function(&c, f, len(functions) > 1, bytes)
	}
	if c.Property == "" || strobes[c.Property] {
		c.settle(cmp.Or(snake(logical), "channel"))
		c.own = c.Property
	}
	from := initial.element
	if e.has("Default") { // as in version 1.0
		from = e
	}
	c.Default = levels{bytes, bytes}.level(dmxValue(from, "Default", bytes, 0))
	return c
}

// functions lists the functions of all logical channels of a channel.
func (g *gdtf) functions(e *element, bytes int) (list []function) {
	for _, logical := range e.all("LogicalChannel") {
		g.attribute(logical, logical.need("Attribute"))
		for i, f := range logical.all("ChannelFunction") {
			attribute := cmp.Or(f.attrs["Attribute"], "NoFeature")
			g.attribute(f, attribute)
			name := cmp.Or(f.attrs["Name"], fmt.Sprintf("%s %d", attribute, i+1))
			list = append(list, function{f, name, attribute, dmxValue(f, "DMXFrom", bytes, 0), 0})
		}
	}
	if len(list) > maxCapabilities {
		e.fail("", "%d functions, more than %d", len(list), maxCapabilities)
		return nil
	}
	return list
}

// attribute checks that an attribute is defined, or one of those that everybody knows.
func (g *gdtf) attribute(e *element, name string) {
	_, defined := g.attributes[name]
	property, _ := attributeName(name)
	known := false
	for _, p := range attributes {
		known = known || p == property
	}
	if !defined && !known {
		e.fail("Attribute", "no attribute '%s'%s", name, didYouMean(name, append(keys(g.attributes), keys(attributes)...)))
	}
}

// initialFunction is the function that a channel has at first.
func initialFunction(e *element, functions []function) function {
	link := e.attrs["InitialFunction"]
	if link == "" {
		return functions[0]
	}
	var names []string
	for _, f := range functions {
		if link == f.name || strings.HasSuffix(link, "."+f.name) {
			return f
		}
		names = append(names, f.name)
	}
	name := link[strings.LastIndexByte(link, '.')+1:]
	e.fail("InitialFunction", "no function '%s'%s; the channel has %s", name, didYouMean(name, names), list(names))
	return functions[0]
}

// closeRanges has each function end where the next begins.
func closeRanges(functions []function, bytes int) {
	slices.SortStableFunc(functions, func(a, b function) int { return a.from - b.from })
	end := 1<<(8*bytes) - 1
	for i := len(functions) - 1; i >= 0; i-- {
		functions[i].to = max(end, functions[i].from)
		if i > 0 && functions[i-1].from < functions[i].from {
			end = functions[i].from - 1
		}
	}
}

// function adds a function and its sets to the capabilities of a channel.
func (g *gdtf) function(c *Channel, f function, several bool, bytes int) {
	l := levels{bytes, bytes}
	property, _ := attributeName(f.attribute)
	whole := Capability{Capability: patch.Capability{From: l.level(f.from), To: l.level(f.to), About: property}}
	whole.Start, whole.End, whole.Unit = g.physical(f.element, property, f.attribute)
	whole.Level = l.level(min(max(dmxValue(f.element, "Default", bytes, f.from), f.from), f.to))
	sets := f.all("ChannelSet")
	switch {
	case property != c.Property:
		whole.add(f.name, strings.ReplaceAll(property, "_", " "))
	case several && len(sets) == 0:
		whole.add(f.name)
	}
	if property == "" {
		whole.add("off", "none")
	}
	whole.Color, whole.Colored = g.emitted(f)
	c.Capabilities = append(c.Capabilities, whole)
	w := g.wheelOf(f)
	if len(sets) > maxCapabilities {
		f.fail("", "%d sets, more than %d", len(sets), maxCapabilities)
		return
	}
	for i, set := range sets {
		from, to := dmxValue(set, "DMXFrom", bytes, 0), f.to
		if from < f.from || from > f.to && f.to > f.from {
			set.fail("DMXFrom", "is outside of its function, %d-%d", f.from, f.to)
		}
		if i+1 < len(sets) {
			to = dmxValue(sets[i+1], "DMXFrom", bytes, 0) - 1
		}
		if to < from {
			sets[min(i+1, len(sets)-1)].fail("DMXFrom", "is not after the set before it")
		}
		g.set(c, set, whole, w, property, l, from, min(to, f.to))
	}
}

// set adds a set with a name.
func (g *gdtf) set(c *Channel, set *element, whole Capability, w gdtfWheel, property string, l levels, from, to int) {
	cap := Capability{Capability: patch.Capability{From: l.level(from), To: l.level(to), Level: l.level((from + to) / 2), About: property}}
	if set.has("PhysicalFrom") || set.has("PhysicalTo") {
		scale := g.scale(set, c)
		cap.Unit = whole.Unit
		cap.Start = set.number("PhysicalFrom", whole.Start/scale) * scale
		cap.End = set.number("PhysicalTo", whole.End/scale) * scale
		if cap.Unit != patch.NoUnit && cap.Start != cap.End {
			cap.Level = cap.From
		}
	}
	cap.add(set.attrs["Name"])
	if at := set.whole("WheelSlotIndex", 0, math.MinInt32, math.MaxInt32); at > 0 && w.element != nil {
		if at > len(w.slots) {
			set.fail("WheelSlotIndex", "is %d, but wheel '%s' has %d slots", at, w.attrs["Name"], len(w.slots))
			return
		}
		s := w.slots[at-1]
		cap.add(s.name, strconv.Itoa(at))
		cap.Color, cap.Colored = s.color, s.colored
	}
	if len(cap.Names) > 0 {
		c.Capabilities = append(c.Capabilities, cap)
	}
}

// dmxValue is an attribute such as "128/1" or "128/1s" for a channel of so many bytes,
// other if it is not there. With an s the value is shifted, not stretched.
func dmxValue(e *element, attr string, bytes, other int) int {
	if !e.has(attr) {
		return other
	}
	number, size, _ := strings.Cut(strings.TrimSpace(e.attrs[attr]), "/")
	size, shifted := strings.CutSuffix(size, "s")
	n, err := strconv.Atoi(cmp.Or(size, "1"))
	v, err2 := strconv.ParseUint(number, 10, 33)
	if err != nil || err2 != nil || n < 1 || n > 4 || v >= 1<<(8*n) {
		e.wants(attr, `a value and its bytes, such as "128/1"`)
		return other
	}
	switch {
	case n > bytes:
		return int(v >> (8 * (n - bytes)))
	case shifted || n == bytes:
		return int(v << (8 * (bytes - n)))
	}
	return int(math.Round(float64(v) * float64(int(1)<<(8*bytes)-1) / float64(int(1)<<(8*n)-1)))
}
