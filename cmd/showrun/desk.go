package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/show"
)

// showKeys says what the keys do while a show runs.
const showKeys = `space EMERGENCY STOP of machinery · Shift-R release · ? keys · Ctrl-C end
enter or g GO · b back · 1-9 choose a cue list`

// operated is a running show as its keys reach it.
type operated interface {
	EmergencyStop(by string) (machines, untold int)
	Release(by string)
	Operate(op show.Operation) (done string, err error)
	Lists() []show.List
}

// desk is what a person at the terminal operates a show on.
type desk struct {
	show   operated
	screen io.Writer
	send   func(os.Signal)
	chosen atomic.Pointer[string] // name of a cue list; nil for the main one
}

// press does what a key is for. It is called by one goroutine.
func (d *desk) press(key rune) {
	switch key {
	case ' ':
		d.show.EmergencyStop("the keyboard")
	case 'R':
		d.show.Release("the keyboard")
	case 'r':
		fmt.Fprintln(d.screen, "machinery is released with Shift-R, so that no slip of a finger does it")
	case '\r', '\n', 'g':
		d.operate(show.Go{List: d.list()})
	case 'b':
		d.operate(show.Back{List: d.list()})
	case '?', 'h':
		fmt.Fprintln(d.screen, showKeys)
	case terminal.KeyInterrupt:
		d.send(os.Interrupt)
	default:
		if key >= '1' && key <= '9' {
			d.choose(int(key - '1'))
		}
	}
}

func (d *desk) operate(op show.Operation) {
	if _, err := d.show.Operate(op); err != nil {
		fmt.Fprintln(d.screen, err)
	}
}

// choose makes a list the one that is operated.
func (d *desk) choose(n int) {
	lists := d.show.Lists()
	if n >= len(lists) {
		fmt.Fprintf(d.screen, "there is no cue list %d; the show has %s\n", n+1, terminal.Plural(len(lists), "cue list"))
		return
	}
	d.chosen.Store(&lists[n].Name)
	fmt.Fprintf(d.screen, "GO is for the list %s\n", lists[n].Name)
}

// list is the name of the chosen list, whatever its place is since; "" for the main one.
func (d *desk) list() string {
	if name := d.chosen.Load(); name != nil {
		return *name
	}
	return ""
}

// chosenList is the list of a name, nil if there is none.
func chosenList(b *show.Board, name string) *show.List {
	if b == nil {
		return nil
	}
	l, _ := b.List(name)
	return l
}

// cueOf draws where a list stands: its current cue and the next one.
func cueOf(l *show.List) string {
	arrow := "→"
	if l.Pending.Kind != "" {
		arrow = "⇒" // by itself
	}
	return fmt.Sprintf("%s %s %s %s", l.Name, cmp.Or(l.Current, "–"), arrow, cmp.Or(l.Pending.Cue, l.Next, "end"))
}
