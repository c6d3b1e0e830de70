// Package peer is what both roles of StageLinQ do on their TCP connections:
// open them and read messages from them ([DialStream], [Listen], [Stream]), and
// the small machines of the main connection ([ServiceList], [Echo]) and of
// repeated attempts ([Backoff]). The machines have no clock: time is passed in.
package peer
