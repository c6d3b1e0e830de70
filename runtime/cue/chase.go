package cue

// How many frames, each a little further than the one before, make a timecode that is
// believed; how much further that is at most, and how far back it has to go at least for a new
// pass.
const (
	steadyFrames = 3
	furthest     = 12
)

// chase is where the timecode of a list is.
type chase struct {
	last   int64 // frame, heard or not believed yet
	steady int   // frames in a row that fit
	pos    int64 // up to which cues were started in this pass
	known  bool  // there is a pass
}

// Frame is told of a frame of the timecode. Once several frames in a row were consistent,
// it starts the cues that were reached or passed and have not been in this pass. Of those
// that a jump of the timecode, or a late start, has passed it starts the last alone. A
// timecode that goes back begins a new pass.
func (l *List) Frame(now Moment, frame int64) (effects []Effect) {
	c := &l.chase
	if d := frame - c.last; d == 0 && c.steady > 0 {
		return nil // it stands
	} else if d > 0 && d <= furthest && c.steady > 0 {
		c.steady++
	} else {
		c.steady = 1
	}
	c.last = frame
	if c.steady < steadyFrames || c.known && frame <= c.pos && frame >= c.pos-furthest {
		return nil
	}
	from, fresh := c.pos, !c.known || frame < c.pos
	if fresh {
		from = -1
	}
	landed := fresh || frame-from > steadyFrames*furthest
	c.pos, c.known = frame, true
	passed := l.timed(from, frame)
	if landed && len(passed) > 0 {
		passed = passed[len(passed)-1:]
		if fresh && passed[0] == l.at {
			return nil
		}
	}
	for _, i := range passed {
		l.next = Timer{}
		effects = append(effects, l.wait(now, i))
	}
	return effects
}

// Rewind is told that the next frame is one of another timecode, such as one with another
// rate: that begins a new pass.
func (l *List) Rewind() { l.chase = chase{} }

// timed are the cues with a timecode after from and up to to, in the order of it.
func (l *List) timed(from, to int64) (list []int) {
	for i, c := range l.cues {
		if !c.Timed || c.At <= from || c.At > to {
			continue
		}
		k := len(list)
		for k > 0 && l.cues[list[k-1]].At > c.At {
			k--
		}
		list = append(list[:k], append([]int{i}, list[k:]...)...)
	}
	return list
}
