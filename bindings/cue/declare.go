package cue

import (
	"math"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/cue"
	"showrun/runtime/script"
)

// newCue adds a cue to a list.
func (s *Lists) newCue(c module.Call, l *list) int {
	if _, ok := c.Get(1).(*lua.LTable); !ok {
		c.Wrong("the cue", `a table such as { 1, "Preset", look = { … } }`, c.Get(1))
	}
	meant(c)
	o := c.Options(1, true, "fade", "wait", "follow", "hang", "at", "go", "look", "block", "cue_only", "mark")
	n := &cue.Cue{Number: number(o), Label: label(o)}
	name := func(what string) string { return "cue " + cue.Number(n.Number) + ": " + what }
	n.Block, n.CueOnly, n.Mark = o.Bool("block"), o.Bool("cue_only"), o.Bool("mark")
	n.Fade = s.fade(o, name("fade"))
	if o.Has("wait") {
		n.Wait = cue.Length(s.Duration(c, o.Get("wait"), name("wait")))
	}
	s.after(o, n, name)
	if o.Has("look") {
		n.Changes = s.look(c, o.Get("look"), name("look"))
		l.know(n.Changes)
	}
	if o.Has("go") {
		fn, ok := o.Get("go").(*lua.LFunction)
		if !ok {
			c.Wrong(name("go"), "a function, as in go = function() … end", o.Get("go"))
		}
		n.Function, l.functions[n] = true, fn
	}
	if o.Has("at") {
		l.times[n] = l.at(o, name("at"))
	}
	s.LoadingOnly(c, "cues are made")
	if err := l.Add(n); err != nil {
		c.Fail("%s, at %s", err, l.where[n.Number])
	}
	l.where[n.Number] = script.Where(c.L)
	c.L.Push(l.object(n))
	return 1
}

// otherWords are what options are called elsewhere.
var otherWords = []struct{ word, option string }{
	{"delay", "wait"}, {"prewait", "wait"}, {"pre_wait", "wait"}, {"time", "fade"}, {"duration", "fade"}, {"autofollow", "follow"},
	{"timecode", "at"}, {"levels", "look"}, {"scene", "look"}, {"func", "go"}, {"fn", "go"}, {"action", "go"},
}

// meant raises for an option by a word that it does not go by here.
func meant(c module.Call) {
	t := c.Get(1).(*lua.LTable)
	for _, w := range otherWords {
		if t.RawGetString(w.word) != lua.LNil {
			c.Fail("unknown option '%s' (did you mean '%s'?)", w.word, w.option)
		}
	}
	if t.RawGetString("label") != lua.LNil || t.RawGetString("number") != lua.LNil || t.RawGetString("name") != lua.LNil {
		c.Fail(`the number and the label of a cue stand without names, as in { 1, "Preset" }`)
	}
}

// maxNumber is the highest number a cue may have.
const maxNumber = 1e6

func number(o module.Options) float64 {
	n, ok := o.T.RawGetInt(1).(lua.LNumber)
	switch f := float64(n); {
	case !ok:
		o.WrongNumber("the number of the cue", `a number, which comes first, as in { 1, "Preset" }`, o.T.RawGetInt(1))
	case !(f >= 0 && f < maxNumber) || math.Abs(f*1000-math.Round(f*1000)) > 1e-6:
		o.Wrong("the number of the cue", "0 to 999999, with at most three decimals", n)
	}
	return math.Round(float64(n)*1000) / 1000
}

func label(o module.Options) string {
	if o.T.Len() > 2 {
		o.Fail(`a cue is { number, "label", … }, got %d values without a name`, o.T.Len())
	}
	switch v := o.T.RawGetInt(2).(type) {
	case *lua.LNilType:
		return ""
	case lua.LString:
		return string(v)
	default:
		o.Wrong("the label", "a string", v)
		return ""
	}
}

// after reads what starts the next cue.
func (s *Lists) after(o module.Options, n *cue.Cue, name func(string) string) {
	switch {
	case o.Has("follow") && o.Has("hang"):
		o.Fail("%s: give either follow, which counts from the start of the cue, or hang, which counts from the end of its fades", strings.TrimSuffix(name(""), ": "))
	case o.Has("follow"):
		n.Next, n.After = cue.Follow, cue.Length(s.Duration(o.Call, o.Get("follow"), name("follow")))
	case o.Has("hang"):
		n.Next, n.After = cue.Hang, s.signed(o, "hang", name("hang"))
	}
}

// signed takes a duration that may be negative.
func (s *Lists) signed(o module.Options, option, name string) cue.Length {
	v := o.Get(option)
	negative := false
	switch text := v.(type) {
	case lua.LNumber:
		if negative = text < 0; negative {
			v = -text
		}
	case lua.LString:
		var rest string
		if rest, negative = strings.CutPrefix(strings.TrimSpace(string(text)), "-"); negative {
			v = lua.LString(rest)
		}
	}
	if negative {
		name += ", without its minus,"
	}
	d := cue.Length(s.Duration(o.Call, v, name))
	if negative {
		d.Time, d.Beats = -d.Time, -d.Beats
	}
	return d
}

// fade reads how long changes take.
func (s *Lists) fade(o module.Options, name string) cue.Fade {
	t, ok := o.Get("fade").(*lua.LTable)
	switch {
	case !o.Has("fade"):
		return cue.Fade{}
	case !ok:
		return cue.Every(cue.Length(s.Duration(o.Call, o.Get("fade"), name)))
	}
	known := []string{"up", "down", "intensity", "color", "position", "beam"}
	given := map[string]cue.Length{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		word, ok := k.(lua.LString)
		if !ok || !slices.Contains(known, string(word)) {
			o.Fail("%s has no %s%s", name, module.Describe(k), module.Hint(k.String(), "it has", known))
		}
		given[string(word)] = cue.Length(s.Duration(o.Call, v, name+" "+string(word)))
	}
	if len(given) == 0 {
		o.Fail("%s is an empty table; it has %s", name, module.OneOf(known))
	}
	return fadeOf(o, given, name)
}

// fadeOf puts the times of a fade together: up and down are for intensity, and one of them
// stands for the other, as well as for what is not named beside them; what is not named
// beside attributes is at once.
func fadeOf(o module.Options, given map[string]cue.Length, name string) cue.Fade {
	up, hasUp := given["up"]
	down, hasDown := given["down"]
	all, isAll := given["intensity"]
	var f cue.Fade
	switch {
	case isAll && (hasUp || hasDown):
		o.Fail("%s: up and down are what intensity takes; give either those or intensity", name)
	case !hasUp && !hasDown:
		up, down = all, all
	case !hasUp:
		up = down
	case !hasDown:
		down = up
	}
	if hasUp || hasDown {
		f = cue.Every(up)
	}
	f.Up, f.Down = up, down
	for word, part := range map[string]*cue.Length{"color": &f.Color, "position": &f.Position, "beam": &f.Beam} {
		if d, ok := given[word]; ok {
			*part = d
		}
	}
	return f
}

// look reads a look: levels by fixtures and groups, objects or their names. Of what is
// said twice of a channel the last counts.
func (s *Lists) look(c module.Call, v lua.LValue, name string) (changes []cue.Change) {
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Wrong(name, `a table by fixture, such as { [wash] = { color = "red" }, ["spots"] = 0 }`, v)
	}
	in := c
	in.Fn += ": " + name
	for k, levels := t.Next(lua.LNil); k != lua.LNil; k, levels = t.Next(k) {
		changes = append(changes, s.stage.Read(in, k, levels)...)
	}
	return changes
}

// know tells the list of the attributes of fixtures that changes are for.
func (l *list) know(changes []cue.Change) {
	for _, c := range changes {
		if !l.fixtures[c.Fixture] {
			l.fixtures[c.Fixture] = true
			l.Know(l.stage.Attributes(c.Fixture))
		}
	}
}

// chase has the list go by a timecode.
func (l *list) chase(o module.Options) {
	source, _ := o.Get("timecode").(*lua.LUserData)
	var timecode module.TimecodeSource
	if source != nil {
		timecode, _ = source.Value.(module.TimecodeSource)
	}
	if timecode == nil {
		o.Wrong("timecode", "a source such as signet.receiver{}:timecode(1)", o.Get("timecode"))
	}
	l.timecode = true
	frame := l.G.L.NewFunction(func(L *lua.LState) int {
		l.frame(L.CheckUserData(1).Value.(module.Frame))
		return 0
	})
	l.G.On("cue list "+l.Name, frame, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		ud := L.NewUserData()
		ud.Value = timecode.FrameOf(ev)
		return []lua.LValue{ud}
	}, timecode.FrameTopic())
}

// frame is told of a frame of the timecode.
func (l *list) frame(f module.Frame) {
	if f.Rate != l.rate {
		if l.rate != "" {
			l.Rewind()
		}
		l.rate = f.Rate
		for _, c := range l.Cues() {
			label, timed := l.times[c]
			if !timed {
				continue
			}
			var err error
			if c.At, err = f.Parse(label); err != nil {
				l.G.Log().Warn(l.task(c) + ": there is no " + label + " at " + f.Rate + " frames a second")
			}
			c.Timed = err == nil
		}
	}
	for _, e := range l.Frame(l.moment(), f.Number) {
		l.do(e)
	}
}

var timecodeLabel = regexp.MustCompile(`^[0-2]?\d:[0-5]\d:[0-5]\d[:;]\d{2,3}$`)

// at reads a position of the timecode. What frames there are depends on its rate.
func (l *list) at(o module.Options, name string) string {
	const want = `a position such as "01:02:03:04"`
	text, ok := o.Get("at").(lua.LString)
	if !ok || !timecodeLabel.MatchString(string(text)) {
		o.Wrong(name, want+" (hours, minutes, seconds, frames)", o.Get("at"))
	}
	if !l.timecode {
		o.Fail("%s: list %q has no timecode; give it one, as in cue.list{ timecode = signet.receiver{}:timecode(1) }", name, module.Cut(l.Name))
	}
	return string(text)
}
