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

// Bounds of what is remembered: sources, pages of each, since there are 63,999 universes, and
// universes of all together, which strangers could otherwise make 66 million.
const (
	maxFound  = 1024
	maxPages  = 126
	maxListed = 1 << 18
)

// foundLoss is how long a source that tells nothing is remembered: two intervals and a bit.
const foundLoss = 2*wire.DiscoveryInterval + 2*time.Second

// A directory is the sources that told their universes.
type directory struct {
	sources map[wire.CID]*found
	listed  int // universes on all pages
}

type found struct {
	Found
	pages map[byte][]uint16
}

func newDirectory() *directory { return &directory{sources: map[wire.CID]*found{}} }

// take takes one page of a list; false if there is no room for it.
func (d *directory) take(p *wire.Packet, from netip.AddrPort, at time.Time) bool {
	f := d.sources[p.CID]
	if f == nil {
		if len(d.sources) >= maxFound {
			return false
		}
		f = &found{pages: map[byte][]uint16{}}
		d.sources[p.CID] = f
	}
	f.CID, f.Name, f.From, f.Last = p.CID, string(p.Name), from, at
	for page := range f.pages {
		if page > p.LastPage || page == p.Page {
			d.drop(f, page)
		}
	}
	if p.Page > p.LastPage || p.Page >= maxPages {
		return true
	}
	universes := p.Universes()
	if d.listed+len(universes) > maxListed {
		return false
	}
	d.listed += len(universes)
	f.pages[p.Page] = universes
	return true
}

// drop forgets a page.
func (d *directory) drop(f *found, page byte) {
	d.listed -= len(f.pages[page])
	delete(f.pages, page)
}

// step forgets who tells nothing any more.
func (d *directory) step(now time.Time) {
	for cid, f := range d.sources {
		if now.Sub(f.Last) < foundLoss {
			continue
		}
		for page := range f.pages {
			d.drop(f, page)
		}
		delete(d.sources, cid)
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
