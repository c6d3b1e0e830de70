package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"showrun/bindings/api"
	"showrun/bindings/luals"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// settingsOfLuals is the file beside a show in which LuaLS looks for what it should know.
const settingsOfLuals = ".luarc.json"

// types writes what editors know of a show.
func (a *app) types() *cobra.Command {
	return &cobra.Command{
		Use:   "types SHOW",
		Short: "Tell editors what a show can say: names, options, its fixtures and cues",
		Long: `types writes stubs for LuaLS, the language server for Lua that VS Code, Neovim and
others run, into the folder .showrun beside the show: of everything that scripts can say, with
a sentence about each, and of the fixtures, groups, cues, params and triggers of this show. So
stage.get("wa completes, and what there is not is underlined. .luarc.json beside it tells LuaLS
where the stubs are; one that is there already is left as it is.

The show is loaded for that, but nothing of it is run and no device is opened.`,
		Example: "  showrun types gala",
		RunE: func(cmd *cobra.Command, args []string) error {
			stubbed, err := typesOf(cmd, args)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "wrote %d stubs to %s: the Lua of showrun, and of this show %s\n", stubbed.files, stubbed.folder, stubbed.what)
			if stubbed.settings != "" {
				fmt.Fprintln(a.stdout, stubbed.settings)
			}
			return nil
		},
	}
}

// stubs is what was written about a show.
type stubs struct {
	folder   string // where
	files    int
	what     string // what there is of the show
	settings string // what is to be said of .luarc.json, "" for nothing
}

// typesOf loads a show and writes the stubs beside it.
func typesOf(cmd *cobra.Command, args []string) (*stubs, error) {
	o, err := (&offlineFlags{lookahead: 50 * time.Millisecond, rate: 44, seed: 1}).openOffline(cmd, args, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer o.Close()
	this, err := o.declared(cmd.Context())
	if err != nil {
		return nil, err
	}
	s := &stubs{folder: filepath.Join(o.Dir, luals.Folder), what: counted(this)}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, err
	}
	files := luals.Stubs(api.Load(), this)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(files[name]), 0o644); err != nil {
			return nil, err
		}
		s.files++
	}
	settings := filepath.Join(o.Dir, settingsOfLuals)
	switch err := writeNew(settings, luals.Settings); {
	case err == nil:
		s.settings = "wrote " + settings + ", which tells LuaLS where they are"
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	return s, nil
}

// declared loads the show and tells what it declares.
func (o *offline) declared(ctx context.Context) (*luals.Show, error) {
	var bound show.Bindings
	opts, bind := o.opts, o.opts.Bind
	opts.Bind = func(scene show.Scene) show.Bindings {
		bound = bind(scene)
		return bound
	}
	r, err := rehearse.New(opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := o.load(ctx, r); err != nil {
		return nil, err
	}
	return &luals.Show{Patch: bound.Patch(), Board: *r.Show().Board()}, nil
}

// counted says how much a show declares.
func counted(s *luals.Show) string {
	cues := 0
	for _, l := range s.Board.Lists {
		cues += len(l.Cues)
	}
	return fmt.Sprintf("%s, %s, %s, %s and %s", terminal.Plural(len(s.Patch.Fixtures()), "fixture"), terminal.Plural(len(s.Patch.Groups()), "group"),
		terminal.Plural(cues, "cue"), terminal.Plural(len(s.Board.Params), "param"), terminal.Plural(len(s.Board.Triggers), "trigger"))
}
