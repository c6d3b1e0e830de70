package bindings

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/osc"
	devosc "showrun/runtime/device/osc"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// slack is what levels may differ by: rounding makes so much of them. Colours, which are
// often on their way, may differ by colorSlack in each part.
const (
	slack      = 1.01
	colorSlack = 2.01
)

// expect takes what has levels, and returns the function that compares them.
func (t *Trial) expect(c module.Call) int {
	target, ok := c.Get(1).(*lua.LUserData)
	if name, is := c.Get(1).(lua.LString); is {
		target, ok = t.byName(c, string(name)), true
	}
	if !ok || module.Method(target, "get") == nil {
		c.Wrong("the target", "something with levels, such as a fixture, or the name of a fixture", c.Get(1))
	}
	if !c.None(2) { // written with a comma
		t.levelsOf(module.Call{L: c.L, Fn: c.Fn, First: c.First + 1}, target)
		return 0
	}
	t.expecting = script.Where(c.L)
	c.L.Push(c.L.NewFunction(func(L *lua.LState) int {
		t.expecting = ""
		t.levelsOf(module.Call{L: L, Fn: c.Fn, First: 1}, target)
		return 0
	}))
	return 1
}

// levelsOf compares what a target shows with the table that is argument 1.
func (t *Trial) levelsOf(c module.Call, target *lua.LUserData) {
	levels, ok := c.Get(1).(*lua.LTable)
	if !ok || emptyTable(levels) {
		c.Wrong("the levels", "a table such as { intensity = 255 }", c.Get(1))
	}
	t.look(c)
	for _, want := range sorted(levels) {
		t.compare(c, target, want.key, want.value)
	}
}

// byName finds a fixture or a group.
func (t *Trial) byName(c module.Call, name string) *lua.LUserData {
	if found := t.named[name]; found != nil {
		return found
	}
	c.Fail("no fixture or group is called %s%s", module.Describe(lua.LString(name)), module.Hint(name, "there is", slices.Sorted(maps.Keys(t.named))))
	return nil
}

// compare compares a level of a target, which a group has of each member.
func (t *Trial) compare(c module.Call, target *lua.LUserData, key, want lua.LValue) {
	g, ok := target.Value.(*group)
	if !ok {
		c.L.Push(module.Method(target, "get"))
		c.L.Push(target)
		c.L.Push(key)
		c.L.Call(2, 1)
		got := c.L.Get(-1)
		c.L.Pop(1)
		if text := t.differs(c, key.String(), got, want); text != "" {
			wrong(c, "%s: %s is %s, expected %s", target.Metatable.(*lua.LTable).RawGetString("__metatable"), key, written(got), text)
		}
		return
	}
	name := c.AsString(key, "the channel")
	found := false
	for _, f := range g.fixtures {
		got := t.onStage(f, name)
		if got == lua.LNil {
			continue
		}
		found = true
		if text := t.differs(c, name, got, want); text != "" {
			wrong(c, "%s.%s is %s, expected %s%s", f.Name, name, worded(name, got), text, t.SetBy(f.Name, name))
		}
	}
	if !found {
		g.lacks(c, name)
	}
}

// onStage is what the audience sees of a channel or an attribute: after the master and what
// operators hold.
func (t *Trial) onStage(f patch.Fixture, name string) lua.LValue {
	got := t.present(f, name)
	causes := t.causes(f.Name, name)
	if got == lua.LNil || len(causes) == 0 {
		return got
	}
	if top := causes[0]; top.Layer == "blackout" || top.Layer == "master" {
		if top.Color != "" && name == "color" {
			return lua.LString(top.Color)
		}
		return lua.LNumber(top.Value)
	}
	return got
}

func (t *Trial) causes(fixture, channel string) []show.Cause {
	causes, err := t.house.Show().WhyNow(fixture, channel)
	if err != nil {
		return nil // then nothing is known of it
	}
	return causes
}

// SetBy tells what made a level, on a line of its own.
func (t *Trial) SetBy(fixture, channel string) string {
	causes := t.causes(fixture, channel)
	for _, cause := range causes {
		if cause.Layer == "operator" {
			return "\nheld by an operator"
		}
		if cause.Line != "" {
			return "\nset by " + madeBy(cause)
		}
	}
	return "\nnothing has set it"
}

func madeBy(c show.Cause) string {
	text := c.Line
	if c.Task != "" {
		text += " in " + c.Task
	}
	if c.Cue != "" {
		text += ", cue " + c.Cue
	}
	if c.Event != "" {
		text += ", after " + c.Event
	}
	return text + fmt.Sprintf(", %s, since %.3f s", c.What, c.Since.Seconds())
}

// differs compares a level with what is expected: a number, a percentage, a colour or a
// function that tells. It returns what was expected, for people; "" if it is that.
func (t *Trial) differs(c module.Call, name string, got, want lua.LValue) string {
	if fn, ok := want.(*lua.LFunction); ok {
		c.L.Push(fn)
		c.L.Push(got)
		c.L.Call(1, 1)
		fine := lua.LVAsBool(c.L.Get(-1))
		c.L.Pop(1)
		if fine {
			return ""
		}
		return "that the function returns true for it"
	}
	if name == "color" {
		return differsInColor(c, got, want)
	}
	if n, ok := got.(lua.LNumber); ok {
		level, percent := c.Percent(want, name)
		w, number := want.(lua.LNumber)
		switch {
		case !percent && !number:
			c.Wrong(name, `a number, a percentage such as "50%" or a function`, want)
		case number:
			level = float64(w)
		}
		if math.Abs(float64(n)-level) <= slack {
			return ""
		}
		return written(want)
	}
	if same(got, want) {
		return ""
	}
	return written(want)
}

// worded is a level of a channel or an attribute, for people.
func worded(name string, v lua.LValue) string {
	if name == "color" {
		return v.String()
	}
	return written(v)
}

func differsInColor(c module.Call, got, want lua.LValue) string {
	is, expected := readColor(c, got, "the colour"), readColor(c, want, "color")
	if math.Abs(is.R-expected.R) <= colorSlack && math.Abs(is.G-expected.G) <= colorSlack && math.Abs(is.B-expected.B) <= colorSlack {
		return ""
	}
	return expected.String()
}

// osc has the receivers of the show hear a message.
func (t *Trial) osc(c module.Call) int {
	port, address, err := devosc.ParseTarget(c.Str(1, "the address"))
	if err != nil {
		c.Fail("%s", err)
	}
	m := devosc.Message{Address: address}
	for i := 2; i <= c.Count(); i++ {
		m.Args = append(m.Args, osc.Argument(c, i))
	}
	if err := m.Check(); err != nil {
		c.Fail("%s", err)
	}
	receivers := devosc.Receivers(t.house.Opened(), port)
	switch {
	case len(receivers) == 0 && port != 0:
		c.Fail("the show has no osc.receiver on port %d", port)
	case len(receivers) == 0:
		c.Fail("the show has no osc.receiver")
	}
	for _, r := range receivers {
		r.Hear(m, t.house.RigEnv().Time(t.house.Now()))
	}
	t.look(c)
	return 0
}

// recipient takes argument 1 as a device: an object or its name, as it is printed.
func (t *Trial) recipient(c module.Call) (key, name string) {
	c.L.Push(c.L.GetGlobal("tostring"))
	c.L.Push(c.Get(1))
	c.L.Call(1, 1)
	text := c.L.Get(-1).String()
	c.L.Pop(1)
	var known []string
	for _, o := range t.house.Opened() {
		name := fmt.Sprint(o.Declaration)
		if name == text || name == strings.Replace(text, "midi.output ", "midi ", 1) {
			return o.Declaration.Key(), name
		}
		known = append(known, name)
	}
	c.Fail("there is no device %s%s", module.Describe(lua.LString(text)), module.Hint(text, "there is", known))
	return "", ""
}

// expectSent expects that a device was told something since the test began, which was not
// expected before.
func (t *Trial) expectSent(c module.Call) int {
	t.look(c)
	key, name := t.recipient(c)
	var want []any
	for i := 2; i <= c.Count(); i++ {
		want = append(want, given(c, i))
	}
	var told []string
	for i, o := range t.sentBy(key) {
		if !t.taken[i] && within(want, words(o.Message)) {
			t.taken[i] = true
			return 0
		}
		told = append(told, fmt.Sprintf("\n%.3f s: %s%s", o.At.Seconds(), inWords(words(o.Message)), map[bool]string{true: " (expected before)"}[t.taken[i]]))
	}
	const most = 10
	if more := len(told) - most; more > 0 {
		told = append([]string{fmt.Sprintf("\n… %d more", more)}, told[more:]...)
	}
	if len(told) == 0 {
		told = []string{"\nit was sent nothing"}
	}
	wrong(c, "%s was not sent %s; it was sent%s", name, strings.TrimSpace(inWords(want)+" "), strings.Join(told, ""))
	return 0
}

// sentBy are the orders of a device, by their place among all.
func (t *Trial) sentBy(key string) map[int]engine.DueOrder {
	list := map[int]engine.DueOrder{}
	for i, o := range t.house.Orders() {
		if o.Device == key && o.At >= t.began {
			list[i] = o
		}
	}
	return list
}

// expectNothing expects that a device was told nothing, or nothing more than was expected.
func (t *Trial) expectNothing(c module.Call) int {
	t.look(c)
	key, name := t.recipient(c)
	for i, o := range t.sentBy(key) {
		if !t.taken[i] {
			wrong(c, "%s was sent %s at %.3f s, expected nothing", name, inWords(words(o.Message)), o.At.Seconds())
		}
	}
	return 0
}

// sent returns what devices were told since it was called last, as texts.
func (t *Trial) sent(c module.Call) int {
	t.look(c)
	list := c.L.NewTable()
	all, names := t.house.Orders(), map[string]string{}
	for _, o := range t.house.Opened() {
		names[o.Declaration.Key()] = fmt.Sprint(o.Declaration)
	}
	for _, o := range all[t.told:] {
		list.Append(lua.LString(fmt.Sprintf("%s: %s", names[o.Device], inWords(words(o.Message)))))
	}
	t.told = len(all)
	c.L.Push(list)
	return 1
}

// words are a message as a list: what it is called, and what it holds.
func words(message any) []any {
	v := reflect.ValueOf(message)
	list := []any{strings.ToLower(v.Type().Name())}
	return flat(list, v)
}

// mostWords is how much of a message is looked at.
const mostWords = 64

func flat(list []any, v reflect.Value) []any {
	if len(list) >= mostWords || !v.IsValid() {
		return list
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			list = flat(list, v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			list = flat(list, v.Index(i))
		}
	case reflect.Interface, reflect.Pointer:
		return flat(list, v.Elem())
	case reflect.String:
		return append(list, v.String())
	case reflect.Bool:
		return append(list, v.Bool())
	case reflect.Float32, reflect.Float64:
		return append(list, v.Float())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			return append(list, time.Duration(v.Int()).Seconds())
		}
		return append(list, float64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return append(list, float64(v.Uint()))
	}
	return list
}

// within tells whether words are among others, in this order.
func within(want, among []any) bool {
	for _, w := range among {
		if len(want) == 0 {
			return true
		}
		a, isNumber := w.(float64)
		b, number := want[0].(float64)
		if w == want[0] || isNumber && number && math.Abs(a-b) < 1e-4 {
			want = want[1:]
		}
	}
	return len(want) == 0
}

func inWords(list []any) string {
	var parts []string
	for _, w := range list {
		if f, ok := w.(float64); ok {
			parts = append(parts, fmt.Sprintf("%.6g", f))
			continue
		}
		parts = append(parts, fmt.Sprint(w))
	}
	return strings.Join(parts, " ")
}
