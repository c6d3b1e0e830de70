package host

import (
	"errors"

	"showrun/runtime/control"
	"showrun/runtime/show"
)

// Copy is the present look of fixtures and groups, or of what is held if none is named, as
// Lua for a cue's look.
func (h *Host) Copy(fixtures []string) (string, error) { return h.show.Copy(fixtures) }

// longestCopy is how much of a look an answer by showrun ctl has room for, in bytes.
const longestCopy = 30_000

// copied answers a request to copy.
func (h *Host) copied(fixtures []string) control.Reply {
	text, err := h.Copy(fixtures)
	if err == nil && len(text) > longestCopy {
		err = errors.New("that is too much to be told at a time; name fewer fixtures")
	}
	return replied(text, err)
}

// reasons answers a request to tell what makes a level.
func (h *Host) reasons(words []string) control.Reply {
	if len(words) != 1 {
		return control.Reply{Text: "why takes FIXTURE[.CHANNEL]"}
	}
	causes, err := h.why(words[0], "")
	return replied(show.Lines(causes), err)
}
