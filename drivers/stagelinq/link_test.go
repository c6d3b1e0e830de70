package stagelinq

import (
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// script drives a link step by step in passed time.
type script struct {
	t     *testing.T
	l     *link
	now   time.Time
	start time.Time
}

var (
	ownToken  = Token{1}
	unitToken = Token{2}
)

func newScript(t *testing.T, dial bool) *script {
	start := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	return &script{t: t, l: newLink(start, dial, func() float64 { return 0.5 }), now: start, start: start}
}

// at moves the time to d after the start.
func (s *script) at(d time.Duration) *script {
	s.t.Helper()
	if s.start.Add(d).Before(s.now) {
		s.t.Fatalf("back to %v", d)
	}
	s.now = s.start.Add(d)
	return s
}

// idle wants nothing to do until d after the start, or never with d < 0.
func (s *script) idle(d time.Duration) *script {
	s.t.Helper()
	if a, ok := s.l.next(s.now); ok {
		s.t.Fatalf("at %v: unexpected %+v", s.now.Sub(s.start), a)
	}
	due := s.l.deadline()
	switch {
	case d < 0 && !due.IsZero():
		s.t.Fatalf("at %v: due at %v, want never", s.now.Sub(s.start), due.Sub(s.start))
	case d >= 0 && !due.Equal(s.start.Add(d)):
		s.t.Fatalf("at %v: due at %v, want %v", s.now.Sub(s.start), due.Sub(s.start), d)
	}
	return s
}

// wants expects exactly these actions, in order.
func (s *script) wants(kinds ...actionKind) (last action) {
	s.t.Helper()
	for _, kind := range kinds {
		a, ok := s.l.next(s.now)
		if !ok || a.kind != kind {
			s.t.Fatalf("at %v: %+v %v, want kind %d", s.now.Sub(s.start), a, ok, kind)
		}
		last = a
	}
	if a, ok := s.l.next(s.now); ok {
		s.t.Fatalf("at %v: unexpected %+v", s.now.Sub(s.start), a)
	}
	return last
}

func (s *script) announce(name string, port uint16) {
	s.l.message(wire.Message{ID: wire.IDAnnounce, Token: unitToken, Service: name, Port: port}, ownToken, s.now)
}

func (s *script) answer(stamp uint64) {
	s.l.message(wire.Message{ID: wire.IDReference, Token: ownToken, Token2: unitToken, Value: stamp}, ownToken, s.now)
}

const ms = time.Millisecond

// connect brings a link to both services open at 310 ms.
func connect(t *testing.T) *script {
	t.Helper()
	s := newScript(t, true)
	s.idle(300 * ms).at(300 * ms).wants(dialMain)
	s.idle(-1).at(310 * ms)
	s.l.mainUp(s.now)
	s.announce("StateMap", 1000)
	s.announce("Broadcast", 1001)
	s.announce("BeatInfo", 1002)
	if a := s.wants(dialService, dialService); a.port != 1002 || a.service != beatInfo {
		t.Fatalf("%+v", a)
	}
	s.l.serviceUp(stateMap, s.now)
	s.l.serviceUp(beatInfo, s.now)
	return s
}

func TestLinkConnects(t *testing.T) {
	s := connect(t)
	if !s.l.connected() || s.l.stage != serving {
		t.Errorf("stage %v", s.l.stage)
	}
	s.idle(310*ms + echoPeriod)
}

func TestLinkEchoes(t *testing.T) {
	s := connect(t)
	a := s.at(310*ms + echoPeriod).wants(sendEcho)
	s.at(312*ms + echoPeriod).answer(a.stamp)
	if got := s.l.echo.RoundTrip(); got != 2*ms {
		t.Errorf("round trip %v", got)
	}
	for i := 2; i <= 4; i++ {
		s.at(310*ms + time.Duration(i)*echoPeriod).wants(sendEcho)
	}
	a = s.at(310*ms+5*echoPeriod).wants(sendEcho, closeAll)
	if a.reason != "three echo requests without an answer" || s.l.connected() {
		t.Errorf("%+v", a)
	}
	s.idle(310*ms + 5*echoPeriod + mainBackoffFirst)
}

func TestLinkRetriesForEver(t *testing.T) {
	s := newScript(t, true)
	at := 300 * ms
	for i, want := range []time.Duration{500 * ms, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
		15 * time.Second, 15 * time.Second, 15 * time.Second} {
		s.at(at).wants(dialMain)
		s.l.down(s.now, "connection refused")
		if a := s.wants(closeAll); a.reason != "connection refused" {
			t.Errorf("attempt %d: %+v", i, a)
		}
		at += want
		s.idle(at)
	}
}

func TestLinkWithoutAServiceList(t *testing.T) {
	s := newScript(t, true)
	s.at(300 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.idle(300*ms + echoPeriod)
	s.at(300*ms + echoPeriod).wants(sendEcho)
	s.idle(2300 * ms).at(2300 * ms)
	if a := s.wants(closeAll); a.reason != "no service list: the unit does not know or does not accept our token" {
		t.Errorf("%+v", a)
	}
	s.idle(2300*ms + mainBackoffFirst)
}

func TestLinkWithTheWrongServices(t *testing.T) {
	s := newScript(t, true)
	s.at(300 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.announce("FileTransfer", 1000)
	s.idle(600 * ms).at(600 * ms)
	if a := s.wants(closeAll); a.reason != "the unit offers neither StateMap nor BeatInfo" {
		t.Errorf("%+v", a)
	}
}

func TestLinkTakesALateAnnouncement(t *testing.T) {
	s := newScript(t, true)
	s.at(300 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.announce("StateMap", 1000)
	s.idle(600 * ms).at(600 * ms)
	if a := s.wants(dialService); a.service != stateMap {
		t.Errorf("%+v", a)
	}
	s.l.serviceUp(stateMap, s.now)
	s.at(900*ms).announce("BeatInfo", 1002)
	if a := s.wants(dialService); a.service != beatInfo || a.port != 1002 {
		t.Errorf("%+v", a)
	}
}

func TestLinkRedialsOneService(t *testing.T) {
	s := connect(t)
	s.at(1000 * ms)
	s.l.serviceDown(beatInfo, s.now, "silent")
	s.idle(1250 * ms).at(1250 * ms)
	if a := s.wants(dialService); a.service != beatInfo {
		t.Errorf("%+v", a)
	}
	if !s.l.branches[stateMap].open {
		t.Error("StateMap was given up too")
	}
}

func TestLinkAsksAgainWhenAServiceStaysDown(t *testing.T) {
	s := connect(t)
	s.at(311 * ms)
	for _, wait := range []time.Duration{250 * ms, 500 * ms, 1000 * ms} {
		s.l.serviceDown(beatInfo, s.now, "refused")
		s.at(s.now.Sub(s.start) + wait)
		for s.wantsEchoFirst() {
		}
	}
	s.l.serviceDown(beatInfo, s.now, "refused")
	s.wants(askList)
	s.announce("BeatInfo", 2002)
	s.at(s.now.Sub(s.start) + 2000*ms)
	for {
		a, ok := s.l.next(s.now)
		if !ok {
			t.Fatal("not dialled at the new port")
		}
		if a.kind == dialService {
			if a.port != 2002 {
				t.Errorf("%+v", a)
			}
			break
		}
	}
}

// wantsEchoFirst takes an echo request or the dial of a service, and reports
// whether it was the echo.
func (s *script) wantsEchoFirst() bool {
	s.t.Helper()
	a, ok := s.l.next(s.now)
	if !ok || a.kind != sendEcho && a.kind != dialService {
		s.t.Fatalf("at %v: %+v, %v", s.now.Sub(s.start), a, ok)
	}
	return a.kind == sendEcho
}

func TestLinkStartsOverWhenAllServicesStayDown(t *testing.T) {
	s := connect(t)
	s.l.serviceDown(stateMap, s.now, "refused")
	for i := 0; ; i++ {
		s.l.serviceDown(beatInfo, s.now, "BeatInfo: refused")
		if s.l.failure != "" {
			if a := s.wants(closeAll); a.reason != "BeatInfo: refused" || i != maxServiceFailures {
				t.Errorf("%+v after %d", a, i)
			}
			return
		}
		if i > maxServiceFailures {
			t.Fatal("never starts over")
		}
	}
}

func TestLinkKeepsItsBackoffUntilItHasBeenSteady(t *testing.T) {
	s := connect(t)
	s.at(1000 * ms)
	s.l.down(s.now, "reset")
	s.wants(closeAll)
	s.idle(1500 * ms).at(1500 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.announce("StateMap", 1)
	s.announce("BeatInfo", 1)
	s.wants(dialService, dialService)
	s.at(2000 * ms)
	s.l.down(s.now, "reset again")
	s.wants(closeAll)
	s.idle(3000 * ms).at(3000 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.announce("StateMap", 1)
	s.announce("BeatInfo", 1)
	s.wants(dialService, dialService)
	s.at(3000*ms + steadyAfter)
	s.l.down(s.now, "reset after a while")
	s.wants(closeAll)
	s.idle(3000*ms + steadyAfter + mainBackoffFirst)
}

func TestLinkOfAUnitThatDialsUs(t *testing.T) {
	s := newScript(t, false)
	s.idle(-1).at(time.Hour).idle(-1)
	if !s.l.serviceTaken(stateMap, s.now) || !s.l.connected() {
		t.Error("first connection not taken")
	}
	if s.l.serviceTaken(stateMap, s.now) {
		t.Error("second connection taken")
	}
	s.l.serviceDown(stateMap, s.now, "closed")
	s.idle(-1)
	if s.l.connected() || !s.l.serviceTaken(stateMap, s.now) {
		t.Error("connection after the first has ended not taken")
	}
}

func TestLinkKeepsWhatTheUnitOpened(t *testing.T) {
	s := newScript(t, true)
	s.at(100 * ms)
	s.l.serviceTaken(beatInfo, s.now)
	s.at(300 * ms).wants(dialMain)
	s.l.down(s.now, "connection refused")
	s.wants(closeAll)
	if !s.l.connected() {
		t.Error("the unit's own connection was given up")
	}
	s.at(800 * ms).wants(dialMain)
	s.l.mainUp(s.now)
	s.announce("StateMap", 1000)
	s.announce("BeatInfo", 1002)
	if a := s.wants(dialService); a.service != stateMap {
		t.Errorf("%+v", a)
	}
}
