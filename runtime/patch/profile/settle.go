package profile

import "showrun/runtime/patch"

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
	case width["shutter"] > 0 && strobes[widest]:
		widest = "shutter"
	case strobes[widest] && c.openIsNothing():
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
}

// strobes are the properties that a shutter has besides being open or closed.
var strobes = map[string]bool{"strobe": true, "pulse": true, "random_strobe": true, "random_pulse": true, "strobe_effect": true}

// openIsNothing makes doing nothing the open shutter of a channel that only strobes
// beside it. It tells whether there is such a place.
func (c *Channel) openIsNothing() bool {
	found := false
	for i := range c.Capabilities {
		if cap := &c.Capabilities[i]; cap.About == "" {
			cap.About = "shutter"
			cap.Names = append([]string{"open"}, cap.Names...)
			found = true
		}
	}
	return found
}

// opened is the default of a channel that the file has none for: the open place of a
// shutter, or 0.
func (c *Channel) opened() float64 {
	if c.Property != "shutter" {
		return 0
	}
	for _, cap := range c.Capabilities {
		for _, name := range cap.Names {
			if patch.Plain(name) == "open" {
				return cap.Level
			}
		}
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
