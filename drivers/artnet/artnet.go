// Package artnet speaks Art-Net 4: lighting levels over UDP, sent to the devices that say
// what they listen to.
//
// This package is the controller, which polls the network, keeps a table of who is there
// and streams universes. The other role, a node, is in package node; the bytes are in wire,
// and port is where both meet the network.
//
// Both are machines that can be run as they are: New makes one without touching anything,
// Receive takes a packet, Step does what is due, Deadline says when to step next, and what
// is to leave is handed to a function. Open puts it on the network.
//
// Sections and rulings in comments are those of PROTOCOL.md.
//
// Art-Net™ Designed by and Copyright Artistic Licence.
package artnet

import (
	"showrun/drivers/artnet/port"
	"showrun/drivers/artnet/wire"
)

// The types both roles share; their packages document them.
type (
	Address = wire.Address // a universe on the whole network, 0-32767
	Reply   = wire.Reply   // what a device says of a page of its ports
	Ports   = port.Ports   // the sockets of a process
)

// LastAddress is the highest Address.
const LastAddress = wire.LastAddress
