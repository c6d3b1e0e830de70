package bindings

import (
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/deck"
	"showrun/bindings/module"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// class is what tests can do.
func (t *Trial) class() module.Class[*Trial] {
	methods := map[string]func(module.Call) int{
		"advance": t.advance, "look": t.look, "wait": t.waitUntil, "until_cue": t.untilCue,
		"expect": t.expect, "expect_cue": t.expectCue, "expect_sent": t.expectSent, "expect_nothing_sent": t.expectNothing, "sent": t.sent,
		"equal": t.equal, "ok": t.okay, "fails": t.fails, "never": t.watcher(true), "always": t.watcher(false), "golden": t.goldenLog,
		"deck": t.deck, "osc": t.osc, "press": t.press, "set": t.setParam, "go": t.goCue, "ctl": t.ctl, "replay": t.replay,
	}
	class := module.Class[*Trial]{Methods: map[string]func(module.Call, *Trial) int{}, Properties: map[string]func(*Trial) lua.LValue{
		"time": func(t *Trial) lua.LValue { return lua.LNumber((t.house.Now() - t.began).Seconds()) },
	}}
	for name, f := range methods {
		class.Methods[name] = func(c module.Call, _ *Trial) int { c.Fn = "t:" + name; return f(c) }
	}
	return class
}

func (t *Trial) advance(c module.Call) int {
	d := t.Duration(c, c.Get(1), "the duration")
	t.wait(c, asked{span: d})
	return 0
}

// look waits until what happens now can be seen: that is at once, unless a frame has to
// come for it.
func (t *Trial) look(c module.Call) int {
	t.wait(c, asked{look: true})
	return 0
}

// longestWait is how long something is waited for, if the test does not say.
const longestWait = time.Minute

// limit takes the longest time that something is waited for; beats are at the present tempo.
func (t *Trial) limit(c module.Call, i int) time.Duration {
	if c.None(i) {
		return longestWait
	}
	d := t.Length(c, c.Get(i), "the limit")
	if d.Beats != 0 {
		return time.Duration(d.Beats * 60 / t.G.Tempo() * float64(time.Second))
	}
	return d.Time
}

// until lets frames pass until something is.
func (t *Trial) until(c module.Call, limit time.Duration, is func() bool, what func() string) {
	t.look(c)
	for start := t.house.Now(); !is(); t.wait(c, asked{frame: true}) {
		if t.house.Now()-start >= limit {
			wrong(c, "%s", what())
		}
	}
}

func (t *Trial) waitUntil(c module.Call) int {
	fn := c.Function(1, "the condition")
	limit := t.limit(c, 2)
	t.until(c, limit, func() bool {
		c.L.Push(fn)
		c.L.Call(0, 1)
		holds := lua.LVAsBool(c.L.Get(-1))
		c.L.Pop(1)
		return holds
	}, func() string { return "what was waited for has not come within " + limit.String() })
	return 0
}

// listed finds a cue list, by itself or its name, and one of its cues, by number or label.
func (t *Trial) listed(c module.Call) (list, number string) {
	name := "main"
	switch v := c.Get(1).(type) {
	case *lua.LUserData:
		l, ok := v.Value.(module.List)
		if !ok {
			c.Wrong("the list", "a cue list or its name", v)
		}
		name = l.String()
	default:
		name = c.Str(1, "the list")
	}
	l, err := t.house.Show().Board().List(name)
	if err != nil {
		c.Fail("%s", err)
	}
	if c.None(2) {
		return l.Name, ""
	}
	want := c.Get(2).String()
	var known []string
	for _, cue := range l.Cues {
		if cue.Number == want || cue.Label == want {
			return l.Name, cue.Number
		}
		known = append(known, cue.Number, cue.Label)
	}
	hint := ""
	if near := patch.Closest(want, known); near != "" {
		hint = " (did you mean '" + near + "'?)"
	}
	c.Fail("list %s has no cue %s%s", l.Name, module.Describe(c.Get(2)), hint)
	return "", ""
}

// note notes in which cues lists are on stage: what the script has fired ahead is not yet.
func (t *Trial) note(now time.Duration) {
	for _, l := range t.house.Show().Board().Lists {
		if l.From <= now {
			t.reached[l.Name] = l.Current
		}
	}
}

// cueOf is the cue in which a list is on stage, for people.
func (t *Trial) cueOf(list string) (number, text string) {
	t.note(t.house.Now())
	l, err := t.house.Show().Board().List(list)
	number = t.reached[list]
	if err != nil || number == "" {
		return "", "before its first cue"
	}
	return number, "in cue " + titled(l, number)
}

// titled is a cue of a list by its number and its label, for people.
func titled(l *show.List, number string) string {
	if c, err := l.Cue(number); err == nil && c.Label != "" {
		return number + " " + c.Label
	}
	return number
}

// expected is titled of a list by its name.
func (t *Trial) expected(list, number string) string {
	l, err := t.house.Show().Board().List(list)
	if err != nil {
		return number
	}
	return titled(l, number)
}

func (t *Trial) untilCue(c module.Call) int {
	list, number := t.listed(c)
	limit := t.limit(c, 3)
	t.until(c, limit, func() bool { current, _ := t.cueOf(list); return current == number }, func() string {
		_, text := t.cueOf(list)
		return "list " + list + " is " + text + ", expected cue " + t.expected(list, number) + " within " + limit.String()
	})
	return 0
}

func (t *Trial) expectCue(c module.Call) int {
	t.look(c)
	list, number := t.listed(c)
	if current, text := t.cueOf(list); current != number {
		if number == "" {
			wrong(c, "list %s is %s, expected none", list, text)
		}
		wrong(c, "list %s is %s, expected cue %s", list, text, t.expected(list, number))
	}
	return 0
}

// operate does what an operator can.
func (t *Trial) operate(c module.Call, op show.Operation, err error) int {
	if err == nil {
		err = t.house.Show().Operate(op)
	}
	if err != nil {
		c.Fail("%s", err)
	}
	t.look(c)
	return 0
}

// given takes argument i as what an operator gives.
func given(c module.Call, i int) any {
	switch v := c.Get(i).(type) {
	case lua.LNumber:
		if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
			return float64(v)
		}
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	}
	c.Wrong("the value", "a number, a text, true or false", c.Get(i))
	return nil
}

func (t *Trial) press(c module.Call) int {
	op := show.Fire{Name: c.Str(1, "the trigger")}
	for i := 2; i <= c.Count(); i++ {
		op.Args = append(op.Args, given(c, i))
	}
	return t.operate(c, op, nil)
}

func (t *Trial) setParam(c module.Call) int {
	return t.operate(c, show.SetParam{Name: c.Str(1, "the param"), Value: given(c, 2)}, nil)
}

func (t *Trial) goCue(c module.Call) int {
	if c.None(1) {
		return t.operate(c, show.Go{}, nil)
	}
	list, number := t.listed(c)
	return t.operate(c, show.Go{List: list, Cue: number}, nil)
}

// ctl is what showrun ctl takes.
func (t *Trial) ctl(c module.Call) int {
	words := strings.Fields(c.Str(1, "the command"))
	if len(words) == 0 {
		c.Fail("the command must not be empty")
	}
	op, err := t.house.Show().Board().Read(words[0], words[1:])
	return t.operate(c, op, err)
}

// mostDecks is how many decks a test may have.
const mostDecks = 4

// deck puts a track on the next deck of a virtual player.
func (t *Trial) deck(c module.Call) int {
	if t.decks == mostDecks {
		c.Fail("a test has %d decks at most", mostDecks)
	}
	if t.player == nil {
		t.player = devlinq.NewQuietRig(t.house.RigEnv(), mostDecks, t.house.Now())
		t.house.Bring(t.player)
	}
	t.decks++
	env := t.house.RigEnv()
	unit := devlinq.NewVirtualPlayer(t.player.Do, env.Time)
	d := deck.Of(t.Load, t.decks, unit.Answer)
	d.Load(c, 1)
	if t.decks == 1 {
		d.Lead()
	}
	c.L.Push(deck.Object(t.Load, c.L, d))
	return 1
}

// replay has a recording come in from now on.
func (t *Trial) replay(c module.Call) int {
	name := c.Str(1, "the recording")
	entries, err := t.house.Recording(name)
	if err != nil {
		c.Fail("%s", err)
	}
	if entries == nil {
		return 0
	}
	players, err := devlinq.Players(entries)
	if err != nil {
		c.Fail("%s: %s", name, err)
	}
	t.house.Bring(devlinq.NewVirtualTake(t.house.RigEnv(), players, t.house.Now()))
	return 0
}

func (t *Trial) watcher(never bool) func(module.Call) int {
	return func(c module.Call) int {
		w := &watch{fn: c.Function(1, "the condition"), line: script.Where(c.L), never: never}
		t.watches = append(t.watches, w)
		return t.PushHandle(c, w)
	}
}

func (t *Trial) goldenLog(c module.Call) int {
	name := "frames.golden"
	if !c.None(1) {
		name = c.Str(1, "the file")
	}
	switch {
	case t.golden != "":
		c.Fail("a test has one golden log")
	case strings.Contains(name, "..") || strings.HasPrefix(name, "/") || strings.Contains(name, `\`):
		c.Fail("the file lies beside the tests or in a folder there, got %s", module.Describe(c.Get(1)))
	}
	t.golden = name
	return 0
}

func (t *Trial) okay(c module.Call) int {
	if !lua.LVAsBool(c.Get(1)) {
		text := "expected something true, got " + module.Describe(c.Get(1))
		if !c.None(2) {
			text = c.Str(2, "the text")
		}
		wrong(c, "%s", text)
	}
	return 0
}

// fails expects that a function raises an error with a text in it.
func (t *Trial) fails(c module.Call) int {
	fn, text := c.Function(1, "the function"), c.Str(2, "the text")
	pcall := c.L.GetGlobal("pcall")
	c.L.Push(pcall)
	c.L.Push(fn)
	c.L.Call(1, 2)
	fine, message := lua.LVAsBool(c.L.Get(-2)), c.L.Get(-1).String()
	c.L.Pop(2)
	switch {
	case fine:
		wrong(c, "no error, expected %q", text)
	case !strings.Contains(message, text):
		wrong(c, "the error is %q, expected %q", message, text)
	}
	return 0
}

// wrong fails the test at the line that called.
func wrong(c module.Call, format string, args ...any) {
	c.Fn = ""
	c.Fail(format, args...)
}
