package osc

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no string // addresses with spaces between
	}{
		{"/ch/1", "/ch/1", "/ch/10 /ch /ch/ /xch/1 /ch/1/x"},
		{"/ch/?", "/ch/1 /ch/x", "/ch/ /ch/10 /ch// /ch"},
		{"/ch/*", "/ch/ /ch/1 /ch/10", "/ch/1/2 /ch /other/1"},
		{"/*/level", "/a/level //level", "/a/b/level /level"},
		{"/a*b*c", "/abc /axbxc /abbcc", "/ab /ac /abcd"},
		{"/**x", "/x /ax /xx", "/a /a/x"},
		{"*", "", "/ /a"},
		{"/*", "/ /a", "/a/b"},
		{"/fader[0-9]", "/fader0 /fader9", "/fader /faderx /fader10"},
		{"/fader[!0-9]", "/faderx /fader-", "/fader0 /fader /fader/"},
		{"/[a-cx]", "/a /b /c /x", "/d /- /w"},
		{"/[a-]", "/a /-", "/b"},
		{"/[-a]", "/a /-", "/b"},
		{"/[!a-]", "/b", "/a /-"},
		{"/[!]", "/a /!", "/ /ab"},
		{"/[]", "", "/ /a /[]"},
		{"/[c-a]", "", "/a /b /c"},
		{"/[!/]", "/a", "// /ab"},
		{"/[.-0]", "/. /0", "//"},
		{"/{foo,bar}", "/foo /bar", "/foobar /baz /fo / /foo,bar"},
		{"/{foo,foobar}x", "/foox /foobarx", "/foo /foobar"},
		{"/{,a}b", "/b /ab", "/aab /a"},
		{"/{}", "/", "/a"},
		{"/x{a,b/c}", "/xa", "/xb/c"},
		{"/{a?,b}", "", "/ab"},
		{"/a+b$.()^|\\", "/a+b$.()^|\\", "/aab /a+b"},
		{"/cue[1", "", "/cue1 /cue[1"},
		{"/cue{1", "", "/cue1 /cue{1"},
		{"/cue]1}", "/cue]1}", "/cue1"},
		{"/grün/?", "/grün/x", "/grün/"},
		{"", "", "/"},
	} {
		for _, address := range strings.Fields(c.yes) {
			if !Match(c.pattern, address) {
				t.Errorf("%q does not match %q", c.pattern, address)
			}
		}
		for _, address := range strings.Fields(c.no) {
			if Match(c.pattern, address) {
				t.Errorf("%q matches %q", c.pattern, address)
			}
		}
	}
	if !Match("", "") || Match("", "/") || Match("/", "") {
		t.Error("empty ones")
	}
}

// TestMatchGivesUp: a hostile pattern is no match, after a bounded number of steps.
func TestMatchGivesUp(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("*a", 40) + "b",
		strings.Repeat("{a,aa,}", 40) + "b",
		strings.Repeat("*[!b]", 40) + "b",
		strings.Repeat("*", 60000) + "b",
		"*{" + strings.Repeat("x,", 30000),
		"*[" + strings.Repeat("x", 60000) + "]",
		strings.Repeat("*{", 30000),
	} {
		steps := maxSteps
		if match("/"+pattern, "/"+strings.Repeat("a", 60000), &steps) {
			t.Errorf("%.20q matches", pattern)
		}
	}
	if long := "/" + strings.Repeat("a", maxSteps-1); !Match(long, long) || Match(long+"a", long+"a") {
		t.Error("the limit is elsewhere")
	}
}

// FuzzMatch compares with sets of positions, which cannot blow up.
func FuzzMatch(f *testing.F) {
	f.Add("/a*{b,c}[!d-e]?", "/axxcf1")
	f.Add("/{foo,foobar}x", "/foobarx")
	f.Add("/*/[a-]", "//-")
	f.Fuzz(func(t *testing.T, pattern, address string) {
		if len(pattern)*len(address) > maxSteps/4 {
			Match(pattern, address)
			return
		}
		steps := maxSteps
		got := match(pattern, address, &steps)
		if want := simulate(pattern, address); got != want && steps >= 0 {
			t.Errorf("Match(%q, %q) = %v", pattern, address, got)
		}
	})
}

// simulate matches by keeping every position of the address that the pattern so
// far can have reached.
func simulate(pattern, address string) bool {
	at := map[int]bool{0: true}
	for len(pattern) > 0 {
		next := map[int]bool{}
		step := func(i int, ok bool) {
			if ok {
				next[i+1] = true
			}
		}
		head := pattern[0]
		rest, inside, closed := pattern[1:], "", true
		switch head {
		case '[':
			inside, rest, closed = strings.Cut(rest, "]")
		case '{':
			inside, rest, closed = strings.Cut(rest, "}")
		}
		if !closed {
			return false
		}
		for i := range at {
			inPart := i < len(address) && address[i] != '/'
			switch head {
			case '?':
				step(i, inPart)
			case '*':
				for next[i] = true; i < len(address) && address[i] != '/'; i++ {
					next[i+1] = true
				}
			case '[':
				step(i, inPart && inSet(inside, address[i]))
			case '{':
				for _, word := range strings.Split(inside, ",") {
					if !strings.Contains(word, "/") && strings.HasPrefix(address[i:], word) {
						next[i+len(word)] = true
					}
				}
			default:
				step(i, i < len(address) && address[i] == head)
			}
		}
		at, pattern = next, rest
	}
	return at[len(address)]
}

func BenchmarkMatch(b *testing.B) {
	for b.Loop() {
		Match("/fixture/*/{level,color}", "/fixture/12/level")
	}
}

// TestMeets: a message may be sent to a pattern, as it may be listened to one.
func TestMeets(t *testing.T) {
	for _, c := range []struct {
		listened, address string
		want              bool
	}{
		{"/fixture", "/fixture", true}, {"/fix*", "/fixture", true}, {"/fixture", "/fix*", true}, {"/fixture", "/fix?ure", true},
		{"/fixture", "/[a-g]ixture", true}, {"/fixture", "/{fixture,spline}", true}, {"/fixture", "/spl*", false},
		{"/a/b", "/*", false}, {"/a/b", "/*/b", true}, {"/fix*", "/fix*", true}, {"/a/*", "/a/{1,2}", true},
		{"/fixture", "/fixtures", false}, {"/fixture", "/[fixture", false},
	} {
		if got := Meets(c.listened, c.address); got != c.want {
			t.Errorf("%s listened to, %s sent: %v", c.listened, c.address, got)
		}
	}
}
