package manager

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// Limits of the table. Only authentic packets fill it.
const (
	maxNodes     = 1024
	maxEndpoints = 1024 // remembered of one device
	maxEvents    = 16   // codes of security events
	maxFetches   = 5    // polls for the configuration of one device in a row
)

// A record is a device in the table and what is known about asking it.
type record struct {
	Node
	missed    int             // global polls since its last reply
	fetched   bool            // fetch below is complete
	fetch     uint16          // CHANGE_COUNT that was fetched
	fetches   int             // polls sent for it
	nextFetch time.Time       // when the next may go
	answered  map[uint16]bool // endpoints that answered the present fetch
}

// A table is every device heard (section 15).
type table struct {
	records map[wire.TUID]*record
}

func newTable() *table { return &table{records: make(map[wire.TUID]*record)} }

// take notes one authentic packet of a device about itself. news tells whether
// any value is new; found, whether it was not online before.
func (t *table) take(r wire.Resource, p *wire.Packet, from netip.AddrPort, at time.Time) (n *record, found, news bool) {
	n = t.records[r.TUID]
	if n == nil {
		if len(t.records) >= maxNodes {
			return nil, false, false
		}
		n = &record{Node: Node{TUID: r.TUID}, answered: make(map[uint16]bool)}
		t.records[r.TUID] = n
	}
	found = !n.Online
	if p.Session != n.Session {
		news = n.Session != 0
		n.Session = p.Session
	}
	n.Online, n.Heard, n.Address = true, at, from
	for rest := p.Payload; ; {
		tlv, more, ok := wire.NextTLV(rest)
		if !ok {
			break
		}
		rest = more
		if _, known := wire.Lookup(tlv.TID); !known || len(tlv.Value) == 0 {
			continue
		}
		if tlv.TID == wire.TIDPollReply {
			news = n.reply(tlv.Value) || news
			continue
		}
		if tlv.TID == wire.TIDSecurityEvent { // one TLV per code
			news = n.event(tlv.Value) || news
			continue
		}
		news = n.store(r.Number, tlv) || news
	}
	if _, whole := wire.FindTLV(p.Payload, wire.TIDSupportedTIDs); whole || r.Number != wire.RootEndpoint {
		n.noteFetch(r.Number)
	}
	return n, found, news
}

// reply takes TID_POLL_REPLY.
func (n *record) reply(value []byte) (news bool) {
	reply, err := wire.ParsePollReply(value)
	if err != nil || reply.TUID != n.TUID {
		return false
	}
	n.missed = 0
	if reply.ChangeCount != n.ChangeCount {
		n.fetches, n.nextFetch = 0, time.Time{}
		clear(n.answered)
	}
	news = reply.SoemCode != n.SoemCode || reply.ChangeCount != n.ChangeCount
	n.SoemCode, n.ChangeCount = reply.SoemCode, reply.ChangeCount
	return news
}

// event keeps the counter of a security event code.
func (n *record) event(value []byte) (news bool) {
	e, err := wire.ParseSecurityEvent(value)
	if err != nil {
		return false
	}
	for i, known := range n.Events {
		if known.Code == e.Code {
			n.Events[i] = e
			return known != e
		}
	}
	if len(n.Events) < maxEvents {
		n.Events = append(n.Events, e)
	}
	return true
}

// store keeps the last value of a TID.
func (n *record) store(number uint16, t wire.TLV) (news bool) {
	e := n.Endpoint(number)
	if e == nil {
		if len(n.Endpoints) >= maxEndpoints {
			return false
		}
		i, _ := slices.BinarySearchFunc(n.Endpoints, number, func(e Endpoint, number uint16) int { return int(e.Number) - int(number) })
		n.Endpoints = slices.Insert(n.Endpoints, i, Endpoint{Number: number, Values: make(map[wire.TID][]byte)})
		e = &n.Endpoints[i]
	}
	if bytes.Equal(e.Values[t.TID], t.Value) {
		return false
	}
	e.Values[t.TID] = bytes.Clone(t.Value)
	return true
}

// noteFetch notes that an endpoint answered a full poll, and when every one did
// for the present change count. Root is known by a TID that only such an
// answer holds.
func (n *record) noteFetch(number uint16) {
	n.answered[number] = true
	for number := 0; number <= min(n.DataEndpoints(), maxEndpoints-1); number++ {
		if !n.answered[uint16(number)] {
			return
		}
	}
	n.fetched, n.fetch = true, n.ChangeCount
}

// stale tells whether the configuration is to be fetched: "differs", as the
// change count wraps.
func (n *record) stale() bool {
	return n.Online && (!n.fetched || n.fetch != n.ChangeCount) && n.fetches < maxFetches
}

// polled counts a global poll: a device that left three without an answer is
// lost. It calls lost with each.
func (t *table) polled(poll wire.Poll, lost func(*record)) {
	for _, n := range t.records {
		if !n.Online || !poll.Covers(n.TUID) {
			continue
		}
		if n.missed++; n.missed > wire.LostPolls {
			n.Online, n.missed = false, 0
			lost(n)
		}
	}
}

func (t *table) remove(id wire.TUID) { delete(t.records, id) }

// copy is a Node that shares nothing with the table.
func (n *record) copy() Node {
	c := n.Node
	c.Events = slices.Clone(c.Events)
	c.Endpoints = slices.Clone(c.Endpoints)
	for i := range c.Endpoints {
		c.Endpoints[i].Values = maps.Clone(c.Endpoints[i].Values)
	}
	return c
}

func (t *table) list() []Node {
	list := make([]Node, 0, len(t.records))
	for _, n := range t.records {
		list = append(list, n.copy())
	}
	slices.SortFunc(list, func(a, b Node) int { return a.TUID.Compare(b.TUID) })
	return list
}
