// Package signet is the Lua module of that name: Senders with their universes and
// timecodes, Receivers, and the read side of a Manager.
package signet

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/signet"
)

// sig is the module in one load.
type sig struct {
	*module.Load
	senders map[string]*sender
}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &sig{l, map[string]*sender{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "signet", map[string]func(module.Call) int{
			"sender": s.sender, "receiver": s.receiver, "manager": s.manager,
		})
	}
}

// scope takes the name of an installation; the wire has room for these only.
func scope(o module.Options) string {
	s := o.Str("scope", "local")
	bad := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
	})
	if bad >= 0 || len(s) > 32 {
		o.Wrong("scope", "1 to 32 of the characters A-Z a-z 0-9 - . _ ~", o.Get("scope"))
	}
	return s
}

// key takes key = { file = … } or { env = … }. A key or passphrase in the text of
// a script would end up in backups and on screens, so it is refused.
func key(o module.Options) signet.KeyRef {
	v := o.Get("key")
	if v == lua.LNil {
		return signet.KeyRef{}
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		o.Fail(`a key or passphrase must not stand in a script: use key = { file = "…" } or key = { env = "NAME" }`)
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if k != lua.LString("file") && k != lua.LString("env") {
			o.Fail(`unknown option in key; it must be { file = "…" } or { env = "NAME" }`)
		}
	}
	k := module.Options{Call: o.Call, T: t}
	if k.Has("file") == k.Has("env") {
		o.Fail(`key must be { file = "…" } or { env = "NAME" }`)
	}
	return signet.KeyRef{File: k.Str("file", ""), Env: k.Str("env", "")}
}
