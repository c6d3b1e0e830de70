// Package dmx is the Lua module of that name: DMX widgets on serial ports.
package dmx

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/universe"
	"showrun/runtime/device/dmx"
)

// ports is the module in one load.
type ports struct {
	*module.Load
	widgets map[string]*usb
}

// usb is a declared widget.
type usb struct {
	decl *dmx.Decl
	sent *universe.Sender // nil for inputs
}

func (u *usb) String() string { return u.decl.Port }

// sent is what the universe of a widget that sends is.
var sent = universe.Kind{Class: "dmx.universe", Deaf: "this widget sends; dmx.usb{ …, input = true } is one that listens"}

// models are the families of widgets.
var models = []string{"pro"}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	p := &ports{l, map[string]*usb{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "dmx", map[string]func(module.Call) int{"usb": p.usb})
	}
}

func (p *ports) usb(c module.Call) int {
	o := c.Options(1, false, "port", "model", "input", "rate", "latency")
	o.Choice("model", models)
	decl := &dmx.Decl{
		Port: o.Str("port", ""), Input: o.Bool("input"),
		Rate: o.Integer("rate", dmx.MaxRate, 1, dmx.MaxRate), Latency: p.Latency(o),
	}
	v, ok := p.widgets[decl.Key()]
	if !ok {
		p.LoadingOnly(c, "devices are declared")
		for _, other := range p.widgets {
			if other.decl.Lane() == decl.Lane() {
				c.Fail("the widget is declared with other options already; it has one universe, out or in")
			}
		}
		module.Declare(p.Load, c, decl)
		v = &usb{decl: decl}
		if !decl.Input {
			v.sent = universe.NewSender(p.Load, sent, decl, decl.Lane(), &decl.Sent)
		}
		p.widgets[decl.Key()] = v
	}
	c.L.Push(module.OneObject(p.Load, c.L, "dmx.usb", v, func() module.Class[*usb] {
		return module.Class[*usb]{Methods: map[string]func(module.Call, *usb) int{"universe": p.universe}}
	}))
	return 1
}

// universe takes the number that there is, since others have more.
func (p *ports) universe(c module.Call, v *usb) int {
	n := 1
	if !c.None(1) {
		n = c.Integer(1, "universe number", 1, 1)
	}
	if v.sent != nil {
		return v.sent.Declare(c, n, 2)
	}
	return universe.Receiver{Class: "dmx.input.universe", Load: p.Load, Decl: v.decl, Streams: &v.decl.Heard}.Declare(c, n, 2)
}
