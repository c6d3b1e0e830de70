package lualib

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showrun/runtime/script/lualib/pattern"

	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// The differential test runs one generated script on the reference implementation and on this library and compares
// what every case returned or raised, with file and line.

// prelude runs a case and prints its results in a form that tells types apart.
const prelude = `
local function text(s)
  local out = {}
  for i = 1, #s do
    local b = s:byte(i)
    if b < 32 or b > 126 or b == 92 then out[i] = ("\\%03d"):format(b) else out[i] = s:sub(i, i) end
  end
  return '"' .. table.concat(out) .. '"'
end
local function show(v)
  if type(v) == "string" then return text(v) end
  if type(v) == "number" then return ("%.14g"):format(v) end
  if type(v) == "table" or type(v) == "function" then return type(v) end
  return tostring(v)
end
local function collect(...)
  local n, t = select("#", ...), { ... }
  for i = 1, n do t[i] = show(t[i]) end
  return table.concat(t, " ")
end
local function words(s, p)
  local t = {}
  for a, b in s:gmatch(p) do t[#t + 1] = show(a) .. show(b) end
  return table.concat(t, ",")
end
local function case(f) print(collect(pcall(f))) end
`

// script generates expressions, one case each.
type script struct {
	*rand.Rand
	lines []string
}

func (s *script) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("case(function() return "+format+" end)", args...))
}

func (s *script) pick(choices ...string) string { return choices[s.IntN(len(choices))] }

// quoted writes a Lua string literal.
func quoted(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		fmt.Fprintf(&b, "\\%03d", text[i])
	}
	return `"` + b.String() + `"`
}

// subject is a short text in which the patterns find something.
func (s *script) subject() string {
	var b strings.Builder
	for range s.IntN(18) {
		b.WriteString(s.pick("a", "a", "b", "c", "A", " ", "(", ")", ".", "-", "1", "2", "_", "]", "^", "%", "\n", "\x00", "\xc3"))
	}
	return b.String()
}

// pattern is a pattern of a few items, now and then a malformed one.
func (s *script) pattern() string {
	var b strings.Builder
	if s.IntN(5) == 0 {
		b.WriteString("^")
	}
	open, captures := 0, 0
	for range 1 + s.IntN(5) {
		switch s.IntN(12) {
		case 0:
			b.WriteString("(")
			open++
			captures++
		case 1:
			if open > 0 {
				b.WriteString(")")
				open--
			}
		case 2:
			b.WriteString(s.pick("()", "%b()", "%baa", "%f[%a]", "%f[^%w]", "%f[%z]", "$", "^"))
		case 3:
			if captures > 0 {
				b.WriteString(s.pick("%1", "%2"))
			}
		default:
			b.WriteString(s.pick("a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%u", "%l", "%x", "%c", "%z", "%A", "%D", "%S",
				"%W", "%P", "%%", "%.", "%-", "%]", "-", "]", "[ab]", "[^ab]", "[a-c]", "[%a_]", "[^%s]", "[]]", "[^]a]", "[a-]",
				"[-a]", "[%]a]", "[+--]", "[a-%d]", "[a-%]]", "[%-a]", "[%d-z]", "[^-]", "\xc3"))
			b.WriteString(s.pick("", "", "", "*", "+", "-", "?"))
		}
	}
	for ; open > 0 && s.IntN(20) > 0; open-- {
		b.WriteString(")")
	}
	b.WriteString(s.pick("", "", "", "$"))
	return b.String()
}

func (s *script) patterns(n int) {
	for range n {
		subject, pattern := quoted(s.subject()), quoted(s.pattern())
		s.add("string.find(%s, %s)", subject, pattern)
		s.add("string.find(%s, %s, %d)", subject, pattern, s.IntN(24)-8)
		s.add("string.match(%s, %s, %d)", subject, pattern, s.IntN(8)-2)
		s.add("string.gsub(%s, %s, %s)", subject, pattern, quoted(s.pick("", "x", "<%0>", "%1-", "%2%1", "%%", "%x", "%1%1")))
		s.add("string.gsub(%s, %s, { a = 1, b = 'two', c = false }, %d)", subject, pattern, s.IntN(6)-1)
		s.add("string.gsub(%s, %s, function(...) return collect(...) end)", subject, pattern)
		s.add("words(%s, %s)", subject, pattern)
	}
}

func (s *script) formats(n int) {
	for range n {
		flags := ""
		for range s.IntN(3) {
			flags += s.pick("-", "+", " ", "#", "0")
		}
		spec := "%" + flags + s.pick("", "", "1", "5", "12", "40") + s.pick("", "", ".", ".0", ".1", ".3", ".10", ".25")
		integer := s.pick("0", "1", "-1", "7", "-42", "255", "65535", "2^31", "-2^31", "2^40", "3.99", "-3.99", "'17'", "2^53")
		float := s.pick("0", "1", "-1", "0.5", "-0.5", "1/3", "-2/3", "1e10", "123456", "1234567", "99999.95", "1e-5", "1e-4",
			"2^70", "1e300", "-1e-300", "1/0", "-1/0", "0.1", "100", "'2.5'", "5e-324")
		s.add("string.format(%q, %s)", spec+s.pick("d", "i", "u", "x", "X", "o"), integer)
		s.add("string.format(%q, %s)", spec+s.pick("e", "E", "f", "g", "G", "g"), float)
		s.add("string.format(%q, %s)", "<"+spec+"s>", s.pick("''", "'show'", "'a longer text'", "12", "0.1"))
		s.add("string.format(%q, %s)", "<%q>", quoted(s.subject()))
		s.add("string.format(%q, %s)", "<"+spec+"c>", s.pick("65", "97", "255"))
	}
	for _, text := range []string{`"%", 1`, `"%y", 1`, `"%5y", 1`, `"%d"`, `"%d %d", 1`, `"%d", "x"`, `"%d", {}`, `"%100d", 1`, `"%.100d", 1`,
		`"%-+ #00d", 1`, `"%%"`, `"100%%: %s", "x"`, `"a", 1, 2`, `""`, `"%s %s", 1, 2`, `"%s"`, `"%5.2s|", "abc"`, `"%q", 1`, `{}`, `nil`, ``} {
		s.add("string.format(%s)", text)
	}
}

func (s *script) numbers(n int) {
	for range n {
		text := s.pick("", "", " ", "\t", "\n ") + s.pick("", "", "-", "+", "--")
		for range 1 + s.IntN(4) {
			text += s.pick("0", "1", "9", "12", ".", "e", "E", "e-", "e+1", "0x", "f", "A", "p1", " ", "z", "_")
		}
		text += s.pick("", "", " ", "\n", "x")
		s.add("tonumber(%s)", quoted(text))
		s.add("tonumber(%s, %d)", quoted(strings.NewReplacer("-", "", "x", "1").Replace(text)), 2+s.IntN(35))
		value := s.pick("0", "1", "-1", "0.1", "1/3", "2/3", "1e-7", "123.456", "1e100", "-1e-10", "2^0.5")
		s.add("tostring(%s * %d / 8)", value, 1+s.IntN(1000))
	}
	for _, number := range []string{"0", "12", "-12", "99999999999999", "0.1", "1/3", "-1/3", "1e-5", "123456.789", "1e100", "1/0", "-1/0", "2^70", "1e-310"} {
		s.add("tostring(%s), %s .. '', string.len(%s)", number, "tostring("+number+")", number)
	}
	for _, args := range []string{``, `nil`, `{}`, `true`, `12`, `"12"`, `"0x1F"`, `"-0x1f"`, `"0x"`, `"0x1p4"`, `"1e3"`, `"1e"`, `".5"`, `"5."`, `"."`, `"1e999"`,
		`"ff", 16`, `"0xff", 16`, `"FF", 16`, `"zz", 36`, `"8", 8`, `"", 10`, `"12", 10`, `12, 8`, `"1", 1`, `"1", 37`, `{}, 16`, `" 7 ", 8`, `"7 7", 8`} {
		s.add("tonumber(%s)", args)
	}
}

func (s *script) strings(n int) {
	for range n {
		text := quoted(s.subject())
		i, j := s.IntN(30)-12, s.IntN(30)-12
		s.add("string.sub(%s, %d), string.sub(%s, %d, %d)", text, i, text, i, j)
		s.add("string.byte(%s, %d), string.byte(%s, %d, %d)", text, i, text, i, j)
		s.add("string.upper(%s), string.lower(%s), string.reverse(%s), string.len(%s)", text, text, text, text)
		s.add("string.rep(%s, %d)", text, i)
		s.add("string.find(%s, %s, %d, true)", text, quoted(s.subject()), i)
		s.add("string.char(%d, %d)", s.IntN(256), s.IntN(300))
	}
	for _, e := range []string{"string.byte()", "string.byte('a', {})", "string.char('x')", "string.char(-1)", "string.char()", "string.sub()",
		"string.sub('x')", "string.rep('x')", "string.rep()", "string.rep('x', 'y')", "string.find('x')", "string.find(nil, 'x')", "string.match('x')",
		"string.gsub('x', 'y')", "string.gsub('x', 'y', true)", "string.gsub('x', 'x', function() return {} end)", "string.gsub('x', '.', '%2')",
		"string.gmatch('x')", "string.find('abc', '[a')", "string.find('abc', '%')", "string.find('abc', '%b')", "string.find('abc', '%f')",
		"string.find('abc)', 'c)')", "string.match('abc', 'a)')", "string.find('abc', '%1')", "string.find('abc', '(a%1)')", "string.find('abc', ('()'):rep(33))",
		"string.gsub('abc', '%w', '%9')", "string.len()", "string.upper({})", "string.gsub('hello world', 'o', 5)"} {
		s.add("%s", e)
	}
}

// lists are calls on tables, numbers and dates that need no random text.
func (s *script) lists() {
	for _, e := range []string{
		"table.concat({})", "table.concat({1, 2, 'x'}, ', ')", "table.concat({1, 2, 3}, '-', 2)", "table.concat({1, 2, 3}, '-', 2, 2)", "table.concat({1, 2, 3}, '-', 3, 2)",
		"table.concat({1, {}, 3})", "table.concat({1, 2}, ',', 1, 4)", "table.concat()", "table.concat({}, {})", "table.insert({})", "table.insert({}, 1, 2, 3)",
		"table.insert({}, 'a', 3)", "table.insert(nil, 1)", "(function(t) table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, 'x') return unpack(t) end)({1, 2, 3})",
		"(function(t) local a = table.remove(t) local b = table.remove(t, 1) return a, b, unpack(t) end)({1, 2, 3, 4})",
		"(function(t) t[3] = nil local a = table.remove(t) return a, #t end)({1, 2, 3})",
		"table.remove({})", "table.remove({1}, 5)", "table.remove({1}, 0)", "table.remove()", "table.maxn({1, 2, [10] = 1, [2.5] = 1})", "table.maxn({})", "table.getn({1, 2, 3})",
		"(function(t) table.sort(t) return unpack(t) end)({5, 2, 8, -1, 2})", "(function(t) table.sort(t) return unpack(t) end)({'b', 'a', 'C', '', 'aa'})",
		"(function(t) table.sort(t, function(a, b) return a > b end) return unpack(t) end)({5, 2, 8, -1, 2})",
		"table.sort({3, 2, 1, 4}, function() return true end)", "table.sort({1, 2}, 3)", "table.sort()",
		"unpack({1, 2, 3})", "unpack({1, 2, 3}, 2)", "unpack({1, 2, 3}, 2, 5)", "unpack({}, 3, 2)", "unpack()", "select('#')", "select('#', nil, nil)", "select(2, 'a', 'b', 'c')",
		"select(-1, 'a', 'b', 'c')", "select(-4, 'a', 'b', 'c')", "select(0)", "select(9, 1)", "select('2', 1, 2)", "select('x', 1)", "select()",
		"next({})", "next({1})", "next()", "pairs()", "pairs(nil)", "ipairs()", "ipairs('x')", "rawget({5}, 1)", "rawget(1, 2)", "rawset(1, 2, 3)", "rawset({}, 1)",
		"rawequal('a', 'a'), rawequal({}, {}), rawequal(1, '1')", "rawequal(1)", "type()", "type(nil), type(1), type('x'), type({}), type(type)",
		"setmetatable(1, {})", "setmetatable({}, 1)", "setmetatable({})", "getmetatable()", "getmetatable({})", "getmetatable(setmetatable({}, {__metatable = 'x'}))",
		"setmetatable(setmetatable({}, {__metatable = 1}), {})", "assert(false)", "assert(nil, 'no')", "assert(1, 2, 3)", "assert()", "error('x')", "error('x', 0)", "error('x', 1)", "error(42)",
		"(function() error('x', 2) end)()", "(function() local function f() error('x', 2) end f() end)()", "(function() local function f() error('x', 2) end local function g() return f() end g() return 1 end)()",
		"((function() local function f() error('x', 3) end local function g() return f() end g() return 1 end)())", "(function() local function f() error('x', 3) end f() return 1 end)()",
		"tostring(nil), tostring(true), tostring('x')", "tostring()", "tostring(setmetatable({}, {__tostring = function() return 'me' end}))", "collectgarbage('x')", "collectgarbage('collect')",
		"math.floor(-3.5), math.ceil(-3.5), math.abs(-2), math.sqrt(2), math.pow(2, 10)", "math.max(3, 9, 2), math.min(3, 9, 2)", "math.max()", "math.floor('x')", "math.floor()",
		"math.fmod(7, 3), math.fmod(-7, 3), math.mod(7, 3)", "math.modf(3.7)", "math.modf(-3.7)", "math.modf(1/0)", "math.frexp(8)", "math.frexp(0)", "math.frexp(-0.3)", "math.ldexp(0.5, 4)",
		"math.ldexp(1, 5000), math.ldexp(1, -5000)", "math.log(10), math.log10(1000), math.exp(1)", "math.sin(1), math.cos(1), math.tan(1)", "math.asin(0.5), math.acos(0.5), math.atan(0.5), math.atan2(1, -1)",
		"math.sinh(1), math.cosh(1), math.tanh(1)", "math.deg(math.pi), math.rad(180)", "math.huge == 1/0, math.pi", "math.random(0)", "math.random(2, 1)", "math.random(1, 2, 3) or 1",
		"math.random(5, 5), math.random(1)", "math.random('x')", "os.time{year = 1}", "os.time{year = 2024, month = 2, day = 30}", "os.time{year = 2023, month = 14, day = -3, hour = 30, min = -5, sec = 99}",
		"os.time{year = '2020', month = '1', day = '1'}", "os.time(1)", "os.difftime(5, 3), os.difftime(5)", "os.date('!%c', 0)", "os.date('!plain', 0), os.date('!', 0)", "os.date(1, 2)",
		"os.getenv()", "coroutine.status()", "coroutine.resume()",
	} {
		s.add("%s", e)
	}
	for range 60 {
		seconds := s.Int64N(4e9) - 1e9
		s.add("os.date('!%%a %%A %%b %%B %%c %%d %%H %%I %%j %%m %%M %%p %%S %%U %%w %%W %%x %%X %%y %%Y %%Z %%%% %%D %%e %%F %%h %%n %%r %%R %%t %%T %%u %%z', %d)", seconds)
		s.add("(function(t) return t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst, os.time(t) end)(os.date('!*t', %d))", seconds)
	}
}

// onPurpose reports whether the two answers differ as the package comment says they do.
func onPurpose(expression, reference, ours string) bool {
	for _, malformed := range []error{pattern.ErrEndsWithEscape, pattern.ErrMissingBracket, pattern.ErrBalance, pattern.ErrFrontier, pattern.ErrCaptureIndex, pattern.ErrCaptureClose, pattern.ErrCaptureOpen} {
		if strings.HasPrefix(ours, "false") && strings.Contains(ours, malformed.Error()) {
			return true // the reference had no occasion to notice, or noticed another fault first
		}
	}
	return strings.Contains(ours, "wrong number of arguments to 'random'") || strings.Contains(ours, "coroutine expected") ||
		strings.Contains(expression, "%q") && strings.Contains(expression, "string.format") && strings.Contains(reference, "(no value)")
}

func TestAgainstReference(t *testing.T) {
	binary, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("no lua5.1 in PATH (Debian package lua5.1): nothing to compare with")
	}
	s := &script{Rand: rand.New(rand.NewPCG(5, 1))}
	s.patterns(300)
	s.formats(200)
	s.numbers(200)
	s.strings(100)
	s.lists()
	source := strings.ReplaceAll(prelude, "\n", " ") + "\n" + strings.Join(s.lines, "\n")

	file := filepath.Join(t.TempDir(), "cases.lua")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	reference := exec.Command(binary, filepath.Base(file))
	reference.Dir = filepath.Dir(file)
	reference.Env = []string{"TZ=UTC", "LC_ALL=C"}
	output, err := reference.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}

	var printed []string
	L := newState(t, Options{Print: func(_ *lua.LState, text string) { printed = append(printed, text) }})
	compiled, err := chunk.Compile(source, filepath.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	L.Push(compiled.Function(L))
	if err := L.PCall(0, 0, nil); err != nil {
		t.Fatal(err)
	}

	want := strings.Split(strings.TrimSuffix(string(output), "\n"), "\n")
	if len(want) != len(s.lines) || len(printed) != len(s.lines) {
		t.Fatalf("%d cases, %d answers of the reference, %d of ours", len(s.lines), len(want), len(printed))
	}
	purposes := 0
	for i, got := range printed {
		switch {
		case got == want[i]:
		case onPurpose(s.lines[i], want[i], got):
			purposes++
		default:
			t.Errorf("%s\nreference %s\n     ours %s", s.lines[i], want[i], got)
		}
	}
	t.Logf("%d cases, %d of them differ on purpose", len(s.lines), purposes)
}
