// Package peer is what both roles of StageLinQ do on their TCP connections. A role is a
// machine that asks [Streams] for what it wants done; [Sockets] does it with [Stream] and
// [Listen], and [Drive] steps the machine. [ServiceList] and [Echo] are the small machines
// of the main connection. Machines have no clock: time is passed in.
package peer
