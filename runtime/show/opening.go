package show

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// opening is what the top level of a load asks for, and a print of it for everything that
// it is about: a channel, the colour of a fixture, the master, the beat. What the load
// before asked for just so is not asked for again, since somebody may have changed it
// meanwhile.
type opening struct {
	commands []engine.Command
	about    [][]uint64 // what each command is about; nothing for what is always done
	prints   map[uint64]uint64
	mixed    []mixed
}

// mixed are the attributes of a fixture and the channels that follow them: who sets an
// attribute sets those as well.
type mixed struct{ attributes, channels []uint64 }

// openingOf looks at commands, in their order. It runs on the loader's goroutine.
func openingOf(commands []engine.Command, mixes []patch.Mix, r *level.Registry) *opening {
	o := &opening{commands: single(commands), prints: map[uint64]uint64{}}
	n := namer{r}
	for _, c := range o.commands {
		places, rest := apart(c)
		about := n.of(c, places)
		o.about = append(o.about, about)
		for _, a := range about {
			o.prints[a] = printOf(o.prints[a], fmt.Sprintf("%T %v", rest, rest), about)
		}
	}
	for _, m := range mixes {
		x := mixed{attributes: []uint64{n.channel(m.At), n.channel(m.At.Fixture().Attribute(2))}}
		for _, c := range m.Channels {
			x.channels = append(x.channels, n.channel(c.Coarse))
		}
		o.mixed = append(o.mixed, x)
	}
	return o
}

// since are the commands that the load before has not asked for just so, by its prints.
func (o *opening) since(before map[uint64]uint64) []engine.Command {
	changed := map[uint64]bool{}
	for a, p := range o.prints {
		if was, known := before[a]; !known || was != p {
			changed[a] = true
		}
	}
	for _, x := range o.mixed { // a channel that follows its colour again
		for _, c := range x.channels {
			_, was := before[c]
			if _, is := o.prints[c]; was && !is {
				o.mark(changed, x.attributes)
			}
		}
	}
	for n := -1; n != len(changed); {
		n = len(changed)
		for _, about := range o.about {
			if anyOf(changed, about) {
				o.mark(changed, about)
			}
		}
		for _, x := range o.mixed {
			if anyOf(changed, x.attributes) {
				o.mark(changed, x.channels)
			}
		}
	}
	var kept []engine.Command
	for i, c := range o.commands {
		if len(o.about[i]) == 0 || anyOf(changed, o.about[i]) {
			kept = append(kept, c)
		}
	}
	return kept
}

// mark notes those that the top level says something about.
func (o *opening) mark(changed map[uint64]bool, list []uint64) {
	for _, a := range list {
		if _, said := o.prints[a]; said {
			changed[a] = true
		}
	}
}

func anyOf(set map[uint64]bool, list []uint64) bool {
	for _, a := range list {
		if set[a] {
			return true
		}
	}
	return false
}

// single takes what sets the colours of many fixtures apart, so that each is looked at.
func single(commands []engine.Command) (list []engine.Command) {
	for _, c := range commands {
		all, ok := c.(engine.SetColors)
		if !ok || len(all.Levels) != 3*len(all.At) {
			list = append(list, c)
			continue
		}
		for i := range all.At {
			list = append(list, engine.SetColors{At: all.At[i : i+1], Levels: all.Levels[3*i : 3*i+3]})
		}
	}
	return list
}

// apart takes the places out of a command, which are others in another process, and what
// is drawn anew each time.
func apart(command engine.Command) (places []patch.Channel, rest engine.Command) {
	colour := func(at level.Address) []patch.Channel { return []patch.Channel{{Coarse: at.Fixture().Attribute(2)}} }
	switch c := command.(type) {
	case engine.Set:
		places, c.Channel = []patch.Channel{c.Channel}, patch.Channel{}
		return places, c
	case engine.Fade:
		places, c.Channel = []patch.Channel{c.Channel}, patch.Channel{}
		return places, c
	case engine.Stop:
		places, c.Channel = []patch.Channel{c.Channel}, patch.Channel{}
		return places, c
	case engine.Wave:
		places, c.Channel, c.Seed = []patch.Channel{c.Channel}, patch.Channel{}, 0
		return places, c
	case engine.Path:
		places, c.Channels = c.Channels, nil
		return places, c
	case engine.FadeColor:
		places, c.At = colour(c.At), level.Address{}
		return places, c
	case engine.WaveColor:
		places, c.At, c.Seed = colour(c.At), level.Address{}, 0
		return places, c
	case engine.SetColors:
		for _, at := range c.At {
			places = append(places, colour(at)...)
		}
		c.At = nil
		return places, c
	}
	return nil, command
}

// namer names what commands are about, the same in every process.
type namer struct{ registry *level.Registry }

// What is about no channel.
const (
	aboutMaster   = 1
	aboutBlackout = 2
	aboutBeat     = 3
)

// of names what a command is about.
func (n namer) of(c engine.Command, places []patch.Channel) (list []uint64) {
	switch c.(type) {
	case engine.Master:
		return []uint64{aboutMaster}
	case engine.Blackout:
		return []uint64{aboutBlackout}
	case engine.Conduct:
		return []uint64{aboutBeat}
	}
	for _, p := range places {
		list = append(list, n.channel(p.Coarse))
		if p.Fine.Slot != 0 {
			list = append(list, n.channel(p.Fine))
		}
	}
	return list
}

// channel names a channel. The three of a colour have one name.
func (n namer) channel(at level.Address) uint64 {
	if at.Output.IsAttribute() && at != at.Fixture().Attribute(1) {
		at = at.Fixture().Attribute(2)
	}
	kind := "slot"
	if at.Output.IsAttribute() {
		kind = "attribute"
	}
	return max(printOf(0, fmt.Sprintf("%s %s %d", n.registry.Key(at.Output.Real()), kind, at.Slot), nil), aboutBeat+1)
}

// printOf is a print of what was said before, of a text and of numbers.
func printOf(before uint64, text string, numbers []uint64) uint64 {
	h := fnv.New64a()
	b := binary.LittleEndian.AppendUint64(nil, before)
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	h.Write(b)
	h.Write([]byte(text))
	return cmp.Or(h.Sum64(), 1)
}
