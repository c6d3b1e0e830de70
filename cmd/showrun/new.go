package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/examples"
)

// fresh is what shows begin with: a small one, in which NAME stands for its name, and a test for
// any other.
//
//go:embed fresh
var fresh embed.FS

// begin makes the folder of a new show.
func (a *app) begin() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "new DIR",
		Short: "Begin a show: a folder with a script, a test and what editors want to know",
		Long: `new makes a folder for a show: show.lua, a test of it, a README, and stubs for editors, as
showrun types writes them. The folder must be empty or not be there yet; nothing is ever
written over.`,
		Example: "  showrun new gala\n  showrun new gala --from play",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one folder for the show, as in showrun new gala; got %d", len(args))}
			}
			return a.newShow(cmd, args[0], from)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "begin with an example: "+strings.Join(examples.Names(), ", "))
	settings.OneOf(cmd.Flags(), "from", examples.Names()...)
	settings.ByHand(cmd.Flags(), "from")
	return cmd
}

func (a *app) newShow(cmd *cobra.Command, dir, from string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	name := filepath.Base(abs)
	if err := nameable(name); err != nil {
		return usageError{err}
	}
	files, err := beginning(name, dir, from)
	if err != nil {
		return err
	}
	if err := emptyFolder(dir); err != nil {
		return err
	}
	var written []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := writeNew(path, f.text); err != nil {
			return err
		}
		written = append(written, f.name)
	}
	o, err := openTypes(cmd, []string{dir})
	if err != nil {
		return err
	}
	defer o.Close()
	if _, err := typesOf(cmd.Context(), o); err != nil {
		return err
	}
	shell := quoted(dir)
	fmt.Fprintf(a.stdout, "began the show %s in %s: %s, and what editors want to know\n\n", name, dir, strings.Join(written, ", "))
	fmt.Fprintf(a.stdout, "next:\n  showrun run --rig %[1]s    try it without any hardware; save show.lua while it runs\n  showrun check %[1]s        find mistakes without running it\n  showrun test %[1]s         run its tests\n  showrun types %[1]s        tell your editor of new fixtures and cues; with --watch at every save\n", shell)
	return nil
}

// longestName is how many bytes the name of a show has at most, of which files are called.
const longestName = 64

// nameable tells why a show cannot be called so.
func nameable(name string) error {
	strange := strings.IndexFunc(name, func(c rune) bool {
		return unicode.IsControl(c) || strings.ContainsRune(`<>:"/\|?*`, c) || c == unicode.ReplacementChar
	})
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".lua"):
		return fmt.Errorf("a show is a folder with a show.lua: call it %s", name[:len(name)-len(".lua")])
	case strings.HasPrefix(name, "-") || strings.HasPrefix(name, "."):
		return fmt.Errorf("a show cannot be called %q: its name must not begin with %q", name, name[:1])
	case strings.HasSuffix(name, ".") || strings.TrimSpace(name) != name:
		return fmt.Errorf("a show cannot be called %q: its name must not begin or end with a space, nor end with a point", name)
	case strange >= 0:
		return fmt.Errorf("a show cannot be called %q: %q must not be in its name", name, []rune(name[strange:])[0])
	case len(name) > longestName:
		return fmt.Errorf("the name of a show has at most %d bytes, got %d", longestName, len(name))
	}
	return nil
}

// emptyFolder makes a folder, or finds it empty.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o755)
	case err != nil:
		if st, failed := os.Stat(dir); failed == nil && !st.IsDir() {
			return usageError{fmt.Errorf("%s is a file; name a folder that is not there yet", dir)}
		}
		return err
	case len(entries) > 0:
		return usageError{fmt.Errorf("the folder %s is not empty, it has %s; nothing is written over: name one that is not there yet", dir, entries[0].Name())}
	}
	return nil
}

// writeNew writes a file that is not there yet; the error is fs.ErrExist if it is.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// file is one to be written.
type file struct{ name, text string }

// linksOut are links out of the folder, to what a show of its own does not have beside it.
var linksOut = regexp.MustCompile(`\[([^\]\n]*)\]\(\.\./[^)\n]*\)`)

// beginning is what a new show begins with: an example, or a small show.
func beginning(name, dir, from string) ([]file, error) {
	if from == "" {
		return filesOf(fresh, "fresh/small", strings.NewReplacer("NAME", name))
	}
	list, err := filesOf(examples.Files(), from, strings.NewReplacer("go run ./cmd/showrun", "showrun", "examples/"+from, quoted(dir), "# "+from+"\n", "# "+name+"\n"))
	for i, f := range list {
		list[i].text = linksOut.ReplaceAllString(f.text, "$1")
	}
	if err != nil || slices.ContainsFunc(list, func(f file) bool { return strings.HasSuffix(f.name, "_test.lua") }) {
		return list, err
	}
	test, err := filesOf(fresh, "fresh/any", strings.NewReplacer())
	return append(list, test...), err
}

// filesOf reads all files in a folder and below, with other words in those that tell them.
func filesOf(files fs.FS, dir string, words *strings.Replacer) (list []file, err error) {
	err = fs.WalkDir(files, dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		list = append(list, file{strings.TrimPrefix(name, dir+"/"), words.Replace(string(text))})
		return err
	})
	return list, err
}

// quoted is a path as it is typed in a shell.
func quoted(path string) string {
	if strings.ContainsAny(path, " '\"$&;()*?<>|`\\!#~") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
