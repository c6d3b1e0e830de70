package profile

import (
	"slices"

	"showrun/runtime/patch"
)

// settle finds out what a channel is about, of what its capabilities are; own is its
// name in the file, for one that does nothing else.
func (c *Channel) settle(own string) {
	width := map[string]float64{}
	var widest string
	for _, cap := range c.Capabilities {
		if cap.About == "" {
			continue
		}
		if width[cap.About] += cap.To - cap.From + 1; width[cap.About] > width[widest] {
			widest = cap.About
		}
	}
	const quarter = 64
	switch {
	case width["dimmer"] >= quarter:
		widest = "dimmer"
	case strobes[widest] && (width["shutter"] > 0 || c.nothing()):
		widest = "shutter"
	}
	for _, wheel := range []string{"color_wheel", "gobo"} {
		if width[wheel] > 0 && width["dimmer"] < quarter {
			widest = wheel
		}
	}
	if c.Property = widest; widest == "" {
		c.Property = own
	}
	if c.Property == "" {
		c.Property = "channel"
	}
	c.openUp()
}

// strobes are the properties that a shutter has besides being open or closed.
var strobes = map[string]bool{"strobe": true, "pulse": true, "random_strobe": true, "random_pulse": true, "strobe_effect": true}

// nothing tells whether there is a place where the channel does nothing.
func (c *Channel) nothing() bool {
	return slices.ContainsFunc(c.Capabilities, func(k Capability) bool { return k.About == "" })
}

// openUp names the places where a shutter does nothing "open", unless another is.
func (c *Channel) openUp() {
	if _, ok := c.place("open"); ok || c.Property != "shutter" {
		return
	}
	for i := range c.Capabilities {
		if k := &c.Capabilities[i]; k.About == "" {
			k.About = "shutter"
			k.Names = append([]string{"open"}, k.Names...)
		}
	}
}

// place finds the capability of a name.
func (c *Channel) place(name string) (Capability, bool) {
	for _, k := range c.Capabilities {
		if slices.ContainsFunc(k.Names, func(n string) bool { return patch.Plain(n) == name }) {
			return k, true
		}
	}
	return Capability{}, false
}

// opened is the default of a channel that the file has none for: the open place of a
// shutter, or 0.
func (c *Channel) opened() float64 {
	if open, ok := c.place("open"); ok && c.Property == "shutter" {
		return open.Level
	}
	return 0
}

// emitters are the properties that make light by themselves.
var emitters = map[string]bool{
	"red": true, "green": true, "blue": true, "white": true, "warm_white": true, "cold_white": true,
	"amber": true, "lime": true, "uv": true, "mint": true, "azure": true, "indigo": true, "rose": true,
	"cyan": true, "magenta": true, "yellow": true,
}

// startDark has a fixture make no light before it is told to, whatever the file says:
// its dimmers, or where it has none its emitters, start at 0. Without red, cyan, magenta
// and yellow are filters.
func (p *Profile) startDark() {
	has := map[string]bool{}
	for _, c := range p.Channels {
		has[c.Property] = true
	}
	for i := range p.Channels {
		c := &p.Channels[i]
		filter := !has["red"] && (c.Property == "cyan" || c.Property == "magenta" || c.Property == "yellow")
		if c.Property == "dimmer" || !has["dimmer"] && emitters[c.Property] && !filter {
			c.Default = 0
		}
	}
}
