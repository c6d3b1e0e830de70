package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"showrun/runtime/color"
)

// ofl is a file of the Open Fixture Library while a mode of it is read.
type ofl struct {
	node
	matrix matrix
	wheels map[string]wheel
	lens   [2]float64       // degrees of the beam, narrow and wide; 0 if the file does not say
	known  map[string]entry // all a mode may name, by that name
	order  []string         // its names, for suggestions
}

// entry is what a name in a mode's list stands for.
type entry struct {
	definition node
	key        string // of the channel
	byte       int    // 0 for the channel, 1 and 2 for its fine ones
	pixel      string // key of the pixel or the group of pixels, of a template
	alias      string // the name of a switching channel
}

// maxEntries bounds templates times pixels.
const maxEntries = 1 << 14

// pixelVariable stands in templates for a pixel's key.
const pixelVariable = "$pixelKey"

// parseOFL reads a mode of a file of the Open Fixture Library.
func parseOFL(data []byte, mode string) (Profile, error) {
	root, err := parseJSON(data)
	if err != nil {
		return Profile{}, err
	}
	f := &ofl{node: root, known: map[string]entry{}}
	p := f.profile(mode)
	if root.doc.wrong != nil {
		return Profile{}, root.doc.wrong
	}
	return p, nil
}

func (f *ofl) profile(mode string) Profile {
	if _, ok := f.value.(*object); !ok {
		f.fail("the file must be an object with name, availableChannels and modes, got %s", f.describe())
		return Profile{}
	}
	f.only("name", "shortName", "categories", "meta", "comment", "links", "helpWanted", "rdm", "physical", "matrix", "wheels",
		"availableChannels", "templateChannels", "modes", "fixtureKey", "manufacturerKey", "oflURL")
	if f.has("redirectTo") {
		f.get("redirectTo").fail("the profile is in another file: %s", f.get("redirectTo").describe())
	}
	p := Profile{Name: f.get("name").text()}
	m := f.mode(mode)
	f.matrix = readMatrix(f.get("matrix"))
	f.wheels = readWheels(f.get("wheels"))
	f.collect()
	if f.doc.wrong != nil {
		return p
	}
	p.Mode = m.get("name").text()
	f.lens = readLens(f.get("physical"), m.get("physical"))
	f.layOut(&p, f.slots(m))
	return p
}

// mode finds the mode of a name.
func (f *ofl) mode(wanted string) node {
	modes := f.get("modes")
	if len(modes.items()) == 0 {
		modes.wants("a list of modes")
		return node{doc: f.doc}
	}
	var names [][]string
	for _, m := range modes.items() {
		m.only("name", "shortName", "rdmPersonalityIndex", "physical", "channels")
		names = append(names, []string{m.get("name").text(), m.get("shortName").textOr("")})
	}
	i, err := pickMode(wanted, names)
	if err != nil {
		f.fail("%s", err)
	}
	return modes.items()[i]
}

// collect lists all that modes can name: channels, their fine ones, the same of
// templates for each pixel, and switching channels.
func (f *ofl) collect() {
	available := f.get("availableChannels")
	for _, key := range available.keys() {
		f.add(entry{definition: available.get(key), key: key}, "")
	}
	templates := f.get("templateChannels")
	pixels := append(slices.Clone(f.matrix.keys), f.matrix.groupNames...)
	for _, key := range templates.keys() {
		t := templates.get(key)
		if !strings.Contains(key, pixelVariable) {
			t.fail("the name of a template must have %s in it", pixelVariable)
		}
		for _, pixel := range pixels {
			f.add(entry{definition: t, key: strings.ReplaceAll(key, pixelVariable, pixel), pixel: pixel}, pixel)
		}
		if f.doc.wrong != nil {
			return
		}
	}
	if !available.there && !templates.there {
		available.wants("an object with the channels")
	}
	f.switches()
}

// add makes a channel known under its key and those of its fine channels. Channels that
// are available come before templates.
func (f *ofl) add(e entry, pixel string) {
	aliases := e.definition.get("fineChannelAliases").upTo(2)
	if len(f.known)+len(aliases) >= maxEntries {
		e.definition.fail("more than %d channels", maxEntries)
		return
	}
	f.put(e.key, e)
	for i, alias := range aliases {
		e.byte = i + 1
		f.put(strings.ReplaceAll(alias.text(), pixelVariable, pixel), e)
	}
}

func (f *ofl) put(name string, e entry) {
	if have, ok := f.known[name]; ok {
		if have.pixel == e.pixel {
			e.definition.fail("there is another channel '%s'", name)
		}
		return
	}
	f.known[name] = e
	f.order = append(f.order, name)
}

// switches makes known the names that stand for one channel or another, as another
// channel tells: for the one that its default selects.
func (f *ofl) switches() {
	for _, name := range slices.Clone(f.order) {
		trigger := f.known[name]
		if trigger.byte > 0 || trigger.alias != "" {
			continue
		}
		capability, ok := f.initial(trigger.definition)
		if !ok {
			continue
		}
		f.switchTo(capability.get("switchChannels"), trigger.pixel)
	}
}

// switchTo makes known the names that a capability gives to channels.
func (f *ofl) switchTo(to node, pixel string) {
	for _, key := range to.keys() {
		target := strings.ReplaceAll(to.get(key).text(), pixelVariable, pixel)
		e, ok := f.known[target]
		if !ok {
			to.get(key).fail("no channel '%s'%s", target, meant(target, f.order))
		}
		e.alias = strings.ReplaceAll(key, pixelVariable, pixel)
		f.put(e.alias, e)
	}
}

// initial is the capability that a channel which switches others has at its default.
func (f *ofl) initial(definition node) (node, bool) {
	list := definition.get("capabilities").upTo(maxCapabilities)
	if !slices.ContainsFunc(list, func(n node) bool { return n.has("switchChannels") }) {
		return node{}, false
	}
	bytes := declaredBytes(definition)
	raw := rawDefault(definition, bytes)
	for _, c := range list {
		if from, to := rawRange(c, bytes); raw >= from && raw <= to {
			return c, true
		}
	}
	return node{}, false
}

// slot is one slot of a mode and what it was in the file; without a name it is unused.
type slot struct {
	node
	name string
}

// slots lists the slots of a mode.
func (f *ofl) slots(mode node) []slot {
	channels := mode.get("channels")
	if len(channels.items()) == 0 {
		channels.wants("a list of channels")
	}
	var slots []slot
	for _, c := range channels.items() {
		switch c.value.(type) {
		case nil:
			slots = append(slots, slot{c, ""})
		case *object:
			slots = append(slots, f.insert(c)...)
		default:
			slots = append(slots, slot{c, c.text()})
		}
		if len(slots) > maxSlots {
			channels.fail("the mode has more than %d channels", maxSlots)
			return nil
		}
	}
	return slots
}

// insert lists the slots of templates that are repeated for pixels.
func (f *ofl) insert(block node) (slots []slot) {
	block.only("insert", "repeatFor", "channelOrder", "templateChannels")
	if what := block.get("insert"); what.value != "matrixChannels" {
		what.wants(`"matrixChannels"`)
	}
	pixels := f.repeat(block.get("repeatFor"))
	templates := block.get("templateChannels").items()
	if len(templates) == 0 {
		block.get("templateChannels").wants("a list of templates")
	}
	if len(pixels)*len(templates) > maxSlots {
		block.fail("%d templates for %d pixels are more than %d channels", len(templates), len(pixels), maxSlots)
		return nil
	}
	for _, t := range templates {
		if s, _ := t.value.(string); t.value != nil && !strings.Contains(t.text(), pixelVariable) {
			t.fail("a template has %s in its name, got '%s'", pixelVariable, s)
		}
	}
	one := func(t node, pixel string) {
		s, _ := t.value.(string)
		slots = append(slots, slot{t, strings.ReplaceAll(s, pixelVariable, pixel)})
	}
	switch order := block.get("channelOrder"); order.value {
	case "perPixel":
		for _, pixel := range pixels {
			for _, t := range templates {
				one(t, pixel)
			}
		}
	case "perChannel":
		for _, t := range templates {
			for _, pixel := range pixels {
				one(t, pixel)
			}
		}
	default:
		order.wants(`"perPixel" or "perChannel"`)
	}
	return slots
}

// layOut makes the channels and pixels of a mode.
func (f *ofl) layOut(p *Profile, slots []slot) {
	p.Slots = len(slots)
	var entries []entry // what each channel is
	pixels := map[string]int{}
	for i, s := range slots {
		if s.name == "" {
			continue
		}
		e, ok := f.known[s.name]
		switch {
		case !ok:
			s.fail("no channel '%s'%s", s.name, meant(s.name, f.order))
		case e.byte > 0:
			f.fine(p, entries, s, e, i)
		case slices.ContainsFunc(entries, func(o entry) bool { return o.name() == e.name() }):
			s.fail("the mode has channel '%s' twice", s.name)
		default:
			entries = append(entries, e)
			p.Channels = append(p.Channels, Channel{Label: e.name(), Slots: []int{i}, Pixel: f.pixel(p, pixels, e)})
		}
		if f.doc.wrong != nil {
			return
		}
	}
	for i, e := range entries {
		f.describeChannel(&p.Channels[i], e)
	}
	if len(p.Channels) == 0 {
		f.get("modes").fail("mode '%s' has no channel that is used", p.Mode)
	}
	p.nameChannels()
	p.startDark()
}

// fine adds a slot to the last channel before it that is short of it, whatever name that
// has in the mode.
func (f *ofl) fine(p *Profile, entries []entry, s slot, e entry, at int) {
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].key == e.key && len(p.Channels[i].Slots) == e.byte {
			p.Channels[i].Slots = append(p.Channels[i].Slots, at)
			return
		}
	}
	s.fail("'%s' is fine channel %d of '%s', which must come before it, and once", s.name, e.byte, e.key)
}

// name is what the file calls the channel in the mode.
func (e entry) name() string {
	if e.alias != "" {
		return e.alias
	}
	return e.key
}

// pixel finds or makes the pixel of a channel that is about to be added, -1 if it is
// none's.
func (f *ofl) pixel(p *Profile, known map[string]int, e entry) int {
	if e.pixel == "" || slices.Contains(f.matrix.wholes, e.pixel) {
		return -1
	}
	i, ok := known[e.pixel]
	if !ok {
		i = len(p.Pixels)
		known[e.pixel] = i
		p.Pixels = append(p.Pixels, Pixel{Name: e.pixel})
	}
	p.Pixels[i].Channels = append(p.Pixels[i].Channels, len(p.Channels))
	return i
}

// wheel is a wheel of the file.
type wheel struct {
	node
	slots []wheelSlot
}

// wheelSlot is one place on a wheel.
type wheelSlot struct {
	kind    string // "Color", "Gobo", …
	name    string // may be ""
	color   color.RGB
	colored bool
}

// maxWheel bounds the slots of a wheel.
const maxWheel = 256

// slotKinds are the types of slots.
var slotKinds = []string{"Open", "Closed", "Color", "Gobo", "Prism", "Iris", "Frost", "AnimationGoboStart", "AnimationGoboEnd"}

func readWheels(n node) map[string]wheel {
	wheels := map[string]wheel{}
	for _, key := range n.keys() {
		w := wheel{node: n.get(key)}
		w.only("direction", "slots")
		for _, s := range w.get("slots").upTo(maxWheel) {
			w.slots = append(w.slots, readSlot(s))
		}
		if len(w.slots) == 0 {
			w.get("slots").wants("a list of slots")
		}
		wheels[key] = w
	}
	return wheels
}

func readSlot(n node) (s wheelSlot) {
	n.only("type", "name", "resource", "colors", "colorTemperature", "facets", "openPercent", "frostIntensity")
	if kind := n.get("type"); !slices.Contains(slotKinds, kind.text()) {
		kind.fail("unknown type %s%s; there are %s", kind.describe(), didYouMean(kind.text(), slotKinds), list(slotKinds))
	}
	s.kind = n.get("type").text()
	s.name = n.get("name").textOr("")
	switch {
	case s.kind == "Open":
		s.color, s.colored = white, true
	case n.has("colors"):
		s.color, s.colored = colors(n.get("colors"))
	}
	return s
}

// white is the light that nothing stands in the way of.
var white = color.RGB{R: 255, G: 255, B: 255}

// colors reads a list of colours; of several, a split of two filters, it makes the
// middle.
func colors(n node) (rgb color.RGB, ok bool) {
	items := n.items()
	if len(items) == 0 {
		n.wants(`a list of colours such as "#ff8800"`)
		return rgb, false
	}
	part := 1 / float64(len(items))
	for _, c := range items {
		text, _ := c.value.(string)
		v, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 24)
		if err != nil || len(text) != 7 || text[0] != '#' {
			c.wants(`a colour such as "#ff8800"`)
			return rgb, false
		}
		rgb.R += float64(v>>16) * part
		rgb.G += float64(v>>8&255) * part
		rgb.B += float64(v&255) * part
	}
	return rgb, true
}

// slotName names place n of a wheel; between two it is both.
func (w wheel) slotName(n float64) string {
	at := w.slots[max(int(n)-1, 0)%len(w.slots)]
	if n != float64(int(n)) {
		next := w.slots[int(n)%len(w.slots)]
		return at.called(int(n)) + "/" + next.called(int(n)%len(w.slots)+1)
	}
	return at.called(int(n))
}

func (s wheelSlot) called(n int) string {
	switch {
	case s.name != "":
		return s.name
	case s.kind == "Open" || s.kind == "Closed":
		return s.kind
	}
	return fmt.Sprintf("%s %d", s.kind, n)
}
