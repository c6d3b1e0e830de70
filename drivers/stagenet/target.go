package stagenet

import "slices"

// target is a gateway to connect to: a configured URL, or an advertised service
// with the URLs it can be reached at. Its fields are guarded by the Console's mu.
type target struct {
	name    string
	id      string // as advertised; empty for a configured URL
	about   about
	urls    []string
	next    int
	using   string   // URL of the connection there is; empty for none
	ids     []string // gateways that the last connection spoke for
	retired bool     // do not dial again
	changed chan struct{}
}

func newTarget(name string) *target {
	return &target{name: name, changed: make(chan struct{}, 1)}
}

// remember notes a gateway the connection speaks for.
func (t *target) remember(id string) {
	if !slices.Contains(t.ids, id) {
		t.ids = append(t.ids, id)
	}
}

// wake tells the dialling goroutine that the URLs or retired have changed.
func (t *target) wake() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// pick returns the next URL to try.
func (t *target) pick() string {
	t.next++
	return t.urls[(t.next-1)%len(t.urls)]
}

// taken reports whether another connection holds every gateway that this target
// would be connected to. Dialling it would close that connection for nothing,
// in turns for ever. Called with the Console's mu held.
func (c *Console) taken(t *target) bool {
	ids := t.ids
	if len(ids) == 0 && t.id != "" {
		ids = []string{t.id}
	}
	for _, id := range ids {
		l := c.table.leases[id]
		if l == nil || l.holder == nil || l.holder.target.retired {
			return false
		}
	}
	return len(ids) > 0
}

// advertised takes a service that was found or has changed. It returns a target
// to be run if there is none yet, or if the gateway has moved while its old
// connection is open: then the newer connection is to win.
func (c *Console) advertised(name, id string, a about, urls []string) *target {
	old := c.targets[name]
	if old != nil {
		moved := old.using != "" && !slices.Contains(urls, old.using)
		if !moved && !(old.retired && old.using == "") {
			old.id, old.about, old.urls, old.retired = id, a, urls, false
			old.wake()
			return nil
		}
		old.retired = true
		old.wake()
	}
	t := newTarget(name)
	t.id, t.about, t.urls = id, a, urls
	c.targets[name] = t
	return t
}

// staticTarget is the target of a configured URL.
func staticTarget(url string) *target {
	t := newTarget(url)
	t.urls, t.about = []string{url}, about{Address: url}
	return t
}
