package host

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"showrun/drivers/osc"
	"showrun/runtime/show"
)

// Addresses by which a show is operated, besides those of show.Verbs: an asker is told all
// values, and from then on each that changes.
const (
	oscSubscribe   = oscCommands + "subscribe"
	oscUnsubscribe = oscCommands + "unsubscribe"
	oscParam       = oscCommands + "param/"
	oscTrigger     = oscCommands + "trigger/"
)

// isOperation tells whether an address is one by which the show is operated. It costs
// little: it is asked on the thread of the socket.
func isOperation(address []byte) bool {
	rest, ok := bytes.CutPrefix(address, []byte(oscCommands))
	switch string(rest) {
	case "go", "back", "stop-list", "jump", "master", "blackout", "hold", "unhold", "subscribe", "unsubscribe":
		return ok
	}
	for _, of := range []string{"param/", "trigger/", "hold/", "unhold/"} {
		if ok && bytes.HasPrefix(rest, []byte(of)) {
			return true
		}
	}
	return false
}

// A panel is the way between the show and those who operate it by OSC. The thread of the
// socket hands over and goes on; what there is no room for is dropped and counted.
type panel struct {
	asked   chan asked
	changed chan struct{}            // the board may have
	out     atomic.Pointer[osc.Conn] // to answer by, while there is one
	dropped atomic.Uint64
}

// asked is a message of somebody who operates the show.
type asked struct {
	osc.Message
	from netip.AddrPort
}

// maxAsked is how many messages may wait.
const maxAsked = 256

func newPanel() panel {
	return panel{asked: make(chan asked, maxAsked), changed: make(chan struct{}, 1)}
}

// hand takes a message, on the thread of the socket.
func (p *panel) hand(m osc.Message, from netip.AddrPort) {
	select {
	case p.asked <- asked{m, from}:
	default:
		p.dropped.Add(1)
	}
}

// say sends messages to one address. What does not get through is asked for again by
// whoever wants to know.
func (p *panel) say(to netip.AddrPort, messages ...osc.Message) {
	c := p.out.Load()
	if c == nil {
		return
	}
	for _, m := range messages {
		_ = c.Send(to, m)
	}
}

// feedbackEvery is how often subscribers are told what has changed, at most.
const feedbackEvery = 30 * time.Millisecond

// servePanel does what is asked by OSC and tells subscribers what changes, until ctx ends.
func (h *Host) servePanel(ctx context.Context) {
	var subs subscribers
	told := h.show.Board()
	changed := h.panel.changed
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-h.panel.asked:
			h.answer(a, &subs)
		case <-again:
			changed, again = h.panel.changed, nil
		case <-changed:
			changed, again = nil, time.After(feedbackEvery)
			b := h.show.Board()
			news := news(told, b)
			for _, to := range subs.now(h.clock.Now()) {
				h.panel.say(to, news...)
			}
			told = b
		}
	}
}

// answer does what one message asks.
func (h *Host) answer(a asked, subs *subscribers) {
	now, b := h.clock.Now(), h.show.Board()
	switch a.Address {
	case oscSubscribe:
		to := replyTo(a)
		if subs.add(to, a.from, now) {
			h.panel.say(to, append([]osc.Message{{Address: oscCommands + "show", Args: []any{h.folder.Name}}}, values(b)...)...)
		} else {
			h.panel.say(to, refusal("too many subscribers already"))
		}
		return
	case oscUnsubscribe:
		subs.remove(replyTo(a))
		return
	}
	to, known := subs.renew(a.from, now)
	if !known {
		subs.add(a.from, a.from, now)
	}
	if name, is := strings.CutPrefix(a.Address, oscParam); is && len(a.Args) == 0 {
		h.tellParam(to, b, name)
		return
	}
	op, err := operation(a.Message, b)
	if err == nil && op != nil {
		_, err = h.Operate(op)
	}
	if err != nil {
		h.opts.Log.Debug("not done, and who asked is told", "by", "OSC from "+a.from.String(), "address", a.Address, "error", err)
		h.panel.say(to, refusal(err.Error()))
		if op, is := op.(show.SetParam); is {
			if p, err := b.Param(op.Name); err == nil {
				h.panel.say(to, paramMessage(p))
			}
		}
	}
}

func refusal(text string) osc.Message {
	return osc.Message{Address: oscCommands + "error", Args: []any{text}}
}

// tellParam tells one address the value of a param.
func (h *Host) tellParam(to netip.AddrPort, b *show.Board, name string) {
	p, err := b.Param(name)
	if err != nil {
		h.panel.say(to, refusal(err.Error()))
		return
	}
	h.panel.say(to, paramMessage(p))
}

// replyTo is where somebody wants to be told: the port the message came from, or the one
// it names.
func replyTo(a asked) netip.AddrPort {
	if len(a.Args) > 0 {
		if port, ok := osc.Number(a.Args[0]); ok && port >= 1 && port <= 65535 {
			return netip.AddrPortFrom(a.from.Addr(), uint16(port))
		}
	}
	return a.from
}

// operation makes an operation of a message, nil if it is only a button that was let go.
func operation(m osc.Message, b *show.Board) (show.Operation, error) {
	if name, is := strings.CutPrefix(m.Address, oscParam); is {
		return show.SetParam{Name: name, Value: plain(m.Args[0])}, nil
	}
	if name, is := strings.CutPrefix(m.Address, oscTrigger); is {
		if released(m.Args) {
			return nil, nil
		}
		op := show.Fire{Name: name}
		for _, a := range m.Args {
			op.Args = append(op.Args, plain(a))
		}
		return op, nil
	}
	if op, is := grip(m, b); is {
		return op, nil
	}
	verb, args := strings.TrimPrefix(m.Address, oscCommands), m.Args
	switch verb {
	case "go", "back", "stop-list", "unhold":
		if released(args) {
			return nil, nil
		}
		if pressed(args) {
			args = nil
		}
	}
	var words []string
	for _, a := range args {
		words = append(words, show.Written(plain(a)))
	}
	return b.Read(verb, words)
}

// released tells whether all that came is the state of a button that was let go, pressed
// that of one that was pressed.
func released(args []any) bool { return isState(args, 0, false) }
func pressed(args []any) bool  { return isState(args, 1, true) }

func isState(args []any, number float64, truth bool) bool {
	if len(args) != 1 {
		return false
	}
	v := plain(args[0])
	return v == number || v == truth
}

// plain is an argument as a number, a boolean or a string. A number of 32 bits is what
// whoever sent it has written.
func plain(arg any) any {
	switch a := arg.(type) {
	case float32:
		n, _ := strconv.ParseFloat(strconv.FormatFloat(float64(a), 'g', -1, 32), 64)
		return n
	case bool, string:
		return a
	}
	if n, ok := osc.Number(arg); ok {
		return n
	}
	return ""
}

// values is the whole board in messages.
func values(b *show.Board) []osc.Message {
	return news(&show.Board{Master: -1, Blackout: !b.Blackout}, b)
}

// news is what has changed since another board, in messages.
func news(before, b *show.Board) (list []osc.Message) {
	add := func(m osc.Message) { list = append(list, m) }
	for i := range b.Params {
		p := &b.Params[i]
		if was, err := before.Param(p.Name); err != nil || was.Value != p.Value {
			add(paramMessage(p))
		}
	}
	for _, t := range b.Triggers {
		i := slices.IndexFunc(before.Triggers, func(was show.Trigger) bool { return was.Name == t.Name })
		if i >= 0 && before.Triggers[i].Fired < t.Fired {
			add(osc.Message{Address: oscTrigger + t.Name, Args: []any{int32(1)}})
		}
	}
	for i := range b.Lists {
		m := listMessage(&b.Lists[i])
		was, err := before.List(b.Lists[i].Name)
		if err != nil || !slices.Equal(listMessage(was).Args, m.Args) {
			add(m)
		}
	}
	if before.Master != b.Master {
		add(osc.Message{Address: oscCommands + "master", Args: []any{float32(b.Master)}})
	}
	if before.Blackout != b.Blackout {
		add(osc.Message{Address: oscCommands + "blackout", Args: []any{number(b.Blackout)}})
	}
	return append(list, holdNews(before, b)...)
}

func paramMessage(p *show.Param) osc.Message {
	m := osc.Message{Address: oscParam + p.Name}
	switch v := p.Value.(type) {
	case float64:
		m.Args = []any{float32(v)}
	case bool:
		m.Args = []any{number(v)}
	default:
		m.Args = []any{v}
	}
	return m
}

// listMessage tells of a list: the current cue, its label, the next one, and what fires that
// by itself.
func listMessage(l *show.List) osc.Message {
	label := ""
	for _, c := range l.Cues {
		if c.Number == l.Current {
			label = c.Label
		}
	}
	return osc.Message{Address: oscCommands + "list/" + inAddress(l.Name), Args: []any{l.Current, label, l.Next, l.Pending.Kind}}
}

// inAddress is the name of a list as a part of an OSC address: what has no place there is _.
func inAddress(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" #*,/?[]{}", r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
}

func number(on bool) int32 {
	if on {
		return 1
	}
	return 0
}
