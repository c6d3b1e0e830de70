// Package stagenet speaks StageNet in the role of a console: it finds gateways,
// leases addresses to them and sends them values. Subpackage gateway is the
// other role, the owner of hardware channels.
//
// # The protocol in one page
//
// Discovery: a gateway advertises the DNS-SD service _stagenet._tcp in the
// domain local by multicast DNS, by default at port 4000, with the TXT records
// id (of the gateway), type (such as DMX) and version. Package lan/mdns finds
// them.
//
// Connection: the gateway is a WebSocket server, the console connects to
// ws://host:port/stagenet. Every message is a text message that holds one JSON
// object, and its key Type tells the kind.
//
//	gateway  LEASE_REQ       GatewayID, AddressCount          "I have so many channels"
//	console  LEASE_RESP      LeaseID, Addresses               "they are SN1, SN2, …"
//	gateway  MAPPING_UPDATE  LeaseID, Mappings                "SN1 is DMX channel 200, …"
//	console  DATA_PKT        StageNetAddress, Value (0-255)   "SN1 is at 255"
//
// # What the publication leaves open
//
// PROTOCOL.md has the facts and the rulings; numbers in brackets are those of rulings.
// The addresses belong to the console. A lease belongs to its GatewayID for good
// and is stored before the answer leaves, so SN17 means the same socket tomorrow
// (1). A LEASE_REQ states the whole size of the lease: more appends addresses,
// fewer frees the highest, 0 frees all (2, 4). Of two connections with one id
// the newer wins (3). A mapping replaces the one before; bad entries are dropped
// and counted (5). Of each address the newest value counts; values leave at most
// once a frame and only when they changed, all of them after a mapping (6).
//
// # How this is built
//
// Package wire turns bytes into values; package link is what the roles say of a
// connection, and the connections: the WebSocket with its limits, and one within a
// program. [New] makes a Console that has no socket, goroutine or clock; [Console.Connect]
// gives it gateways by connections that the caller steps, such as link.Memory to a
// gateway of subpackage gateway. [Console.Run] puts it on the network: one goroutine
// reads and one writes each connection, so a gateway that does not read delays nobody
// else. There are no queues of values: the writer takes the newest ones when it is ready
// to write.
package stagenet
