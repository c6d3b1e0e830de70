package receiver

import (
	"net/netip"
	"time"

	"showrun/drivers/signet/wire"
)

// maxDirectory bounds the directory against a Sender that announces without
// end.
const maxDirectory = 1 << 16

// directoryLoss is three announcement intervals.
const directoryLoss = 3 * wire.AnnounceInterval

// An Entry is one universe that a Sender announces.
type Entry struct {
	Sender   wire.SenderID
	Universe int
	Group    netip.Addr // the zero Addr when folded
	Heard    time.Time
}

type directoryKey struct {
	sender   wire.SenderID
	universe uint16
}

// A directory keeps what Senders announce (section 14.5).
type directory struct {
	entries map[directoryKey]*Entry
	next    time.Time // of the search for stale entries
}

func newDirectory() *directory { return &directory{entries: make(map[directoryKey]*Entry)} }

// take notes one announcement and tells whether it is news.
func (d *directory) take(id wire.SenderID, a wire.Announcement, at time.Time) (news bool) {
	key := directoryKey{id, a.Universe}
	e := d.entries[key]
	if a.Command == wire.UniverseLeave {
		delete(d.entries, key)
		return e != nil
	}
	if e == nil {
		if len(d.entries) >= maxDirectory {
			return false
		}
		if d.next.IsZero() {
			d.next = at.Add(time.Second)
		}
		e = &Entry{Sender: id, Universe: int(a.Universe)}
		d.entries[key] = e
		news = true
	}
	news = news || e.Group != a.Group
	e.Group, e.Heard = a.Group, at
	return news
}

// step forgets what was not announced for three intervals and tells whether that is
// anything.
func (d *directory) step(now time.Time) (news bool) {
	if now.Before(d.next) {
		return false
	}
	d.next = now.Add(time.Second)
	for key, e := range d.entries {
		if now.Sub(e.Heard) >= directoryLoss {
			delete(d.entries, key)
			news = true
		}
	}
	return news
}

// groups calls f with every group announced for a universe besides its folded
// one.
func (d *directory) groups(f func(universe uint16, group netip.Addr)) {
	for key, e := range d.entries {
		if e.Group.IsValid() && e.Group != wire.Fold(key.universe) {
			f(key.universe, e.Group)
		}
	}
}
