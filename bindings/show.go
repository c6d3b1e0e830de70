package bindings

import (
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

var (
	showEvents = []string{"start", "stop", "reload", "unload", "error", "emergency"}
	showTopics = map[string]string{
		"start": show.TopicStart, "stop": show.TopicStop, "reload": show.TopicReload, "unload": show.TopicUnload, "error": show.TopicError,
		"emergency": show.TopicEmergency,
	}
)

var severities = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func (s *Show) openShow(L *lua.LState, m *lua.LTable) {
	s.module = m
	m.RawSetString("name", lua.LString(s.scene.Name))
	m.RawSetString("file", lua.LString(s.scene.File))
	m.RawSetString("dir", lua.LString(s.scene.Dir))
	m.RawSetString("generation", lua.LNumber(s.G.Number()))
	m.RawSetString("state", s.firstState(L))
	module.Functions(L, m, "show", map[string]func(module.Call) int{
		"on": s.showOn, "param": s.showParam, "trigger": s.showTrigger, "data": s.showData, "at": s.showAt, "place": s.showPlace,
	})

	format := L.GetField(L.GetGlobal("string"), "format")
	log := L.NewTable()
	fns := map[string]func(module.Call) int{}
	for name, severity := range severities {
		fns[name] = func(c module.Call) int { return s.showLog(c, severity, format) }
	}
	module.Functions(L, log, "show.log", fns)
	m.RawSetString("log", log)
}

func (s *Show) showOn(c module.Call) int {
	topic := showTopics[c.Word(1, "the event", showEvents)]
	return s.PushHandle(c, s.G.On(c.Fn+" "+topic, c.Function(2, "the callback"), func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		switch v := ev.Value.(type) {
		case string:
			return []lua.LValue{lua.LString(v)}
		case bool:
			return []lua.LValue{lua.LBool(v)}
		}
		return nil
	}, topic))
}

// showLog formats with string.format, so that scripts meet one set of rules. A
// text alone is not refused for a stray percent sign.
func (s *Show) showLog(c module.Call, severity slog.Level, format lua.LValue) int {
	var text string
	if n := c.Count(); n > 1 {
		c.L.Push(format)
		for i := 1; i <= n; i++ {
			c.L.Push(c.Get(i))
		}
		c.L.Call(n, 1)
		text = c.L.Get(-1).String()
	} else if v := c.Get(1); v.Type() == lua.LTString {
		text = strings.ReplaceAll(v.String(), "%%", "%")
	} else {
		text = c.L.ToStringMeta(v).String()
	}
	s.G.Say(severity, text, script.Where(c.L))
	return 0
}
