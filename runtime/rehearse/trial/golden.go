package trial

import (
	"bytes"
	"fmt"
	"io/fs"

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
		if want, err = fs.ReadFile(folder, name); err != nil {
			h.fail("", fmt.Sprintf("there is no golden log %s yet; showrun test --update writes it", name))
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

func newGolden(name string, want []byte, keep bool) *golden {
	g := &golden{name: name, keep: keep}
	if keep {
		g.all = []byte{} // also where there is nothing to write
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if len(want) > 0 {
		g.want = bytes.Split(bytes.TrimSuffix(want, []byte("\n")), []byte("\n"))
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
				want = shortened(g.want[g.line])
			}
			g.wrong(h, shortened(line), want)
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
		g.wrong(h, "no further frame", shortened(g.want[g.line]))
	}
	return g.all
}

// shortened is a line of a log that fits on a screen.
func shortened(line []byte) string {
	const most = 100
	if len(line) <= most {
		return string(line)
	}
	return string(line[:most]) + "…"
}
