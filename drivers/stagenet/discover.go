package stagenet

import (
	"context"
	"net/netip"
	"net/url"
	"sync"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/stagenet/link"
)

// service is the type gateways advertise.
const service = "_stagenet._tcp"

// discover follows what is advertised until ctx ends.
func (c *Console) discover(ctx context.Context, running *sync.WaitGroup) error {
	browser, err := mdns.New(mdns.Config{
		Service: service, Interface: c.cfg.Interface, Log: c.log, Used: c.inUse,
		OnEvent: func(e mdns.Event) {
			if t := c.advertisement(e); t != nil {
				running.Go(func() { c.keep(ctx, t) })
			}
			c.tell()
		},
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.browser = browser
	c.mu.Unlock()
	return browser.Run(ctx)
}

// inUse tells whether a service is one of those we connected to.
func (c *Console) inUse(instance string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.targets[serviceKey(instance)]
	return t != nil && (t.using != "" || len(t.ids) > 0)
}

// advertisement takes what became of an advertised service. It returns a target
// to be run if there is a new one.
func (c *Console) advertisement(e mdns.Event) *target {
	id := e.Service.Text["id"]
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Kind == mdns.Removed {
		c.later(c.log.Info, "stagenet: gateway no longer advertised", "service", e.Service.Instance)
		if t := c.targets[serviceKey(e.Service.Instance)]; t != nil {
			c.retire(t)
			c.vanished(t.id, e)
		}
		return nil
	}
	var urls []string
	for _, endpoint := range e.Service.Endpoints {
		urls = append(urls, urlOf(endpoint))
	}
	c.later(c.log.Info, "stagenet: gateway advertised", "service", e.Service.Instance, "id", id, "urls", urls)
	c.renamed(e, id)
	t := c.advertised(e.Service.Instance, id, about{e.Service.Text["type"], e.Service.Text["version"], urls[0]}, urls)
	if id != "" {
		c.found(id, e.At)
	}
	return t
}

// renamed says that a gateway is lost whose service has another id now, with mu held.
func (c *Console) renamed(e mdns.Event, id string) {
	t := c.targets[serviceKey(e.Service.Instance)]
	if t == nil || t.id == id {
		return
	}
	for _, other := range c.targets {
		if other != t && other.id == t.id {
			return
		}
	}
	c.vanished(t.id, e)
}

// vanished says that a gateway without a connection is lost, with mu held. One
// that is connected stays (PROTOCOL.md ruling 7).
func (c *Console) vanished(id string, e mdns.Event) {
	l := c.table.leases[id]
	if !c.known[id] || l != nil && l.holder != nil {
		return
	}
	c.lost(id, "no longer advertised", e.At)
	if l == nil {
		delete(c.known, id)
		delete(c.gone, id)
	}
}

// urlOf is the URL of a gateway at an address.
func urlOf(a netip.AddrPort) string {
	u := url.URL{Scheme: "ws", Host: a.String(), Path: link.Path}
	return u.String()
}
