package lualib

import (
	"fmt"
	"math"
	"math/bits"
)

// The bit module is that of LuaJIT: arguments are taken modulo 2^32 and results are signed 32-bit numbers.

var bitFunctions = []function{
	{"arshift", shift(func(x uint32, n int) uint32 { return uint32(int32(x) >> n) })},
	{"band", fold(func(x, y uint32) uint32 { return x & y })},
	{"bnot", bitNot},
	{"bor", fold(func(x, y uint32) uint32 { return x | y })},
	{"bswap", bitSwap},
	{"bxor", fold(func(x, y uint32) uint32 { return x ^ y })},
	{"lshift", shift(func(x uint32, n int) uint32 { return x << n })},
	{"rol", shift(bits.RotateLeft32)},
	{"ror", shift(func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) })},
	{"rshift", shift(func(x uint32, n int) uint32 { return x >> n })},
	{"tobit", bitToBit},
	{"tohex", bitToHex},
}

// bits reads argument n modulo 2^32. A fraction is rounded; what is no finite number counts as 0.
func (c call) bits(n int) uint32 {
	f := math.Mod(math.RoundToEven(c.number(n)), 1<<32)
	if f != f {
		return 0
	}
	return uint32(int64(f))
}

func (c call) pushBits(x uint32) int { return c.pushNumber(float64(int32(x))) }

// fold combines all arguments from left to right.
func fold(combine func(x, y uint32) uint32) func(c call) int {
	return func(c call) int {
		x := c.bits(1)
		for i, top := 2, c.L.GetTop(); i <= top; i++ {
			x = combine(x, c.bits(i))
		}
		return c.pushBits(x)
	}
}

// shift moves argument 1 by argument 2 modulo 32.
func shift(move func(x uint32, n int) uint32) func(c call) int {
	return func(c call) int { return c.pushBits(move(c.bits(1), int(c.bits(2)&31))) }
}

func bitToBit(c call) int { return c.pushBits(c.bits(1)) }

func bitNot(c call) int { return c.pushBits(^c.bits(1)) }

func bitSwap(c call) int { return c.pushBits(bits.ReverseBytes32(c.bits(1))) }

// bitToHex writes the last n hexadecimal digits, 8 when n is not given; negative n means capital letters.
func bitToHex(c call) int {
	x, n := c.bits(1), c.optInteger(2, 8)
	verb := "%0*x"
	if n < 0 {
		verb, n = "%0*X", -n
	}
	n = min(n, 8)
	if n == 0 {
		return c.pushText("")
	}
	return c.pushText(fmt.Sprintf(verb, n, uint64(x)&(1<<(4*n)-1)))
}
