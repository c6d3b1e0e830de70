package bindings

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/color"
	"showrun/runtime/patch"
)

// aColor words what a colour can be.
const aColor = `a colour such as "#ff8800", "tomato", { 255, 136, 0 } or { h = 32, s = 1, v = 1 }`

// stageColor tells the red, green and blue of a colour, for scripts that calculate with it.
func (s *Show) stageColor(c module.Call) int {
	rgb := readColor(c, c.Get(1), "the colour")
	list := c.L.CreateTable(3, 0)
	for i, l := range []float64{rgb.R, rgb.G, rgb.B} {
		list.RawSetInt(i+1, lua.LNumber(l))
	}
	c.L.Push(list)
	return 1
}

// readColor takes a colour: digits or a name, a list of red, green and blue, hue with
// saturation and value, or a table that has a color, as a palette does.
func readColor(c module.Call, v lua.LValue, what string) color.RGB {
	switch v := v.(type) {
	case lua.LString:
		rgb, err := color.Parse(string(v), patch.Closest)
		if err != nil {
			c.Fail("%s: %s: %s", what, module.Describe(v), err)
		}
		return rgb
	case *lua.LTable:
		if entry := v.RawGetString("color"); entry != lua.LNil && entry != lua.LValue(v) {
			return readColor(c, entry, what)
		}
		if v.Len() > 0 {
			return listedColor(c, v, what)
		}
		if v.RawGetString("h") != lua.LNil {
			return hueColor(c, v, what)
		}
	}
	c.Wrong(what, aColor, v)
	return color.RGB{}
}

func listedColor(c module.Call, t *lua.LTable, what string) color.RGB {
	if n := t.Len(); n != 3 {
		c.Fail("%s: a list has red, green and blue, got %d levels", what, n)
	}
	c.OnlyList(t, 3, what)
	var l [3]float64
	for i, name := range []string{"red", "green", "blue"} {
		l[i] = c.Level(t.RawGetInt(i+1), name+" of "+what)
	}
	return color.RGB{R: l[0], G: l[1], B: l[2]}
}

func hueColor(c module.Call, t *lua.LTable, what string) color.RGB {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if name, ok := k.(lua.LString); !ok || !strings.Contains("hsv", string(name)) || len(name) != 1 {
			c.Fail("%s: a hue stands with s and v, 0-1 each, got the key %s as well", what, module.Describe(k))
		}
	}
	h, ok := t.RawGetString("h").(lua.LNumber)
	if !ok || math.IsNaN(float64(h)) || math.IsInf(float64(h), 0) {
		c.WrongNumber("h of "+what, "a number of degrees", t.RawGetString("h"))
	}
	part := func(name string) float64 {
		v := t.RawGetString(name)
		if v == lua.LNil {
			return 1
		}
		n, ok := v.(lua.LNumber)
		if !ok || !(n >= 0 && n <= 1) {
			c.WrongNumber(name+" of "+what, "0-1", v)
		}
		return float64(n)
	}
	return color.HSV(float64(h), part("s"), part("v"))
}

// channelColor tells whether a level is meant for a channel that is called color.
func (g *group) channelColor(v lua.LValue) bool {
	if text, ok := v.(lua.LString); ok && !strings.HasSuffix(string(text), "%") {
		return false
	}
	if _, ok := v.(*lua.LTable); ok {
		return false
	}
	for _, f := range g.fixtures {
		if _, err := f.Channel("color"); err == nil {
			return true
		}
	}
	return false
}

// colors reads the colour as an attribute, for the fixtures that have one.
func (g *group) colors(c module.Call, v lua.LValue) (out []target) {
	rgb := readColor(c, v, "color")
	for _, f := range g.fixtures {
		if f.Colored() {
			for i, l := range []float64{rgb.R, rgb.G, rgb.B} {
				out = append(out, target{Channel: f.Mix.Attribute(i + 1), class: patch.Color, level: l})
			}
		}
	}
	if out == nil {
		g.noColor(c)
	}
	return out
}

// intensities reads the intensity as an attribute, for the fixtures that have one.
func (g *group) intensities(c module.Call, v lua.LValue) (out []target) {
	l := c.Level(v, "intensity")
	for _, f := range g.fixtures {
		dimmers := f.Dimmer()
		if ch, err := f.Channel("intensity"); err == nil {
			dimmers = []patch.Channel{ch}
		}
		for _, ch := range dimmers {
			out = append(out, target{Channel: ch, class: patch.Intensity, level: l})
		}
	}
	if out == nil {
		g.noIntensity(c)
	}
	return out
}

// lacks raises an error if none of the fixtures has an attribute or a channel.
func (g *group) lacks(c module.Call, name string) {
	switch name {
	case "color":
		g.noColor(c)
	case "intensity":
		g.noIntensity(c)
	}
	g.channel(c, name)
}

func (g *group) noColor(c module.Call) {
	c.Fail("color: %s makes no colour; it has %s", g.first(), g.has())
}

func (g *group) noIntensity(c module.Call) {
	c.Fail("intensity: %s gives no light; it has %s", g.first(), g.has())
}

// first names the fixture an error is about.
func (g *group) first() string { return fmt.Sprintf("fixture %q", g.fixtures[0].Name) }

// has lists the channels of the fixture an error is about.
func (g *group) has() string {
	names := make([]string, len(g.fixtures[0].Channels))
	for i, ch := range g.fixtures[0].Channels {
		names[i] = ch.Name
	}
	return strings.Join(names, ", ")
}
