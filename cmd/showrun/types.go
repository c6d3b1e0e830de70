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
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/host"
	"showrun/runtime/host/folder"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// settingsOfLuals is the file beside a show in which LuaLS looks for what it should know.
const settingsOfLuals = ".luarc.json"

// types writes what editors know of a show.
func (a *app) types() *cobra.Command {
	watch := false
	cmd := &cobra.Command{
		Use:   "types SHOW",
		Short: "Tell editors what a show can say: names, options, its fixtures and cues",
		Long: `types writes stubs for LuaLS, the language server for Lua that VS Code, Neovim and
others run, into the folder .showrun beside the show: of everything that scripts can say, with
a sentence about each, and of the fixtures, groups, cues, params and triggers of this show. So
stage.get("wa completes, and what there is not is underlined. .luarc.json beside it tells LuaLS
where the stubs are; one that is there already is left as it is.

The show is loaded for that, but nothing of it is run and no device is opened.

With --watch it stays, and writes them again whenever a file of the show is saved; while one
does not load they are left as they are.`,
		Example: "  showrun types gala\n  showrun types gala --watch     # beside the editor",
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := openTypes(cmd, args)
			if err != nil {
				return err
			}
			defer o.Close()
			err = a.writeTypes(cmd.Context(), o)
			var load *host.LoadError
			if !watch || err != nil && !errors.As(err, &load) {
				return err
			}
			a.notLoaded(err)
			ctx, end := a.interruptible(cmd.Context(), "watch")
			defer end()
			tick := time.NewTicker(lookEvery)
			defer tick.Stop()
			a.watchTypes(ctx, o, tick.C)
			if sig := signalOf(ctx); sig != nil {
				return sig
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "stay, and write again what has changed when the show is saved")
	settings.ByHand(cmd.Flags(), "watch")
	return cmd
}

// watchTypes writes the stubs of a show again when a file of it was saved, at ticks, until ctx ends.
func (a *app) watchTypes(ctx context.Context, o *offline, ticks <-chan time.Time) {
	var w folder.Watcher
	onTicks(ctx, ticks, func() {
		if w.Changed(o.files) == "" {
			return
		}
		o.files.Close()
		o.files = o.Open()
		a.notLoaded(a.writeTypes(ctx, o))
	})
}

// notLoaded tells why stubs are left as they are, and goes on.
func (a *app) notLoaded(err error) {
	if err != nil {
		a.tell(err)
		fmt.Fprintln(a.screen, "the stubs are left as they are")
	}
}

// writeTypes writes the stubs of a show and tells what they are of.
func (a *app) writeTypes(ctx context.Context, o *offline) error {
	stubbed, err := typesOf(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %d stubs to %s: the Lua of showrun, and of this show %s\n", stubbed.files, stubbed.folder, stubbed.what)
	if stubbed.settings != "" {
		fmt.Fprintln(a.stdout, stubbed.settings)
	}
	return nil
}

// stubs is what was written about a show.
type stubs struct {
	folder   string // where
	files    int
	what     string // what there is of the show
	settings string // what is to be said of .luarc.json, "" for nothing
}

// openTypes finds the show that a command names. It must be closed.
func openTypes(cmd *cobra.Command, args []string) (*offline, error) {
	return (&offlineFlags{lookahead: 50 * time.Millisecond, rate: 44, seed: 1}).openOffline(cmd, args, slog.New(slog.DiscardHandler))
}

// typesOf loads a show and writes the stubs beside it.
func typesOf(ctx context.Context, o *offline) (*stubs, error) {
	this, err := o.declared(ctx)
	if err != nil {
		return nil, err
	}
	s := &stubs{folder: filepath.Join(o.Dir, luals.Folder), what: counted(this)}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, err
	}
	files := luals.Stubs(api.Load(), this)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(s.folder, name)
		if is, err := os.ReadFile(file); err != nil || string(is) != files[name] { // editors read again what is written
			if err := os.WriteFile(file, []byte(files[name]), 0o644); err != nil {
				return nil, err
			}
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
