package receiver

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/sacn/wire"
)

// Found is a source that told its universes.
type Found struct {
	CID       wire.CID
	Name      string
	From      netip.AddrPort
	Universes []uint16 // in order, as far as its pages have come
	Last      time.Time
}

// maxFound bounds the sources that are remembered, and maxPages what each may tell: there
// are 63,999 universes.
const (
	maxFound = 1024
	maxPages = 126
)

// foundLoss is how long a source that tells nothing is remembered: two intervals and a bit.
const foundLoss = 2*wire.DiscoveryInterval + 2*time.Second

// A directory is the sources that told their universes.
type directory struct {
	sources map[wire.CID]*found
}

type found struct {
	Found
	pages map[byte][]uint16
}

func newDirectory() *directory { return &directory{map[wire.CID]*found{}} }

// take takes one page of a list.
func (d *directory) take(p *wire.Packet, from netip.AddrPort, at time.Time) {
	f := d.sources[p.CID]
	if f == nil {
		if len(d.sources) >= maxFound {
			return
		}
		f = &found{pages: map[byte][]uint16{}}
		d.sources[p.CID] = f
	}
	f.CID, f.Name, f.From, f.Last = p.CID, string(p.Name), from, at
	for page := range f.pages {
		if page > p.LastPage {
			delete(f.pages, page)
		}
	}
	if p.Page <= p.LastPage && p.Page < maxPages {
		f.pages[p.Page] = p.Universes()
	}
}

// step forgets who tells nothing any more.
func (d *directory) step(now time.Time) {
	for cid, f := range d.sources {
		if now.Sub(f.Last) >= foundLoss {
			delete(d.sources, cid)
		}
	}
}

func (d *directory) deadline() (next time.Time) {
	for _, f := range d.sources {
		if t := f.Last.Add(foundLoss); next.IsZero() || t.Before(next) {
			next = t
		}
	}
	return next
}

// list is all, by name and CID.
func (d *directory) list() []Found {
	var list []Found
	for _, f := range d.sources {
		one := f.Found
		for _, page := range f.pages {
			one.Universes = append(one.Universes, page...)
		}
		slices.Sort(one.Universes)
		one.Universes = slices.Compact(one.Universes)
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.CID.String(), b.CID.String()))
	})
	return list
}
