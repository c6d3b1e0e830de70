package timeline

import (
	"slices"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// white is the light of a lamp of which nothing else is known, and warm that of one that is
// nothing but dimmed.
var (
	white = color.RGB{R: 255, G: 255, B: 255}
	warm  = color.RGB{R: 255, G: 214, B: 170}
	uv    = color.RGB{R: 110, G: 0, B: 255}
)

// A look is what it takes to tell how bright a fixture is seen, and in which colour.
type look struct {
	dimmers []level.Address
	dark    color.RGB // what is seen without emitters
	lights  []light
	wheel   *patch.Mix
}

// light is what a level of 255 adds to the colour, or takes away.
type light struct {
	at   level.Address
	adds color.RGB
}

// seen is how a row looks in the frames of a block, or in all of them.
type seen struct{ rgb [3][]byte }

// lookOf makes the look of a fixture. One that has parts looks as these do on average.
func lookOf(f patch.Fixture) look {
	l := look{dark: warm}
	for i, c := range f.Channels {
		if f.Properties[i].Class == patch.Intensity {
			l.dimmers = append(l.dimmers, c.Coarse)
		}
	}
	mixes := []*patch.Mix{}
	if f.Mix != nil {
		mixes = append(mixes, f.Mix)
	}
	if len(f.Parts) > 0 {
		mixes = mixes[:0]
		for _, p := range f.Parts {
			if p.Mix != nil {
				mixes = append(mixes, p.Mix)
			}
		}
	}
	if len(mixes) == 0 {
		if len(l.dimmers) == 0 {
			l.dark = color.RGB{}
		}
		return l
	}
	l.dark = color.RGB{}
	for _, m := range mixes {
		l.mix(m, 1/float64(len(mixes)))
	}
	return l
}

// mix adds what makes the colour of a fixture, or of a part of one that is so much of the
// whole.
func (l *look) mix(m *patch.Mix, share float64) {
	if slices.Contains(m.Emitters, color.Wheel) && !m.Lit() {
		l.wheel = m
		return
	}
	levels := make([]float64, len(m.Emitters))
	dark := m.Color(levels)
	l.dark = color.RGB{R: l.dark.R + dark.R*share, G: l.dark.G + dark.G*share, B: l.dark.B + dark.B*share}
	for i, c := range m.Channels {
		levels[i] = 255
		with := m.Color(levels)
		levels[i] = 0
		adds := color.RGB{R: with.R - dark.R, G: with.G - dark.G, B: with.B - dark.B}
		if m.Emitters[i] == color.UV {
			adds = uv.Times(0.5)
		}
		l.lights = append(l.lights, light{c.Coarse, adds.Times(share)})
	}
}

// see tells how the look is in the n frames of the block.
func (k *look) see(l *levels, n int) (s seen) {
	var columns [][]byte
	still := true
	column := func(a level.Address) {
		c := slices.Clone(l.levelsOf(a))
		if len(c) == 0 {
			c = []byte{0}
		}
		still = still && len(c) == 1
		columns = append(columns, c)
	}
	for _, d := range k.dimmers {
		column(d)
	}
	for _, e := range k.lights {
		column(e.at)
	}
	if k.wheel != nil {
		for _, c := range k.wheel.Channels {
			column(c.Coarse)
		}
	}
	if still {
		n = 1
	}
	for i := range s.rgb {
		s.rgb[i] = make([]byte, n)
	}
	levels := make([]byte, len(columns))
	before := make([]byte, len(columns))
	for i := range n {
		same := i > 0
		for j, c := range columns {
			v := c[0]
			if len(c) > 1 {
				v = c[i]
			}
			levels[j] = v
			same = same && before[j] == v
		}
		if same {
			for c := range s.rgb {
				s.rgb[c][i] = s.rgb[c][i-1]
			}
			continue
		}
		copy(before, levels)
		c := k.shown(levels)
		s.rgb[0][i], s.rgb[1][i], s.rgb[2][i] = round(c.R), round(c.G), round(c.B)
	}
	for i := range s.rgb {
		if steady(s.rgb[i]) {
			s.rgb[i] = s.rgb[i][:1]
		}
	}
	return s
}

// steady tells whether all values of a column are the same.
func steady(column []byte) bool {
	for _, v := range column {
		if v != column[0] {
			return false
		}
	}
	return true
}

// shown is what is seen at levels: of the dimmers, then of the lights or of the wheel.
func (k *look) shown(levels []byte) color.RGB {
	open := 1.0
	if d := len(k.dimmers); d > 0 {
		sum := 0
		for _, v := range levels[:d] {
			sum += int(v)
		}
		open = float64(sum) / 255 / float64(d)
		levels = levels[d:]
	}
	if open == 0 {
		return color.RGB{}
	}
	if k.wheel != nil {
		of := make([]float64, len(levels))
		for i, v := range levels {
			of[i] = float64(v)
		}
		return k.wheel.Color(of).Times(open)
	}
	c := k.dark
	for i := range k.lights {
		v := float64(levels[i]) / 255
		a := &k.lights[i].adds
		c.R, c.G, c.B = c.R+a.R*v, c.G+a.G*v, c.B+a.B*v
	}
	return c.Times(open)
}

func round(v float64) byte { return byte(min(max(v, 0), 255) + 0.5) }
