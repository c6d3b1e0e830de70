// Package signet speaks Sig-Net 1.0: lighting levels, sync and timecode over
// signed CoAP multicast.
//
// One 256-bit root key K0 per installation, usually made from a passphrase,
// gives one key per role (Keys). A Sender streams universes; nodes (package
// node), receivers (package receiver) and the read side of a Manager (package
// manager) live beside it. They share what is in this package: the Gate, which
// is the receive pipeline with its replay protection, the Voice, which numbers
// and signs what a device says, and the Presence, which answers polls. Package
// wire holds the byte layout.
//
// Logic is in plain state machines that are given the present instant and say
// when they want to be called next; sockets and goroutines are in conn.go and
// in package multicast.
//
// Sig-Net™ Designed by and Copyright Singularity (UK) Ltd.
package signet

import (
	"io"

	"showrun/drivers/signet/wire"
)

// TUID names one device: see wire.TUID.
type TUID = wire.TUID

// SenderID is a TUID and an endpoint: a merge source and a sequence lane.
type SenderID = wire.SenderID

// NewTUID draws a TUID of the prototype manufacturer from the range kept for
// software. Keep it on disk for a permanent installation.
func NewTUID(rand io.Reader) (TUID, error) { return wire.NewTUID(rand) }

// ParseTUID reads 7FF0A1B2C3D4 or 7FF0:A1B2C3D4.
func ParseTUID(s string) (TUID, error) { return wire.ParseTUID(s) }
