package trial

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"showrun/runtime/level"
	"showrun/runtime/show"
)

// begin begins a golden log when the test has asked for it.
func (h *House) begin(opts Options, folder fs.FS) {
	name := h.show.Golden()
	if h.golden != nil || name == "" || h.over {
		return
	}
	var want []byte
	if !opts.Update { // who writes it does not depend on it
		var err error
		want, err = fs.ReadFile(folder, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			h.fail("", fmt.Sprintf("there is no golden log %s yet; showrun test --update writes it", name))
			return
		case err != nil:
			h.fail("", fmt.Sprintf("the golden log cannot be read: %v", err))
			return
		}
	}
	h.golden = newGolden(name, want, opts.Update)
}

// golden compares the frames of a test with those of an earlier time.
type golden struct {
	name   string
	want   [][]byte // lines
	keep   bool     // the log is taken as it comes
	log    *show.FrameLog
	got    bytes.Buffer
	all    []byte
	line   int // that is compared next
	differ bool
}

// ends is what editors and other systems make of the end of a line, and of the beginning of a
// file.
var ends = regexp.MustCompile(`[ \t]*(?:\r\n|\r|\n)|^\x{feff}`)

// IsGolden tells whether what lies in a file can be a golden log: every line of one begins with
// an instant.
func IsGolden(log []byte) bool {
	log = bytes.TrimSpace(ends.ReplaceAll(log, []byte("\n")))
	return len(log) == 0 || instant.Match(log)
}

// instant begins a line of a golden log.
var instant = regexp.MustCompile(`^-?\d+\.\d{6} `)

func newGolden(name string, want []byte, keep bool) *golden {
	g := &golden{name: name, keep: keep}
	if keep {
		g.all = []byte{} // also where there is nothing to write
	}
	if want = bytes.TrimSpace(ends.ReplaceAll(want, []byte("\n"))); len(want) > 0 {
		g.want = bytes.Split(want, []byte("\n"))
	}
	g.log = show.NewFrameLog(&g.got)
	return g
}

// compare takes what was written since the last time.
func (g *golden) compare(h *House) {
	_ = g.log.Flush() // into memory
	if g.keep {
		g.all = append(g.all, g.got.Bytes()...)
		g.got.Reset()
		return
	}
	for line := range bytes.Lines(g.got.Bytes()) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if g.differ {
			break
		}
		if g.line >= len(g.want) || !bytes.Equal(line, g.want[g.line]) {
			want := []byte("no further frame")
			if g.line < len(g.want) {
				want = g.want[g.line]
			}
			g.wrong(h, line, want)
		}
		g.line++
	}
	g.got.Reset()
}

func (g *golden) wrong(h *House, got, want []byte) {
	g.differ = true
	h.fail("", fmt.Sprintf("frames are not those of %s:%d\ngot      %s\nexpected %s%s\nif the new ones are right: showrun test --update",
		g.name, g.line+1, cut(string(got), mostLine), cut(string(want), mostLine), h.culprit(got, want)))
}

// culprit tells of the first slot that is in one of two lines of a log only whose it is and
// what has set it, on lines of their own; "" if that cannot be told, as of a message.
func (h *House) culprit(got, want []byte) string {
	is, was := bytes.Fields(got), bytes.Fields(want)
	for _, lists := range [][2][][]byte{{is, was}, {was, is}} {
		for _, change := range lists[0] {
			var at level.Address
			var value byte
			if n, _ := fmt.Sscanf(string(change), "%d/%d=%d", &at.Output, &at.Slot, &value); n < 3 ||
				slices.ContainsFunc(lists[1], func(b []byte) bool { return bytes.Equal(b, change) }) {
				continue
			}
			if f, ch, ok := h.Show().Board().Patch.At(at); ok {
				return fmt.Sprintf("\n%s.%s differs, ", f.Name, ch.Name) + strings.TrimPrefix(h.show.SetBy(f.Name, ch.Name), "\n")
			}
		}
	}
	return ""
}

// end closes the log and returns it if it is to be written.
func (g *golden) end(h *House) []byte {
	g.compare(h)
	if !g.keep && !g.differ && !h.over && g.line < len(g.want) {
		g.wrong(h, []byte("no further frame"), g.want[g.line])
	}
	return g.all
}

// mostLine is how many bytes of a line of a log are told, so that it fits on a screen.
const mostLine = 100
