package bindings

import (
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/beat"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

var (
	clockEvents = []string{"lost", "found", "tempo", "jump"}
	clockTopics = map[string]string{
		"lost": show.TopicLost, "found": show.TopicFound, "tempo": show.TopicTempo, "jump": show.TopicJump,
	}
)

func (s *Show) openClock(L *lua.LState, m *lua.LTable) {
	s.clock = m
	module.Functions(L, m, "clock", map[string]func(module.Call) int{
		"run":           s.clockRun,
		"sleep":         s.clockSleep,
		"sync":          s.clockSync,
		"wait":          s.clockWait,
		"after":         s.clockAfter,
		"every":         s.clockEvery,
		"on_beat":       s.clockOnBeat,
		"at_beat":       s.clockAtBeat,
		"on":            s.clockOn,
		"time":          func(c module.Call) int { c.L.Push(lua.LNumber(s.G.Instant().Seconds())); return 1 },
		"beats":         func(c module.Call) int { c.L.Push(lua.LNumber(s.G.Position().Float())); return 1 },
		"tempo":         func(c module.Call) int { c.L.Push(lua.LNumber(s.G.Tempo())); return 1 },
		"phase":         s.clockPhase,
		"length":        s.clockLength,
		"set_tempo":     s.clockSetTempo,
		"tap":           s.clockTap,
		"nudge":         s.clockNudge,
		"follow":        s.clockFollow,
		"beats_per_bar": s.clockBeatsPerBar,
	})
}

func (s *Show) clockRun(c module.Call) int {
	name := ""
	if n, ok := c.Get(1).(lua.LString); ok {
		name = string(n)
		c.First++
	}
	fn := c.Function(1, "the task")
	var args []lua.LValue
	for i := 2; i <= c.Count(); i++ {
		args = append(args, c.Get(i))
	}
	c.L.Push(module.Object(s.Load, c.L, "task", s.G.Run(name, fn, args), taskClass))
	return 1
}

func taskClass() module.Class[*script.Task] {
	return module.Class[*script.Task]{
		Methods: map[string]func(module.Call, *script.Task) int{
			"cancel": func(_ module.Call, t *script.Task) int { t.Cancel(); return 0 },
		},
		Properties: map[string]func(*script.Task) lua.LValue{
			"name":    func(t *script.Task) lua.LValue { return lua.LString(t.Name()) },
			"running": func(t *script.Task) lua.LValue { return lua.LBool(t.Running()) },
			"failed":  func(t *script.Task) lua.LValue { return lua.LBool(t.Failed()) },
		},
	}
}

func (s *Show) clockSleep(c module.Call) int {
	s.G.Sleep(c.L, s.Duration(c, c.Get(1), "the duration"))
	return 0
}

func (s *Show) clockSync(c module.Call) int {
	s.G.Sync(c.L, s.Grid(c, 1, 2))
	return 0
}

// clockWait waits for an event of anything with an :on method: it registers a
// function there, sleeps until that is called, and takes it back.
func (s *Show) clockWait(c module.Call) int {
	if _, event := c.Get(1).(lua.LString); event && c.First > 1 {
		c.First-- // clock itself is the source
	}
	source := c.Get(1)
	on := s.on(source)
	if on == nil {
		expected := "something with :on, such as a deck or a sink"
		if kind := source.Type(); kind == lua.LTNumber || kind == lua.LTString {
			expected += " (clock.sleep waits for a time)"
		}
		c.Wrong("the source", expected, source)
	}
	t := s.G.Current()
	wake := c.L.NewFunction(func(L *lua.LState) int {
		values := make([]lua.LValue, L.GetTop())
		for i := range values {
			values[i] = L.Get(i + 1)
		}
		s.G.Wake(t, values)
		return 0
	})
	args := []lua.LValue{source}
	if !c.None(2) {
		args = append(args, lua.LString(c.Str(2, "the event")))
	}
	c.L.Push(on)
	for _, a := range append(args, wake) {
		c.L.Push(a)
	}
	c.L.Call(len(args)+1, 1)
	handle, _ := c.L.Get(-1).(*lua.LUserData)
	c.L.Pop(1)
	if handle != nil {
		if h, ok := handle.Value.(module.Registration); ok {
			defer h.Cancel()
		}
	}
	values := s.G.Suspend(c.L)
	for _, v := range values {
		c.L.Push(v)
	}
	return len(values)
}

// on is the method of that name of an object, or of module clock or show; nil if it has
// none.
func (s *Show) on(v lua.LValue) *lua.LFunction {
	switch v := v.(type) {
	case *lua.LUserData:
		return module.Method(v, "on")
	case *lua.LTable:
		if v == s.clock || v == s.module {
			fn, _ := v.RawGetString("on").(*lua.LFunction)
			return fn
		}
	}
	return nil
}

func (s *Show) clockAfter(c module.Call) int {
	return s.PushHandle(c, s.G.After(c.Fn, s.Duration(c, c.Get(1), "the duration"), c.Function(2, "the callback")))
}

func (s *Show) clockEvery(c module.Call) int {
	d := s.Length(c, c.Get(1), "the duration")
	if d.Beats == 0 && d.Time < time.Millisecond || d.Beats != 0 && d.Beats < module.Finest {
		c.Wrong("the duration", "at least 1 ms or 1/1000 of a beat", c.Get(1))
	}
	fn := c.Function(2, "the callback")
	if d.Beats != 0 {
		return s.PushHandle(c, s.G.EveryBeats(c.Fn, d.Beats, fn))
	}
	return s.PushHandle(c, s.G.Every(c.Fn, d.Time, fn))
}

func (s *Show) clockOnBeat(c module.Call) int {
	grid := s.Grid(c, 1, 3)
	return s.PushHandle(c, s.G.OnBeat(c.Fn, grid, c.Function(2, "the callback"), s.BeatArgs(s.G.Tempo)))
}

func (s *Show) clockAtBeat(c module.Call) int {
	at := beat.FromFloat(s.Beats(c, c.Get(1), "the position"))
	return s.PushHandle(c, s.G.AtBeat(c.Fn, at, c.Function(2, "the callback"), s.BeatArgs(s.G.Tempo)))
}

func (s *Show) clockOn(c module.Call) int {
	topic := clockTopics[c.Word(1, "the event", clockEvents)]
	return s.PushHandle(c, s.G.On(c.Fn, c.Function(2, "the callback"), func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		if bpm, ok := ev.Value.(float64); ok && topic == show.TopicTempo {
			return []lua.LValue{lua.LNumber(bpm)}
		}
		return nil
	}, topic))
}

func (s *Show) clockPhase(c module.Call) int {
	quantum := s.Quantum(c, c.Get(1), "the beats")
	phase := math.Mod(s.G.Position().Float(), quantum)
	if phase < 0 {
		phase += quantum
	}
	c.L.Push(lua.LNumber(phase))
	return 1
}

// clockLength tells how long a duration is, for scripts that calculate with it.
func (s *Show) clockLength(c module.Call) int {
	d := s.Length(c, c.Get(1), "the duration")
	if d.Beats != 0 {
		c.L.Push(lua.LNumber(d.Beats))
		c.L.Push(lua.LString("b"))
		return 2
	}
	c.L.Push(lua.LNumber(d.Time.Seconds()))
	c.L.Push(lua.LString("s"))
	return 2
}

func (s *Show) clockSetTempo(c module.Call) int {
	bpm := c.Number(1, "the tempo")
	if bpm < 20 || bpm > 999 {
		c.Wrong("the tempo", "20-999 BPM", c.Get(1))
	}
	s.conduct(c, beat.Command{Kind: beat.SetTempo, BPM: bpm})
	return 0
}

func (s *Show) clockTap(c module.Call) int {
	s.conduct(c, beat.Command{Kind: beat.Tap})
	return 0
}

func (s *Show) clockNudge(c module.Call) int {
	b := beat.FromFloat(s.Beats(c, c.Get(1), "the beats"))
	s.conduct(c, beat.Command{Kind: beat.Nudge, Beats: b})
	return 0
}

func (s *Show) clockFollow(c module.Call) int {
	key := beat.Internal
	if c.Get(1) != lua.LString(key) {
		var source module.TempoSource
		if ud, ok := c.Get(1).(*lua.LUserData); ok {
			source, _ = ud.Value.(module.TempoSource)
		}
		if source == nil {
			c.Wrong("the source", `"internal" or a source such as sink:master()`, c.Get(1))
		}
		key = source.TempoKey()
	}
	s.conduct(c, beat.Command{Kind: beat.Follow, Source: key})
	return 0
}

// conduct changes what drives the beat, when the show is live. An error is raised, or
// logged when the call was made by the top level long since over.
func (s *Show) conduct(c module.Call, command beat.Command) {
	line := script.Where(c.L)
	collecting := s.G.Collecting()
	if collecting {
		s.G.Intend(command)
	}
	s.G.WhenLive(func() {
		if collecting && s.G.BeatStays() {
			return
		}
		switch err := s.G.Conduct(command); {
		case err == nil:
		case collecting:
			s.G.Log().Error(c.Fn+": "+err.Error(), "at", line)
		default:
			s.Refuse(c, "%s", err)
		}
	})
}

// Waits are the functions of modules in which a task waits.
func Waits() []string { return []string{"clock.sleep", "clock.sync", "clock.wait"} }

func (s *Show) clockBeatsPerBar(c module.Call) int {
	s.BeatsPerBar = beat.Micro(c.Integer(1, "the beats", 1, 64)) * beat.Beat
	return 0
}
