package terminal

import "bytes"

// Limits of what waits to be written.
const (
	maxLines = 10_000
	maxBytes = 4 << 20
)

// A backlog is lines that wait to be written. Those that it has no room for take the
// place of the oldest. The zero backlog is empty.
type backlog struct {
	entries [][]byte // whole lines that came together
	lines   int
	bytes   int
	missing int // lines dropped before the first entry
}

// put appends whole lines, which are copied, and returns how many lines were dropped for
// them: they themselves, if they are more than there is room for.
func (q *backlog) put(p []byte) (dropped int) {
	n := countLines(p)
	if n > maxLines || len(p) > maxBytes {
		q.missing += n
		return n
	}
	q.entries = append(q.entries, bytes.Clone(p))
	q.lines, q.bytes = q.lines+n, q.bytes+len(p)
	for q.lines > maxLines || q.bytes > maxBytes {
		oldest := q.entries[0]
		q.entries[0], q.entries = nil, q.entries[1:]
		n := countLines(oldest)
		q.lines, q.bytes = q.lines-n, q.bytes-len(oldest)
		dropped += n
	}
	q.missing += dropped
	return dropped
}

// countLines counts lines, the last one also if it has no end.
func countLines(p []byte) int {
	n := bytes.Count(p, []byte("\n"))
	if len(p) > 0 && p[len(p)-1] != '\n' {
		n++
	}
	return n
}
