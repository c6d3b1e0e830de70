package wire

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrJSON says that a message is not one JSON object.
var ErrJSON = errors.New("message is not a JSON object")

// FieldError says that a field is missing or has the wrong kind or range. The
// Message that comes with it tells the kind, and what was read.
type FieldError struct {
	Kind  Kind
	Field string
	Want  string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: field %s: want %s", e.Kind, e.Field, e.Want)
}

// maxEntries bounds the lists of a message. A lease has at most 65,536
// addresses unless somebody configures more.
const maxEntries = 1 << 18

// maxNumber bounds integers to what every platform's int holds.
const maxNumber = 1<<31 - 1

// Parse reads one message. Of fields given twice the last one counts.
func Parse(b []byte) (Message, error) {
	if !json.Valid(b) {
		return Message{}, ErrJSON
	}
	b = b[space(b, 0):]
	if b[0] != '{' {
		return Message{}, ErrJSON
	}
	// Type may stand anywhere, so remember where everything is first.
	var f fields
	count := 0
	for key, value := range members(b) {
		count++
		f.note(key, value)
	}
	name, ok := rawText(f.kind)
	if !ok {
		return Message{}, &FieldError{Other, "Type", "a string"}
	}
	switch string(name) {
	case typeLeaseRequest:
		return f.leaseRequest(count)
	case typeLeaseResponse:
		return f.leaseResponse(count)
	case typeMappingUpdate:
		return f.mappingUpdate(count)
	case typeDataPacket:
		return f.dataPacket(count)
	}
	return Message{Kind: Other, Unknown: count - 1}, nil
}

// fields are the raw values of the fields we know; nil if absent.
type fields struct {
	kind, gatewayID, addressCount, leaseID, addresses, failure, mappings, address, value []byte
	hardwareType, channel                                                                []byte // of a mapping
}

// note keeps a field.
func (f *fields) note(key, value []byte) {
	name, _ := rawText(key)
	switch string(name) {
	case "Type":
		f.kind = value
	case "GatewayID":
		f.gatewayID = value
	case "AddressCount":
		f.addressCount = value
	case "LeaseID":
		f.leaseID = value
	case "Addresses":
		f.addresses = value
	case "Error":
		f.failure = value
	case "Mappings":
		f.mappings = value
	case "StageNetAddress":
		f.address = value
	case "Value":
		f.value = value
	case "HardwareType":
		f.hardwareType = value
	case "Channel":
		f.channel = value
	}
}

// unknown counts the fields a message has besides Type and the known ones.
func unknown(count int, known ...[]byte) int {
	n := count - 1
	for _, k := range known {
		if k != nil {
			n--
		}
	}
	return max(n, 0)
}

func (f *fields) leaseRequest(count int) (Message, error) {
	m := Message{Kind: LeaseRequest, Unknown: unknown(count, f.gatewayID, f.addressCount)}
	var ok bool
	if m.GatewayID, ok = text(f.gatewayID); !ok {
		return m, &FieldError{m.Kind, "GatewayID", "a string"}
	}
	if m.AddressCount, ok = integer(f.addressCount); !ok {
		return m, &FieldError{m.Kind, "AddressCount", "an integer"}
	}
	return m, nil
}

func (f *fields) leaseResponse(count int) (Message, error) {
	m := Message{Kind: LeaseResponse, Unknown: unknown(count, f.leaseID, f.addresses, f.failure)}
	var ok bool
	if m.LeaseID, ok = text(f.leaseID); !ok {
		return m, &FieldError{m.Kind, "LeaseID", "a string"}
	}
	m.Error, _ = text(f.failure)
	if len(f.addresses) == 0 || f.addresses[0] != '[' {
		return m, &FieldError{m.Kind, "Addresses", "an array of strings"}
	}
	for raw := range elements(f.addresses) {
		a, ok := text(raw)
		if !ok || len(m.Addresses) == maxEntries {
			return m, &FieldError{m.Kind, "Addresses", fmt.Sprintf("an array of at most %d strings", maxEntries)}
		}
		m.Addresses = append(m.Addresses, a)
	}
	return m, nil
}

func (f *fields) mappingUpdate(count int) (Message, error) {
	m := Message{Kind: MappingUpdate, Unknown: unknown(count, f.leaseID, f.mappings)}
	var ok bool
	if m.LeaseID, ok = text(f.leaseID); !ok {
		return m, &FieldError{m.Kind, "LeaseID", "a string"}
	}
	if len(f.mappings) == 0 || f.mappings[0] != '[' {
		return m, &FieldError{m.Kind, "Mappings", "an array of objects"}
	}
	for raw := range elements(f.mappings) {
		if len(m.Mappings) == maxEntries {
			return m, &FieldError{m.Kind, "Mappings", fmt.Sprintf("at most %d entries", maxEntries)}
		}
		m.Mappings = append(m.Mappings, mapping(raw))
	}
	return m, nil
}

// mapping reads one entry; what is wrong in it stays empty.
func mapping(raw []byte) Mapping {
	m := Mapping{Channel: -1}
	if raw[0] != '{' {
		return m
	}
	var f fields
	for key, value := range members(raw) {
		f.note(key, value)
	}
	m.Address, _ = text(f.address)
	m.HardwareType, _ = text(f.hardwareType)
	if n, ok := integer(f.channel); ok && n >= 0 {
		m.Channel = n
	}
	return m
}

func (f *fields) dataPacket(count int) (Message, error) {
	m := Message{Kind: DataPacket, Unknown: unknown(count, f.address, f.value)}
	var ok bool
	if m.Address, ok = rawText(f.address); !ok {
		return m, &FieldError{m.Kind, "StageNetAddress", "a string"}
	}
	n, ok := integer(f.value)
	if !ok || n < 0 || n > MaxValue {
		return m, &FieldError{m.Kind, "Value", fmt.Sprintf("an integer 0-%d", MaxValue)}
	}
	m.Value = Value(n)
	return m, nil
}
