package timeline

import "time"

// A tier is the overview: how rows look over buckets of time. The buckets are made twice as
// long when there would be too many.
type tier struct{ bucket time.Duration }

// The first buckets, and how many there are at most.
const (
	firstBucket = 500 * time.Millisecond
	mostBuckets = 1 << 14
)

// cell is how a row looks in a bucket.
type cell struct {
	frames  uint32
	rgb     [3]uint32 // sums over the frames
	low     byte      // how bright it is at the least
	high    byte      // and at the most
	print   uint32    // of all levels
	started bool
}

// span is what of a block lies in a bucket.
type span struct{ bucket, from, to int }

func newTier() tier { return tier{firstBucket} }

// spans cuts frames into buckets.
func (t *tier) spans(times []time.Duration) (list []span) {
	for i, at := range times {
		b := int(max(at, 0) / t.bucket)
		if n := len(list); n > 0 && list[n-1].bucket == b {
			list[n-1].to = i + 1
			continue
		}
		list = append(list, span{b, i, i + 1})
	}
	return list
}

// add adds a block to the cells of a row.
func (t *tier) add(cells []cell, spans []span, s seen, prints []uint32, woken []bool) []cell {
	for _, at := range spans {
		for len(cells) <= at.bucket {
			cells = append(cells, cell{})
		}
		c := &cells[at.bucket]
		for i := at.from; i < at.to; i++ {
			c.see(s.at(i))
			if !woken[i] && len(prints) > 0 { // what comes between frames is not the same in every run
				c.print = c.print*31 + prints[i%len(prints)]
			}
		}
	}
	return cells
}

// at is the colour in a frame.
func (s *seen) at(i int) (rgb [3]byte) {
	for c, column := range s.rgb {
		if len(column) == 1 {
			rgb[c] = column[0]
		} else {
			rgb[c] = column[i]
		}
	}
	return rgb
}

// see adds a frame.
func (c *cell) see(rgb [3]byte) {
	bright := max(rgb[0], rgb[1], rgb[2])
	if !c.started {
		c.low, c.started = 255, true
	}
	c.frames++
	for i, v := range rgb {
		c.rgb[i] += uint32(v)
	}
	c.low, c.high = min(c.low, bright), max(c.high, bright)
}

// halve makes the buckets of all rows twice as long, until there are not too many.
func (t *tier) halve(rows []*row) {
	most := 0
	for _, r := range rows {
		most = max(most, len(r.cells))
	}
	for ; most > mostBuckets; most /= 2 {
		t.coarsen(rows)
	}
}

// coarsen makes the buckets of all rows twice as long.
func (t *tier) coarsen(rows []*row) {
	t.bucket *= 2
	for _, r := range rows {
		for i := range (len(r.cells) + 1) / 2 {
			c := r.cells[2*i]
			if 2*i+1 < len(r.cells) {
				c.join(r.cells[2*i+1])
			}
			r.cells[i] = c
		}
		r.cells = r.cells[:(len(r.cells)+1)/2]
	}
}

// join adds the bucket after it.
func (c *cell) join(next cell) {
	if !next.started {
		return
	}
	if !c.started {
		c.low, c.started = 255, true
	}
	c.frames += next.frames
	for i, v := range next.rgb {
		c.rgb[i] += v
	}
	c.low, c.high = min(c.low, next.low), max(c.high, next.high)
	c.print = c.print*31 + next.print
}

// bytes are the cells as the page has them: per row and bucket red, green and blue on
// average, and how bright it is at the least and at the most.
func (t *tier) bytes(rows []*row, buckets int) []byte {
	out := make([]byte, 0, len(rows)*buckets*5)
	for _, r := range rows {
		for part := range 5 { // one after another, as like goes with like
			before := byte(0)
			for i := range buckets {
				v := byte(0)
				if i < len(r.cells) {
					v = r.cells[i].part(part)
				}
				out = append(out, v-before)
				before = v
			}
		}
	}
	return out
}

// part is one of the five bytes.
func (c *cell) part(n int) byte {
	switch {
	case c.frames == 0:
		return 0
	case n < 3:
		return byte(c.rgb[n] / c.frames)
	case n == 3:
		return c.low
	}
	return c.high
}
