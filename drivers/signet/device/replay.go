package device

import (
	"time"

	"showrun/drivers/signet/wire"
)

// Default capacity of the replay table.
const (
	DefaultReplayTUIDs = 1024
	DefaultReplayLanes = 65536
)

// A Replay remembers how far each device has come, so that nothing is taken
// twice (section 8). It is in memory only, is changed by authentic packets
// only, and is not safe for concurrent use.
type Replay struct {
	maxTUIDs, maxLanes int
	devices            map[wire.TUID]*replayDevice
	lanes              int
	newest, oldest     *replayDevice // by last accepted packet
}

// A replayDevice is one TUID; lanes holds the last sequence number of each
// endpoint in the present session.
type replayDevice struct {
	tuid         wire.TUID
	session      uint32
	last         time.Time
	lanes        map[uint16]uint32
	newer, older *replayDevice
}

// NewReplay makes an empty table; values below 1 mean the defaults.
func NewReplay(maxTUIDs, maxLanes int) *Replay {
	if maxTUIDs < 1 {
		maxTUIDs = DefaultReplayTUIDs
	}
	if maxLanes < 1 {
		maxLanes = DefaultReplayLanes
	}
	return &Replay{maxTUIDs: maxTUIDs, maxLanes: maxLanes, devices: make(map[wire.TUID]*replayDevice)}
}

// Check tells whether a packet is newer than the last one of its lane. It
// changes nothing, as the packet is not yet authentic.
func (r *Replay) Check(id wire.SenderID, session, sequence uint32) wire.Verdict {
	d := r.devices[id.TUID]
	if d == nil || session > d.session {
		return wire.Accept
	}
	if session < d.session {
		return wire.ReplaySession
	}
	if last, known := d.lanes[id.Endpoint]; known && sequence <= last {
		return wire.ReplaySequence
	}
	return wire.Accept
}

// Expected tells whether a packet continues a known lane closely, which makes
// it worth its HMAC even in a flood.
func (r *Replay) Expected(id wire.SenderID, session, sequence uint32) bool {
	d := r.devices[id.TUID]
	if d == nil || session != d.session {
		return false
	}
	last, known := d.lanes[id.Endpoint]
	return known && sequence > last && sequence-last <= expectedJump
}

// expectedJump is how many packets of a lane may be lost before its next one
// counts as unexpected.
const expectedJump = 1 << 14

// Commit records an authentic packet that Check accepted. It refuses a new
// device or lane when the table is full of others heard within an hour.
func (r *Replay) Commit(id wire.SenderID, session, sequence uint32, now time.Time) wire.Verdict {
	d := r.devices[id.TUID]
	if d == nil {
		if len(r.devices) >= r.maxTUIDs && !r.evict(now) {
			return wire.TableFull
		}
		if r.lanes >= r.maxLanes && !r.evict(now) {
			return wire.TableFull
		}
		d = &replayDevice{tuid: id.TUID, session: session, lanes: make(map[uint16]uint32, 2)}
		r.devices[id.TUID] = d
		r.link(d)
	}
	if session > d.session {
		r.lanes -= len(d.lanes)
		clear(d.lanes)
		d.session = session
	}
	if _, known := d.lanes[id.Endpoint]; !known {
		if r.lanes >= r.maxLanes && (r.oldest == d || !r.evict(now)) {
			return wire.TableFull
		}
		r.lanes++
	}
	d.lanes[id.Endpoint] = sequence
	d.last = now
	if r.newest != d {
		r.unlink(d)
		r.link(d)
	}
	return wire.Accept
}

// Forget drops a device at the operator's word: one that lost its session
// counter is locked out until then.
func (r *Replay) Forget(t wire.TUID) bool {
	d := r.devices[t]
	if d == nil {
		return false
	}
	r.remove(d)
	return true
}

// Len is the number of devices remembered.
func (r *Replay) Len() int { return len(r.devices) }

// evict drops the device silent for longest, if that is more than an hour.
func (r *Replay) evict(now time.Time) bool {
	if r.oldest == nil || now.Sub(r.oldest.last) <= wire.ReplayEvictionAge {
		return false
	}
	r.remove(r.oldest)
	return true
}

func (r *Replay) remove(d *replayDevice) {
	delete(r.devices, d.tuid)
	r.lanes -= len(d.lanes)
	r.unlink(d)
}

// link puts a device at the newest end.
func (r *Replay) link(d *replayDevice) {
	d.older, d.newer = r.newest, nil
	if r.newest != nil {
		r.newest.newer = d
	} else {
		r.oldest = d
	}
	r.newest = d
}

func (r *Replay) unlink(d *replayDevice) {
	if d.newer != nil {
		d.newer.older = d.older
	} else {
		r.newest = d.older
	}
	if d.older != nil {
		d.older.newer = d.newer
	} else {
		r.oldest = d.newer
	}
	d.newer, d.older = nil, nil
}
