package mdns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// stage is a cache with a clock of its own.
type scene struct {
	t     *testing.T
	cache *cache
	start time.Time
	now   time.Time
	from  netip.Addr // of what is heard
}

var eth0, eth1 = link{2, "eth0"}, link{3, "eth1"}

func newScene(t *testing.T, links ...link) *scene {
	s := &scene{t: t, cache: newCache(gatewayService), start: time.Unix(1000, 0)}
	s.now = s.start
	s.cache.links(links, s.now)
	return s
}

// hear takes a datagram and says what that leads to.
func (s *scene) hear(on link, records ...record) string {
	if err := s.cache.take(on.index, packetOf(records...), s.from, s.now); err != nil {
		s.t.Errorf("at %s: %v", s.now.Sub(s.start), err)
	}
	return s.settle()
}

// settle words events and questions.
func (s *scene) settle() string {
	var lines []string
	for _, e := range s.cache.settle(s.now) {
		var at []string
		for _, a := range e.Service.Endpoints {
			at = append(at, a.String())
		}
		lines = append(lines, fmt.Sprintf("%s %s [%s] id=%s", e.Kind, e.Service.Instance, strings.Join(at, " "), e.Service.Text["id"]))
	}
	for _, q := range s.cache.queries {
		lines = append(lines, fmt.Sprintf("ask %s %d %s", q.link.name, q.kind, q.name))
	}
	s.cache.queries = s.cache.queries[:0]
	return strings.Join(lines, "\n")
}

// wait jumps from deadline to deadline and returns what happens until d has
// passed, with the browsing left out.
func (s *scene) wait(d time.Duration) string {
	var lines []string
	end := s.now.Add(d)
	for {
		next := s.cache.deadline(s.now)
		if next.IsZero() || next.After(end) {
			s.now = end
			return strings.Join(lines, "\n")
		}
		s.now = next
		for line := range strings.SplitSeq(s.settle(), "\n") {
			if line != "" && !strings.HasSuffix(line, " 12 "+gatewayService.String()) {
				lines = append(lines, fmt.Sprintf("%s: %s", s.now.Sub(s.start), line))
			}
		}
	}
}

func (s *scene) expect(what, got string, want ...string) {
	s.t.Helper()
	if joined := strings.Join(want, "\n"); got != joined {
		s.t.Errorf("%s:\n%s\nwant:\n%s", what, got, joined)
	}
}

const asked = "ask eth0 12 _lighting._tcp.local"

func TestBrowsing(t *testing.T) {
	s := newScene(t, eth0)
	s.expect("at once", s.settle(), asked)
	var times []time.Duration
	for s.now.Sub(s.start) < 4*time.Minute {
		s.now = s.cache.deadline(s.now)
		if strings.Contains(s.settle(), asked) {
			times = append(times, s.now.Sub(s.start)/time.Second)
		}
	}
	if want := []time.Duration{1, 3, 7, 15, 31, 63, 123, 183, 243}; !slices.Equal(times, want) {
		t.Errorf("asked after %v, want %v seconds", times, want)
	}
}

func TestFoundInOneDatagram(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	records := full(120, 4000, "10.0.0.1", "fe80::1", "fd00::1")
	slices.Reverse(records) // the order does not matter
	s.expect("found", s.hear(eth0, records...), "added Café v1.2 Stage [10.0.0.1:4000 [fd00::1]:4000 [fe80::1%eth0]:4000] id=g1")
	s.expect("again", s.hear(eth0, records...))
}

// TestOnlyAPointer: everything else has to be asked for.
func TestOnlyAPointer(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	r := full(120, 4000, "10.0.0.1")
	s.expect("name", s.hear(eth0, r[0]), "ask eth0 16 "+cafe.String(), "ask eth0 33 "+cafe.String())
	s.expect("no answer", s.wait(1100*time.Millisecond), "1s: ask eth0 16 "+cafe.String(), "1s: ask eth0 33 "+cafe.String())
	s.expect("service", s.hear(eth0, r[1], r[2]), "ask eth0 1 desk.local", "ask eth0 28 desk.local")
	s.expect("address", s.hear(eth0, r[3]), "added Café v1.2 Stage [10.0.0.1:4000] id=g1")
	s.expect("nothing is asked on", s.wait(30*time.Second))
}

func TestWithoutText(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	r := full(120, 4000, "10.0.0.1")
	s.expect("no TXT", s.hear(eth0, r[0], r[1], r[3]), "ask eth0 16 "+cafe.String())
	s.expect("does not come", s.wait(2600*time.Millisecond), "1s: ask eth0 16 "+cafe.String(),
		"2.5s: added Café v1.2 Stage [10.0.0.1:4000] id=")
	s.expect("comes late", s.hear(eth0, r[2]), "updated Café v1.2 Stage [10.0.0.1:4000] id=g1")
}

func TestGoodbye(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	s.expect("goodbye", s.hear(eth0, full(0, 4000)[:1]...))
	s.expect("a second later", s.wait(2*time.Second), "1s: removed Café v1.2 Stage [10.0.0.1:4000] id=g1")
	s.expect("back", s.hear(eth0, full(120, 4000, "10.0.0.1")...), "added Café v1.2 Stage [10.0.0.1:4000] id=g1")
	s.hear(eth0, full(0, 4000)[:1]...)
	s.hear(eth0, full(120, 4000)[:1]...)
	s.expect("contradicted at once", s.wait(10*time.Second))
}

// TestPowerCut: what is not renewed is asked for and then gone.
func TestPowerCut(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	r := full(4500, 4000, "10.0.0.1")
	r[3].ttl = 100
	s.hear(eth0, r...)
	s.expect("silence", s.wait(100500*time.Millisecond),
		"1m20s: ask eth0 1 desk.local", "1m30s: ask eth0 1 desk.local", "1m35s: ask eth0 1 desk.local",
		"1m37.5s: ask eth0 1 desk.local", "1m38.75s: ask eth0 1 desk.local",
		"1m40s: removed Café v1.2 Stage [10.0.0.1:4000] id=g1", "1m40s: ask eth0 1 desk.local", "1m40s: ask eth0 28 desk.local")
	s.expect("back", s.hear(eth0, r...), "added Café v1.2 Stage [10.0.0.1:4000] id=g1")
	s.wait(85 * time.Second)
	s.hear(eth0, r[3])
	s.expect("renewed in time", s.wait(60*time.Second))
}

// TestMoved: another address and port, without a goodbye.
func TestMoved(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	s.wait(30 * time.Second)
	s.expect("moved", s.hear(eth0, full(120, 5000, "10.0.0.2")...), "updated Café v1.2 Stage [10.0.0.1:5000 10.0.0.2:5000] id=g1")
	s.expect("the old is flushed", s.wait(2*time.Second), "31s: updated Café v1.2 Stage [10.0.0.2:5000] id=g1")
}

func TestTwoInterfaces(t *testing.T) {
	s := newScene(t, eth0, eth1)
	s.expect("both are asked", s.settle(), asked, "ask eth1 12 _lighting._tcp.local")
	s.hear(eth0, full(120, 4000, "10.0.0.1", "fe80::1")...)
	s.expect("seen twice", s.hear(eth1, full(120, 4000, "10.1.0.1", "fe80::1")...),
		"updated Café v1.2 Stage [10.0.0.1:4000 10.1.0.1:4000 [fe80::1%eth0]:4000 [fe80::1%eth1]:4000] id=g1")
	s.cache.links([]link{eth1}, s.now)
	s.expect("an interface goes", s.settle(), "updated Café v1.2 Stage [10.1.0.1:4000 [fe80::1%eth1]:4000] id=g1")
	s.cache.links(nil, s.now)
	s.expect("and the other", s.settle(), "removed Café v1.2 Stage [10.1.0.1:4000 [fe80::1%eth1]:4000] id=g1")
	s.cache.links([]link{eth0}, s.now)
	s.expect("it comes back", s.settle(), asked)
}

// TestBounded: what strangers say costs no more than the limits.
func TestBounded(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	for i := range 800 {
		n := nameOf(fmt.Sprint(i), "_lighting", "_tcp", "local")
		a := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		s.hear(eth0, record{name: gatewayService, kind: typePTR, ttl: 1 << 31, target: n},
			record{name: gatewayService, kind: typePTR, ttl: 9, target: nameOf("not ours", "local")},
			record{name: nameOf("_other", "_tcp", "local"), kind: typePTR, ttl: 9, target: n},
			record{name: host, kind: typeA, ttl: 120, addr: a},
			record{name: n, kind: typeSRV, ttl: 120, port: uint16(i), target: nameOf(fmt.Sprint("h", i), "local")},
			record{name: cafe, kind: typeTXT, ttl: 120, text: fmt.Sprint("\x01", i%10)})
		s.cache.queries = nil
	}
	total := 0
	for _, list := range s.cache.segments[eth0.index].entries {
		total += len(list)
	}
	if plans := len(s.cache.segments[eth0.index].plans); total > 2*MaxServices+5*maxSame || plans > 5*MaxServices || s.cache.refused == 0 {
		t.Errorf("%d records, %d plans, %d refused", total, plans, s.cache.refused)
	}
	s.wait(3 * time.Hour)
	if n := len(s.cache.segments[eth0.index].entries); n != 0 {
		t.Errorf("%d records for ever", n)
	}
}

func FuzzCache(f *testing.F) {
	f.Add(packetOf(full(120, 4000, "10.0.0.1")...), packetOf(full(0, 4000, "10.0.0.1")...))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		s := newScene(t, eth0)
		for _, m := range [][]byte{one, two, one} {
			s.cache.take(eth0.index, m, s.from, s.now)
			s.settle()
			s.now = s.now.Add(1500 * time.Millisecond)
		}
		s.wait(2 * time.Minute)
	})
}
