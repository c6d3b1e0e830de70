// Package signet speaks Sig-Net 1.0: lighting levels, sync and timecode over
// signed CoAP multicast.
//
// One 256-bit root key K0 per installation, usually made from a passphrase,
// gives one key per role (Keys). This package is the Sender, which streams
// universes. The other roles live beside it: package node (a virtual Node),
// receiver (levels and timecode in) and manager (the read side of a Manager).
// They stand on wire (the byte layout), key (keys and their files), device
// (what every device does), merge (priority and HTP) and multicast (sockets).
//
// Every role is a machine that can be run as it is: New makes it without touching
// anything, Receive takes a packet, Step does what is due, Deadline says when to step
// next, and what is to leave is handed to a function. Open puts it on the network: the
// sockets and goroutines are in the files conn.go.
//
// Sections and rulings in comments are those of PROTOCOL.md.
//
// Sig-Net™ Designed by and Copyright Singularity (UK) Ltd.
package signet

import (
	"io"
	"net/netip"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// The types every role shares; their packages document them.
type (
	TUID           = wire.TUID             // names one device for ever
	SenderID       = wire.SenderID         // a TUID and an endpoint: a merge source and a sequence lane
	K0             = key.K0                // the root key of an installation
	Key            = key.Key               // a derived key
	Keys           = key.Keys              // the keys one device holds
	Sessions       = device.Sessions       // keeps session numbers on disk
	MemorySessions = device.MemorySessions // keeps them for a TUID of this run only
	Counters       = device.Counters       // packets by verdict
)

// ErrSessionsSpent tells that a TUID has used up its session numbers.
var ErrSessionsSpent = device.ErrSessionsSpent

// NewTUID draws a TUID of the prototype manufacturer from the range kept for
// software. Keep it on disk for a permanent installation.
func NewTUID(rand io.Reader) (TUID, error) { return wire.NewTUID(rand) }

// ParseTUID reads 7FF0A1B2C3D4 or 7FF0:A1B2C3D4.
func ParseTUID(s string) (TUID, error) { return wire.ParseTUID(s) }

// K0FromPassphrase makes the root key of a passphrase as typed. The error is a
// *key.PassphraseError that names the broken rule.
func K0FromPassphrase(passphrase string) (K0, error) { return key.FromPassphrase(passphrase) }

// GenerateK0 draws a root key; rand must be a cryptographic generator.
func GenerateK0(rand io.Reader) (K0, error) { return key.Generate(rand) }

// GeneratePassphrase draws a passphrase of ten characters that satisfies every
// rule; rand must be a cryptographic generator.
func GeneratePassphrase(rand io.Reader) (string, error) { return key.GeneratePassphrase(rand) }

// GroupOf is the group a universe is folded to; the universe must be valid.
func GroupOf(universe int) netip.Addr { return wire.Fold(uint16(universe)) }
