package bindings

import (
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Trial is the load of a file of tests: a show that declares them with module trial, which
// is what the test of the library stands on.
type Trial struct {
	*Show
	sent  func() []string
	tests []trialTest
}

type trialTest struct {
	name string
	fn   *lua.LFunction
}

// NewTrial makes the modules of a file of tests. sent returns the orders that devices were
// given since it was called last, as text.
func NewTrial(sent func() []string) show.Bind {
	return func(scene show.Scene) show.Bindings {
		t := &Trial{Show: New(scene).(*Show), sent: sent}
		t.modules = append(t.modules, t.Module("trial", t.open))
		return t
	}
}

func (t *Trial) open(L *lua.LState, m *lua.LTable) {
	module.Functions(L, m, "trial", map[string]func(module.Call) int{
		"declare": func(c module.Call) int {
			name := c.Str(1, "the name")
			if slices.Contains(t.Tests(), name) {
				c.Fail("two tests are called %q", name)
			}
			t.tests = append(t.tests, trialTest{name, c.Function(2, "the test")})
			return 0
		},
		"sent": func(c module.Call) int {
			list := c.L.NewTable()
			for _, text := range t.sent() {
				list.Append(lua.LString(text))
			}
			c.L.Push(list)
			return 1
		},
	})
}

// Tests lists the names of the tests, in the order of their declaration.
func (t *Trial) Tests() (names []string) {
	for _, test := range t.tests {
		names = append(names, test.name)
	}
	return names
}

// Begin starts a test as a task of its own.
func (t *Trial) Begin(i int) *script.Task {
	test := t.tests[i]
	return t.G.Run(fmt.Sprintf("test %q", test.name), test.fn, nil)
}
