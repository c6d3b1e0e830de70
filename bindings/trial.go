package bindings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// House is what tests reach of the run that they are in.
type House interface {
	Show() *show.Machine
	Now() time.Duration
	Opened() []device.Opened
	RigEnv() device.RigEnv
	Bring(device.VirtualRig)
	Orders() []engine.DueOrder // that devices were given so far
	// Recording reads a recording. One of a show enters the run by itself, from now on;
	// another one is returned.
	Recording(name string) (entries []any, err error)
}

// Trial is the load of a show with a file of tests, which declares them with module test.
type Trial struct {
	*Show
	house House
	names map[string]bool
	tests []trialTest

	began     time.Duration // when the test was begun
	task      *script.Task  // of the test
	asked     asked
	watches   []*watch
	golden    string
	reached   map[string]string // the cue that a list is in on stage, by list
	expecting string            // the line of an expectation without levels; "" for none
	taken     map[int]bool      // orders that were expected
	told      int               // orders that t:sent has returned
	player    *devlinq.VirtualRig
	decks     int // that are used
}

type trialTest struct {
	name, line string
	fn         *lua.LFunction
	args       []lua.LValue
	skipped    bool
}

// asked is what a test waits for.
type asked struct {
	waits bool
	span  script.Span
	frame bool // the next frame
	look  bool // until what happens now can be seen
}

// NewTrial makes the modules of a show and of a file of its tests, in a house of their own.
func NewTrial(house House) show.Bind {
	return func(scene show.Scene) show.Bindings {
		t := &Trial{Show: New(scene).(*Show), house: house, names: map[string]bool{}, taken: map[int]bool{}, reached: map[string]string{}}
		t.modules = append(t.modules, script.Module{Name: "test", Open: t.open})
		return t
	}
}

// open makes module test, which is called to declare a test.
func (t *Trial) open(g *script.Generation, L *lua.LState) *lua.LTable {
	t.G = g
	m, mt := L.NewTable(), L.NewTable()
	module.Functions(L, m, "test", map[string]func(module.Call) int{
		"skip": func(c module.Call) int { return t.declare(c, true) },
	})
	mt.RawSetString("__call", L.NewFunction(func(L *lua.LState) int {
		return t.declare(module.Call{L: L, Fn: "test", First: 2}, false)
	}))
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("test has no '%s'%s", module.Cut(L.Get(2).String()), module.Hint(L.Get(2).String(), "it has", []string{"skip"}))
		return 0
	}))
	m.Metatable = mt
	return m
}

// declare declares a test, or one for each case of a table.
func (t *Trial) declare(c module.Call, skipped bool) int {
	name := c.Str(1, "the name")
	if !t.G.Collecting() {
		c.Fail("tests are declared at the top level of their file, and not in one another")
	}
	line := script.Where(c.L)
	if cases, ok := c.Get(2).(*lua.LTable); ok {
		fn := c.Function(3, "the test")
		if emptyTable(cases) {
			c.Fail("the table of cases is empty")
		}
		for _, of := range casesOf(cases) {
			t.add(c, trialTest{name + ": " + of.name, line, fn, []lua.LValue{of.value}, skipped})
		}
		return 0
	}
	t.add(c, trialTest{name, line, c.Function(2, "the test"), nil, skipped})
	return 0
}

func (t *Trial) add(c module.Call, test trialTest) {
	if t.names[test.name] {
		c.Fail("two tests are called %q", module.Cut(test.name))
	}
	t.names[test.name] = true
	t.tests = append(t.tests, test)
}

func emptyTable(t *lua.LTable) bool {
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}

type trialCase struct {
	name  string
	key   lua.LValue
	value lua.LValue
}

// casesOf are those of a table: first what has a number as its key, in order, called as its
// field name says or by the number, and behind them what has another key, by that.
func casesOf(t *lua.LTable) (list []trialCase) {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		one := trialCase{k.String(), k, v}
		if of, ok := v.(*lua.LTable); ok && k.Type() == lua.LTNumber {
			if given, ok := of.RawGetString("name").(lua.LString); ok {
				one.name = string(given)
			}
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b trialCase) int {
		x, isX := a.key.(lua.LNumber)
		y, isY := b.key.(lua.LNumber)
		switch {
		case isX && isY:
			return cmp.Compare(x, y)
		case isX:
			return -1
		case isY:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	return list
}

// Tests is how many tests there are.
func (t *Trial) Tests() int { return len(t.tests) }

// Test tells of one of them: its name, where it is declared, and whether it is left out.
func (t *Trial) Test(i int) (name, line string, skipped bool) {
	return t.tests[i].name, t.tests[i].line, t.tests[i].skipped
}

// Begin starts a test as a task of its own.
func (t *Trial) Begin(i int) *script.Task {
	test := t.tests[i]
	t.began = t.house.Now()
	_ = t.G.Do("test", t.began, func() {
		args := append([]lua.LValue{module.Object(t.Load, t.G.L, "test", t, t.class)}, test.args...)
		t.task = t.G.Run(fmt.Sprintf("test %q", test.name), test.fn, args)
	})
	return t.task
}

// Waits tells whether the test waits for time to pass, and how much: a span, or up to the
// next frame, or until what happens now can be seen.
func (t *Trial) Waits() (span script.Span, frame, look, waits bool) {
	return t.asked.span, t.asked.frame, t.asked.look, t.asked.waits
}

// GoOn lets the test go on in the next turn of the script.
func (t *Trial) GoOn(now time.Duration) error {
	t.asked = asked{}
	return t.G.Do("test", now, func() { t.G.Wake(t.task, nil) })
}

// Land has a frame fall on an instant to come, if that can be.
func (t *Trial) Land(at engine.Stamp, outputs engine.Use) { t.G.Give(at, outputs) }

// Golden is the file that the test compares its frames with, from the frame after it said
// so; "" for none.
func (t *Trial) Golden() string { return t.golden }

// wait has the test wait; it goes on when GoOn is called.
func (t *Trial) wait(c module.Call, for_ asked) {
	if t.G.Current() != t.task {
		c.Fail("only the test itself can wait so; elsewhere there is clock.sleep")
	}
	for_.waits = true
	t.asked = for_
	t.G.Suspend(c.L)
}

// watch is a condition that is looked at in every frame.
type watch struct {
	fn    *lua.LFunction
	line  string
	never bool
	over  bool
}

// Cancel implements module.Registration.
func (w *watch) Cancel() { w.over = true }

// Unfinished is what was to be expected and has no levels, with its line; "" for none.
func (t *Trial) Unfinished() string {
	if t.expecting == "" {
		return ""
	}
	return t.expecting + ": what is expected is missing, as in t:expect(wash){ red = 255 }"
}

// Check looks whether something is that must never be, or something is not that must always
// be, and returns what is wrong, with its line.
func (t *Trial) Check(now time.Duration) (wrong string, err error) {
	t.note(now)
	for _, w := range t.watches {
		if w.over {
			continue
		}
		err := t.G.Do("test", now, func() {
			t.G.NoWait("it is asked in every frame", func() {
				L := t.G.L.G.CurrentThread
				L.Push(w.fn)
				L.Call(0, 1)
				holds := lua.LVAsBool(L.Get(-1))
				L.Pop(1)
				switch {
				case w.never && holds:
					wrong = w.line + ": what must never be is"
				case !w.never && !holds:
					wrong = w.line + ": what must always be is not"
				}
			})
		})
		if wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}
