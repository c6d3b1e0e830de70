// Package profile reads what a fixture of some make looks like to a desk: which
// channels a mode of it has, what their levels mean and where they are at first.
//
// Two formats are read, both as publicly documented: a file of the Open Fixture
// Library, and GDTF, which is an archive with a description.xml, or that file alone.
// Either becomes a Profile, a plain value that nobody changes. Files are written by
// others: their size, depth and number of channels are bounded, and what is wrong with
// them is told with the file and the field.
package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"showrun/runtime/color"
	"showrun/runtime/patch"
)

// A Profile is one mode of a fixture.
type Profile struct {
	Name  string // of the fixture, such as "Slim Par 7"
	Mode  string
	Slots int // how many the mode takes, 1-512
	// Channels are in the order of their first slots. Slots that no channel has are
	// unused.
	Channels []Channel
	// Pixels are the parts of a bar, tube or panel that can be lit one by one, in the
	// order of their slots.
	Pixels []Pixel
}

// A Channel is one property of the fixture.
type Channel struct {
	// Name is what scripts call it, such as "red", "gobo_2" or "red_12": letters, digits
	// and underscores in lower case, the only one of the profile.
	Name string
	// Label is what the file calls it. Scripts may write that as well.
	Label string
	// Property is the name without a number: "red" of "red_12". The table of names says
	// which there are; others come from the file.
	Property string
	// Slots are where it is, counted from 0, most significant byte first: one, two or
	// three.
	Slots []int
	// Default is the level, 0-255, that it has before anybody moves it.
	Default float64
	// Capabilities are what its levels do, in their order.
	Capabilities []Capability
	// Pixel is the index of the pixel it belongs to, -1 if it is the whole fixture's.
	Pixel int

	own string // what it is called if others have the same property
}

// A Capability is a range of levels of a channel that does one thing.
type Capability struct {
	patch.Capability
	// Color is what it makes of the light, if Colored.
	Color   color.RGB
	Colored bool
}

// A Pixel is a part that can be lit on its own.
type Pixel struct {
	Name     string // as the file calls it
	Channels []int  // indices into Channels
}

// maxSlots is how many slots an output has.
const maxSlots = 512

// Read reads a mode of the profile in a file of the show folder. mode may be "" if the
// file has only one. Errors begin with the name of the file.
func Read(folder fs.FS, file, mode string) (Profile, error) {
	var parse func(data []byte, mode string) (Profile, error)
	switch strings.ToLower(path.Ext(file)) {
	case ".json":
		parse = parseOFL
	case ".gdtf":
		parse = parseGDTF
	case ".xml":
		parse = parseDescription
	default:
		return Profile{}, fmt.Errorf("%s: a profile is a .json file of the Open Fixture Library, a .gdtf file or the description.xml of one", file)
	}
	data, err := readFile(folder, file)
	if err != nil {
		return Profile{}, err
	}
	p, err := parse(data, mode)
	if err != nil {
		return Profile{}, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// maxFile bounds files, in bytes: those of GDTF have pictures and models in them.
const maxFile = 32 << 20

func readFile(folder fs.FS, file string) ([]byte, error) {
	if !fs.ValidPath(file) {
		return nil, fmt.Errorf("%s: a profile is a file in the show folder, such as fixtures/par.json", file)
	}
	st, err := fs.Stat(folder, file)
	switch {
	case err != nil:
		return nil, missing(folder, file, err)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", file)
	case st.Size() > maxFile:
		return nil, fmt.Errorf("%s: the file has %d bytes, more than %d", file, st.Size(), maxFile)
	}
	return fs.ReadFile(folder, file)
}

// missing says that a file is not there, and which may have been meant.
func missing(folder fs.FS, file string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, err)
	}
	near, _ := fs.Glob(folder, path.Join(path.Dir(file), "*")) // none is no reason to say more
	return fmt.Errorf("%s: there is no such file in the show folder%s", file, didYouMean(file, near))
}

// meant is didYouMean, or which names there are.
func meant(written string, names []string) string {
	if guess := didYouMean(written, names); guess != "" || len(names) == 0 {
		return guess
	}
	return "; there are " + list(names)
}

// didYouMean is " (did you mean '…'?)" for the name most like what was written, or else the
// one that it begins with; "" if there is none.
func didYouMean(written string, names []string) string {
	best := patch.Closest(written, names)
	for _, name := range names {
		if first, _, more := strings.Cut(written, " "); best == "" && more && strings.EqualFold(first, name) {
			best = name
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean '%s'?)", best)
}

// pickMode finds the mode of a name among those of a file; each has one or two names.
func pickMode(wanted string, modes [][]string) (int, error) {
	var all, firsts []string
	for i, names := range modes {
		for _, name := range names {
			if strings.EqualFold(name, wanted) && name != "" {
				return i, nil
			}
		}
		all, firsts = append(all, names...), append(firsts, names[0])
	}
	switch {
	case wanted == "" && len(modes) == 1:
		return 0, nil
	case wanted == "":
		return 0, fmt.Errorf("mode must say which of these is meant: %s", list(firsts))
	}
	return 0, fmt.Errorf("no mode '%s'%s; there are %s", wanted, didYouMean(wanted, all), list(firsts))
}

// list writes names for an error, not more than a reader bears.
func list(names []string) string {
	const most = 24
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
