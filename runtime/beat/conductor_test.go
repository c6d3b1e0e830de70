package beat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

func at(seconds float64) time.Duration { return time.Duration(seconds * 1e9) }

// near fails unless the published beat at a show time is want, within a
// thousandth of a beat.
func near(t *testing.T, c *Conductor, when time.Duration, want float64) {
	t.Helper()
	if got := c.Timeline().At(when).Float(); math.Abs(got-want) > 1e-3 {
		t.Errorf("beat %.4f at %v, want %.4f", got, when, want)
	}
}

// runUntil does all steps due until an instant.
func runUntil(t *testing.T, c *Conductor, until time.Duration) string {
	t.Helper()
	var list []Change
	p := promise(t, c)
	for next := c.Next(); next <= until; next = c.Next() {
		list = append(list, p.Step(next)...)
	}
	return kinds(append(list, p.Step(until)...))
}

func TestConductorInternalTempo(t *testing.T) {
	c := NewConductor(3*time.Second, 0)
	near(t, c, 3*time.Second, 0)
	near(t, c, 5*time.Second, 4)
	if c.drive.Tempo != 120 || c.Confidence(time.Hour) != 1 || c.Next() != Never || c.Timeline().Epoch != 1 {
		t.Errorf("a new conductor: %v BPM, confidence %v, next %v, %+v", c.drive.Tempo, c.Confidence(time.Hour), c.Next(), c.Timeline())
	}
	if err := c.SetTempo(60, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if c.Next() > 5*time.Second {
		t.Error("the change is not due at once")
	}
	if got := runUntil(t, c, 5*time.Second); got != "tempo" {
		t.Errorf("changes %q", got)
	}
	near(t, c, 5*time.Second, 4)
	near(t, c, 7*time.Second, 6)
	if c.Timeline().Epoch != 1 {
		t.Error("a change of tempo began a new epoch")
	}
	for _, bpm := range []float64{19.99, 1000, 0, -3, math.NaN(), math.Inf(1)} {
		if err := c.SetTempo(bpm, 0); err == nil || !strings.Contains(err.Error(), "20-999 BPM") {
			t.Errorf("SetTempo(%v) = %v", bpm, err)
		}
		if NewConductor(0, bpm).drive.Tempo != 120 {
			t.Errorf("NewConductor(%v) does not fall back to 120 BPM", bpm)
		}
	}
}

func TestConductorNudge(t *testing.T) {
	for _, c := range []struct {
		nudges []float64 // every 100 ms
		sum    float64   // what they amount to
		epochs uint32
		within float64 // seconds until it is there
	}{
		{[]float64{0.1}, 0.1, 0, 0.5}, {[]float64{-0.1}, -0.1, 0, 0.5}, {[]float64{0.49}, 0.49, 0, 0.5}, {[]float64{-0.49}, -0.49, 0, 0.5},
		{[]float64{0.5}, 0.5, 1, 0}, {[]float64{-0.5}, -0.5, 1, 0}, {[]float64{4}, 4, 1, 0}, {[]float64{-7.25}, -7.25, 1, 0},
		{[]float64{0.2, 0.2}, 0.4, 0, 0.6}, {[]float64{0.2, -0.2}, 0, 0, 0.6}, {[]float64{0.3, 0.3, 0.3}, 0.9, 1, 1},
		{[]float64{0}, 0, 0, 0},
	} {
		cond := NewConductor(0, 120)
		p := promise(t, cond)
		now := time.Second
		for _, n := range c.nudges {
			if err := cond.Nudge(FromFloat(n), now); err != nil {
				t.Fatal(err)
			}
			p.Step(now)
			now += 100 * ms
		}
		now += at(c.within) - 100*ms + 5*ms
		runUntil(t, cond, now)
		near(t, cond, now, now.Seconds()*2+c.sum)
		near(t, cond, now+time.Minute, now.Seconds()*2+120+c.sum)
		if got := cond.Timeline().Epoch - 1; got != c.epochs {
			t.Errorf("nudges %v: %d new epochs, want %d", c.nudges, got, c.epochs)
		}
	}
	if err := NewConductor(0, 120).Nudge(2_000_000*Beat, 0); err == nil {
		t.Error("a nudge by two million beats is taken")
	}
}

func TestConductorTap(t *testing.T) {
	for _, c := range []struct {
		name string
		taps []float64
		want float64
		err  string
	}{
		{"four taps", []float64{1, 1.6, 2.2, 2.8}, 100, ""},
		{"three taps", []float64{1, 1.6, 2.2}, 120, ""},
		{"uneven", []float64{1, 1.59, 2.2, 2.8}, 100, ""},
		{"one missed", []float64{1, 1.5, 2, 3, 3.5, 4}, 120, ""},
		{"a pause", []float64{1, 1.5, 2, 2.5, 9, 9.6, 10.2, 10.8}, 100, ""},
		{"a pause, too few", []float64{1, 2, 4.5, 5, 5.5}, 120, ""},
		{"the last eight", []float64{1, 2, 3, 4, 5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5}, 120, ""},
		{"too fast", []float64{1, 1.01, 1.02, 1.03}, 120, "20-999"},
		{"at once", []float64{1, 1, 1, 1}, 120, "20-999"},
		{"backwards", []float64{4, 3, 2, 1}, 120, ""},
	} {
		cond := NewConductor(0, 120)
		var err error
		for _, tap := range c.taps {
			err = cond.Tap(at(tap))
		}
		if math.Abs(cond.drive.Tempo-c.want) > 1e-6 || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v BPM, %v; want %v", c.name, cond.drive.Tempo, err, c.want)
		}
		if last := c.taps[len(c.taps)-1]; c.err == "" && c.want == 100 {
			near(t, cond, at(last), last*2)
		}
	}
}

// heard is an observation of a source.
type heard struct {
	key string
	o   Observation
}

// feed plays heard observations and steps into a conductor until an instant
// and returns the kinds of changes.
func feed(t *testing.T, p *promised, list *[]heard, until time.Duration) string {
	t.Helper()
	c := p.published.(*Conductor)
	var seen []Change
	for len(*list) > 0 && (*list)[0].o.Arrival <= until {
		h := (*list)[0]
		for next := c.Next(); next <= h.o.Arrival; next = c.Next() {
			seen = append(seen, p.Step(next)...)
		}
		seen = append(seen, c.Observe(h.key, h.o)...)
		p.now = max(p.now, h.o.Arrival)
		p.check()
		*list = (*list)[1:]
	}
	for next := c.Next(); next <= until; next = c.Next() {
		seen = append(seen, p.Step(next)...)
	}
	return kinds(append(seen, p.Step(until)...))
}

// together returns what several decks send over quiet networks, by arrival.
func together(decks map[string]*deck, seconds float64) []heard {
	var list []heard
	for _, key := range []string{"a", "b", "c"} {
		if d := decks[key]; d != nil {
			r := rand.New(rand.NewPCG(uint64(key[0]), 3))
			var merged []heard
			for _, o := range d.stream(r, func(float64) float64 { return 0.001 + 0.001*r.Float64() }, seconds) {
				for len(list) > 0 && list[0].o.Arrival <= o.Arrival {
					merged, list = append(merged, list[0]), list[1:]
				}
				merged = append(merged, heard{key, o})
			}
			list = append(merged, list...)
		}
	}
	return list
}

func TestConductorFollows(t *testing.T) {
	d := playingDeck(30, piece{0, 100.4, 126})
	d.silent = [2]float64{0, 2}
	list := together(map[string]*deck{"a": d}, 10)
	c := NewConductor(0, 120)
	p := promise(t, c)

	c.Follow("a", time.Second)
	if got := feed(t, p, &list, 1400*ms); got != "followed" {
		t.Errorf("on following an unheard source: %q", got)
	}
	if got := feed(t, p, &list, 1900*ms); got != "lost" {
		t.Errorf("after half a second: %q", got)
	}
	near(t, c, 1900*ms, 3.8)
	if conf := c.Confidence(1900 * ms); conf != 0 || c.Timeline().Epoch != 1 {
		t.Errorf("confidence %v, epoch %d while nothing is heard", conf, c.Timeline().Epoch)
	}
	if err := c.SetTempo(100, 1900*ms); err == nil || !strings.Contains(err.Error(), "internal") {
		t.Errorf("SetTempo while following: %v", err)
	}
	if c.Nudge(1, 1900*ms) == nil || c.Tap(1900*ms) == nil {
		t.Error("nudge and tap work while following")
	}
	if got := feed(t, p, &list, 3*time.Second); got != "found tempo jump" {
		t.Errorf("once heard: %q", got)
	}
	if c.drive.Tempo != 126 || c.Confidence(3*time.Second) != 1 || c.Timeline().Epoch != 2 {
		t.Errorf("%v BPM, confidence %v, %+v", c.drive.Tempo, c.Confidence(3*time.Second), c.Timeline())
	}
	if off := c.Timeline().At(at(3.002)).Float() - d.beat(3); math.Abs(off) > 0.01 {
		t.Errorf("%.3f beats off", off)
	}

	// Back on the internal tempo the beat goes on.
	before := c.Timeline().At(4 * time.Second).Float()
	c.Follow("", 3*time.Second)
	if got := feed(t, p, &list, 4*time.Second); got != "followed" {
		t.Errorf("back on internal: %q", got)
	}
	near(t, c, 4*time.Second, before)
	if c.drive.Tempo != 126 || c.Timeline().Epoch != 2 || c.Timeline().Stopped {
		t.Errorf("back on internal: %v BPM, %+v", c.drive.Tempo, c.Timeline())
	}
	if err := c.SetTempo(126, 4*time.Second); err != nil {
		t.Error(err)
	}
	// And again, as both still agree.
	feed(t, p, &list, 5*time.Second)
	c.Follow("a", 5*time.Second)
	if got := feed(t, p, &list, 6*time.Second); got != "followed" || c.Timeline().Epoch != 2 {
		t.Errorf("following the source that agrees: %q, %+v", got, c.Timeline())
	}
	c.Follow("a", 6*time.Second)
	if got := feed(t, p, &list, 6*time.Second); got != "" {
		t.Errorf("following it twice: %q", got)
	}
	if name, key := c.drive.Source, c.key(); name != "a" || key != "a" || c.followers["a"].BPM != 126 || c.followers["b"] != nil {
		t.Errorf("source %q %q", name, key)
	}
}

// TestConductorSwitchesDecks switches the master between decks; fired are the
// beats a light on every beat would show, by the published timeline.
func TestConductorSwitchesDecks(t *testing.T) {
	for _, c := range []struct {
		name   string
		second piece
		want   string
		extra  int // beats more or less than a steady beat would show, at most
	}{
		{"same position", piece{0, 10, 128}, "", 0},
		{"same position, 20 ms late", piece{0, 10 - 0.02*128/60, 128}, "", 0},
		{"another position in phase", piece{0, 232, 128}, "jump", 0},
		{"another position, 10 ms late", piece{0, 232 - 0.01*128/60, 128}, "jump", 0},
		{"another position, 10 ms early", piece{0, 232 + 0.01*128/60, 128}, "jump", 0},
		{"another position out of phase", piece{0, 232.4, 128}, "jump", 1},
		{"another tempo", piece{0, 232.4, 90}, "tempo jump", 5},
		{"paused", piece{0, 17, 0}, "jump stopped", 20},
	} {
		for delay := range 10 { // where within a beat the switch falls
			list := together(map[string]*deck{"a": playingDeck(30, piece{0, 10, 128}), "b": playingDeck(30, c.second)}, 10)
			cond := NewConductor(0, 120)
			p := promise(t, cond)
			cond.Alias("master", "a", 0)
			cond.Follow("master", 0)
			now := at(4 + float64(delay)*60/128/10)
			fired := -1
			last, epoch := Micro(0), uint32(0)
			count := func(until time.Duration) {
				line := cond.Timeline()
				if line.Epoch != epoch {
					last, epoch = line.At(p.now), line.Epoch
				}
				for b := line.At(until); (Grid{1, 0}).Next(last) <= b; fired++ {
					last = (Grid{1, 0}).Next(last)
				}
			}
			feed(t, p, &list, now)
			epoch, last = cond.Timeline().Epoch, cond.Timeline().At(now)
			fired = 0
			cond.Alias("master", "b", now)
			var got []string
			steady := playingDeck(30, piece{0, 10, 128})
			should := math.Floor(steady.beat(now.Seconds())) + 6
			end := at((should + 0.5 - 10) * 60 / 128)
			for step := now; step < end; step += ms {
				if k := feed(t, p, &list, step); k != "" {
					got = append(got, k)
				}
				count(step)
			}
			name := fmt.Sprintf("%s, %d tenths of a beat on", c.name, delay)
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: changes %q, want %q", name, got, c.want)
			}
			if diff := fired - 6; diff > c.extra || diff < -c.extra {
				t.Errorf("%s: %d beats, 6 expected", name, fired)
			}
			if f := cond.followers["b"]; c.second.bpm > 0 && math.Abs((cond.Timeline().At(end)-f.Timeline().At(end)).Float()) > 0.001 {
				t.Errorf("%s: the beat is not the second deck's", name)
			}
		}
	}
}

func TestConductorAliasWithoutTarget(t *testing.T) {
	list := together(map[string]*deck{"a": playingDeck(30, piece{0, 10, 128})}, 10)
	c := NewConductor(0, 120)
	p := promise(t, c)
	c.Follow("master", 0)
	if got := feed(t, p, &list, time.Second); got != "followed lost" {
		t.Errorf("an alias of nothing: %q", got)
	}
	c.Alias("master", "a", time.Second)
	if got := feed(t, p, &list, 2*time.Second); got != "found tempo jump" {
		t.Errorf("an alias of a source: %q", got)
	}
	if name, key := c.drive.Source, c.key(); name != "master" || key != "a" {
		t.Errorf("source %q, key %q", name, key)
	}
	c.Alias("master", "", 2*time.Second)
	before := c.Timeline().At(4 * time.Second)
	if got := feed(t, p, &list, 4*time.Second); got != "lost" || c.Timeline().At(4*time.Second)-before > Beat/100 {
		t.Errorf("an alias of nothing again: %q", got)
	}
	c.Alias(Internal, "a", 4*time.Second)
	c.Alias("other", "a", 4*time.Second)
	if got := feed(t, p, &list, 4*time.Second); got != "" {
		t.Errorf("aliases that do not drive: %q", got)
	}
}

func TestConductorFreewheels(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []piece
		want   string
	}{
		{"plays on", []piece{{0, 10, 128}}, "lost found"},
		{"a bit ahead", []piece{{0, 10, 128}, {5, 10 + 5*128.0/60 + 0.2, 128}}, "lost found"},
		{"a bit behind", []piece{{0, 10, 128}, {5, 10 + 5*128.0/60 - 0.2, 128}}, "lost found"},
		{"elsewhere", []piece{{0, 10, 128}, {5, 50, 128}}, "lost found jump"},
		{"back by half a beat", []piece{{0, 10, 128}, {5, 10 + 5*128.0/60 - 0.5, 128}}, "lost found jump"},
	} {
		d := playingDeck(30, c.pieces...)
		d.silent = [2]float64{4, 6}
		list := together(map[string]*deck{"a": d}, 9)
		cond := NewConductor(0, 128)
		p := promise(t, cond)
		cond.Follow("a", 0)
		feed(t, p, &list, at(3.9))
		beat := cond.Timeline()
		got := feed(t, p, &list, at(5.9))
		if off := cond.Timeline().At(at(5.9)) - beat.At(at(5.9)); off > Beat/200 || off < -Beat/200 {
			t.Errorf("%s: the freewheeling beat is %d micro-beats off", c.name, off)
		}
		if full, less, half := cond.Confidence(at(4.1)), cond.Confidence(at(4.9)), cond.Confidence(at(5.9)); !(full > 0.95 && full > less && less > half && half > 0.4 && half < 0.6) {
			t.Errorf("%s: confidence %.2f, %.2f, %.2f", c.name, full, less, half)
		}
		if got = strings.TrimSpace(got + " " + feed(t, p, &list, 9*time.Second)); got != c.want {
			t.Errorf("%s: changes %q, want %q", c.name, got, c.want)
		}
		if off := cond.Timeline().At(at(9.002)).Float() - d.beat(9); math.Abs(off) > 0.01 {
			t.Errorf("%s: %.3f beats off at the end", c.name, off)
		}
	}
}

func TestConductorBoundsItsSources(t *testing.T) {
	c := NewConductor(0, 120)
	c.Follow("keep", 0)
	for i := range 500 {
		c.Observe(fmt.Sprint("source ", i), Observation{Arrival: time.Duration(i+1) * ms, Clock: uint64(i + 1), Beat: 1, BPM: 120})
		if len(c.followers) > maxSources {
			t.Fatalf("%d sources", len(c.followers))
		}
	}
	if c.followers["keep"] == nil || c.followers["source 499"] == nil || c.followers["source 437"] == nil || c.followers["source 436"] != nil {
		t.Error("not the least recently heard source was dropped")
	}
}

func TestConductorStopsAndStarts(t *testing.T) {
	list := together(map[string]*deck{"a": playingDeck(30, piece{0, 10, 128}, piece{3, same, 0}, piece{5, same, 128})}, 8)
	c := NewConductor(0, 128)
	p := promise(t, c)
	c.Follow("a", 0)
	feed(t, p, &list, 2*time.Second)
	epoch := c.Timeline().Epoch
	if got := feed(t, p, &list, 4*time.Second); got != "stopped" || !c.Timeline().Stopped || c.Timeline().Time(1000*Beat) != Never {
		t.Errorf("paused: %q, %+v", got, c.Timeline())
	}
	if conf := c.Confidence(4 * time.Second); conf != 1 {
		t.Errorf("confidence %v while paused", conf)
	}
	if got := feed(t, p, &list, 7*time.Second); got != "started" || c.Timeline().Epoch != epoch {
		t.Errorf("goes on: %q, %+v", got, c.Timeline())
	}
	// A paused source hands over to the internal tempo, which runs.
	list = together(map[string]*deck{"b": playingDeck(30, piece{0, 5, 0})}, 12)
	c.Follow("b", 7*time.Second)
	if got := feed(t, p, &list, 9*time.Second); got != "followed jump stopped" {
		t.Errorf("a paused source: %q", got)
	}
	c.Follow(Internal, 9*time.Second)
	if got := feed(t, p, &list, 10*time.Second); got != "followed started" {
		t.Errorf("internal after it: %q", got)
	}
	near(t, c, 10*time.Second, 5+c.drive.Tempo/60)
}
