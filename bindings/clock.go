package bindings

import (
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// tempoSource names a source of beats that clock.follow takes.
type tempoSource interface{ tempoKey() string }

// Topics of the events of module clock. They carry a float64, the tempo in BPM.
const (
	TopicLost  = "clock/lost"
	TopicFound = "clock/found"
	TopicTempo = "clock/tempo"
	TopicJump  = "clock/jump"
)

var clockEvents = map[string]string{"lost": TopicLost, "found": TopicFound, "tempo": TopicTempo, "jump": TopicJump}

func (s *Show) openClock(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	functions(L, m, "clock", map[string]func(call) int{
		"run":           s.clockRun,
		"sleep":         s.clockSleep,
		"sync":          s.clockSync,
		"wait":          s.clockWait,
		"after":         s.clockAfter,
		"every":         s.clockEvery,
		"on_beat":       s.clockOnBeat,
		"at_beat":       s.clockAtBeat,
		"on":            s.clockOn,
		"time":          func(c call) int { c.L.Push(lua.LNumber(s.g.Instant().Seconds())); return 1 },
		"beats":         func(c call) int { c.L.Push(lua.LNumber(s.g.Position().Float())); return 1 },
		"tempo":         func(c call) int { c.L.Push(lua.LNumber(s.env.Tempo.BPM())); return 1 },
		"phase":         s.clockPhase,
		"set_tempo":     s.clockSetTempo,
		"tap":           s.clockTap,
		"nudge":         s.clockNudge,
		"follow":        s.clockFollow,
		"beats_per_bar": s.clockBeatsPerBar,
	})
	return m
}

func (s *Show) clockRun(c call) int {
	name := ""
	if n, ok := c.get(1).(lua.LString); ok {
		name = string(n)
		c.first++
	}
	fn := c.function(1, "the task")
	var args []lua.LValue
	for i := 2; i <= c.count(); i++ {
		args = append(args, c.get(i))
	}
	c.L.Push(object(s, c.L, "task", s.g.Run(name, fn, args), taskClass))
	return 1
}

func taskClass() class[*script.Task] {
	return class[*script.Task]{
		methods: map[string]func(call, *script.Task) int{
			"cancel": func(_ call, t *script.Task) int { t.Cancel(); return 0 },
		},
		properties: map[string]func(*script.Task) lua.LValue{
			"name":    func(t *script.Task) lua.LValue { return lua.LString(t.Name()) },
			"running": func(t *script.Task) lua.LValue { return lua.LBool(t.Running()) },
		},
	}
}

func (s *Show) clockSleep(c call) int {
	s.g.Sleep(c.L, s.duration(c, c.get(1), "the duration"))
	return 0
}

func (s *Show) clockSync(c call) int {
	s.g.Sync(c.L, s.grid(c, 1, 2))
	return 0
}

// clockWait waits for an event of anything with an :on method: it registers a
// function there, sleeps until that is called, and takes it back.
func (s *Show) clockWait(c call) int {
	source, _ := c.get(1).(*lua.LUserData)
	var on *lua.LFunction
	if source != nil {
		on = method(source, "on")
	}
	if on == nil {
		c.wrong("the source", "something with :on, such as a deck or a sink", c.get(1))
	}
	t := s.g.Current()
	wake := c.L.NewFunction(func(L *lua.LState) int {
		values := make([]lua.LValue, L.GetTop())
		for i := range values {
			values[i] = L.Get(i + 1)
		}
		s.g.Wake(t, values)
		return 0
	})
	args := []lua.LValue{source}
	if !c.none(2) {
		args = append(args, lua.LString(c.str(2, "the event")))
	}
	c.L.Push(on)
	for _, a := range append(args, wake) {
		c.L.Push(a)
	}
	c.L.Call(len(args)+1, 1)
	handle, _ := c.L.Get(-1).(*lua.LUserData)
	c.L.Pop(1)
	if handle != nil {
		if h, ok := handle.Value.(registration); ok {
			defer h.Cancel()
		}
	}
	values := s.g.Suspend(c.L)
	for _, v := range values {
		c.L.Push(v)
	}
	return len(values)
}

func (s *Show) clockAfter(c call) int {
	return s.pushHandle(c, s.g.After(c.fn, s.duration(c, c.get(1), "the duration"), c.function(2, "the callback")))
}

func (s *Show) clockEvery(c call) int {
	d := s.length(c, c.get(1), "the duration")
	if d.Beats == 0 && d.Time < time.Millisecond || d.Beats != 0 && d.Beats < finest {
		c.wrong("the duration", "at least 1 ms or 1/1000 of a beat", c.get(1))
	}
	fn := c.function(2, "the callback")
	if d.Beats != 0 {
		return s.pushHandle(c, s.g.EveryBeats(c.fn, d.Beats, fn))
	}
	return s.pushHandle(c, s.g.Every(c.fn, d.Time, fn))
}

func (s *Show) clockOnBeat(c call) int {
	grid := s.grid(c, 1, 3)
	return s.pushHandle(c, s.g.OnBeat(c.fn, grid, c.function(2, "the callback"), s.beatArgs(s.env.Tempo.BPM)))
}

func (s *Show) clockAtBeat(c call) int {
	at := beat.FromFloat(s.beats(c, c.get(1), "the position"))
	return s.pushHandle(c, s.g.AtBeat(c.fn, at, c.function(2, "the callback"), s.beatArgs(s.env.Tempo.BPM)))
}

// beatArgs makes the beat a callback gets.
func (s *Show) beatArgs(bpm func() float64) script.Args {
	return func(L *lua.LState, t *script.Task, _ script.Event) []lua.LValue {
		at, pos := t.At()
		number := math.Floor(pos.Float())
		perBar := s.beatsPerBar.Float()
		bar := math.Floor(number / perBar)
		b := L.CreateTable(0, 6)
		b.RawSetString("count", lua.LNumber(pos.Float()))
		b.RawSetString("number", lua.LNumber(number))
		b.RawSetString("bar", lua.LNumber(bar+1))
		b.RawSetString("in_bar", lua.LNumber(number-bar*perBar+1))
		b.RawSetString("bpm", lua.LNumber(bpm()))
		b.RawSetString("time", lua.LNumber(at.Seconds()))
		return []lua.LValue{b}
	}
}

func (s *Show) clockOn(c call) int {
	name := c.str(1, "the event")
	topic, ok := clockEvents[name]
	if !ok {
		c.wrong("the event", `"lost", "found", "tempo" or "jump"`, c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn, c.function(2, "the callback"), func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		if bpm, ok := ev.Value.(float64); ok && topic == TopicTempo {
			return []lua.LValue{lua.LNumber(bpm)}
		}
		return nil
	}, topic))
}

func (s *Show) clockPhase(c call) int {
	quantum := s.quantum(c, c.get(1), "the beats")
	phase := math.Mod(s.g.Position().Float(), quantum)
	if phase < 0 {
		phase += quantum
	}
	c.L.Push(lua.LNumber(phase))
	return 1
}

func (s *Show) clockSetTempo(c call) int {
	bpm := c.number(1, "the tempo")
	if bpm < 20 || bpm > 999 {
		c.wrong("the tempo", "20-999 BPM", c.get(1))
	}
	s.retime(c, func() (beat.Timeline, error) { return s.env.Tempo.SetTempo(bpm, s.g.Instant()) })
	return 0
}

func (s *Show) clockTap(c call) int {
	s.retime(c, func() (beat.Timeline, error) { return s.env.Tempo.Tap(s.g.Instant()) })
	return 0
}

func (s *Show) clockNudge(c call) int {
	b := beat.FromFloat(s.beats(c, c.get(1), "the beats"))
	s.retime(c, func() (beat.Timeline, error) { return s.env.Tempo.Nudge(b, s.g.Instant()) })
	return 0
}

func (s *Show) clockFollow(c call) int {
	key := "internal"
	if c.get(1) != lua.LString(key) {
		var source tempoSource
		if ud, ok := c.get(1).(*lua.LUserData); ok {
			source, _ = ud.Value.(tempoSource)
		}
		if source == nil {
			c.wrong("the source", `"internal" or a source such as sink:master()`, c.get(1))
		}
		key = source.tempoKey()
	}
	s.retime(c, func() (beat.Timeline, error) { return s.env.Tempo.Follow(key, s.g.Instant()), nil })
	return 0
}

// retime changes the beat clock, when the show is live, and takes over what
// became of it. An error is raised, or logged when the call was made by the top
// level long since over.
func (s *Show) retime(c call, change func() (beat.Timeline, error)) {
	line := script.Where(c.L)
	collecting := s.g.Collecting()
	s.g.WhenLive(func() {
		tl, err := change()
		switch {
		case err == nil:
			s.g.SetTimeline(tl, s.g.Instant())
		case collecting:
			s.g.Log().Error(c.fn+": "+err.Error(), "at", line)
		default:
			c.fail("%s", err)
		}
	})
}

func (s *Show) clockBeatsPerBar(c call) int {
	s.beatsPerBar = beat.Micro(c.integer(1, "the beats", 1, 64)) * beat.Beat
	return 0
}
