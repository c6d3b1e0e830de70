package theater

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
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
func openSigNet(f Flags, readKey func(file string) (key.Transfer, error), log *slog.Logger) (*sigNet, error) {
	dir := f.State
	if dir == "" {
		var err error
		if dir, err = host.DefaultStateDir(); err != nil {
			return nil, err
		}
	}
	transfer, err := readKey(host.KeyFile(dir))
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(filepath.Join(dir, stateFolder))
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
	id, err := kept.Identity("signet tuid", func() ([]byte, error) {
		t, err := signet.NewTUID(rand.Reader)
		return t[:], err
	})
	if err != nil {
		return nil, err
	}
	if len(id) != len(signet.TUID{}) {
		return nil, errors.New("the state file holds a broken TUID")
	}
	return signet.OpenSender(signet.SenderConfig{
		TUID: signet.TUID(id), Keys: keys, Sessions: sessions{kept}, Interface: f.network(), Port: f.sigNetPort,
		Rate: f.Rate, Label: "theater lighting", Log: log,
	})
}

// sessions adapts a Store to the driver's type of a TUID.
type sessions struct{ *store.Store }

func (s sessions) Session(t signet.TUID) (uint32, bool, error) { return s.Store.Session(t) }

func (s sessions) SaveSession(t signet.TUID, n uint32) error { return s.Store.SaveSession(t, n) }

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
