package mdns

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Service is an instance of the service that was found.
type Service struct {
	Instance string // its name, such as "Café Stage 1"
	Host     string // of its SRV record, for people
	// Endpoints are where it can be reached: IPv4 first, link-local IPv6 last
	// and with the zone of the interface it was heard on.
	Endpoints []netip.AddrPort
	Text      map[string]string // TXT entries; keys are lower case
}

func (s Service) equal(o Service) bool {
	return s.Instance == o.Instance && s.Host == o.Host && slices.Equal(s.Endpoints, o.Endpoints) && maps.Equal(s.Text, o.Text)
}

// EventKind says what became of a service.
type EventKind int

// The kinds. Updated has the whole service as it is now.
const (
	Added EventKind = iota
	Updated
	Removed
)

func (k EventKind) String() string { return [...]string{"added", "updated", "removed"}[k] }

// Event says what became of a service.
type Event struct {
	Kind    EventKind
	Service Service
	At      time.Time
}

// Timing of RFC 6762.
const (
	goodbyeDelay = time.Second             // 10.1, 10.2
	maxTTL       = 75 * time.Minute        // 10; what claims more is asked again
	firstAsk     = time.Second             // 5.2
	maxAsk       = time.Minute             // between questions for new services
	textPatience = 2500 * time.Millisecond // for the TXT record of a service
)

// Limits on what is kept. A PTR record makes room for the other records of its
// service, and an SRV record for the addresses of its host.
// Nobody is authenticated: one sender has a share of the services, and one that nobody
// uses makes room for another when it is not heard again.
const (
	MaxServices  = 512 // on one interface
	MaxPerSender = 64  // of these
	maxSame      = 16  // records of one name and type
	// patience is how long a service must not have been heard to make room.
	patience = 5 * time.Second
)

// link is an interface, by the number the system gives it and its name.
type link struct {
	index int
	name  string // zone of link-local addresses
}

// key is what records are kept by.
type key struct {
	name name // folded
	kind uint16
}

// entry is a record that is kept.
type entry struct {
	record
	from     netip.Addr // who said so
	received time.Time
	expires  time.Time
	ask      time.Time // when to ask again; zero if not any more
}

// plan is when a question will be asked. Names are asked for as they were heard:
// there are responders that mind the case.
type plan struct {
	name  name
	due   time.Time
	wait  time.Duration
	since time.Time
	once  bool // to renew what is known
}

// segment is what was heard on one interface, and what is to be asked there.
type segment struct {
	link    link
	entries map[key][]*entry
	plans   map[question]*plan // by folded name
}

// query is a question for one interface.
type query struct {
	link link
	question
}

// cache knows what was heard and decides what to ask. It has no sockets and no
// clock.
type cache struct {
	service  name
	segments map[int]*segment
	shown    map[name]Service // by folded instance
	queries  []query
	refused  uint64 // records there was no room for
	evicted  uint64 // services that made room for others
	distant  uint64 // addresses on no network of the interface they were heard on

	near func(index int, a netip.Addr) bool // whether an address is on a network of an interface
	used func(instance string) bool         // whether a service is to stay
}

func newCache(service name) *cache {
	return &cache{
		service: service.fold(), segments: map[int]*segment{}, shown: map[name]Service{},
		near: func(int, netip.Addr) bool { return true }, used: func(string) bool { return false },
	}
}

// links makes the cache work on these interfaces. What was heard on others is
// forgotten.
func (c *cache) links(list []link, now time.Time) {
	for index, s := range c.segments {
		if !slices.Contains(list, s.link) {
			delete(c.segments, index)
		}
	}
	for _, l := range list {
		if c.segments[l.index] == nil {
			c.segments[l.index] = &segment{
				link: l, entries: map[key][]*entry{},
				plans: map[question]*plan{{c.service, typePTR}: {name: c.service, due: now, since: now}},
			}
		}
	}
}

// take takes a datagram that came in on an interface.
func (c *cache) take(index int, m []byte, from netip.Addr, now time.Time) error {
	s := c.segments[index]
	if s == nil {
		return nil
	}
	// Whatever the order of the records: services, then what makes them up.
	var err error
	for _, pass := range [...][2]uint16{{typePTR, typePTR}, {typeSRV, typeTXT}, {typeA, typeAAAA}} {
		err = parse(m, func(r record) {
			if r.kind == pass[0] || r.kind == pass[1] {
				c.put(s, r, from, now)
			}
		})
	}
	return err
}

// wanted reports whether a record belongs to a service we know, or is one.
func (c *cache) wanted(s *segment, k key) bool {
	switch k.kind {
	case typePTR:
		return k.name == c.service
	case typeSRV, typeTXT:
		return slices.ContainsFunc(s.entries[key{c.service, typePTR}], func(e *entry) bool { return e.target.fold() == k.name })
	}
	for other, list := range s.entries {
		if other.kind == typeSRV && slices.ContainsFunc(list, func(e *entry) bool { return e.target.fold() == k.name }) {
			return true
		}
	}
	return false
}

// put keeps a record.
func (c *cache) put(s *segment, r record, from netip.Addr, now time.Time) {
	k := key{r.name.fold(), r.kind}
	if !c.wanted(s, k) {
		return
	}
	if _, rest := r.target.label(); r.kind == typePTR && rest.fold() != c.service {
		return
	}
	if (r.kind == typeA || r.kind == typeAAAA) && !c.near(s.link.index, r.addr) {
		c.distant++
		return
	}
	list := s.entries[k]
	denied := false // what another has said
	if r.flush && r.kind != typePTR {
		for _, e := range list {
			if now.Sub(e.received) > goodbyeDelay {
				e.expireSoon(now)
				denied = denied || e.from != from && !e.sameAs(r)
			}
		}
	}
	i := slices.IndexFunc(list, func(e *entry) bool { return e.sameAs(r) })
	if r.ttl == 0 {
		if i >= 0 {
			list[i].expireSoon(now)
			s.doubt(list[i], now)
		}
		return
	}
	switch {
	case i >= 0:
	case r.kind == typePTR && !c.room(s, from, now):
		s.doubt(&entry{record: r}, now.Add(patience))
		fallthrough
	case r.kind != typePTR && len(list) == maxSame:
		c.refused++
		return
	}
	list = s.entries[k]
	ttl := min(time.Duration(r.ttl)*time.Second, maxTTL)
	e := &entry{record: r, from: from, received: now, expires: now.Add(ttl), ask: now.Add(ttl * 8 / 10)}
	if i < 0 {
		s.entries[k] = append(list, e)
	} else {
		list[i] = e
	}
	if r.kind != typePTR { // of services there may always be more
		delete(s.plans, question{k.name, r.kind})
	}
	if denied {
		s.doubt(e, now)
	}
}

// sameAs reports whether a record is this one, heard again.
func (e *entry) sameAs(r record) bool {
	return e.target.fold() == r.target.fold() && e.port == r.port && e.text == r.text && e.addr == r.addr
}

// expireSoon grants a last second, in which somebody may contradict.
func (e *entry) expireSoon(now time.Time) {
	if end := now.Add(goodbyeDelay); end.Before(e.expires) {
		e.expires = end
	}
	e.ask = time.Time{}
}

// settle carries out what is due and returns what has become of services.
// Questions are then in c.queries, for the caller to send and clear.
func (c *cache) settle(now time.Time) []Event {
	found := map[name]Service{}
	for _, index := range slices.Sorted(maps.Keys(c.segments)) {
		s := c.segments[index]
		s.expire(now)
		s.discardOrphans(c.service)
		c.resolve(s, found, now)
		c.collect(s, now)
	}
	return c.compare(found, now)
}

// expire removes what is too old and plans to ask for what soon will be.
func (s *segment) expire(now time.Time) {
	for k, list := range s.entries {
		list = slices.DeleteFunc(list, func(e *entry) bool { return !now.Before(e.expires) })
		if len(list) == 0 {
			delete(s.entries, k)
			continue
		}
		s.entries[k] = list
		for _, e := range list {
			if e.ask.IsZero() || now.Before(e.ask) {
				continue
			}
			q := question(k)
			if p := s.plans[q]; p != nil {
				p.due = now
			} else {
				s.plans[q] = &plan{name: e.name, due: now, since: now, once: true}
			}
			// At 80 % of its life, then at 90 and 95 (RFC 6762 5.2).
			if e.ask = e.ask.Add(e.expires.Sub(e.ask) / 2); e.expires.Sub(e.ask) < time.Second {
				e.ask = time.Time{}
			}
		}
	}
}

// discardOrphans removes the records and questions of services that are gone.
func (s *segment) discardOrphans(service name) {
	instances, hosts := map[name]bool{}, map[name]bool{}
	for _, e := range s.entries[key{service, typePTR}] {
		instances[e.target.fold()] = true
	}
	for k, list := range s.entries {
		if k.kind == typeSRV && instances[k.name] {
			for _, e := range list {
				hosts[e.target.fold()] = true
			}
		}
	}
	gone := func(n name, kind uint16) bool {
		switch kind {
		case typeSRV, typeTXT:
			return !instances[n]
		case typeA, typeAAAA:
			return !hosts[n]
		}
		return false
	}
	maps.DeleteFunc(s.entries, func(k key, _ []*entry) bool { return gone(k.name, k.kind) })
	maps.DeleteFunc(s.plans, func(q question, _ *plan) bool { return gone(q.name, q.kind) })
}

// newest returns the record of a name and type that was heard last.
func (s *segment) newest(n name, kind uint16) *entry {
	var best *entry
	for _, e := range s.entries[key{n, kind}] {
		if best == nil || e.received.After(best.received) {
			best = e
		}
	}
	return best
}

// want plans a question unless it is planned, and returns since when it is.
func (s *segment) want(n name, kind uint16, now time.Time) (since time.Time) {
	q := question{n.fold(), kind}
	p := s.plans[q]
	if p == nil {
		p = &plan{name: n, due: now, since: now}
		s.plans[q] = p
	}
	return p.since
}

// unwant drops a question that has been answered in another way.
func (s *segment) unwant(n name, kind uint16) {
	q := question{n, kind}
	if p := s.plans[q]; p != nil && !p.once {
		delete(s.plans, q)
	}
}

// resolve adds the services of an interface to those found, and plans questions
// for what is missing.
func (c *cache) resolve(s *segment, found map[name]Service, now time.Time) {
	for _, ptr := range s.entries[key{c.service, typePTR}] {
		id := ptr.target.fold()
		srv, txt := s.newest(id, typeSRV), s.newest(id, typeTXT)
		var textSince time.Time
		if txt == nil {
			textSince = s.want(ptr.target, typeTXT, now)
		}
		if srv == nil {
			s.want(ptr.target, typeSRV, now)
			continue
		}
		host := srv.target.fold()
		addresses := slices.Concat(s.entries[key{host, typeA}], s.entries[key{host, typeAAAA}])
		if len(addresses) == 0 {
			s.want(srv.target, typeA, now)
			s.want(srv.target, typeAAAA, now)
			continue
		}
		s.unwant(host, typeA)
		s.unwant(host, typeAAAA)
		if txt == nil && now.Sub(textSince) < textPatience {
			continue
		}
		service, known := found[id]
		if !known {
			service.Instance, _ = ptr.target.label()
			service.Host = srv.target.String()
			if txt != nil {
				service.Text = text(txt.text)
			}
		}
		for _, a := range addresses {
			service.Endpoints = append(service.Endpoints, netip.AddrPortFrom(s.zoned(a.addr), srv.port))
		}
		found[id] = service
	}
}

// zoned adds the interface to an address that is good for nothing without it.
func (s *segment) zoned(a netip.Addr) netip.Addr {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return a.WithZone(s.link.name)
	}
	return a
}

// collect moves questions that are due to c.queries and plans to repeat them.
func (c *cache) collect(s *segment, now time.Time) {
	for q, p := range s.plans {
		if now.Before(p.due) {
			continue
		}
		c.queries = append(c.queries, query{s.link, question{p.name, q.kind}})
		if p.once {
			delete(s.plans, q)
			continue
		}
		p.wait = min(max(2*p.wait, firstAsk), maxAsk)
		p.due = now.Add(p.wait)
	}
	slices.SortFunc(c.queries, func(a, b query) int {
		return cmp.Or(cmp.Compare(a.link.index, b.link.index), cmp.Compare(a.name, b.name), cmp.Compare(a.kind, b.kind))
	})
}

// compare turns what is found now into events.
func (c *cache) compare(found map[name]Service, now time.Time) []Event {
	var events []Event
	for _, id := range slices.Sorted(maps.Keys(c.shown)) {
		if _, ok := found[id]; !ok {
			events = append(events, Event{Removed, c.shown[id], now})
			delete(c.shown, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		s := found[id]
		slices.SortFunc(s.Endpoints, func(a, b netip.AddrPort) int {
			return cmp.Or(cmp.Compare(rank(a.Addr()), rank(b.Addr())), a.Compare(b))
		})
		s.Endpoints = slices.Compact(s.Endpoints)
		old, known := c.shown[id]
		switch {
		case !known:
			events = append(events, Event{Added, s, now})
		case !old.equal(s):
			events = append(events, Event{Updated, s, now})
		}
		c.shown[id] = s
	}
	return events
}

// rank orders addresses by how likely they are to work.
func rank(a netip.Addr) int {
	switch {
	case a.Is4():
		return 0
	case !a.IsLinkLocalUnicast():
		return 1
	}
	return 2
}

// deadline is when settle has something to do next, if that is after now.
func (c *cache) deadline(now time.Time) time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, s := range c.segments {
		for _, list := range s.entries {
			for _, e := range list {
				consider(e.expires)
				consider(e.ask)
			}
		}
		for _, p := range s.plans {
			consider(p.due)
			consider(p.since.Add(textPatience))
		}
	}
	return next
}
