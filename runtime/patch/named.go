package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Named returns the fixtures that somebody means by a name: a fixture, a group or a part,
// which is found as "tube.pixel 3" and as "tube pixel 3". It is nil for none.
func (p *Patch) Named(name string) []Fixture {
	if f, ok := p.Fixture(name); ok {
		return []Fixture{f}
	}
	if g, ok := p.Group(name); ok {
		return g.Fixtures
	}
	for _, f := range p.fixtures {
		rest, ok := strings.CutPrefix(name, f.Name)
		if !ok || rest == "" || rest[0] != '.' && rest[0] != ' ' {
			continue
		}
		for _, part := range f.Parts {
			if part.Name[len(f.Name)+1:] == rest[1:] {
				return []Fixture{part}
			}
		}
	}
	return nil
}

// Meant returns what a text such as "wash", "wash.red" or "tube.pixel 3.red" names: the
// fixtures, the name they go by, and the rest, which is a channel or an attribute, "" for
// none. Names with points in them come before channels. The error says what there is.
func (p *Patch) Meant(text string) (fixtures []Fixture, name, channel string, err error) {
	for end := len(text); end > 0; end = strings.LastIndexByte(text[:end], '.') {
		if fixtures = p.Named(text[:end]); fixtures != nil {
			return fixtures, text[:end], strings.TrimPrefix(text[end:], "."), nil
		}
	}
	return nil, "", "", p.Unknown(text)
}

// Unknown says that there is no fixture of a name, and which may have been meant.
func (p *Patch) Unknown(text string) error {
	var names []string
	for _, f := range p.fixtures {
		names = append(names, f.Name)
	}
	for _, g := range p.groups {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return errors.New("the show has no fixtures")
	}
	text = strings.ToValidUTF8(text[:min(len(text), compared)], "")
	whole, _, _ := strings.Cut(text, ".")
	for _, typed := range []string{text, whole} {
		if best := Closest(typed, names); best != "" {
			return fmt.Errorf("no fixture or group is called %q (did you mean %q?)", typed, best)
		}
	}
	return fmt.Errorf("no fixture or group is called %q; there are %s", whole, some(names))
}

// A Handle is something of a fixture that can be grasped: a channel, the intensity or the
// color, and the levels that it stands for.
type Handle struct {
	Name     string
	Channels []Channel // three, red, green and blue, for a color
	Color    bool
}

// Handles lists what can be grasped of the fixture: intensity and color first, as far as it
// has them, then its channels.
func (f Fixture) Handles() (list []Handle) {
	if own, err := f.Channel("intensity"); err == nil {
		list = append(list, Handle{Name: "intensity", Channels: []Channel{own}})
	} else if d := f.Dimmer(); len(d) > 0 {
		list = append(list, Handle{Name: "intensity", Channels: d})
	}
	if f.Colored() {
		list = append(list, Handle{Name: "color", Channels: f.Mix.ColorChannels(), Color: true})
	}
	for _, ch := range f.Channels {
		if ch.Name != "intensity" {
			list = append(list, Handle{Name: ch.Name, Channels: []Channel{ch}})
		}
	}
	return list
}

// Handle returns what is meant by a name of it: a channel as scripts name it, intensity or
// color. A channel that is called color itself is found if plain is set. The error says what
// there is.
func (f Fixture) Handle(name string, plain bool) (Handle, error) {
	for _, h := range f.Handles() {
		if h.Name == name && !(h.Color && plain) {
			return h, nil
		}
	}
	ch, err := f.Channel(name)
	switch {
	case err == nil:
		return Handle{Name: ch.Name, Channels: []Channel{ch}}, nil
	case name == "intensity":
		err = fmt.Errorf("fixture %q gives no light; it has %s", f.Name, some(f.Names()))
	case name == "color" && !f.Colored():
		err = fmt.Errorf("fixture %q makes no colour; it has %s", f.Name, some(f.Names()))
	}
	return Handle{}, err
}
