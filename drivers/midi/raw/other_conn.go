//go:build !linux

package raw

import (
	"context"
	"fmt"

	"showrun/drivers/midi/wire"
)

// Conn is a port that is open; on this system none ever is.
type Conn struct{}

// Open gives ErrSystem.
func Open(cfg Config, _ func(pattern, name string) bool) (*Conn, error) {
	return nil, fmt.Errorf("midi: port %q: %w", cfg.Name, ErrSystem)
}

// Port tells which it is.
func (*Conn) Port() Port { return Port{} }

// Ignored is 0.
func (*Conn) Ignored() uint64 { return 0 }

// Send gives ErrSystem.
func (*Conn) Send(...wire.Message) error { return ErrSystem }

// Close does nothing.
func (*Conn) Close() error { return nil }

// Run gives ErrSystem.
func (*Conn) Run(context.Context) error { return ErrSystem }
