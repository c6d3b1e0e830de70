package stagelinq

import (
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// stage is how far the way to one unit has come.
type stage int

const (
	waiting stage = iota // until the dial instant
	dialing              // main connection under way
	listing              // services requested
	serving              // list complete, service connections kept up
	hosting              // never dial this unit, it dials us if it likes
)

func (s stage) String() string {
	return [...]string{"waiting", "dialling", "listing services", "connected", "waiting to be dialled"}[s]
}

// service numbers the two services a sink uses.
type service int

const (
	stateMap service = iota
	beatInfo
	serviceCount
)

func (s service) String() string {
	return [...]string{wire.ServiceStateMap, wire.ServiceBeatInfo}[s]
}

// actionKind is something the link wants done on its sockets.
type actionKind int

const (
	dialMain    actionKind = iota
	dialService            // action.service at action.port
	askList                // request the services once more
	sendEcho               // action.stamp
	closeAll               // that we dialled, and forget what is under way; action.reason says why
)

type action struct {
	kind    actionKind
	service service
	port    uint16
	stamp   uint64
	reason  string
}

// Back-off of the main connection and of one service connection.
const (
	mainBackoffFirst    = 500 * time.Millisecond
	mainBackoffMax      = 15 * time.Second
	serviceBackoffFirst = 250 * time.Millisecond
	serviceBackoffMax   = 10 * time.Second
	// After more than maxServiceFailures in a row the list may be out of date.
	maxServiceFailures = 3
	// leftAlone is how long a unit with an unknown name is that has turned out to play
	// nothing.
	leftAlone = 10 * time.Minute
	// steadyAfter is how long a connection must last to clear its back-off.
	steadyAfter = 5 * time.Second
)

// branch is the state of one service connection.
type branch struct {
	busy    bool // dialling or open
	open    bool
	inbound bool // the unit dialled us
	opened  time.Time
	due     time.Time // of the next attempt
	backoff lan.Backoff
}

// link decides what to do about one unit: when to dial what, when to ask, when
// to give up and start again. It holds no sockets; its owner carries out the
// actions and tells it what came of them. Every method takes the present.
type link struct {
	random   func() float64
	stage    stage
	due      time.Time // of the dial, while waiting
	backoff  lan.Backoff
	listed   time.Time // when serving began
	services *peer.ServiceList
	echo     *peer.Echo
	branches [serviceCount]branch
	failure  string // why the last attempt ended, pending closeAll
	stale    bool   // the list is to be asked for once more
	doubtful bool   // it may be no player
}

// newLink starts at a unit that was heard at now. With dial false the unit is
// left to dial us. random returns numbers in [0, 1).
func newLink(now time.Time, dial bool, random func() float64) *link {
	l := &link{
		random:  random,
		due:     now.Add(discovery.DialDelay),
		backoff: lan.Backoff{First: mainBackoffFirst, Max: mainBackoffMax},
	}
	if !dial {
		l.stage = hosting
	}
	return l
}

// next returns one thing to do now; call it until ok is false.
func (l *link) next(now time.Time) (a action, ok bool) {
	if l.failure != "" {
		a = action{kind: closeAll, reason: l.failure}
		l.failure = ""
		return a, true
	}
	switch l.stage {
	case waiting:
		if now.Before(l.due) {
			return action{}, false
		}
		l.stage = dialing
		return action{kind: dialMain}, true
	case listing:
		if !l.services.Done(now) {
			break
		}
		if l.services.Port(wire.ServiceStateMap) == 0 && l.services.Port(wire.ServiceBeatInfo) == 0 {
			aside := l.doubtful && l.services.Len() > 0
			l.restart(now, l.emptyReason())
			if aside {
				l.due = now.Add(leftAlone)
			}
			return l.next(now)
		}
		l.stage, l.listed = serving, now
	}
	if l.echo != nil {
		if l.echo.Dead() {
			l.restart(now, "three echo requests without an answer")
			return l.next(now)
		}
		if stamp, due := l.echo.Request(now); due {
			return action{kind: sendEcho, stamp: stamp}, true
		}
	}
	if l.stage == serving {
		if l.stale {
			l.stale = false
			return action{kind: askList}, true
		}
		for s := range serviceCount {
			b, port := &l.branches[s], l.services.Port(s.String())
			if port != 0 && !b.busy && !now.Before(b.due) {
				b.busy = true
				return action{kind: dialService, service: s, port: port}, true
			}
		}
	}
	return action{}, false
}

func (l *link) emptyReason() string {
	if l.services.Len() == 0 {
		return "no service list: the unit does not know or does not accept our token"
	}
	return "the unit offers neither StateMap nor BeatInfo"
}

// deadline returns the next instant at which next has something to do without
// any event before, the zero time if there is none.
func (l *link) deadline() time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if l.stage == waiting {
		consider(l.due)
	}
	if l.stage == listing {
		consider(l.services.Deadline())
	}
	if l.echo != nil {
		consider(l.echo.Deadline())
	}
	if l.stage == serving {
		for s := range serviceCount {
			if b := &l.branches[s]; !b.busy && l.services.Port(s.String()) != 0 {
				consider(b.due)
			}
		}
	}
	return next
}

// mainUp says that the main connection is open and the request was sent.
func (l *link) mainUp(now time.Time) {
	l.stage = listing
	l.services = peer.NewServiceList(now)
	l.echo = peer.NewEcho(now, echoPeriod, echoPeriod)
	for s := range l.branches {
		b := &l.branches[s]
		b.due, b.backoff = now, lan.Backoff{First: serviceBackoffFirst, Max: serviceBackoffMax}
	}
}

// down says that the main connection could not be opened or has ended.
func (l *link) down(now time.Time, reason string) { l.restart(now, reason) }

// restart gives up the present attempt and plans the next. Service connections
// the unit opened to us stay.
func (l *link) restart(now time.Time, reason string) {
	if l.stage == hosting {
		return
	}
	if l.stage == serving && now.Sub(l.listed) >= steadyAfter {
		l.backoff.Reset()
	}
	l.stage, l.due, l.failure = waiting, now.Add(l.backoff.Next(l.random())), reason
	l.services, l.echo, l.stale = nil, nil, false
	for s := range l.branches {
		if b := &l.branches[s]; !b.inbound {
			*b = branch{}
		}
	}
}

// serviceUp says that a service connection is open.
func (l *link) serviceUp(s service, now time.Time) {
	b := &l.branches[s]
	b.busy, b.open, b.opened = true, true, now
}

// serviceTaken says that the unit opened a service connection to us. It
// reports false when one is open or under way already.
func (l *link) serviceTaken(s service, now time.Time) bool {
	b := &l.branches[s]
	if b.busy {
		return false
	}
	b.busy, b.open, b.inbound, b.opened = true, true, true, now
	return true
}

// connected reports whether any service connection is open.
func (l *link) connected() bool {
	return l.branches[stateMap].open || l.branches[beatInfo].open
}

// serviceDown says that a service connection could not be opened or has ended.
func (l *link) serviceDown(s service, now time.Time, reason string) {
	b := &l.branches[s]
	if b.open && now.Sub(b.opened) >= steadyAfter {
		b.backoff.Reset()
	}
	b.busy, b.open, b.inbound = false, false, false
	b.due = now.Add(b.backoff.Next(l.random()))
	if l.stage != serving || b.backoff.Failures() <= maxServiceFailures {
		return
	}
	if l.connected() {
		l.stale = true // the other service works: leave it alone
		return
	}
	l.restart(now, reason)
}

// message takes a message of the main connection.
func (l *link) message(m wire.Message, own Token, now time.Time) {
	if l.echo == nil {
		return // of an attempt that was given up
	}
	l.echo.Heard()
	switch {
	case m.ID == wire.IDAnnounce:
		l.services.Add(m.Service, m.Port, now)
	case m.ID == wire.IDReference && !m.Token2.IsZero() && (m.Token == own || m.Token.IsZero()):
		l.echo.Answer(m.Value, now)
	}
}
