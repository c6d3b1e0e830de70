package bindings

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
	"showrun/runtime/show"
)

// How many params and triggers a show has at most, and how long their names are, in bytes.
const (
	maxControls = 1000
	longestName = 64
)

// param is a value that people set while the show runs.
type param struct {
	show.Param
	s *Show
}

func (p *param) String() string { return p.Name }

// topic is where changes are told, as the new value.
func (p *param) topic() string { return "show/param/" + p.Name }

// change sets a value that fits.
func (p *param) change(v any) {
	if before, known := p.s.chosen[p.Name]; known && before == v {
		return
	}
	p.s.chosen[p.Name] = v
	p.s.Touch()
	if v == p.Value {
		return
	}
	p.Value = v
	p.s.G.WhenLive(func() { p.s.G.Tell(script.Event{Topic: p.topic(), Value: v}) })
}

func (s *Show) showParam(c module.Call) int {
	if t, ok := c.Get(1).(*lua.LTable); ok && t.RawGetString("name") != lua.LNil {
		c.Fail(`the name comes first and alone, as in show.param{ "speed", default = 1 }`)
	}
	o := c.Options(1, true, "default", "min", "max", "step", "unit", "choices")
	name := s.controlName(c, o.T.RawGetInt(1), "param")
	c.Fn += fmt.Sprintf(" %q", name)
	if n := o.T.Len(); n > 1 {
		c.Fail("one name comes first, and then what is known of it by its name, such as default =; got %s as well", module.Describe(o.T.RawGetInt(2)))
	}
	o.Call = c
	p := &param{show.Param{Name: name, Unit: o.Str("unit", ""), Min: math.Inf(-1), Max: math.Inf(1)}, s}
	p.takeChoices(o)
	p.takeDefault(o)
	p.takeNumbers(o)
	fit, err := p.Fit(p.Default)
	switch {
	case err != nil:
		o.Wrong("default", p.Expects(), o.Get("default"))
	case fit != p.Default:
		o.Fail("default must be on a step: %g is, got %g", fit, p.Default)
	}
	p.Value = p.Default
	s.restore(p)
	s.params = append(s.params, p)
	s.Touch()
	c.L.Push(module.OneObject(s.Load, c.L, "show.param", p, paramClass))
	return 1
}

// controlName takes the name of a param or a trigger, which is part of an OSC address.
func (s *Show) controlName(c module.Call, v lua.LValue, kind string) string {
	s.LoadingOnly(c, kind+"s are declared")
	if v == lua.LNil {
		c.Fail(`the name comes first, as in show.%s%s`, kind, map[string]string{"param": `{ "speed", default = 1 }`, "trigger": `("bump", function() … end)`}[kind])
	}
	name := c.AsString(v, "the name")
	bad := func(r rune) bool { return strings.ContainsRune(` #*,/?[]{}`, r) || !unicode.IsPrint(r) }
	switch {
	case len(name) > longestName:
		c.Fail("a name has at most %d bytes, got %s", longestName, module.Describe(v))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, bad):
		clean := strings.Map(func(r rune) rune {
			if bad(r) {
				return '_'
			}
			return r
		}, strings.ToValidUTF8(name, "_"))
		c.Fail(`a name is part of an OSC address and has no space and none of # * , / ? [ ] { }, got %s; how about %q?`, module.Describe(v), clean)
	case len(s.params) >= maxControls || len(s.triggers) >= maxControls:
		c.Fail("a show has at most %d params and %d triggers", maxControls, maxControls)
	case slices.ContainsFunc(s.params, func(p *param) bool { return kind == "param" && p.Name == name }),
		slices.ContainsFunc(s.triggers, func(t *trigger) bool { return kind == "trigger" && t.Name == name }):
		c.Fail("there is a %s %q already", kind, name)
	}
	return name
}

func (p *param) takeChoices(o module.Options) {
	if !o.Has("choices") {
		return
	}
	p.Choices = o.Names(o.Get("choices"), "choices", "choice")
	for i, choice := range p.Choices {
		if slices.Index(p.Choices, choice) < i {
			o.Fail("the choice %q is there twice", module.Cut(choice))
		}
	}
}

func (p *param) takeDefault(o module.Options) {
	switch v := o.Get("default").(type) {
	case lua.LNumber:
		p.Default = float64(v)
	case lua.LBool:
		p.Default = bool(v)
	case lua.LString:
		p.Default = string(v)
	default:
		if v != lua.LNil || p.Choices == nil {
			o.Wrong("default", "a number, true or false, or a string: it tells what the param is", v)
		}
		p.Default = p.Choices[0]
	}
	if _, text := p.Default.(string); p.Choices != nil && !text {
		o.Wrong("default", "one of the choices", o.Get("default"))
	}
}

func (p *param) takeNumbers(o module.Options) {
	_, number := p.Default.(float64)
	to := [...]*float64{&p.Min, &p.Max, &p.Step}
	for i, name := range [...]string{"min", "max", "step"} {
		v := o.Get(name)
		n, ok := v.(lua.LNumber)
		switch {
		case v == lua.LNil:
		case !number:
			o.Fail("%s is for numbers, and the default is %s", name, module.Describe(o.Get("default")))
		case !ok || math.IsNaN(float64(n)) || math.IsInf(float64(n), 0):
			o.WrongNumber(name, "a number", v)
		default:
			*to[i] = float64(n)
		}
	}
	switch {
	case p.Min >= p.Max:
		o.Fail("min must be less than max, got %g and %g", p.Min, p.Max)
	case p.Step < 0 || p.Step == 0 && o.Has("step"):
		o.Wrong("step", "more than 0", o.Get("step"))
	case p.Step > p.Max-p.Min:
		o.Wrong("step", fmt.Sprintf("at most %g", p.Max-p.Min), o.Get("step"))
	}
}

// restore gives a param the value that the load before, or the run before, had for it.
func (s *Show) restore(p *param) {
	v, chosen := s.chosen[p.Name]
	if !chosen {
		return
	}
	fit, err := p.Fit(v)
	if err != nil || !sameKind(v, p.Default) {
		s.G.Log().Warn(fmt.Sprintf("param %s is at its default %s again: the value before, %s, is none for it; it takes %s",
			p.Name, show.Written(p.Default), show.Written(v), p.Expects()))
		delete(s.chosen, p.Name)
		return
	}
	p.Value = fit
}

// Turns implements module.Knob.
func (p *param) Turns() bool {
	_, number := p.Default.(float64)
	return p.Switch() || len(p.Choices) > 0 || number && !math.IsInf(p.Min, 0) && !math.IsInf(p.Max, 0)
}

// Switch implements module.Knob.
func (p *param) Switch() bool { _, is := p.Default.(bool); return is }

// Turn implements module.Knob. A number is put on the nearest step.
func (p *param) Turn(part float64) {
	var v any
	switch n := len(p.Choices); {
	case p.Switch():
		v = part >= 0.5
	case n > 0:
		v = p.Choices[min(int(part*float64(n)), n-1)]
	default:
		v = p.Min + part*(p.Max-p.Min)
	}
	if fit, err := p.Fit(v); err == nil {
		p.change(fit)
	}
}

func sameKind(a, b any) bool { return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) }

// takeParams takes over what has been set since the copy for this load was made, in the
// order of the names, so that runs repeat exactly. What the top level sets counts if it is
// not what that of the load before has set.
func (s *Show) takeParams(before *Show) {
	for _, name := range slices.Sorted(maps.Keys(before.chosen)) {
		v := before.chosen[name]
		top, set := s.preset[name]
		if s.chosen[name] == v || set && before.preset[name] != top {
			continue
		}
		p := s.param(name)
		if p == nil && len(s.chosen) < 2*maxControls {
			s.chosen[name] = v // it may come back
		}
		if p == nil {
			continue
		}
		if fit, err := p.Fit(v); err == nil && sameKind(v, p.Default) {
			p.change(fit)
		}
	}
}

// param finds one by its name, nil if there is none.
func (s *Show) param(name string) *param {
	for _, p := range s.params {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func paramClass() module.Class[*param] {
	return module.Class[*param]{
		Methods: map[string]func(module.Call, *param) int{
			"get": func(c module.Call, p *param) int { c.L.Push(plain.Import(c.L, p.Value)); return 1 },
			"set": paramSet,
			"on":  paramOn,
		},
		Properties: map[string]func(*param) lua.LValue{
			"name": func(p *param) lua.LValue { return lua.LString(p.Name) },
		},
	}
}

func paramSet(c module.Call, p *param) int {
	v := plainOf(c.Get(1))
	fit, err := p.Fit(v)
	if err == nil && sameKind(v, p.Default) {
		if p.s.G.Collecting() {
			p.s.preset[p.Name] = fit
		}
		if !p.s.G.Shadowing() { // what a cue would do changes nothing
			p.change(fit)
		}
		return 0
	}
	switch p.Default.(type) {
	case float64:
		c.WrongNumber(p.Name, p.Expects(), c.Get(1))
	case bool:
		c.Wrong(p.Name, "true or false", c.Get(1))
	}
	if _, text := v.(string); text {
		c.Fail("%s", err) // it may have a suggestion
	}
	c.Wrong(p.Name, p.Expects(), c.Get(1))
	return 0
}

func paramOn(c module.Call, p *param) int {
	return p.s.PushHandle(c, p.s.G.On(c.Fn+" "+p.Name, c.Function(1, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{plain.Import(L, ev.Value)}
	}, p.topic()))
}

// plainOf is a number, a boolean or a string of a script; nil for anything else.
func plainOf(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	}
	return nil
}
