// Package discovery is how the participants of a StageLinQ network find each
// other, in either role: [Announcer] broadcasts a HOWDY datagram a second on
// every network of the machine and receives those of others, [Table] keeps who
// is there.
//
// Every participant announces itself, also one that only listens: a player
// talks to nobody it has not heard (1.2).
package discovery
