package bindings

import (
	"context"
	"fmt"
	"log/slog"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script"
)

// Topics of the events of module show. Error carries a string.
const (
	TopicStart  = "show/start"
	TopicStop   = "show/stop"
	TopicReload = "show/reload"
	TopicUnload = "show/unload"
	TopicError  = "show/error"
)

var showEvents = map[string]string{
	"start": TopicStart, "stop": TopicStop, "reload": TopicReload, "unload": TopicUnload, "error": TopicError,
}

func (s *Show) openShow(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	m.RawSetString("name", lua.LString(s.env.Name))
	m.RawSetString("file", lua.LString(s.env.File))
	m.RawSetString("dir", lua.LString(s.env.Dir))
	m.RawSetString("generation", lua.LNumber(s.g.Number()))
	s.state = script.Import(L, s.env.State).(*lua.LTable)
	m.RawSetString("state", s.state)
	m.RawSetString("on", function(L, "show.on", s.showOn))

	log := L.NewTable()
	for name, severity := range map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	} {
		log.RawSetString(name, function(L, "show.log."+name, func(c call) int { return s.showLog(c, severity) }))
	}
	m.RawSetString("log", log)
	return m
}

func (s *Show) showOn(c call) int {
	topic, ok := showEvents[c.str(1, "the event")]
	if !ok {
		c.wrong("the event", `"start", "stop", "reload", "unload" or "error"`, c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn+" "+topic, topic, c.function(2, "the callback"), func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		if text, ok := ev.Value.(string); ok {
			return []lua.LValue{lua.LString(text)}
		}
		return nil
	}))
}

// showLog formats with string.format, so that scripts meet one set of rules.
func (s *Show) showLog(c call, severity slog.Level) int {
	text := fmt.Sprint(c.get(1))
	if n := c.count(); n > 1 {
		str := c.L.GetGlobal("string")
		c.L.Push(c.L.GetField(str, "format"))
		for i := 1; i <= n; i++ {
			c.L.Push(c.get(i))
		}
		c.L.Call(n, 1)
		text = c.L.Get(-1).String()
		c.L.Pop(1)
	}
	s.g.Log().Log(context.Background(), severity, text, "at", script.Where(c.L))
	return 0
}
