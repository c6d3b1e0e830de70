package peer

import (
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

var start = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

const ms = time.Millisecond

func TestServiceListEndsWhenBothAreKnown(t *testing.T) {
	l := NewServiceList(start)
	l.Add(wire.ServiceStateMap, 1000, after(10*ms))
	l.Add(wire.ServiceBroadcast, 1001, after(10*ms))
	if l.Done(after(11 * ms)) {
		t.Error("done without BeatInfo")
	}
	l.Add(wire.ServiceBeatInfo, 1002, after(12*ms))
	if !l.Done(after(12*ms)) || l.Port(wire.ServiceBeatInfo) != 1002 || l.Len() != 3 {
		t.Errorf("not done with both: %+v", l)
	}
}

func TestServiceListEndsAfterAQuietGap(t *testing.T) {
	l := NewServiceList(start)
	l.Add(wire.ServiceStateMap, 1000, after(100*ms))
	if got := l.Deadline(); !got.Equal(after(400 * ms)) {
		t.Errorf("deadline %v", got.Sub(start))
	}
	l.Add(wire.ServiceBroadcast, 1001, after(390*ms))
	if l.Done(after(400*ms)) || !l.Done(after(690*ms)) {
		t.Error("the gap does not start anew with each announcement")
	}
}

func TestServiceListEndsAfterTwoSeconds(t *testing.T) {
	l := NewServiceList(start)
	if l.Done(after(1999*ms)) || !l.Done(after(2*time.Second)) {
		t.Error("empty list does not end at 2 s")
	}
	l = NewServiceList(start)
	for i := range 20 {
		l.Add("s", uint16(i), after(time.Duration(i)*100*ms))
	}
	if !l.Done(after(2 * time.Second)) {
		t.Error("a list that keeps coming does not end at 2 s")
	}
}

func TestServiceListIsBounded(t *testing.T) {
	l := NewServiceList(start)
	for i := range 1000 {
		l.Add(string(rune('a'+i)), 1, start)
	}
	if l.Len() > maxServices {
		t.Errorf("%d services held", l.Len())
	}
}

func TestEchoRoundTrip(t *testing.T) {
	e := NewEcho(start, time.Second, 2*time.Second)
	if _, ok := e.Request(after(999 * ms)); ok {
		t.Error("request before it is due")
	}
	stamp, ok := e.Request(after(time.Second))
	if !ok || stamp != uint64(time.Second) || !e.Deadline().Equal(after(3*time.Second)) {
		t.Errorf("stamp %d, %v, next %v", stamp, ok, e.Deadline().Sub(start))
	}
	if e.Answer(stamp+1, after(1001*ms)) {
		t.Error("took another stamp for the answer")
	}
	if !e.Answer(stamp, after(1003*ms)) || e.RoundTrip() != 3*ms {
		t.Errorf("round trip %v", e.RoundTrip())
	}
	if e.Answer(stamp, after(1004*ms)) {
		t.Error("took the answer twice")
	}
}

func TestEchoDeathNeedsAFirstAnswer(t *testing.T) {
	silent := NewEcho(start, 0, time.Second)
	for i := range 20 {
		silent.Request(after(time.Duration(i) * time.Second))
	}
	if silent.Dead() {
		t.Error("a peer that never answers counts as dead")
	}

	e := NewEcho(start, 0, time.Second)
	stamp, _ := e.Request(start)
	e.Answer(stamp, after(ms))
	for i := 1; i <= 3; i++ {
		e.Request(after(time.Duration(i) * time.Second))
	}
	if e.Dead() {
		t.Error("dead while the third request may still be answered")
	}
	e.Heard()
	for i := 4; i <= 6; i++ {
		e.Request(after(time.Duration(i) * time.Second))
		if got, want := e.Dead(), i == 6; got != want {
			t.Errorf("request %d: dead is %v", i, got)
		}
	}
}

func TestReplyAnswersRequestsOnly(t *testing.T) {
	own, other := wire.Token{1}, wire.Token{2}
	for _, test := range []struct {
		name string
		in   wire.Message
		want bool
	}{
		{"request", wire.Message{ID: wire.IDReference, Token: other, Value: 5}, true},
		{"anonymous request", wire.Message{ID: wire.IDReference, Value: 5}, true},
		{"answer", wire.Message{ID: wire.IDReference, Token: own, Token2: other, Value: 5}, false},
		{"answer with a zero originator", wire.Message{ID: wire.IDReference, Token2: other}, false},
		{"keep-alive that names us as responder", wire.Message{ID: wire.IDReference, Token: other, Token2: own}, false},
		{"our own request come back", wire.Message{ID: wire.IDReference, Token: own}, false},
		{"services request", wire.Message{ID: wire.IDRequest, Token: other}, false},
	} {
		reply, ok := Reply(test.in, own)
		if ok != test.want {
			t.Errorf("%s: answered %v", test.name, ok)
		}
		if ok && (reply.Token != test.in.Token || reply.Token2 != own || reply.Value != test.in.Value) {
			t.Errorf("%s: %+v", test.name, reply)
		}
	}
}
