package gateway

import (
	"fmt"

	"showrun/drivers/lan/mdns"
)

// service is the type of the advertised service.
const service = "_stagenet._tcp"

// advertise announces the gateway by multicast DNS. The returned function takes
// the announcement back.
func (g *Gateway) advertise() (withdraw func(), err error) {
	withdraw, err = mdns.Advertise(mdns.Advertisement{
		Instance: g.cfg.Name, Service: service, Host: "stagenet-" + g.cfg.ID, Interface: g.cfg.Interface,
		Listen: g.Addr().AddrPort(),
		Text:   []string{"id=" + g.cfg.ID, "type=" + g.cfg.Type, "version=" + Version},
	})
	if err != nil {
		return nil, fmt.Errorf("stagenet gateway: %w", err)
	}
	return withdraw, nil
}
