package console

import (
	"slices"
	"sync"
	"time"
)

// sampleEvery is the time between two samples.
const sampleEvery = time.Second / 30

// houseEvery is how often the network and the machine are looked at.
const houseEvery = time.Second

// A sampler looks at a show while anybody does, once for all of them. It is safe from any
// goroutine.
type sampler struct {
	view    View
	drops   func([]Drop) []Drop // of the console itself
	survive func()              // is deferred

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	running bool
	ended   bool
	wg      sync.WaitGroup

	// latest is held to write the sample, and to read it, by nobody who waits for a
	// network meanwhile.
	latest sync.RWMutex
	sample sample

	eye // of the goroutine that samples
}

// An eye is what the goroutine that samples knows of the last time.
type eye struct {
	scene   *Scene
	board   *Board
	glance  glance
	alarm   *Alarm
	looks   []Look
	levels  []byte
	lines   <-chan struct{} // closed when there are more
	line    uint64
	houseAt time.Time
}

func newSampler(view View, drops func([]Drop) []Drop, survive func()) *sampler {
	return &sampler{view: view, drops: drops, survive: survive, viewers: map[*viewer]struct{}{}, sample: sample{levels: map[int]*levels{}}}
}

// join has a viewer woken whenever there is a new sample.
func (s *sampler) join(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers[v] = struct{}{}
	if !s.running && !s.ended {
		s.running = true
		s.wg.Go(s.run)
	}
}

func (s *sampler) leave(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, v)
}

// count is how many look.
func (s *sampler) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.viewers)
}

// end ends sampling and waits for it.
func (s *sampler) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.wg.Wait()
}

// run samples until nobody looks.
func (s *sampler) run() {
	fault := true
	defer s.survive()
	defer func() {
		if fault { // the next who comes has it run again
			s.mu.Lock()
			s.running = false
			s.mu.Unlock()
		}
	}()
	every := time.NewTicker(sampleEvery)
	defer every.Stop()
	for {
		seen, anybody := s.seen()
		if !anybody {
			fault = false
			return
		}
		s.look(seen, time.Now())
		s.wake()
		<-every.C
	}
}

// seen is what any of them sees; false if there is none.
func (s *sampler) seen() (all sight, anybody bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.viewers) == 0 || s.ended {
		s.running = false
		return sight{}, false
	}
	for v := range s.viewers {
		all.add(*v.sees.Load())
	}
	return all, true
}

func (s *sampler) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.viewers {
		select {
		case v.wake <- struct{}{}:
		default: // it looks when it can, at what is then the latest
		}
	}
}

// look samples what is seen.
func (s *sampler) look(seen sight, at time.Time) {
	next := glimpse{scene: s.view.Scene(), board: s.view.Board(), moment: s.view.Now(), alarm: s.view.Alarm()}
	if seen.stage && next.scene != nil {
		s.eye.looks = s.view.Looks(next.scene, s.eye.looks[:0])
		next.movers = s.view.Movers(next.scene)
	}
	if seen.network && at.Sub(s.houseAt) >= houseEvery {
		next.house, s.houseAt = s.house(), at
	}
	if seen.log {
		s.listen()
	}
	s.latest.Lock()
	defer s.latest.Unlock()
	s.sample.now++
	s.sample.time, s.sample.line = next.moment.Time, s.eye.line
	s.takeTopics(next, seen)
	if next.scene != nil {
		s.takeLevels(next.scene, seen)
	}
}

// A glimpse is what was just seen of a show.
type glimpse struct {
	scene  *Scene
	board  *Board
	moment Moment
	alarm  *Alarm
	movers []Mover
	house  *House // nil if it was not looked at
}

func (s *sampler) takeTopics(next glimpse, seen sight) {
	n := &s.sample
	first := n.now == 1
	if next.scene != s.scene {
		s.scene = next.scene
		n.topics[sceneTopic].take(next.scene, n.now)
		n.looks = looks{}
		clear(n.levels)
	}
	if next.board != s.board {
		s.board = next.board
		n.topics[boardTopic].take(next.board, n.now)
	}
	if next.alarm != s.alarm || first {
		s.alarm = next.alarm
		n.topics[alarmTopic].take(next.alarm, n.now)
	}
	if s.glance.moved(next.moment) {
		n.topics[momentTopic].take(next.moment, n.now)
	}
	if seen.stage {
		n.looks.take(s.eye.looks, n.now)
		n.topics[moversTopic].take(append([]Mover{}, next.movers...), n.now)
	}
	if next.house != nil {
		n.topics[houseTopic].take(next.house, n.now)
	}
}

// takeLevels takes those of the outputs that are seen, and forgets those of others.
func (s *sampler) takeLevels(scene *Scene, seen sight) {
	n := &s.sample
	for output := range n.levels {
		if _, ok := seen.outputs[output]; !ok {
			delete(n.levels, output)
		}
	}
	for output := range seen.outputs {
		if output >= len(scene.Outputs) {
			continue
		}
		if n.levels[output] == nil {
			n.levels[output] = &levels{}
		}
		s.eye.levels = s.view.Levels(scene, output, s.eye.levels[:0])
		n.levels[output].take(s.eye.levels, n.now)
	}
}

// house is the network and the machine, with what the console itself has refused.
func (s *sampler) house() *House {
	house := *s.view.House()
	drops := slices.DeleteFunc(slices.Clone(house.Drops), func(d Drop) bool { return d.Name == SumOfRefusals })
	house.Drops = s.drops(drops)
	return &house
}

// listen finds out the number of the last line of the log.
func (s *sampler) listen() {
	if s.lines != nil {
		select {
		case <-s.lines:
		default:
			return
		}
	}
	lines, wait := s.view.Log(s.eye.line)
	if len(lines) > 0 {
		s.eye.line = lines[len(lines)-1].Number
	}
	s.lines = wait
}
