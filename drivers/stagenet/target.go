package stagenet

import (
	"slices"
	"strings"

	"showrun/drivers/stagenet/link"
)

// target is a gateway to connect to: a configured URL, or an advertised service
// with the URLs it can be reached at. Its fields are guarded by the Console's mu.
type target struct {
	key     string // in the Console's list
	name    string // for people
	id      string // as advertised; empty for a configured URL
	about   about
	urls    []string
	next    int
	using   string   // URL of the connection there is; empty for none
	ids     []string // gateways that the last connection spoke for
	retired bool     // do not dial again
	static  bool     // a configured URL
	changed chan struct{}
}

func newTarget(key, name string) *target {
	return &target{key: key, name: name, changed: make(chan struct{}, 1)}
}

// serviceKey is the key of an advertised service; no URL begins like it.
func serviceKey(instance string) string { return "service " + strings.ToLower(instance) }

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
		if l == nil || l.holder == nil {
			return false
		}
	}
	return len(ids) > 0
}

// advertised takes a service that was found or has changed, with the Console's mu
// held. It returns a target to be run if there is none yet, or if the gateway
// is said to have moved while its old connection is open: that is asked whether it is
// alive, and as long as it is the new one waits.
func (c *Console) advertised(name, id string, a about, urls []string) *target {
	key := serviceKey(name)
	if old := c.targets[key]; old != nil {
		if old.using == "" || slices.Contains(urls, old.using) {
			old.id, old.about, old.urls, old.retired = id, a, urls, false
			old.wake()
			return nil
		}
		c.retire(old)
		for s := range c.sessions {
			if s.target == old {
				s.conn.Probe()
			}
		}
	}
	t := newTarget(key, name)
	t.id, t.about, t.urls = id, a, urls
	c.targets[key] = t
	return t
}

// retire makes a target end: at once, or with the connection it has. Called with
// the Console's mu held.
func (c *Console) retire(t *target) {
	t.retired = true
	if t.using == "" {
		delete(c.targets, t.key)
	}
	t.wake()
}

// configure makes the targets those of the configured URLs, with mu not held. It
// returns the new ones, which are to be run. The others end, with their
// connections.
func (c *Console) configure() (added []*target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.targets {
		if t.static && !slices.Contains(c.urls, t.key) {
			c.retire(t)
			for s := range c.sessions {
				if s.target == t {
					s.conn.Kick(link.GoingAway, "this gateway is not wanted any more")
				}
			}
		}
	}
	for _, url := range c.urls {
		if t := c.targets[url]; t == nil || t.retired {
			t := newTarget(url, url)
			t.static, t.urls, t.about = true, []string{url}, about{Address: url}
			c.targets[url] = t
			added = append(added, t)
		}
	}
	return added
}

// retireAll forgets all targets when their goroutines have ended.
func (c *Console) retireAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.targets)
}
