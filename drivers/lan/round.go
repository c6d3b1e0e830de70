package lan

// A Round says with which of many streams a burst begins: with the first of those that a full
// network refused the last time, or the last ones would never get through. The zero Round begins
// with the first stream. It is the owner's to lock.
type Round struct {
	first   int
	refused int // first stream refused in the present burst
	any     bool
}

// Begin begins a burst.
func (r *Round) Begin() {
	if r.any {
		r.first, r.any = r.refused, false
	}
}

// At is the index of the i-th of n streams in the present burst.
func (r *Round) At(i, n int) int { return (r.first + i) % n }

// Refused notes that a stream was refused. The first of a burst counts: of others the index,
// which may be -1 for a stream that has gone, is not asked for.
func (r *Round) Refused(index func() int) {
	if !r.any {
		r.refused = index()
		r.any = r.refused >= 0
	}
}
