package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"showrun/bindings"
	"showrun/cmd/showrun/settings"
	"showrun/runtime/host"
	"showrun/runtime/host/folder"
	"showrun/runtime/rehearse"
	"showrun/scripts"
)

// offlineFlags are the flags of commands that run a show without its rig, in virtual time.
type offlineFlags struct {
	lookahead time.Duration
	rate      int
	seed      uint64
}

func (f *offlineFlags) add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.DurationVar(&f.lookahead, "lookahead", 50*time.Millisecond, "how far before its instant scheduled code runs; below 44 frames a second at least a frame and an eighth")
	p.IntVar(&f.rate, "rate", 44, "frames a second")
	p.Uint64Var(&f.seed, "seed", 1, "seed of math.random")
	settings.Between(p, "lookahead", time.Millisecond, host.MaxLookahead, "")
	settings.Between(p, "rate", 1, host.MaxRate, "frames a second")
	settings.AtLeast(p, "seed", 1)
}

// offline is a show that is looked at without its rig.
type offline struct {
	folder.Folder
	opts  rehearse.Options // with everything but Frames and Record; the rig is up to the caller
	files *folder.Files    // of the show; to be closed
}

// openOffline finds the show that a command names as run does, a file or a folder, and makes
// what a run of it in virtual time needs. It must be closed.
func (f *offlineFlags) openOffline(cmd *cobra.Command, args []string, log *slog.Logger) (*offline, error) {
	if err := oneShow(cmd, args); err != nil {
		return nil, err
	}
	found, err := folder.Find(args[0])
	if err != nil {
		return nil, usageError{fmt.Errorf("%w%s", err, elsewhere(cmd, args[0]))}
	}
	return &offline{found, rehearse.Options{
		Name: found.Name, File: found.File, Dir: filepath.Base(found.Dir), Bind: bindings.New, Shipped: scripts.Files(),
		Rate: f.rate, Lookahead: f.lookahead, Seed: f.seed, Getenv: os.LookupEnv, Log: log,
	}, found.Open()}, nil
}

// Close lets go of the files.
func (o *offline) Close() { o.files.Close() }

// load makes the show live in a run. The error says, as that of run does, that a script does
// not load.
func (o *offline) load(ctx context.Context, r *rehearse.Run) error {
	if err := r.Load(ctx, o.files); err != nil {
		return &host.LoadError{Err: err}
	}
	return nil
}
