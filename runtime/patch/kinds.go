package patch

import "strings"

// Kinds returns the names of all fixture kinds.
func Kinds() []string {
	return []string{"dimmer", "rgb", "rgbw", "rgba", "rgbwa", "rgbaw_uv", "moving_head"}
}

// kindChannels returns the channel names of a kind, or nil if it is unknown.
func kindChannels(kind string) []string {
	switch kind {
	case "dimmer":
		return []string{"dimmer"}
	case "rgb":
		return []string{"red", "green", "blue"}
	case "rgbw":
		return []string{"red", "green", "blue", "white"}
	case "rgba":
		return []string{"red", "green", "blue", "amber"}
	case "rgbwa":
		return []string{"red", "green", "blue", "white", "amber"}
	case "rgbaw_uv":
		return []string{"red", "green", "blue", "amber", "white", "uv"}
	case "moving_head":
		return []string{
			"pan", "pan fine", "tilt", "tilt fine", "speed", "dimmer", "shutter",
			"red", "green", "blue", "white", "zoom",
		}
	}
	return nil
}

// didYouMean returns " (did you mean …?)" if one of the names is close to what
// was typed, else "".
func didYouMean(typed string, names []string) string {
	best := Closest(typed, names)
	if best == "" {
		return ""
	}
	return " (did you mean \"" + best + "\"?)"
}

// slip is what a wrong, missing or superfluous byte counts; two that changed places are
// the most likely mistake and count half of it.
const slip = 2

// compared is how many bytes of a name are compared at most.
const compared = 64

// Closest is the name most like what was typed, whatever the case of the letters, the
// first of equals; "" when none is like it: at most two letters may differ, and less than
// half of them.
func Closest(typed string, names []string) string {
	best, distance := "", 2*slip+1
	lower := strings.ToLower(typed[:min(len(typed), compared)])
	for _, name := range names {
		if off := min(len(name), compared) - len(lower); off > 2 || off < -2 {
			continue // so many differ; whoever is wrong may be wrong often, with many names
		}
		d := editDistance(lower, strings.ToLower(name))
		if d < distance && 2*d < slip*min(len(name), len(typed)) {
			best, distance = name, d
		}
	}
	return best
}

// editDistance weighs the insertions, deletions, replacements and exchanges of two
// neighbouring bytes that turn a into b. Differences past the first bytes that are compared
// are not looked at.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), compared)], b[:min(len(b), compared)]
	var before, row, next [compared + 1]int // of one byte less of a, of this one, of one more
	for j := range len(b) + 1 {
		row[j] = j * slip
	}
	for i := range len(a) {
		next[0] = (i + 1) * slip
		for j := range len(b) {
			replace := row[j]
			if a[i] != b[j] {
				replace += slip
			}
			next[j+1] = min(replace, next[j]+slip, row[j+1]+slip)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+slip/2)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
