// Package stagelinq speaks StageLinQ, the network protocol of Denon DJ and
// Numark players with Engine OS, in the role of a sink: it finds every player
// on the network and receives its states and beat positions. Subpackage source
// is the other role, a virtual player.
//
// # The protocol in one page
//
// Discovery: every participant broadcasts a HOWDY datagram to UDP port 51337
// once a second. It names the sender by a 16-byte [Token], carries the device
// and software names and the TCP port of its main connection, and is followed
// by an EXIT when the sender leaves ([Announcement]). A player talks only to a
// peer whose HOWDY it has heard, so a sink announces itself too.
//
// Main connection: TCP, messages without any framing ([Message]). The client
// asks for the services; the server answers with one announcement (name and
// TCP port) per service. There is no end mark ([ServiceList] says when a list
// is taken as complete). Afterwards both ends send echo requests ([Echo]).
//
// StateMap: a TCP connection of its own. It starts with an unframed hello (the
// announcement form again, with the client's token); after it every message is
// preceded by its 32-bit length ([Framer]). The client subscribes to paths such
// as /Engine/Deck1/Play and receives their values, now and after each change
// ([StateMessage], [Value]).
//
// BeatInfo: as StateMap, but the client sends one start message and then gets
// about 30 messages a second with beat, tempo and sample position of each deck
// ([BeatInfo]), whether anything plays or not.
//
// All integers are big-endian. Strings are a 32-bit count of bytes and UTF-16BE
// text; the count 0xffffffff is the null string.
//
// # How this package is built
//
// Bytes are turned into values by Append and Parse functions that hold no
// state. [Table], [ServiceList], [Echo], [Backoff] and the unexported link are
// machines without sockets, goroutines or clocks: time is passed in, and each
// tells its next deadline. [Announcer] and [Sink] own the sockets and
// goroutines; none of them outlives Run.
//
// Nothing a peer sends can end the sink: datagrams that do not parse are
// counted and dropped, frames that do not parse are skipped by their length,
// and a stream that lost its frame bounds is closed and dialled again.
package stagelinq
