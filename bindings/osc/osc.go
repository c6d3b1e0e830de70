// Package osc is the Lua module of that name: messages to other programs and from
// them.
package osc

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	device "showrun/runtime/device/osc"
	"showrun/runtime/script"
)

// control is the module in one load.
type control struct {
	*module.Load
}

// sender is where messages are sent to. Equal ones are the same.
type sender struct {
	decl *device.SenderDecl
}

func (s sender) String() string { return fmt.Sprintf("%s:%d", s.decl.Host, s.decl.Port) }

// receiver is a port that is listened to. Equal ones are the same.
type receiver struct {
	decl *device.ReceiverDecl
}

func (r receiver) String() string { return fmt.Sprint(r.decl.Port) }

// argument is a value whose type on the wire the script has chosen.
type argument struct {
	value any
	text  string // for people
}

func (a argument) String() string { return a.text }

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &control{l}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "osc", map[string]func(module.Call) int{
			"sender":   s.sender,
			"receiver": s.receiver,
			"float":    func(c module.Call) int { return s.number(c, device.Float, "a number up to 3.4e38") },
			"int":      func(c module.Call) int { return s.number(c, device.Whole, "a whole number up to 2^53") },
			"blob":     s.blob,
		})
	}
}

// number makes an argument of a number.
func (s *control) number(c module.Call, as func(float64) (any, bool), want string) int {
	n, ok := c.Get(1).(lua.LNumber)
	var value any
	if ok {
		value, ok = as(float64(n))
	}
	if !ok {
		c.Wrong("the number", want, c.Get(1))
	}
	return s.pushArgument(c, argument{value, fmt.Sprint(value)})
}

func (s *control) blob(c module.Call) int {
	b, ok := c.Get(1).(lua.LString)
	if !ok {
		c.Wrong("the bytes", "a string", c.Get(1))
	}
	return s.pushArgument(c, argument{[]byte(b), fmt.Sprintf("of %d bytes", len(b))})
}

func (s *control) pushArgument(c module.Call, a argument) int {
	c.L.Push(module.Object(s.Load, c.L, "osc.argument", a, func() module.Class[argument] { return module.Class[argument]{} }))
	return 1
}

func (s *control) sender(c module.Call) int {
	o := c.Options(1, false, "host", "port", "interface")
	decl := &device.SenderDecl{
		Host: o.Host(), Port: o.AsInteger(o.Get("port"), "port", 1, 65535), Interface: o.Str("interface", ""),
	}
	v := sender{module.Declare(s.Load, c, decl)}
	c.L.Push(module.OneObject(s.Load, c.L, "osc.sender", v, func() module.Class[sender] {
		return module.Class[sender]{Methods: map[string]func(module.Call, sender) int{"send": s.send}}
	}))
	return 1
}

func (s *control) send(c module.Call, v sender) int {
	m := device.Message{Address: c.Str(1, "the address")}
	for i := 2; i <= c.Count(); i++ {
		m.Args = append(m.Args, Argument(c, i))
	}
	if err := m.Check(); err != nil {
		c.Fail("%s", err)
	}
	s.Order(v.decl, m)
	return 0
}

// Argument takes argument i of a call as one of a message.
func Argument(c module.Call, i int) any {
	switch v := c.Get(i).(type) {
	case lua.LNumber:
		if arg, ok := device.Number(float64(v)); ok {
			return arg
		}
	case lua.LString:
		return string(v)
	case lua.LBool:
		return bool(v)
	case *lua.LNilType:
		return device.Nil{}
	case *lua.LUserData:
		if a, ok := v.Value.(argument); ok {
			return a.value
		}
	}
	c.Wrong(fmt.Sprintf("argument %d", i-1), "a number up to 3.4e38, a string, a boolean, nil or one of osc.float, osc.int and osc.blob", c.Get(i))
	return nil
}

func (s *control) receiver(c module.Call) int {
	o := c.Options(1, false, "port", "interface")
	decl := &device.ReceiverDecl{Port: o.AsInteger(o.Get("port"), "port", 1, 65535), Interface: o.Str("interface", "127.0.0.1")}
	r := receiver{module.Declare(s.Load, c, decl)}
	if o.Has("interface") && r.decl.Interface != decl.Interface {
		c.Fail("port %d is listened to on interface %q already", decl.Port, r.decl.Interface)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "osc.receiver", r, func() module.Class[receiver] {
		return module.Class[receiver]{Methods: map[string]func(module.Call, receiver) int{"on": s.on}}
	}))
	return 1
}

func (s *control) on(c module.Call, r receiver) int {
	pattern := c.Str(1, "the pattern")
	fn := c.Function(2, "the callback")
	if err := device.CheckPattern(pattern); err != nil {
		c.Fail("%q: %s", module.Cut(pattern), err)
	}
	all := c.Options(3, false, "all").Bool("all")
	topic, patterns := r.decl.Topic(pattern), &r.decl.Patterns
	if all {
		topic, patterns = r.decl.AllTopic(pattern), &r.decl.All
	}
	h := s.G.On(c.Fn+" "+pattern, fn, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		m := ev.Value.(device.Message)
		args := []lua.LValue{lua.LString(m.Address)}
		for _, a := range m.Args {
			args = append(args, incoming(a))
		}
		return args
	}, topic)
	listen := device.Listen{Pattern: pattern, All: all}
	if s.G.Collecting() {
		*patterns = append(*patterns, pattern)
	} else {
		s.Order(r.decl, listen)
	}
	return s.PushHandle(c, &listening{h, s, r, listen, false})
}

// listening is a handler of messages.
type listening struct {
	*script.Handle
	s         *control
	receiver  receiver
	what      device.Listen
	cancelled bool
}

// Cancel implements module.Registration.
func (l *listening) Cancel() {
	if l.cancelled {
		return
	}
	l.cancelled = true
	l.Handle.Cancel()
	l.s.G.WhenLive(func() { l.s.Order(l.receiver.decl, device.Leave(l.what)) })
}

// incoming is an argument of a message for a script.
func incoming(a any) lua.LValue {
	switch a := a.(type) {
	case int32:
		return lua.LNumber(a)
	case int64:
		return lua.LNumber(a)
	case float32:
		return lua.LNumber(a)
	case float64:
		return lua.LNumber(a)
	case string:
		return lua.LString(a)
	case []byte:
		return lua.LString(a)
	case bool:
		return lua.LBool(a)
	case time.Time:
		if !a.IsZero() {
			return lua.LNumber(float64(a.UnixNano()) / 1e9)
		}
		return lua.LNumber(0)
	}
	return lua.LNil
}
