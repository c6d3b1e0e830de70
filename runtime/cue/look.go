package cue

import "showrun/runtime/patch"

// Late is what the function of a cue leaves on a channel, and how long after the start of
// the cue it has got there.
type Late struct {
	Change
	After Length
}

// look is what channels do, by their numbers.
type look struct {
	values []Value
	known  []bool
}

func (k *look) set(n int32, v Value) {
	if need := int(n) + 1 - len(k.values); need > 0 {
		k.values = append(k.values, make([]Value, need)...)
		k.known = append(k.known, make([]bool, need)...)
	}
	k.values[n], k.known[n] = v, true
}

func (k *look) get(n int32) (v Value, known bool) {
	if int(n) >= len(k.values) || !k.known[n] {
		return Value{}, false
	}
	return k.values[n], true
}

// lay lays what a cue leaves over a look.
func (l *List) lay(k *look, c *Cue) {
	for i, change := range c.Changes {
		k.set(c.channels[i], change.Value)
	}
	if c.Function {
		for _, late := range l.Shadow(c) {
			k.set(l.number(late.Change), late.Value)
		}
	}
}

// tracked is what the cues before the one at i leave to it.
func (l *List) tracked(i int) look {
	k := look{make([]Value, len(l.channels)), make([]bool, len(l.channels))}
	for _, c := range l.cues[:i] {
		if !c.CueOnly {
			l.lay(&k, c)
		}
	}
	return k
}

// Look is the whole look at a cue: what all cues up to it leave, with what is put in
// place in the dark for the one after it. Channels that no cue has changed are not in it.
func (l *List) Look(number float64) ([]Change, error) {
	if _, err := l.Find(number); err != nil {
		return nil, err
	}
	i, _ := l.search(number)
	under := l.tracked(i)
	own := look{}
	l.lay(&own, l.cues[i])
	get := func(n int32) (Value, bool) {
		if v, known := own.get(n); known {
			return v, true
		}
		return under.get(n)
	}
	marked := look{}
	for _, m := range l.marks(i, get, under.get) {
		marked.set(m.channel, m.Value)
	}
	names := make([]string, len(l.dimmers))
	for name, f := range l.fixtures {
		names[f] = name
	}
	var list []Change
	for n, ch := range l.channels {
		v, known := get(int32(n))
		if m, ok := marked.get(int32(n)); ok {
			v, known = m, true
		}
		if known {
			list = append(list, Change{ch.Key, ch.class, names[ch.fixture], v})
		}
	}
	return list, nil
}

// move is a Move with the number of its channel.
type move struct {
	Move
	channel int32
}

// marks are what is put in place for the cue after the one at i, while that one is on:
// of fixtures that are dark now and lit then, what is not intensity. now tells what
// channels do, under what they do without the changes of a cue i that is CueOnly.
func (l *List) marks(i int, now, under func(int32) (Value, bool)) (list []move) {
	if i+1 >= len(l.cues) || !l.cues[i+1].Mark {
		return nil
	}
	next := l.cues[i+1]
	then := now
	if i >= 0 && l.cues[i].CueOnly {
		then = under
	}
	changes := look{}
	for k, change := range next.Changes {
		changes.set(next.channels[k], change.Value)
	}
	after := func(n int32) (Value, bool) {
		if v, known := changes.get(n); known {
			return v, true
		}
		return then(n)
	}
	moves := make([]bool, len(l.dimmers))
	for f := range moves {
		moves[f] = !l.lit(int32(f), now) && l.lit(int32(f), after)
	}
	for n, ch := range l.channels {
		if ch.class == patch.Intensity || !moves[ch.fixture] {
			continue
		}
		n := int32(n)
		to := l.orHome(n, after)
		_, known := after(n)
		if _, before := now(n); (known || before) && to != l.orHome(n, now) {
			list = append(list, move{Move{Key: ch.Key, Class: ch.class, Value: to}, n})
		}
	}
	return list
}

// lit tells whether a fixture gives light.
func (l *List) lit(f int32, get func(int32) (Value, bool)) bool {
	for _, n := range l.dimmers[f] {
		if l.orHome(n, get).lit() {
			return true
		}
	}
	return false
}

// orHome is what a channel does, also without any cue.
func (l *List) orHome(n int32, get func(int32) (Value, bool)) Value {
	if v, known := get(n); known {
		return v
	}
	return l.Home(l.channels[n].Key)
}
