package signet

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/signet"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// slots is the size of a universe.
const slots = 512

// stream names a universe of a Sender: there may be one for the rig and one for
// visualisers of the same number.
type stream struct {
	number  int
	preview bool
}

// universe is one universe of a sender.
type universe struct {
	sender *sender
	stream
	output level.Output
	given  signet.Universe // as it was declared
}

func (u *universe) String() string { return strconv.Itoa(u.number) }

func (u *universe) channel(slot int) patch.Channel {
	return patch.Channel{Name: strconv.Itoa(slot), Coarse: level.Address{Output: u.output, Slot: int32(slot)}}
}

func (s *sig) universe(c module.Call, v *sender) int {
	n := c.Integer(1, "universe number", 1, 63999)
	o := c.Options(2, false, "priority", "multicast", "unicast", "preview")
	k := stream{n, o.Bool("preview")}
	given := signet.Universe{Number: n, Preview: k.preview, Multicast: group(o), Unicast: unicast(c, o)}
	if given.Unicast != "" && given.Multicast.IsValid() {
		c.Fail("a universe is sent to a group or to addresses, not to both")
	}
	if o.Has("priority") {
		if k.preview {
			c.Fail("a preview has no priority")
		}
		given.Priority = priority(c, o.Get("priority"))
	}
	u, ok := v.universes[k]
	switch {
	case !ok:
		s.LoadingOnly(c, "universes are declared")
		// Not the key of the sender: levels stay when another of its options changes.
		name := fmt.Sprintf("%s universe %d", v.decl.Lane(), n)
		if k.preview {
			name += " preview"
		}
		given.Output = s.Registry.Output(name, slots)
		u = &universe{v, k, given.Output, given}
		v.universes[k] = u
		v.decl.Universes = append(v.decl.Universes, given)
	case o.Has("priority") && !bytes.Equal(given.Priority, u.given.Priority), o.Has("multicast") && given.Multicast != u.given.Multicast,
		o.Has("unicast") && given.Unicast != u.given.Unicast:
		c.Fail("universe %d is declared with other options already; universe:priority changes the priority", n)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.universe", u, s.universeClass))
	return 1
}

// group takes an IPv4 multicast group.
func group(o module.Options) netip.Addr {
	if !o.Has("multicast") {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(o.Str("multicast", ""))
	if err != nil || !a.Is4() || !a.IsMulticast() {
		o.Wrong("multicast", `an IPv4 multicast group such as "239.1.2.3"`, o.Get("multicast"))
	}
	return a
}

// maxUnicast is how many devices a universe may be sent to by address.
const maxUnicast = 32

// unicast takes the addresses of devices, one or a list.
func unicast(c module.Call, o module.Options) string {
	if !o.Has("unicast") {
		return ""
	}
	list := []string{lua.LVAsString(o.Get("unicast"))}
	if _, one := o.Get("unicast").(lua.LString); !one {
		list = c.Names(o.Get("unicast"), "unicast", "address")
	}
	if len(list) > maxUnicast {
		c.Fail("unicast: at most %d addresses, got %d; more hear a group", maxUnicast, len(list))
	}
	for _, text := range list {
		if _, err := signet.ParseUnicast(text, 0); err != nil {
			o.Wrong("unicast", `the IPv4 address of a device such as "10.0.0.5", or a list of those`, lua.LString(text))
		}
	}
	return strings.Join(list, "\n")
}

// priority takes one priority for all slots or a list of 512.
func priority(c module.Call, v lua.LValue) []byte {
	t, ok := v.(*lua.LTable)
	if !ok {
		return []byte{byte(c.AsInteger(v, "the priority", 0, 200))}
	}
	if t.Len() != slots {
		c.Fail("the priority must be 0-200 or a list of 512 of those, got a list of %d", t.Len())
	}
	c.OnlyList(t, slots, "the priority")
	list := make([]byte, slots)
	for i := range list {
		list[i] = byte(c.AsInteger(t.RawGetInt(i+1), fmt.Sprintf("the priority of slot %d", i+1), 0, 200))
	}
	return list
}

func (s *sig) universeClass() module.Class[*universe] {
	return module.Class[*universe]{
		Level: func(_ *universe, key lua.LValue) (get, set string) {
			if slot, ok := key.(lua.LNumber); ok {
				return fmt.Sprintf("x:get(%s)", slot), fmt.Sprintf("x:set(%s, 255)", slot)
			}
			return "", ""
		},
		Methods: map[string]func(module.Call, *universe) int{
			"slot":     s.slot,
			"set":      s.set,
			"fade":     s.fade,
			"get":      s.get,
			"levels":   s.levels,
			"priority": s.setPriority,
			"leave":    s.leave,
		},
		Properties: map[string]func(*universe) lua.LValue{
			"number":  func(u *universe) lua.LValue { return lua.LNumber(u.number) },
			"preview": func(u *universe) lua.LValue { return lua.LBool(u.preview) },
		},
	}
}

func (s *sig) slot(c module.Call, u *universe) int {
	n := c.Integer(1, "slot", 1, slots)
	return s.PushAddress(c.L, level.Address{Output: u.output, Slot: int32(n)}, fmt.Sprintf("slot %d of universe %d", n, u.number))
}

// set takes a slot and a level, or a table of levels by slot, of which nothing is
// done if something is wrong with any.
func (s *sig) set(c module.Call, u *universe) int {
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		ch := u.channel(c.Integer(1, "slot", 1, slots))
		s.G.Emit(engine.Set{Channel: ch, Value: c.Level(c.Get(2), "the level")})
		return 0
	}
	var sets []engine.Set
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		ch := u.channel(c.AsInteger(k, "slot", 1, slots))
		sets = append(sets, engine.Set{Channel: ch, Value: c.Level(v, "slot "+ch.Name)})
	}
	for _, set := range sets {
		s.G.Emit(set)
	}
	return 0
}

func (s *sig) fade(c module.Call, u *universe) int {
	ch := u.channel(c.Integer(1, "slot", 1, slots))
	to := c.Level(c.Get(2), "the level")
	d := s.Duration(c, c.Get(3), "the duration")
	easing, delay := s.FadeOptions(c, 4)
	s.G.Emit(engine.Fade{Channel: ch, To: to, Duration: d, Delay: delay, Curve: easing})
	return 0
}

func (s *sig) get(c module.Call, u *universe) int {
	c.L.Push(lua.LNumber(s.Level(u.channel(c.Integer(1, "slot", 1, slots)))))
	return 1
}

func (s *sig) levels(c module.Call, u *universe) int {
	t := c.L.CreateTable(slots, 0)
	for slot := 1; slot <= slots; slot++ {
		t.RawSetInt(slot, lua.LNumber(s.Level(u.channel(slot))))
	}
	c.L.Push(t)
	return 1
}

func (s *sig) setPriority(c module.Call, u *universe) int {
	if u.preview {
		c.Fail("a preview has no priority")
	}
	s.Order(u.sender.decl, signet.SetPriority{Universe: u.number, Priority: priority(c, c.Get(1))})
	return 0
}

func (s *sig) leave(_ module.Call, u *universe) int {
	s.Order(u.sender.decl, signet.LeaveUniverse{Universe: u.number, Preview: u.preview})
	return 0
}
