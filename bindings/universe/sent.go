// Package universe is what the universes of all protocols are for scripts: those that a
// sender sends, with :set, :fade and the like, and those that a receiver hears.
package universe

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

const slots = universe.Slots

// Kind is what the universes of a sender of a protocol have besides numbers and levels.
type Kind struct {
	Class                        string // of the objects, such as "signet.universe"
	Priority, Preview, Multicast bool
	Unicast                      bool
	Deaf                         string // how to listen instead, for who tries :on; "" for the usual error
}

// Sender is the universes of one declared sender, in one load.
type Sender struct {
	kind Kind
	load *module.Load
	decl device.Declaration
	lane string               // names its levels over reloads that change its options
	list *[]universe.Universe // of the declaration
	have map[universe.Stream]*Sent
}

// NewSender makes the universes of a declared sender, which are added to list.
func NewSender(l *module.Load, k Kind, d device.Declaration, lane string, list *[]universe.Universe) *Sender {
	return &Sender{k, l, d, lane, list, map[universe.Stream]*Sent{}}
}

// Sent is one universe of a sender.
type Sent struct {
	universe.Universe // as it was declared
	sender            *Sender
}

func (u *Sent) String() string { return strconv.Itoa(u.Number) }

func (u *Sent) channel(slot int) patch.Channel {
	return patch.Channel{Name: strconv.Itoa(slot), Coarse: level.Address{Output: u.Output, Slot: int32(slot)}}
}

// options are the names of the options there are.
func (k Kind) options() []string {
	var names []string
	for _, o := range []struct {
		name string
		has  bool
	}{{"priority", k.Priority}, {"multicast", k.Multicast}, {"unicast", k.Unicast}, {"preview", k.Preview}} {
		if o.has {
			names = append(names, o.name)
		}
	}
	return names
}

// Declare returns the universe of a number to the script, with the options in argument i,
// which is left out for universes without.
func (s *Sender) Declare(c module.Call, n, i int) int {
	var o module.Options
	if names := s.kind.options(); len(names) > 0 {
		o = c.Options(i, false, names...)
	} else {
		o = module.Options{Call: c, T: c.L.NewTable()}
	}
	given := universe.Universe{Number: n, Preview: o.Bool("preview"), Multicast: group(o), Unicast: Unicast(o)}
	if given.Unicast != "" && given.Multicast.IsValid() {
		c.Fail("a universe is sent to a group or to addresses, not to both")
	}
	if o.Has("priority") {
		if given.Preview {
			c.Fail("a preview has no priority")
		}
		given.Priority = priority(c, o.Get("priority"))
	}
	u, ok := s.have[given.Stream()]
	switch {
	case !ok:
		s.load.LoadingOnly(c, "universes are declared")
		// Not the key of the sender: levels stay when another of its options changes.
		name := fmt.Sprintf("%s universe %d", s.lane, n)
		if given.Preview {
			name += " preview"
		}
		given.Output = s.load.Registry.Output(name, slots)
		u = &Sent{given, s}
		s.have[given.Stream()] = u
		*s.list = append(*s.list, given)
	case o.Has("priority") && !bytes.Equal(given.Priority, u.Priority), o.Has("multicast") && given.Multicast != u.Multicast,
		o.Has("unicast") && given.Unicast != u.Unicast:
		hint := ""
		if s.kind.Priority {
			hint = "; universe:priority changes the priority"
		}
		c.Fail("universe %d is declared with other options already%s", n, hint)
	}
	c.L.Push(module.OneObject(s.load, c.L, s.kind.Class, u, s.class))
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

// Unicast takes the option of that name: the addresses of devices, one or a list.
func Unicast(o module.Options) string {
	if !o.Has("unicast") {
		return ""
	}
	list := []string{lua.LVAsString(o.Get("unicast"))}
	if _, one := o.Get("unicast").(lua.LString); !one {
		list = o.Names(o.Get("unicast"), "unicast", "address")
	}
	if len(list) > maxUnicast {
		o.Fail("unicast: at most %d addresses, got %d; more hear a group", maxUnicast, len(list))
	}
	const anyPort = 1 // of an address that names none
	for _, text := range list {
		if _, err := universe.ParseUnicast(text, anyPort); err != nil {
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

func (s *Sender) class() module.Class[*Sent] {
	cl := module.Class[*Sent]{
		Level: func(_ *Sent, key lua.LValue) (get, set string) {
			if slot, ok := key.(lua.LNumber); ok {
				return fmt.Sprintf("x:get(%s)", slot), fmt.Sprintf("x:set(%s, 255)", slot)
			}
			return "", ""
		},
		Methods: map[string]func(module.Call, *Sent) int{
			"slot": slot, "set": set, "fade": fade, "get": get, "levels": levels, "leave": leave,
		},
		Properties: map[string]func(*Sent) lua.LValue{
			"number": func(u *Sent) lua.LValue { return lua.LNumber(u.Number) },
		},
	}
	if s.kind.Priority {
		cl.Methods["priority"] = setPriority
	}
	if s.kind.Deaf != "" {
		cl.Methods["on"] = func(c module.Call, _ *Sent) int { c.Fail("%s", s.kind.Deaf); return 0 }
	}
	if s.kind.Preview {
		cl.Properties["preview"] = func(u *Sent) lua.LValue { return lua.LBool(u.Preview) }
	}
	return cl
}

func slot(c module.Call, u *Sent) int {
	n := c.Integer(1, "slot", 1, slots)
	return u.sender.load.PushAddress(c.L, level.Address{Output: u.Output, Slot: int32(n)}, fmt.Sprintf("slot %d of universe %d", n, u.Number))
}

// set takes a slot and a level, or a table of levels by slot, of which nothing is
// done if something is wrong with any.
func set(c module.Call, u *Sent) int {
	g := u.sender.load.G
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		ch := u.channel(c.Integer(1, "slot", 1, slots))
		g.Emit(engine.Set{Channel: ch, Value: c.Level(c.Get(2), "the level")})
		return 0
	}
	var sets []engine.Set
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		ch := u.channel(c.AsInteger(k, "slot", 1, slots))
		sets = append(sets, engine.Set{Channel: ch, Value: c.Level(v, "slot "+ch.Name)})
	}
	for _, set := range sets {
		g.Emit(set)
	}
	return 0
}

func fade(c module.Call, u *Sent) int {
	l := u.sender.load
	ch := u.channel(c.Integer(1, "slot", 1, slots))
	to := c.Level(c.Get(2), "the level")
	d := l.Duration(c, c.Get(3), "the duration")
	easing, delay := l.FadeOptions(c, 4)
	l.G.Emit(engine.Fade{Channel: ch, To: to, Duration: d, Delay: delay, Curve: easing})
	return 0
}

func get(c module.Call, u *Sent) int {
	c.L.Push(lua.LNumber(u.sender.load.Level(u.channel(c.Integer(1, "slot", 1, slots)))))
	return 1
}

func levels(c module.Call, u *Sent) int {
	t := c.L.CreateTable(slots, 0)
	for slot := 1; slot <= slots; slot++ {
		t.RawSetInt(slot, lua.LNumber(u.sender.load.Level(u.channel(slot))))
	}
	c.L.Push(t)
	return 1
}

func setPriority(c module.Call, u *Sent) int {
	if u.Preview {
		c.Fail("a preview has no priority")
	}
	u.sender.load.Order(u.sender.decl, universe.SetPriority{Universe: u.Number, Priority: priority(c, c.Get(1))})
	return 0
}

func leave(_ module.Call, u *Sent) int {
	u.sender.load.Order(u.sender.decl, universe.LeaveUniverse{Universe: u.Number, Preview: u.Preview})
	return 0
}
