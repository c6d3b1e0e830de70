package bridge

import (
	"log/slog"
	"path/filepath"

	"showrun/runtime/host"
	"showrun/runtime/store"
)

// dir is the state folder.
func (e Env) dir() (string, error) {
	if e.StateDir != "" {
		return e.StateDir, nil
	}
	return host.DefaultStateDir()
}

// keep opens what is kept: in a folder of its own in the state folder, so that a show can run
// beside it, and each has its own identity on the network.
func (e Env) keep() (*store.Store, error) {
	dir, err := e.dir()
	if err != nil {
		return nil, err
	}
	return store.OpenNew(filepath.Join(dir, e.Name), e.Log)
}

// failing tells of levels that do not leave, once for each error. It is for one goroutine.
type failing struct {
	log  *slog.Logger
	text string // that was logged last
}

func (f *failing) tell(err error) {
	switch {
	case err == nil:
		f.text = ""
	case err.Error() != f.text:
		f.text = err.Error()
		f.log.Warn("levels not sent, trying on", "error", err)
	}
}
