// Package stagelinq speaks StageLinQ, the network protocol of Denon DJ and
// Numark players with Engine OS, in the role of a sink: it finds every player
// on the network and receives its states and beat positions. Subpackage source
// is the other role, a virtual player.
//
// # The protocol in one page
//
// Discovery: every participant broadcasts a HOWDY datagram to UDP port 51337
// once a second. It names the sender by a 16-byte [wire.Token], carries the
// device and software names and the TCP port of its main connection, and is
// followed by an EXIT when the sender leaves ([wire.Announcement]). A player
// talks only to a peer whose HOWDY it has heard, so a sink announces itself
// too.
//
// Main connection: TCP, messages without any framing ([wire.Message]). The
// client asks for the services; the server answers with one announcement (name
// and TCP port) per service. There is no end mark ([peer.ServiceList] says
// when a list is taken as complete). Afterwards both ends send echo requests
// ([peer.Echo]).
//
// StateMap: a TCP connection of its own. It starts with an unframed hello (the
// announcement form again, with the client's token); after it every message is
// preceded by its 32-bit length ([wire.Framer]). The client subscribes to
// paths such as /Engine/Deck1/Play and receives their values, now and after
// each change ([wire.StateMessage], [wire.Value]).
//
// BeatInfo: as StateMap, but the client sends one start message and then gets
// about 30 messages a second with beat, tempo and sample position of each deck
// ([wire.BeatInfo]), whether anything plays or not.
//
// All integers are big-endian. Strings are a 32-bit count of bytes and
// UTF-16BE text; the count 0xffffffff is the null string.
//
// # How this is built
//
// Package wire turns bytes into values. Package discovery announces and hears,
// package peer has what both roles do on TCP, package take records what units
// sent. [Sink] is a machine: it has no sockets, goroutines or clock; time is passed
// in, and it tells its next deadline. Within it the unexported link decides what to
// do about one unit. [SinkConn] is a Sink on the network; none of its goroutines
// outlives Run.
//
// Nothing a peer sends can end the sink: datagrams that do not parse are
// counted and dropped, frames that do not parse are skipped by their length,
// and a stream that lost its frame bounds is closed and dialled again.
//
// The numbers in brackets are the sections of PROTOCOL.md.
package stagelinq
