// Package osc is Open Sound Control 1.0 over UDP: messages, bundles, address
// patterns and a socket that does not die of a bad datagram.
//
// A message is an address such as /fixture, a string of type tags such as ,si
// and the arguments, all big-endian and padded to four bytes:
//
//	"/fixture\0\0\0\0"  ",si\0"  "white\0\0\0"  00 00 00 ff
//
// A bundle is "#bundle\0", an NTP time tag of eight bytes, and elements that are
// messages or bundles, each after its length of four bytes.
//
// PROTOCOL.md has the facts and the rulings.
//
// # What go-osc does here
//
// github.com/hypebeast/go-osc/osc encodes every message that leaves
// ([AppendMessage]). Its parser is the oracle of our tests but is not what
// listens to the network: it refuses messages without a type tag string, empty
// blobs, blobs that reach past the 4096th byte and the tags S c r m I [ ], reads
// a time tag one in 2³² off, and ignores the length of bundle elements. Its
// server is not used at all.
package osc
