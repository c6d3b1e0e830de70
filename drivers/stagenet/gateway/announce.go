package gateway

import (
	"fmt"
	"slices"

	"showrun/drivers/lan/mdns"
)

// service is the type of the advertised service.
const service = "_stagenet._tcp"

// Text is what the gateway advertises of itself: its TXT records by key.
func (g *Gateway) Text() map[string]string {
	return map[string]string{"id": g.cfg.ID, "type": g.cfg.Type, "version": Version}
}

// advertise announces the gateway by multicast DNS. The returned function takes
// the announcement back.
func (g *Gateway) advertise() (withdraw func(), err error) {
	var text []string
	for key, value := range g.Text() {
		text = append(text, key+"="+value)
	}
	slices.Sort(text)
	withdraw, err = mdns.Advertise(mdns.Advertisement{
		Instance: g.cfg.Name, Service: service, Host: "stagenet-" + g.cfg.ID, Interface: g.cfg.Interface,
		Listen: g.Addr().AddrPort(), Text: text,
	})
	if err != nil {
		return nil, fmt.Errorf("stagenet gateway: %w", err)
	}
	return withdraw, nil
}
