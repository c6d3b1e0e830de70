package theater

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/host"
	"showrun/runtime/store"
)

// sigNet is a Sig-Net universe.
type sigNet struct {
	sender   *signet.SenderConn
	universe int
	kept     *store.Store
	log      *slog.Logger
	failure  string // that was logged last; the lighting server's
}

// stateFolder is the folder in the state folder that is for theater servers, so
// that a show can run beside them: each has its own identity on the network.
const stateFolder = "theater"

// openSigNet opens the Sender of a lighting server. It sends nothing before Run.
func openSigNet(f Flags, findKey func(dir string) (key.Transfer, error), log *slog.Logger) (*sigNet, error) {
	dir := f.State
	if dir == "" {
		var err error
		if dir, err = host.DefaultStateDir(); err != nil {
			return nil, err
		}
	}
	transfer, err := findKey(dir)
	if err != nil {
		return nil, err
	}
	kept, err := store.OpenNew(filepath.Join(dir, stateFolder), log)
	if err != nil {
		return nil, err
	}
	o := &sigNet{universe: f.target.universe, kept: kept, log: log}
	if o.sender, err = openSender(f, transfer.Keys(), kept, log); err != nil {
		kept.Close()
		return nil, err
	}
	if err := o.sender.Join(o.universe, signet.UniverseOptions{}); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

func openSender(f Flags, keys signet.Keys, kept *store.Store, log *slog.Logger) (*signet.SenderConn, error) {
	tuid, err := devsignet.TUIDOf(kept, "theater")
	if err != nil {
		return nil, err
	}
	return signet.OpenSender(signet.SenderConfig{
		TUID: tuid, Keys: keys, Sessions: devsignet.Sessions{Store: kept}, Interface: f.network(), Port: f.sigNetPort,
		Rate: f.Rate, Label: "theater lighting", Log: log,
	})
}

// Show implements server.Sink.
func (o *sigNet) Show(levels []byte, at time.Time) {
	o.sender.SetLevels(o.universe, levels)
	_, err := o.sender.Flush(at)
	switch {
	case err == nil:
		o.failure = ""
	case err.Error() != o.failure:
		o.failure = err.Error()
		o.log.Warn("levels not sent, trying on", "error", err)
	}
}

// Run implements output.
func (o *sigNet) Run(ctx context.Context) error { return o.sender.Run(ctx) }

// Close implements output.
func (o *sigNet) Close() error {
	return errors.Join(o.sender.Close(), o.kept.Close())
}
