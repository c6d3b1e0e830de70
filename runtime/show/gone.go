package show

import (
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// gone freezes what runs on channels of fixtures that the next load has not: nothing of it
// could ever end that.
func gone(before, next *patch.Patch) (stops []engine.Command) {
	stay := map[level.Address]bool{}
	for _, f := range next.Fixtures() {
		for _, ch := range f.Channels {
			stay[ch.Coarse] = true
		}
	}
	for _, f := range before.Fixtures() {
		for _, ch := range f.Channels {
			if !stay[ch.Coarse] {
				stops = append(stops, engine.Stop{Channel: ch})
			}
		}
	}
	return stops
}
