// Package wire turns StageLinQ messages into values and back. It holds no
// state, sockets or time, but for [Framer] and [PathNames], which belong to one
// connection.
//
// A message is made by an Append function and read by a Parse function:
// [Announcement] is the discovery datagram, [Message] the unframed message of a
// main connection and the hello of the others, [StateMessage] and [BeatInfo]
// are the framed messages of the two services a sink uses.
//
// All integers are big-endian. A string is a 32-bit count of bytes, followed by
// UTF-16BE text; the count 0xffffffff is the null string. No parser reads
// beyond its bytes, or allocates more than a small multiple of them. The
// numbers in brackets are the sections of PROTOCOL.md.
package wire
