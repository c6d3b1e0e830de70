// Package wire turns StageNet messages into values and back. A message is one
// JSON object; its key Type tells the kind, and keys are case-sensitive.
//
// Parse is lenient where PROTOCOL.md rulings 5 and 8 are: unknown kinds and unknown
// fields are counted and skipped, a bad entry of a mapping does not spoil the
// others. Everything else that is wrong is a typed error.
package wire

import (
	"encoding/json"
	"strconv"
)

// Kind is what a message is.
type Kind uint8

// The kinds. Other is a message whose Type we do not know.
const (
	Other         Kind = iota
	LeaseRequest       // gateway to console: LEASE_REQ
	LeaseResponse      // console to gateway: LEASE_RESP
	MappingUpdate      // gateway to console: MAPPING_UPDATE
	DataPacket         // console to gateway: DATA_PKT
)

// The values of Type.
const (
	typeLeaseRequest  = "LEASE_REQ"
	typeLeaseResponse = "LEASE_RESP"
	typeMappingUpdate = "MAPPING_UPDATE"
	typeDataPacket    = "DATA_PKT"
)

// String is the Type of the kind.
func (k Kind) String() string {
	return [...]string{"unknown type", typeLeaseRequest, typeLeaseResponse, typeMappingUpdate, typeDataPacket}[k]
}

// Message is a parsed message of any kind; the fields of the other kinds are
// zero.
type Message struct {
	Kind    Kind
	Unknown int // fields that this kind does not have

	GatewayID    string // LeaseRequest
	AddressCount int    // LeaseRequest; may be negative

	LeaseID   string   // LeaseResponse, MappingUpdate
	Addresses []string // LeaseResponse
	Error     string   // LeaseResponse: why the lease was refused

	Mappings []Mapping // MappingUpdate

	Address []byte // DataPacket; part of the parsed bytes
	Value   Value  // DataPacket
}

// Mapping joins an address to a hardware channel. A parsed one may be
// incomplete: then HardwareType is empty, Channel is -1, or Address is empty.
type Mapping struct {
	Address      string
	HardwareType string // "DMX", "MIDI", "ANALOG", …
	Channel      int
}

// AppendLeaseRequest appends a LEASE_REQ.
func AppendLeaseRequest(b []byte, gatewayID string, addressCount int) []byte {
	b = append(b, `{"Type":"LEASE_REQ","GatewayID":`...)
	b = appendText(b, gatewayID)
	b = append(b, `,"AddressCount":`...)
	b = strconv.AppendInt(b, int64(addressCount), 10)
	return append(b, '}')
}

// AppendLeaseResponse appends a LEASE_RESP that grants addresses.
func AppendLeaseResponse(b []byte, leaseID string, addresses []Address) []byte {
	b = append(b, `{"Type":"LEASE_RESP","LeaseID":`...)
	b = appendText(b, leaseID)
	b = append(b, `,"Addresses":[`...)
	for i, a := range addresses {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = AppendAddress(b, a)
		b = append(b, '"')
	}
	return append(b, `]}`...)
}

// AppendLeaseRefusal appends a LEASE_RESP that grants nothing and says why.
func AppendLeaseRefusal(b []byte, why string) []byte {
	b = append(b, `{"Type":"LEASE_RESP","LeaseID":"","Addresses":[],"Error":`...)
	b = appendText(b, why)
	return append(b, '}')
}

// AppendMappingUpdate appends a MAPPING_UPDATE.
func AppendMappingUpdate(b []byte, leaseID string, mappings []Mapping) []byte {
	b = append(b, `{"Type":"MAPPING_UPDATE","LeaseID":`...)
	b = appendText(b, leaseID)
	b = append(b, `,"Mappings":[`...)
	for i, m := range mappings {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"StageNetAddress":`...)
		b = appendText(b, m.Address)
		b = append(b, `,"HardwareType":`...)
		b = appendText(b, m.HardwareType)
		b = append(b, `,"Channel":`...)
		b = strconv.AppendInt(b, int64(m.Channel), 10)
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

// AppendDataPacket appends a DATA_PKT. It allocates nothing if b has room.
func AppendDataPacket(b []byte, a Address, v Value) []byte {
	b = append(b, `{"Type":"DATA_PKT","StageNetAddress":"`...)
	b = AppendAddress(b, a)
	b = append(b, `","Value":`...)
	b = strconv.AppendUint(b, uint64(v), 10)
	return append(b, '}')
}

// appendText appends a JSON string. What is not UTF-8 is replaced.
func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return append(b, text...)
}
