// Package lan is the floor under the drivers: what each of them needs of the local
// network, whatever it speaks.
//
//   - [Find] and [Select] turn what a person wrote, the name of a network interface or
//     one of its addresses, into the interface.
//   - [Share] lets a UDP port be open in several programs, [SendNow] sends without a wait.
//   - [Places] bound the connections that others make to one driver, [Stranger] those to all.
//   - [Backoff] spaces attempts, [Seldom] log lines.
//
// Sockets for multicast groups are in lan/multicast, multicast DNS is in lan/mdns.
package lan
