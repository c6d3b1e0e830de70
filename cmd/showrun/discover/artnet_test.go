package discover

import (
	"net/netip"
	"testing"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/wire"
)

// TestArtNetStrangers: addresses that come and go without end are not remembered without end.
func TestArtNetStrangers(t *testing.T) {
	told := 0
	s := &artNet{news: news{tell: func(string) { told++ }}}
	now := time.Unix(1000, 0)
	self := netip.MustParseAddrPort("10.0.0.1:6454")
	c, err := artnet.New(artnet.Config{Delay: -1}, self, self, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.controller = &artnet.Conn{Controller: c}
	reply := wire.AppendReply(nil, wire.Reply{ShortName: "stranger"})
	for n := range 3 * 4096 {
		c.Receive(now, reply, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), 6454))
		if n%4096 == 4095 {
			s.tell()
			now = now.Add(time.Minute)
			c.Step(now) // they are gone
		}
	}
	if told != maxTold || len(s.news.told) != maxTold {
		t.Errorf("%d told, %d remembered, want %d", told, len(s.news.told), maxTold)
	}
}
