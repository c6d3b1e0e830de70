package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/raced"
)

// over is a level as a function of the instant, and when it is there for good; never for a
// wave.
type over struct {
	at   func(t time.Duration) float64
	done time.Duration
}

func fixed(v float64) over { return over{func(time.Duration) float64 { return v }, 0} }

// part is how much of a fade is done, before its curve: a straight line, or the square of it.
func part(t, from, lasts time.Duration, curved bool) float64 {
	u := 1.0
	if t < from+lasts {
		u = max(float64(t-from)/float64(lasts), 0)
	}
	if curved {
		return u * u
	}
	return u
}

// lampModel knows how attributes are to act on one fixture, evaluates everything anew for
// every instant it is asked for, and keeps nothing but functions of time.
type lampModel struct {
	fixture   patch.Fixture
	levels    func(r, g, b float64) []float64   // what makes a colour
	color     func(levels []float64) [3]float64 // the other way round
	dims      bool
	channels  []over // of the emitters ...
	mixed     []bool // ... that do not follow
	intensity over
	rgb       [3]over
	told      bool
	rest      []float64
	left      over
}

func (m *lampModel) share(t time.Duration) []float64 {
	k := 1.0
	if m.dims {
		k = max(m.intensity.at(t), 0) / 255
	}
	l := m.levels(m.rgb[0].at(t)*k, m.rgb[1].at(t)*k, m.rgb[2].at(t)*k)
	for i := range l {
		l[i] += m.rest[i] * m.left.at(t)
	}
	return l
}

func (m *lampModel) level(i int, t time.Duration) float64 {
	if m.mixed[i] {
		return m.share(t)[i]
	}
	return m.channels[i].at(t)
}

// follow has all emitters follow from t on, for a command for the intensity or the colour
// whose change takes so long.
func (m *lampModel) follow(t time.Duration, intensity bool, from, lasts time.Duration, curved bool) {
	whole, now := true, make([]float64, len(m.mixed))
	for i := range m.mixed {
		whole = whole && m.mixed[i]
		now[i] = m.level(i, t)
	}
	if !whole {
		m.infer(t, now, intensity)
	}
	m.left = fixed(0)
	for i, want := range m.share(t) {
		m.rest[i], m.mixed[i] = now[i]-want, true
	}
	m.left = over{func(t time.Duration) float64 { return 1 - part(t, from, lasts, curved) }, from + lasts}
	m.told = m.told || !intensity
}

func (m *lampModel) infer(t time.Duration, now []float64, intensity bool) {
	c := m.color(now)
	bright := max(c[0], c[1], c[2])
	dim := 255.0
	if m.dims {
		dim = m.intensity.at(t)
	}
	rest := m.dims && m.intensity.done <= t
	if rest && intensity && bright <= 0 {
		m.intensity = fixed(0)
		return
	}
	if m.rgb[0].done > t || dim <= 0 && !(rest && bright > 0) {
		return
	}
	if dim <= 0 {
		dim = bright
		m.intensity = fixed(dim)
	}
	for i := range c {
		m.rgb[i] = fixed(c[i] / dim * 255)
	}
}

// fadeColor is linear in each component and in the largest of them.
func (m *lampModel) fadeColor(t time.Duration, to [3]float64, from, lasts time.Duration, curved, direct bool) {
	dark := m.dims && !m.told
	m.follow(t, false, from, lasts, curved)
	if dark && m.intensity.at(t) == 0 {
		m.rgb = [3]over{fixed(to[0]), fixed(to[1]), fixed(to[2])}
	}
	a := [3]float64{m.rgb[0].at(t), m.rgb[1].at(t), m.rgb[2].at(t)}
	for i := range m.rgb {
		m.rgb[i] = over{func(t time.Duration) float64 {
			u := part(t, from, lasts, curved)
			line := func(i int) float64 { return a[i]*(1-u) + to[i]*u }
			top, want := max(line(0), line(1), line(2)), max(a[0], a[1], a[2])*(1-u)+max(to[0], to[1], to[2])*u
			if direct || top == 0 {
				return line(i)
			}
			return line(i) * want / top
		}, from + lasts}
	}
}

// kinds are fixtures with the arithmetic written down for each.
func lampModels(r *level.Registry) []*lampModel {
	add := func(name string, slot int32, channels []string, dims bool, levels func(r, g, b float64) []float64, color func(l []float64) [3]float64) *lampModel {
		o := r.Output(fmt.Sprint("u", slot%2), 512)
		f, err := patch.NewCustom(name, channels, level.Address{Output: o, Slot: slot}, 512)
		if err != nil {
			panic(err)
		}
		n := len(f.Mix.Channels)
		m := &lampModel{
			fixture: f, levels: levels, color: color, dims: dims, channels: make([]over, n), mixed: make([]bool, n), rest: make([]float64, n),
			intensity: fixed(255), rgb: [3]over{fixed(255), fixed(255), fixed(255)}, left: fixed(0),
		}
		for i := range m.channels {
			m.channels[i] = fixed(0)
		}
		return m
	}
	white := func(r, g, b float64) float64 { return min(max(min(r, g, b), 0), 255) }
	return []*lampModel{
		add("rgb", 1, []string{"red", "red fine", "green", "blue"}, true,
			func(r, g, b float64) []float64 { return []float64{r, g, b} },
			func(l []float64) [3]float64 { return [3]float64{l[0], l[1], l[2]} }),
		add("rgbw", 10, []string{"red", "green", "blue", "white"}, true,
			func(r, g, b float64) []float64 {
				w := white(r, g, b)
				return []float64{r - w, g - w, b - w, w}
			},
			func(l []float64) [3]float64 { return [3]float64{l[0] + l[3], l[1] + l[3], l[2] + l[3]} }),
		add("head", 20, []string{"dimmer", "red", "green", "blue", "uv"}, false,
			func(r, g, b float64) []float64 { return []float64{r, g, b, max(min(2*r, b), 0)} },
			func(l []float64) [3]float64 { return [3]float64{l[0], l[1], l[2]} }),
		add("rgba", 30, []string{"red", "green", "blue", "amber"}, true,
			func(r, g, b float64) []float64 {
				a := min(max(min(r, g*4/3), 0), 255)
				return []float64{r - a, g - a*3/4, b, a}
			},
			func(l []float64) [3]float64 { return [3]float64{l[0] + l[3], l[1] + l[3]*3/4, l[2]} }),
		add("cmy", 41, []string{"dimmer", "cyan", "magenta", "yellow"}, false,
			func(r, g, b float64) []float64 { return []float64{255 - r, 255 - g, 255 - b} },
			func(l []float64) [3]float64 { return [3]float64{255 - l[0], 255 - l[1], 255 - l[2]} }),
		add("whites", 50, []string{"warm white", "cold white"}, true,
			func(r, g, b float64) []float64 { w := white(r, g, b); return []float64{w, w} },
			func(l []float64) [3]float64 { w := (l[0] + l[1]) / 2; return [3]float64{w, w, w} }),
	}
}

// act does a random thing at t to the model and returns the commands for it.
func (m *lampModel) act(rnd *rand.Rand, t time.Duration) Command {
	mix := m.fixture.Mix
	delay, lasts := time.Duration(0), time.Duration(rnd.IntN(1500))*time.Millisecond+1
	if rnd.IntN(3) == 0 {
		delay = time.Duration(rnd.IntN(500)) * time.Millisecond
	}
	curved := rnd.IntN(3) == 0
	easing := curve.Linear
	if curved {
		easing = curve.EaseIn
	}
	l := float64(rnd.IntN(4)) * 85
	c := [3]float64{float64(rnd.IntN(4)) * 85, float64(rnd.IntN(4)) * 85, float64(rnd.IntN(256))}
	i := rnd.IntN(len(mix.Channels))
	fade := func(from float64) over {
		return over{func(at time.Duration) float64 {
			u := part(at, t+delay, lasts, curved)
			return from*(1-u) + l*u
		}, t + delay + lasts}
	}
	at := next(mix.At, 1)
	switch rnd.IntN(9) {
	case 0, 1: // a channel is set
		m.mixed[i], m.channels[i] = false, fixed(l)
		return Set{mix.Channels[i], l}
	case 2: // a channel fades
		from := m.level(i, t)
		m.mixed[i], m.channels[i] = false, fade(from)
		return Fade{Channel: mix.Channels[i], To: l, Duration: Length{Time: lasts}, Delay: Length{Time: delay}, Curve: easing}
	case 3: // a channel goes to and fro
		m.mixed[i] = false
		m.channels[i] = over{func(at time.Duration) float64 { return l * curve.Triangle.At(float64(at-t)/float64(lasts), 0.5, 0) }, 1 << 60}
		return Wave{Channel: mix.Channels[i], Shape: curve.Triangle, Width: 0.5, Period: Length{Time: lasts}, To: l}
	case 4, 5: // the intensity
		if !m.dims {
			return nil
		}
		if rnd.IntN(2) == 0 {
			m.follow(t, true, t, 0, false)
			m.intensity = fixed(l)
			return Set{mix.Attribute(0), l}
		}
		m.follow(t, true, t+delay, lasts, curved)
		m.intensity = fade(m.intensity.at(t))
		return Fade{Channel: mix.Attribute(0), To: l, Duration: Length{Time: lasts}, Delay: Length{Time: delay}, Curve: easing}
	case 6: // the intensity goes to and fro
		if !m.dims {
			return nil
		}
		m.follow(t, true, t, 0, false)
		m.intensity = over{func(at time.Duration) float64 { return l * curve.Triangle.At(float64(at-t)/float64(lasts), 0.5, 0) }, 1 << 60}
		return Wave{Channel: mix.Attribute(0), Shape: curve.Triangle, Width: 0.5, Period: Length{Time: lasts}, To: l}
	case 7: // the colour is set
		m.follow(t, false, t, 0, false)
		m.rgb = [3]over{fixed(c[0]), fixed(c[1]), fixed(c[2])}
		return SetColors{At: []level.Address{at}, Levels: []float32{float32(c[0]), float32(c[1]), float32(c[2])}}
	}
	direct := rnd.IntN(3) == 0
	m.fadeColor(t, c, t+delay, lasts, curved, direct)
	return FadeColor{
		At: at, To: color.RGB{R: c[0], G: c[1], B: c[2]}, Direct: direct,
		Duration: Length{Time: lasts}, Delay: Length{Time: delay}, Curve: easing,
	}
}

// TestMixesKeepToTheModel does random things to fixtures, by channel and by attribute, and
// compares every level in every frame with what a slow model says that it is.
func TestMixesKeepToTheModel(t *testing.T) {
	for seed := range raced.Of[uint64](60, 6) {
		rnd := rand.New(rand.NewPCG(seed, 14))
		var r level.Registry
		lamps := lampModels(&r)
		e := New(Config{Rate: 20 + rnd.IntN(100), Registry: &r})
		var mixes []patch.Mix
		for _, m := range lamps {
			mixes = append(mixes, *m.fixture.Mix)
		}
		e.Submit(at(0, Attributes{mixes}))
		var done []string
		next := time.Duration(rnd.IntN(100)) * time.Millisecond
		for e.frame.At < 20*time.Second {
			for f := e.NextFrame(); next <= f; f = e.NextFrame() {
				m := lamps[rnd.IntN(len(lamps))]
				if c := m.act(rnd, next); c != nil {
					done = append(done, fmt.Sprintf("%v %s %T%+v", next, m.fixture.Name, c, c))
					e.Submit(at(next, c))
				}
				next += time.Duration(rnd.IntN(300)) * time.Millisecond
			}
			f := e.Step(e.NextFrame())
			for _, m := range lamps {
				if !slices.Contains(f.Part, m.fixture.At.Output) {
					continue // it stands as it was
				}
				for i, ch := range m.fixture.Mix.Channels {
					got, want := e.Value(ch.Coarse), m.level(i, f.At)
					if math.Abs(got-want) > 1e-3 {
						t.Fatalf("seed %d, %v: %s of %s is at %v, and the model at %v; after\n%s",
							seed, f.At, ch.Name, m.fixture.Name, got, want, done[max(0, len(done)-12):])
					}
				}
			}
		}
		if s := e.Stats(); s.RefusedCommands > 0 || s.Late.Count > 0 {
			t.Fatalf("seed %d: %+v", seed, s)
		}
	}
}
