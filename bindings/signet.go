package bindings

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// sender is a declared Sig-Net Sender.
type sender struct {
	decl      *device.SenderDecl
	universes map[int]*universe
}

func (s *sender) String() string { return s.decl.Scope }

// universe is one universe of a sender.
type universe struct {
	number int
	output level.Output
}

func (u *universe) String() string { return strconv.Itoa(u.number) }

func (u *universe) channel(slot int) patch.Channel {
	return patch.Channel{Name: strconv.Itoa(slot), Coarse: level.Address{Output: u.output, Slot: int32(slot)}}
}

func (s *Show) openSignet(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	functions(L, m, "signet", map[string]func(call) int{"sender": s.signetSender})
	return m
}

func (s *Show) signetSender(c call) int {
	o := c.options(1, false, "scope", "interface", "key", "endpoint", "label", "rate")
	decl := &device.SenderDecl{
		Scope:     scope(o),
		Interface: o.str("interface", ""),
		Endpoint:  o.integer("endpoint", 1, 1, 0xff00),
		Label:     o.str("label", ""),
		Rate:      o.integer("rate", 44, 1, 250),
	}
	decl.KeyFile, decl.KeyEnv = keyOption(o)
	v, ok := s.senders[decl.Key()]
	if !ok {
		s.declare(c, decl)
		v = &sender{decl: decl, universes: map[int]*universe{}}
		s.senders[decl.Key()] = v
	}
	c.L.Push(oneObject(s, c.L, "signet.sender", v, func() class[*sender] {
		return class[*sender]{methods: map[string]func(call, *sender) int{"universe": s.senderUniverse}}
	}))
	return 1
}

// scope takes the name of an installation; the wire has room for these only.
func scope(o options) string {
	s := o.str("scope", "local")
	bad := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
	})
	if bad >= 0 || len(s) > 32 {
		o.wrong("scope", "1 to 32 of the characters A-Z a-z 0-9 - . _ ~", o.get("scope"))
	}
	return s
}

// keyOption takes key = { file = … } or { env = … }. A key or passphrase in the
// text of a script would end up in backups and on screens, so it is refused.
func keyOption(o options) (file, env string) {
	v := o.get("key")
	if v == lua.LNil {
		return "", ""
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		o.fail(`a key or passphrase must not stand in a script: use key = { file = "…" } or key = { env = "NAME" }`)
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if k != lua.LString("file") && k != lua.LString("env") {
			o.fail(`unknown option in key; it must be { file = "…" } or { env = "NAME" }`)
		}
	}
	k := options{o.call, t}
	if k.has("file") == k.has("env") {
		o.fail(`key must be { file = "…" } or { env = "NAME" }`)
	}
	return k.str("file", ""), k.str("env", "")
}

func (s *Show) senderUniverse(c call, v *sender) int {
	n := c.integer(1, "universe number", 1, 63999)
	c.options(2, false)
	u, ok := v.universes[n]
	if !ok {
		s.loadingOnly(c, "universes are declared")
		u = &universe{n, s.env.Registry.Output(fmt.Sprintf("%s universe %d", v.decl.Key(), n), 512)}
		v.universes[n] = u
		v.decl.Universes = append(v.decl.Universes, device.Universe{Number: n, Output: u.output})
	}
	c.L.Push(oneObject(s, c.L, "signet.universe", u, s.universeClass))
	return 1
}

func (s *Show) universeClass() class[*universe] {
	return class[*universe]{
		methods: map[string]func(call, *universe) int{
			"slot": func(c call, u *universe) int {
				return s.pushAddress(c.L, level.Address{Output: u.output, Slot: int32(c.integer(1, "slot", 1, 512))})
			},
			"set":    s.universeSet,
			"fade":   s.universeFade,
			"get":    s.universeGet,
			"levels": s.universeLevels,
		},
		properties: map[string]func(*universe) lua.LValue{
			"number": func(u *universe) lua.LValue { return lua.LNumber(u.number) },
		},
	}
}

// universeSet takes a slot and a level, or a table of levels by slot, of which
// nothing is done if something is wrong with any.
func (s *Show) universeSet(c call, u *universe) int {
	t, ok := c.get(1).(*lua.LTable)
	if !ok {
		ch := u.channel(c.integer(1, "slot", 1, 512))
		s.g.Emit(engine.Set{Channel: ch, Value: c.level(c.get(2), "the level")})
		return 0
	}
	var sets []engine.Set
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		ch := u.channel(c.asInteger(k, "slot", 1, 512))
		sets = append(sets, engine.Set{Channel: ch, Value: c.level(v, "slot "+ch.Name)})
	}
	for _, set := range sets {
		s.g.Emit(set)
	}
	return 0
}

func (s *Show) universeFade(c call, u *universe) int {
	ch := u.channel(c.integer(1, "slot", 1, 512))
	to := c.level(c.get(2), "the level")
	d := s.duration(c, c.get(3), "the duration")
	easing, delay := s.fadeOptions(c, 4)
	s.g.Emit(engine.Fade{Channel: ch, To: to, Duration: d, Delay: delay, Curve: easing})
	return 0
}

func (s *Show) universeGet(c call, u *universe) int {
	c.L.Push(lua.LNumber(s.level(u.channel(c.integer(1, "slot", 1, 512)))))
	return 1
}

func (s *Show) universeLevels(c call, u *universe) int {
	t := c.L.CreateTable(512, 0)
	for slot := 1; slot <= 512; slot++ {
		t.RawSetInt(slot, lua.LNumber(s.level(u.channel(slot))))
	}
	c.L.Push(t)
	return 1
}
