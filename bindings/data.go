package bindings

import (
	"io/fs"
	"path"
	"slices"

	"showrun/bindings/data"
	"showrun/bindings/module"
	"showrun/runtime/patch"
)

// showData reads a file of the show folder; as it is read through the files of the load, a
// change of it reloads.
func (s *Show) showData(c module.Call) int {
	s.LoadingOnly(c, "data is read")
	name := c.Str(1, "the file")
	switch {
	case !fs.ValidPath(name):
		c.Wrong("the file", `one of the show folder, such as "cues.csv" or "data/songs.json"`, c.Get(1))
	case !data.Known(name):
		c.Wrong("the file", "one whose name ends in "+module.OneOf(data.Extensions()), c.Get(1))
	}
	info, err := fs.Stat(s.scene.Files, name)
	if err == nil && info.Size() > data.MaxSize {
		c.Fail("%s has %d bytes; a file of data has at most %d", name, info.Size(), data.MaxSize)
	}
	b, err := fs.ReadFile(s.scene.Files, name)
	if err != nil {
		c.Fail("there is no file %s in the show folder%s", name, s.otherFile(name))
	}
	v, err := data.Parse(c.L, name, b)
	if err != nil {
		c.Fail("%s: %s", name, err)
	}
	c.L.Push(v)
	return 1
}

// otherFile names the data file of the same folder that may have been meant.
func (s *Show) otherFile(name string) string {
	var names []string
	for _, ext := range data.Extensions() {
		found, _ := fs.Glob(s.scene.Files, path.Join(path.Dir(name), "*"+ext))
		names = append(names, found...)
	}
	slices.Sort(names)
	if best := patch.Closest(name, names); best != "" {
		return " (did you mean '" + best + "'?)"
	}
	return ""
}
