package trial

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"showrun/runtime/show"
)

// begin begins a golden log when the test has asked for it.
func (h *House) begin(opts Options, folder fs.FS) {
	name := h.show.Golden()
	if h.golden != nil || name == "" || h.over {
		return
	}
	want, err := fs.ReadFile(folder, name)
	switch {
	case opts.Update:
		want = nil
	case errors.Is(err, fs.ErrNotExist):
		h.fail("", fmt.Sprintf("there is no golden log %s yet; showrun test --update writes it", name))
		return
	case err != nil:
		h.fail("", fmt.Sprintf("the golden log cannot be read: %v", err))
		return
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
			want := "no further frame"
			if g.line < len(g.want) {
				want = cut(string(g.want[g.line]), mostLine)
			}
			g.wrong(h, cut(string(line), mostLine), want)
		}
		g.line++
	}
	g.got.Reset()
}

func (g *golden) wrong(h *House, got, want string) {
	g.differ = true
	h.fail("", fmt.Sprintf("frames are not those of %s:%d\ngot      %s\nexpected %s\nif the new ones are right: showrun test --update", g.name, g.line+1, got, want))
}

// end closes the log and returns it if it is to be written.
func (g *golden) end(h *House) []byte {
	g.compare(h)
	if !g.keep && !g.differ && !h.over && g.line < len(g.want) {
		g.wrong(h, "no further frame", cut(string(g.want[g.line]), mostLine))
	}
	return g.all
}

// mostLine is how many bytes of a line of a log are told, so that it fits on a screen.
const mostLine = 100
