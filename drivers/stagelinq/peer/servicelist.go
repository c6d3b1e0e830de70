package peer

import (
	"time"

	"showrun/drivers/stagelinq/wire"
)

// ServiceList gathers the service announcements of a main connection and
// decides when the list is complete, which the protocol does not mark (2.4).
// It has one owner; see NewServiceList.
type ServiceList struct {
	asked time.Time
	last  time.Time
	ports map[string]uint16
}

// listQuiet and listMax decide when a list is complete (2.4).
const (
	listQuiet = 300 * time.Millisecond
	listMax   = 2 * time.Second
)

// maxServices bounds what a peer can make a list hold.
const maxServices = 32

// NewServiceList starts a list that was requested at now.
func NewServiceList(now time.Time) *ServiceList {
	return &ServiceList{asked: now, last: now, ports: map[string]uint16{}}
}

// Add takes one announcement. Later announcements of a name replace its port.
func (l *ServiceList) Add(name string, port uint16, now time.Time) {
	if _, known := l.ports[name]; !known && len(l.ports) >= maxServices {
		return
	}
	l.ports[name] = port
	l.last = now
}

// Port returns the TCP port of a service, 0 when it was not announced.
func (l *ServiceList) Port(name string) uint16 { return l.ports[name] }

// Len returns the number of services announced so far.
func (l *ServiceList) Len() int { return len(l.ports) }

// Done reports whether the list is complete: StateMap and BeatInfo are known,
// or something is and nothing new came for 300 ms, or 2 s are over.
func (l *ServiceList) Done(now time.Time) bool {
	return l.hasBoth() || !now.Before(l.Deadline())
}

// Deadline returns the instant at which the list counts as complete if nothing
// more arrives.
func (l *ServiceList) Deadline() time.Time {
	most := l.asked.Add(listMax)
	if quiet := l.last.Add(listQuiet); len(l.ports) > 0 && quiet.Before(most) {
		return quiet
	}
	return most
}

func (l *ServiceList) hasBoth() bool {
	return l.ports[wire.ServiceStateMap] != 0 && l.ports[wire.ServiceBeatInfo] != 0
}
