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

// intensity returns the channels that make a fixture bright: its dimmer if it
// has one, else the colours that add light.
func intensity(channels []Channel) []Channel {
	var dimmers, colours []Channel
	for _, c := range channels {
		switch strings.ToLower(c.Name) {
		case "dimmer", "intensity":
			dimmers = append(dimmers, c)
		case "red", "green", "blue", "white", "amber", "uv", "lime", "mint", "indigo",
			"warm white", "cold white", "warm_white", "cold_white":
			colours = append(colours, c)
		}
	}
	if len(dimmers) > 0 {
		return dimmers
	}
	return colours
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

// Closest is the name most like what was typed, the first of equals; "" when none is
// like it.
func Closest(typed string, names []string) string {
	best, distance := "", 3
	for _, name := range names {
		if d := editDistance(typed, name); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and replacements of bytes that
// turn a into b. Differences past the first 64 bytes are not looked at.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
