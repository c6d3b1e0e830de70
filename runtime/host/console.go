package host

import (
	"errors"
	"math"
	"slices"
	"strings"

	"showrun/runtime/console"
	"showrun/runtime/control"
	"showrun/runtime/device"
	"showrun/runtime/host/stage"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

var (
	_ console.View = (*Host)(nil)
	_ console.Do   = (*Host)(nil)
)

// Do implements console.Do: it is as a request on the control socket.
func (h *Host) Do(by, command string, words []string) (done string, err error) {
	r := h.command(control.Request{Command: command, Words: words, By: by})
	if !r.OK {
		return "", errors.New(r.Text)
	}
	return r.Text, nil
}

// Stop implements console.Do.
func (h *Host) Stop(by string) { h.EmergencyStop(by) }

// A staged scene is one with what it takes to fill it with life. It is not changed.
type staged struct {
	*stage.Stage
	scene  *console.Scene
	board  *show.Board // that its lists are of
	movers []string    // keys of the declarations
}

// mostStaged is how many scenes are known, for those who still draw the one before.
const mostStaged = 8

// stageLive makes the scene of the live load; loader only.
func (h *Host) stageLive() {
	var outputs []stage.Output
	scene := &console.Scene{
		Generation: h.live.Number(), Show: h.folder.Name, File: h.folder.File, Movers: []console.Machine{}, Lists: []console.Cues{},
	}
	s := &staged{scene: scene}
	for _, decl := range h.live.Declarations() {
		outputs = append(outputs, h.outputsOf(decl)...)
		if m, ok := decl.(device.Mechanical); ok {
			scene.Movers = append(scene.Movers, machineOf(decl, m.Mechanism()))
			s.movers = append(s.movers, decl.Key())
		}
	}
	distinguish(outputs, h.live.Declarations())
	s.Stage = stage.New(h.live.Patch(), h.live.Layout(), outputs, func(o level.Output) (string, int) {
		return h.show.Registry().Key(o), h.show.Registry().Slots(o)
	})
	scene.Fixtures, scene.Groups, scene.Outputs = s.Fixtures, s.Groups, s.Outputs
	h.putStage(nil, s.with(h.show.Board()))
}

// with is the scene with the cue lists of a board.
func (s *staged) with(b *show.Board) *staged {
	next, scene := *s, *s.scene
	scene.Lists = make([]console.Cues, 0, len(b.Lists))
	for i := range b.Lists {
		l := console.Cues{List: b.Lists[i].Name, Cues: make([]console.Cue, 0, len(b.Lists[i].Cues))}
		for _, c := range b.Lists[i].Cues {
			l.Cues = append(l.Cues, console.Cue(c))
		}
		scene.Lists = append(scene.Lists, l)
	}
	next.scene, next.board = &scene, b
	return &next
}

// putStage makes a scene the present one, unless another one than of before is.
func (h *Host) putStage(of *[]*staged, s *staged) {
	for {
		before := h.stages.Load()
		if of != nil && before != of {
			return
		}
		list := append([]*staged{s}, *before...)
		list = list[:min(len(list), mostStaged)]
		if h.stages.CompareAndSwap(before, &list) {
			return
		}
	}
}

// Scene implements console.View.
func (h *Host) Scene() *console.Scene {
	list := h.stages.Load()
	s, b := (*list)[0], h.show.Board()
	if s.board == b || sameCues(s.board, b) || int(h.generation.Load()) != s.scene.Generation { // another one comes
		return s.scene
	}
	h.putStage(list, s.with(b))
	return (*h.stages.Load())[0].scene
}

// sameCues tells whether two boards have the same cues.
func sameCues(a, b *show.Board) bool {
	return slices.EqualFunc(a.Lists, b.Lists, func(x, y show.List) bool { return x.Name == y.Name && slices.Equal(x.Cues, y.Cues) })
}

// stagedAs finds what is behind a scene, nil if that is long gone.
func (h *Host) stagedAs(scene *console.Scene) *staged {
	for _, s := range *h.stages.Load() {
		if s.scene == scene {
			return s
		}
	}
	return nil
}

// outputsOf are the outputs that a declaration has.
func (h *Host) outputsOf(decl device.Declaration) (list []stage.Output) {
	has, ok := decl.(device.Outputs)
	if !ok {
		return nil
	}
	for _, o := range has.Outputs() {
		name := ""
		if l, ok := decl.(device.Labelled); ok {
			name = l.OutputName(o)
		}
		if name == "" {
			name = h.show.Registry().Key(o)
		}
		list = append(list, stage.Output{
			Output: console.Output{Name: name, Protocol: protocolOf(decl.String()), Slots: h.show.Registry().Slots(o)}, Number: o,
		})
	}
	return list
}

// distinguish names the device with outputs that several have by the same name.
func distinguish(outputs []stage.Output, declarations []device.Declaration) {
	type label struct{ protocol, name string }
	times := map[label]int{}
	for _, o := range outputs {
		times[label{o.Protocol, o.Name}]++
	}
	of := map[level.Output]string{}
	for _, decl := range declarations {
		if has, ok := decl.(device.Outputs); ok {
			for _, o := range has.Outputs() {
				of[o] = decl.String()
			}
		}
	}
	for i := range outputs {
		if o := &outputs[i]; times[label{o.Protocol, o.Name}] > 1 {
			o.Name += " of " + of[o.Number]
		}
	}
}

// protocolOf is that of the device of a name: it begins with what makes it in a script, which
// is in the module of the protocol.
func protocolOf(name string) string {
	protocol, _, _ := strings.Cut(name, ".")
	return protocol
}

func machineOf(decl device.Declaration, m device.Mechanism) console.Machine {
	v := console.Machine{Name: decl.String(), Kind: m.Kind, Protocol: protocolOf(decl.String())}
	for _, a := range m.Axes {
		r := console.Range{Min: a.Min, Max: a.Max, Unit: a.Unit}
		if math.IsInf(a.Min, 0) || math.IsInf(a.Max, 0) {
			r.Min, r.Max = 0, 0
		}
		v.Axes = append(v.Axes, console.Axis{Name: a.Name, Range: r})
	}
	return v
}

// A shown board is one of the show as the console has it.
type shown struct {
	from  *show.Board
	board *console.Board
}

// Board implements console.View.
func (h *Host) Board() *console.Board {
	b := h.show.Board()
	was := h.shown.Load()
	if was != nil && was.from == b {
		return was.board
	}
	next := &shown{b, boardOf(b)}
	if h.shown.CompareAndSwap(was, next) {
		return next.board
	}
	return h.shown.Load().board
}

func boardOf(b *show.Board) *console.Board {
	v := &console.Board{
		Params: make([]console.Param, 0, len(b.Params)), Triggers: make([]string, 0, len(b.Triggers)), Lists: make([]console.List, 0, len(b.Lists)),
		Master: b.Master, Blackout: b.Blackout, Holds: make([]console.Hold, 0, len(b.Holds)),
	}
	for i := range b.Params {
		v.Params = append(v.Params, paramOf(&b.Params[i]))
	}
	for _, t := range b.Triggers {
		v.Triggers = append(v.Triggers, t.Name)
	}
	for _, l := range b.Lists {
		v.Lists = append(v.Lists, console.List{
			Name: l.Name, Current: l.Current, Next: l.Next, Pending: l.Pending.Kind, Cue: l.Pending.Cue, Due: l.Pending.At.Seconds(),
			From: l.From.Seconds(), To: l.To.Seconds(),
		})
	}
	for _, h := range b.Holds {
		v.Holds = append(v.Holds, console.Hold{Fixture: h.Fixture, Channel: h.Channel, Value: h.Value, Color: h.Color, Gone: h.Gone})
	}
	return v
}

func paramOf(p *show.Param) console.Param {
	v := console.Param{Name: p.Name, Type: "text", Value: p.Value, Default: p.Default, Unit: p.Unit, Choices: p.Choices}
	switch p.Default.(type) {
	case bool:
		v.Type = "boolean"
	case float64:
		v.Type, v.Step = "number", p.Step
		if !math.IsInf(p.Min, 0) {
			v.Min = &p.Min
		}
		if !math.IsInf(p.Max, 0) {
			v.Max = &p.Max
		}
	}
	return v
}
