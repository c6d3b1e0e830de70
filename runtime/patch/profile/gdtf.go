package profile

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// description is the file in a GDTF archive that says what the fixture is.
const description = "description.xml"

// maxArchived bounds the files in an archive.
const maxArchived = 4096

// parseGDTF reads a mode of a GDTF archive.
func parseGDTF(data []byte, mode string) (Profile, error) {
	text, err := unpack(data)
	if err != nil {
		return Profile{}, err
	}
	p, err := parseDescription(text, mode)
	if err != nil {
		return Profile{}, fmt.Errorf("%s: %w", description, err)
	}
	return p, nil
}

// unpack returns the description of an archive.
func unpack(data []byte) ([]byte, error) {
	if bytes.Count(data, []byte("PK\x01\x02")) > maxArchived { // of the entries of the directory
		return nil, fmt.Errorf("more than %d files in the archive", maxArchived)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errors.New("not a GDTF file: it is no zip archive, or a damaged one")
	}
	at := slices.IndexFunc(archive.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, description) })
	if at < 0 {
		return nil, fmt.Errorf("not a GDTF file: there is no %s in the archive", description)
	}
	f, err := archive.File[at].Open()
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be unpacked: %w", description, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxXML+1)) // whatever the archive says of its size
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be unpacked: %w", description, err)
	case len(text) > maxXML:
		return nil, fmt.Errorf("%s: it has more than %d bytes", description, maxXML)
	}
	return text, nil
}

// gdtf is a description while a mode of it is read.
type gdtf struct {
	*element                        // FixtureType
	attributes map[string]*element  // by name
	wheels     map[string]gdtfWheel // by name
	emitters   map[string]*element  // by name
	geometries map[string]*element  // those of the top level, by name
	places     map[string][]place   // of the geometries that the mode has, by name

	visits int
}

// place is one place where a geometry is: on its own, or where it is referred to.
type place struct {
	reference *element // nil for a geometry of its own
	name      string   // of the reference
	offset    int      // of what encloses it, in slots
}

// parseDescription reads a mode of a description.xml.
func parseDescription(data []byte, mode string) (Profile, error) {
	top, err := parseXML(data)
	if err != nil {
		return Profile{}, err
	}
	g := &gdtf{element: top.one("GDTF").one("FixtureType"), places: map[string][]place{}}
	p := g.profile(mode)
	if top.doc.wrong != nil {
		return Profile{}, top.doc.wrong
	}
	return p, nil
}

func (g *gdtf) profile(mode string) Profile {
	if g.attrs == nil {
		g.doc.fail("", "not a GDTF description: it must have GDTF and in it FixtureType")
		return Profile{}
	}
	p := Profile{Name: g.need("Name")}
	g.attributes = named(g.one("AttributeDefinitions").one("Attributes").all("Attribute"))
	g.emitters = named(g.one("PhysicalDescriptions").one("Emitters").all("Emitter"))
	g.geometries = named(g.one("Geometries").children)
	g.wheels = map[string]gdtfWheel{}
	for _, w := range g.one("Wheels").all("Wheel") {
		g.wheels[w.need("Name")] = readGDTFWheel(w)
	}
	m := g.mode(mode)
	if g.doc.wrong != nil {
		return p
	}
	p.Mode = m.attrs["Name"]
	root, ok := g.geometries[m.need("Geometry")]
	if !ok {
		m.fail("Geometry", "no geometry '%s'%s", m.attrs["Geometry"], didYouMean(m.attrs["Geometry"], keys(g.geometries)))
		return p
	}
	g.visit(root, place{}, 0)
	for _, c := range m.one("DMXChannels").all("DMXChannel") {
		g.channel(&p, c)
		if g.doc.wrong != nil {
			return p
		}
	}
	g.finish(&p, m)
	return p
}

// mode finds the mode of a name.
func (g *gdtf) mode(wanted string) *element {
	modes := g.one("DMXModes").all("DMXMode")
	if len(modes) == 0 {
		g.one("DMXModes").fail("", "there is no DMXMode")
		return g.element
	}
	var names [][]string
	for _, m := range modes {
		names = append(names, []string{m.need("Name")})
	}
	i, err := pickMode(wanted, names)
	if err != nil {
		g.doc.fail("", "%s", err)
	}
	return modes[i]
}

// named lists elements by name.
func named(list []*element) map[string]*element {
	m := map[string]*element{}
	for _, e := range list {
		if name := e.need("Name"); m[name] != nil {
			e.fail("Name", "there is another %s '%s'", e.name, name)
		}
		m[e.attrs["Name"]] = e
	}
	return m
}

// keys are those of a map, in order.
func keys[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// visit notes the places of a geometry and of all that it has in it.
func (g *gdtf) visit(e *element, at place, depth int) {
	if g.visits++; g.visits > 1<<14 || depth > maxDepth {
		e.fail("", "too many geometries, or some that refer to one another")
		return
	}
	if e.name == "GeometryReference" {
		target, ok := g.geometries[e.need("Geometry")]
		if !ok {
			e.fail("Geometry", "no geometry '%s'%s", e.attrs["Geometry"], didYouMean(e.attrs["Geometry"], keys(g.geometries)))
			return
		}
		inner := place{reference: e, name: e.need("Name")}
		if at.reference != nil {
			inner.offset = at.offset + at.first("1") - 1
			inner.name = at.name + " " + inner.name
		}
		g.visit(target, inner, depth+1)
		return
	}
	if e.has("Name") && e.name != "Break" {
		name := e.attrs["Name"]
		g.places[name] = append(g.places[name], at)
	}
	for _, c := range e.children {
		g.visit(c, at, depth+1)
	}
}

// first is the number of the first slot of what is referred to, for channels of a break.
func (at place) first(brk string) int {
	breaks := at.reference.all("Break")
	for _, b := range breaks {
		if b.whole("DMXBreak", 1, 1, 255) == 1 && brk == "1" {
			return b.whole("DMXOffset", 1, 1, maxSlots)
		}
	}
	if len(breaks) == 0 {
		return 1
	}
	last := breaks[len(breaks)-1] // which is the one for channels that leave it open
	if n := last.whole("DMXBreak", 1, 1, 255); n != 1 {
		last.fail("DMXBreak", "is %d: the mode takes several start addresses; choose a mode that takes one", n)
	}
	return last.whole("DMXOffset", 1, 1, maxSlots)
}

// finish orders the channels and counts the slots.
func (g *gdtf) finish(p *Profile, m *element) {
	taken := map[int]string{}
	for _, c := range p.Channels {
		for _, s := range c.Slots {
			if other, twice := taken[s]; twice {
				m.one("DMXChannels").fail("", "'%s' and '%s' are both at offset %d", other, c.Label, s+1)
			}
			taken[s] = c.Label
			p.Slots = max(p.Slots, s+1)
		}
	}
	if len(p.Channels) == 0 {
		m.fail("", "the mode has no channel with an Offset")
		return
	}
	order := make([]int, len(p.Channels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return p.Channels[a].Slots[0] - p.Channels[b].Slots[0] })
	sorted := make([]Channel, len(order))
	p.orderPixels(order)
	for i, from := range order {
		sorted[i] = p.Channels[from]
		if at := sorted[i].Pixel; at >= 0 {
			p.Pixels[at].Channels = append(p.Pixels[at].Channels, i)
		}
	}
	p.Channels = sorted
	p.nameChannels()
	p.startDark()
}

// orderPixels puts the pixels into the order of their channels.
func (p *Profile) orderPixels(order []int) {
	became := map[int]int{}
	var pixels []Pixel
	for _, from := range order {
		c := &p.Channels[from]
		if c.Pixel < 0 {
			continue
		}
		if _, ok := became[c.Pixel]; !ok {
			became[c.Pixel] = len(pixels)
			pixels = append(pixels, p.Pixels[c.Pixel])
		}
		c.Pixel = became[c.Pixel]
	}
	p.Pixels = pixels
}
