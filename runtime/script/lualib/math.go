package lualib

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// seedStream is the second half of every seed: it chooses the stream of the generator.
const seedStream = 0x73686f7772756e

// maxRandom bounds the range of math.random: every whole number up to it is a float64.
const maxRandom = 1 << 53

var mathFunctions = []function{
	{"abs", ofOne(math.Abs)},
	{"acos", ofOne(math.Acos)},
	{"asin", ofOne(math.Asin)},
	{"atan", ofOne(math.Atan)},
	{"atan2", ofTwo(math.Atan2)},
	{"ceil", ofOne(math.Ceil)},
	{"cos", ofOne(math.Cos)},
	{"cosh", ofOne(math.Cosh)},
	{"deg", ofOne(func(x float64) float64 { return x * (180 / math.Pi) })},
	{"exp", ofOne(math.Exp)},
	{"floor", ofOne(math.Floor)},
	{"fmod", ofTwo(math.Mod)},
	{"frexp", mathFrexp},
	{"ldexp", mathLdexp},
	{"log", ofOne(math.Log)},
	{"log10", ofOne(math.Log10)},
	{"max", extreme(func(a, b float64) bool { return a > b })},
	{"min", extreme(func(a, b float64) bool { return a < b })},
	{"mod", ofTwo(math.Mod)},
	{"modf", mathModf},
	{"pow", ofTwo(math.Pow)},
	{"rad", ofOne(func(x float64) float64 { return x * (math.Pi / 180) })},
	{"random", mathRandom},
	{"randomseed", mathRandomSeed},
	{"sin", ofOne(math.Sin)},
	{"sinh", ofOne(math.Sinh)},
	{"sqrt", ofOne(math.Sqrt)},
	{"tan", ofOne(math.Tan)},
	{"tanh", ofOne(math.Tanh)},
}

func (lib *library) openMath(L *lua.LState) {
	t := lib.module(L, "math", mathFunctions)
	t.RawSetString("pi", lua.LNumber(math.Pi))
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
}

func ofOne(f func(float64) float64) func(c call) int {
	return func(c call) int { return c.pushNumber(f(c.number(1))) }
}

func ofTwo(f func(x, y float64) float64) func(c call) int {
	return func(c call) int { return c.pushNumber(f(c.number(1), c.number(2))) }
}

// extreme returns the argument that is beyond all others.
func extreme(beyond func(a, b float64) bool) func(c call) int {
	return func(c call) int {
		most := c.number(1)
		for i, top := 2, c.L.GetTop(); i <= top; i++ {
			if f := c.number(i); beyond(f, most) {
				most = f
			}
		}
		return c.pushNumber(most)
	}
}

func mathFrexp(c call) int {
	fraction, exponent := math.Frexp(c.number(1))
	return c.push(lua.LNumber(fraction), lua.LNumber(exponent))
}

func mathLdexp(c call) int {
	// Beyond ±4096 nothing changes any more, and math.Ldexp wants a small exponent.
	exponent := min(max(c.integer(2), -4096), 4096)
	return c.pushNumber(math.Ldexp(c.number(1), exponent))
}

func mathModf(c call) int {
	f := c.number(1)
	if math.IsInf(f, 0) {
		return c.push(lua.LNumber(f), lua.LNumber(0))
	}
	whole, fraction := math.Modf(f)
	return c.push(lua.LNumber(whole), lua.LNumber(fraction))
}

// mathRandom returns a number in [0, 1), or a whole number in [1, u] or [l, u].
func mathRandom(c call) int {
	top := c.L.GetTop()
	low, high := 1.0, 1.0
	switch top {
	case 0:
	case 1:
		high = c.randomBound(1)
	case 2:
		low, high = c.randomBound(1), c.randomBound(2)
	default:
		c.raise("wrong number of arguments to 'random'")
	}
	if low > high {
		c.argError(top, "interval is empty")
	}
	if high-low >= maxRandom {
		c.argError(top, "interval is too large")
	}
	r := float64(c.lib.random.Uint64()>>11) / (1 << 53)
	if top == 0 {
		return c.pushNumber(r)
	}
	// r is below 1 by 2^-53 at least, so r times a whole number up to 2^53 rounds to less than that number.
	return c.pushNumber(low + math.Floor(r*(high-low+1)))
}

// randomBound reads a bound of math.random and cuts its fraction off.
func (c call) randomBound(n int) float64 {
	f := math.Trunc(c.number(n))
	if !(math.Abs(f) <= maxRandom) {
		c.argError(n, "number has no integer representation")
	}
	return f
}

func mathRandomSeed(c call) int {
	*c.lib.random = *rand.NewPCG(math.Float64bits(c.number(1)), seedStream)
	return 0
}
