package show

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/patch"
)

// A Verb is an operation as people write it: its name, and what may come after it.
type Verb struct {
	Name        string
	Takes       string
	Short       string // what it does
	Least, Most int    // words
	read        func(b *Board, words []string) (Operation, error)
}

// Verbs lists how people operate a show in words.
func Verbs() []Verb {
	return []Verb{
		{"param", "NAME VALUE", "Set a value of the show, or tell it, or all of them", 2, 2, func(_ *Board, w []string) (Operation, error) { return SetParam{w[0], w[1]}, nil }},
		{"trigger", "NAME [VALUE...]", "Press a button of the show", 1, 17, readFire},
		{"go", "[LIST] [CUE]", "GO: fire the next cue, or the one that is named", 0, 2, readGo},
		{"back", "[LIST]", "Go back to the cue before", 0, 1, func(_ *Board, w []string) (Operation, error) { return Back{word(w, 0)}, nil }},
		{"stop-list", "[LIST]", "Stop a cue list: nothing follows, and its fades stand still", 0, 1, func(_ *Board, w []string) (Operation, error) { return StopList{word(w, 0)}, nil }},
		{"jump", "[LIST] CUE [OVER]", "Go to the look at a cue", 1, 3, readJump},
		{"master", "LEVEL [OVER]", "Fade the grand master: 0-255, or 0%-100%", 1, 2, readMaster},
		{"blackout", "on|off [OVER]", "Take the light out, or bring it back", 1, 2, readBlackout},
		{"hold", "FIXTURE[.CHANNEL] VALUE|COLOR", "Put a fixture or group to a level above what the script does", 2, 2, readHold},
		{"unhold", "[FIXTURE[.CHANNEL]]", "Give what is held back to the script: all, or what is named", 0, 1, readUnhold},
	}
}

// Read makes an operation of what people write. It is not checked yet.
func (b *Board) Read(verb string, words []string) (Operation, error) {
	verbs := Verbs()
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == verb })
	if i < 0 {
		return nil, fmt.Errorf("there is no command %q%s", cut(verb), meantBy(verb, verbs))
	}
	v := verbs[i]
	if len(words) < v.Least || len(words) > v.Most {
		return nil, fmt.Errorf("%s takes %s", v.Name, v.Takes)
	}
	if slices.Contains(words[:v.meant(words)], "") {
		return nil, fmt.Errorf("%s takes %s, and one of these was empty", v.Name, v.Takes)
	}
	return v.read(b, words)
}

// meantBy is the command that may be meant by a word, as the end of a message.
func meantBy(word string, verbs []Verb) string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.Name
	}
	if near := patch.Closest(word, names); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// meant is how many words say what is meant; the others are values, of which one may be an
// empty text. A word that is empty by mistake must not have the main list go.
func (v Verb) meant(words []string) int {
	if v.Name == "param" || v.Name == "trigger" {
		return 1
	}
	return len(words)
}

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

func readFire(_ *Board, words []string) (Operation, error) {
	op := Fire{Name: words[0]}
	for _, w := range words[1:] {
		if n, err := strconv.ParseFloat(w, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			op.Args = append(op.Args, n)
		} else {
			op.Args = append(op.Args, w)
		}
	}
	return op, nil
}

// readGo takes a lone word as a list if there is one of that name, else as a cue of the main
// list if it is a number.
func readGo(b *Board, words []string) (Operation, error) {
	if len(words) == 1 && !b.hasList(words[0]) && isNumber(words[0]) {
		return Go{Cue: words[0]}, nil
	}
	return Go{word(words, 0), word(words, 1)}, nil
}

func readJump(b *Board, words []string) (Operation, error) {
	var op Jump
	if len(words) == 3 || len(words) == 2 && (b.hasList(words[0]) || !isNumber(words[0])) {
		op.List, words = words[0], words[1:]
	}
	op.Cue = words[0]
	var err error
	op.Over, err = readOver(word(words, 1))
	return op, err
}

func readMaster(_ *Board, words []string) (Operation, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(words[0]), "%")
	level, err := strconv.ParseFloat(number, 64)
	if err != nil || percent && !(level >= 0 && level <= 100) {
		return nil, fmt.Errorf("the master must be 0-255, or 0%%-100%%, got %q", cut(words[0]))
	}
	if percent {
		level = round(level * 2.55)
	}
	over, err := readOver(word(words, 1))
	return Master{level, over}, err
}

func readBlackout(_ *Board, words []string) (Operation, error) {
	on, ok := truth(words[0])
	if !ok {
		return nil, fmt.Errorf("a blackout is on or off, got %q", cut(words[0]))
	}
	over, err := readOver(word(words, 1))
	return Blackout{on, over}, err
}

// readOver reads a time: a number of seconds, or one with units.
func readOver(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(s) <= maxOver.Seconds() {
		return time.Duration(s * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("a time is a number of seconds or one such as 2s, 250ms or 1m30s, up to %v, got %q", maxOver, cut(text))
	}
	return d, nil
}

// readHold takes what is held as a name, or a name and a channel.
func readHold(b *Board, words []string) (Operation, error) {
	fixture, channel, err := b.meant(words[0])
	return Hold{fixture, channel, words[1]}, err
}

func readUnhold(b *Board, words []string) (Operation, error) {
	if len(words) == 0 {
		return Unhold{}, nil
	}
	fixture, channel, err := b.meant(words[0])
	return Unhold{fixture, channel}, err
}

func (b *Board) hasList(name string) bool {
	return slices.ContainsFunc(b.Lists, func(l List) bool { return l.Name == name })
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// Describe says what an operation that was checked does, for people.
func (b *Board) Describe(op Operation) string {
	over := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return fmt.Sprintf(" over %v", d)
	}
	switch op := op.(type) {
	case SetParam:
		p := Param{Value: op.Value}
		if known, err := b.Param(op.Name); err == nil {
			p.Unit = known.Unit
		}
		return op.Name + " = " + p.Text()
	case Fire:
		return op.Name + " fired"
	case Go:
		return strings.TrimSpace(op.List + ": go " + op.Cue)
	case Back:
		return op.List + ": back"
	case StopList:
		return op.List + ": stopped"
	case Jump:
		return op.List + ": jump to " + op.Cue + over(op.Over)
	case Master:
		return fmt.Sprintf("master %.0f%%", op.Level/2.55) + over(op.Over)
	case Blackout:
		return "blackout " + Written(op.On) + over(op.Over)
	case Hold:
		return op.Fixture + "." + op.Channel + " held at " + op.Value
	case Unhold:
		return strings.TrimSuffix(cmp.Or(op.Fixture, "all")+"."+op.Channel, ".") + " let go"
	}
	return ""
}

// Describe says how a list stands at show time now, for people.
func (l *List) Describe(now time.Duration) string {
	if len(l.Cues) == 0 {
		return l.Name + ": no cues"
	}
	if l.Current == "" && l.Pending.Kind == "" {
		return fmt.Sprintf("%s: before cue %s", l.Name, l.Next)
	}
	text := fmt.Sprintf("%s: cue %s", l.Name, cmp.Or(l.Current, "none"))
	for _, c := range l.Cues {
		if c.Number == l.Current && c.Label != "" {
			text += fmt.Sprintf(" %q", c.Label)
		}
	}
	switch p := l.Pending; {
	case p.Kind != "":
		text += fmt.Sprintf(", %s to cue %s in %.1f s", p.Kind, p.Cue, max(p.At-now, 0).Seconds())
	case l.Next != "":
		text += ", next " + l.Next
	default:
		text += ", the last"
	}
	if now >= l.From && now < l.To {
		text += fmt.Sprintf(", fading %.0f%%", 100*float64(now-l.From)/float64(l.To-l.From))
	}
	return text
}

// Tell says how something stands: the params, or the one that is named.
func (b *Board) Tell(name string) (string, error) {
	if name != "" {
		p, err := b.Param(name)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s = %s; it takes %s", p.Name, p.Text(), p.Expects()), nil
	}
	if len(b.Params) == 0 {
		return "", errors.New("the show has no params")
	}
	return b.Settings(len(b.Params)), nil
}

// Settings are the first params with their values, and how many more there are.
func (b *Board) Settings(most int) string {
	var texts []string
	for i := range b.Params[:min(most, len(b.Params))] {
		texts = append(texts, b.Params[i].Name+" = "+b.Params[i].Text())
	}
	if more := len(b.Params) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("%d more params", more))
	}
	return strings.Join(texts, ", ")
}
