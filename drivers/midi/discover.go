package midi

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"showrun/drivers/lan/mdns"
)

// discover joins the first session on the network whose name is like what is looked for,
// and another when that is no longer advertised.
func (c *Conn) discover(ctx context.Context) error {
	browser, err := mdns.New(mdns.Config{
		Service: Service, Interface: c.cfg.Interface, Log: c.cfg.Log, OnEvent: c.advertised,
		Used: func(instance string) bool { return c.uses() == instance },
	})
	if err != nil {
		return err
	}
	return browser.Run(ctx)
}

// uses is the name of the session that was found; "" while there is none.
func (c *Conn) uses() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.using
}

// advertised takes what became of a session on the network.
func (c *Conn) advertised(e mdns.Event) {
	name, using := e.Service.Instance, c.uses()
	if !Like(c.cfg.Find, name) || using != "" && using != name || len(e.Service.Endpoints) == 0 {
		return
	}
	removed := e.Kind == mdns.Removed
	if !removed && using != "" && slices.Contains(e.Service.Endpoints, c.at) {
		return // it is where it was
	}
	c.mu.Lock()
	if using != "" {
		c.session.Withdraw(c.at, time.Now())
	}
	c.using, c.at = name, e.Service.Endpoints[0]
	if removed {
		c.using = ""
	}
	c.mu.Unlock()
	if !removed {
		c.cfg.Log.Info("midi: session found", "name", name, "at", c.at)
		c.invite(c.at)
	}
}

// Like tells whether a name is like a pattern, in which * stands for anything and ? for one
// character; upper and lower case are the same.
func Like(pattern, name string) bool {
	ok, err := path.Match(strings.ToLower(strings.ReplaceAll(pattern, "/", "\x01")), strings.ToLower(strings.ReplaceAll(name, "/", "\x01")))
	return ok && err == nil
}
