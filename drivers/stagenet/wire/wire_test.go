package wire

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Messages as a gateway may write them, with white space.
const (
	spacedRequest = `{
  "Type": "LEASE_REQ",
  "GatewayID": "GATEWAY_01",
  "AddressCount": 4
}
`
	spacedResponse = `{
  "Type": "LEASE_RESP",
  "LeaseID": "lease_001",
  "Addresses": ["SN1", "SN2", "SN3", "SN4"]
}`
	spacedMapping = `{
  "Type": "MAPPING_UPDATE",
  "LeaseID": "lease_001",
  "Mappings": [
    {"StageNetAddress": "SN1", "HardwareType": "DMX", "Channel": 200},
    {"StageNetAddress": "SN4", "HardwareType": "DMX", "Channel": 430}
  ]
}`
	spacedPacket = `{
  "Type": "DATA_PKT",
  "StageNetAddress": "SN1",
  "Value": 255
}`
)

var spaced = []struct {
	text string
	want Message
	wire []byte // as we write it
}{
	{spacedRequest, Message{Kind: LeaseRequest, GatewayID: "GATEWAY_01", AddressCount: 4}, AppendLeaseRequest(nil, "GATEWAY_01", 4)},
	{spacedResponse, Message{Kind: LeaseResponse, LeaseID: "lease_001", Addresses: []string{"SN1", "SN2", "SN3", "SN4"}},
		AppendLeaseResponse(nil, "lease_001", []Address{1, 2, 3, 4})},
	{spacedMapping, Message{Kind: MappingUpdate, LeaseID: "lease_001", Mappings: []Mapping{{"SN1", "DMX", 200}, {"SN4", "DMX", 430}}},
		AppendMappingUpdate(nil, "lease_001", []Mapping{{"SN1", "DMX", 200}, {"SN4", "DMX", 430}})},
	{spacedPacket, Message{Kind: DataPacket, Address: []byte("SN1"), Value: 255}, AppendDataPacket(nil, 1, 255)},
	{`{"Type":"LEASE_RESP","LeaseID":"","Addresses":[],"Error":"no \"room\""}`, Message{Kind: LeaseResponse, Error: `no "room"`}, AppendLeaseRefusal(nil, `no "room"`)},
}

func TestDocumentedMessages(t *testing.T) {
	for _, d := range spaced {
		got, err := Parse([]byte(d.text))
		if err != nil {
			t.Errorf("%s: %v", d.text, err)
		}
		if diff := cmp.Diff(d.want, got); diff != "" {
			t.Errorf("%s: %s", d.text, diff)
		}
		again, err := Parse(d.wire)
		if diff := cmp.Diff(d.want, again); diff != "" || err != nil {
			t.Errorf("%s: %v %s", d.wire, err, diff)
		}
		// The standard library reads what we write as the same.
		var ours, theirs any
		if json.Unmarshal(d.wire, &ours) != nil || json.Unmarshal([]byte(d.text), &theirs) != nil || !cmp.Equal(ours, theirs) {
			t.Errorf("%s reads as %v, want %v", d.wire, ours, theirs)
		}
		for i := range len(strings.TrimSpace(d.text)) {
			if m, err := Parse([]byte(d.text[:i])); err == nil {
				t.Errorf("%s: parsed as %+v", d.text[:i], m)
			}
		}
	}
}

func TestParseLeniently(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Message
	}{
		{"unknown type", `{"Type":"HELLO","a":1,"b":[{}]}`, Message{Unknown: 2}},
		{"type last, unknown fields", `{"Value":7,"x":{"y":["}"]},"StageNetAddress":"SN9","z":"\"","Type":"DATA_PKT"}`,
			Message{Kind: DataPacket, Address: []byte("SN9"), Value: 7, Unknown: 2}},
		{"fields of another kind", `{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":0,"Value":1}`, Message{Kind: LeaseRequest, GatewayID: "g", Unknown: 1}},
		{"keys have a case", `{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":1,"gatewayid":"h"}`,
			Message{Kind: LeaseRequest, GatewayID: "g", AddressCount: 1, Unknown: 1}},
		{"escapes", `{"\u0054ype":"LEASE_REQ","GatewayID":"B\u00fchne \ud83d\ude00\n","AddressCount":-1}`,
			Message{Kind: LeaseRequest, GatewayID: "Bühne 😀\n", AddressCount: -1}},
		{"not UTF-8", "{\"Type\":\"LEASE_REQ\",\"GatewayID\":\"\xff\",\"AddressCount\":1}", Message{Kind: LeaseRequest, GatewayID: "\ufffd", AddressCount: 1}},
		{"the last counts", `{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":1,"Value":2}`, Message{Kind: DataPacket, Address: []byte("SN1"), Value: 2, Unknown: 1}},
		{"bad entries", `{"Type":"MAPPING_UPDATE","LeaseID":"l","Mappings":[1,null,[],{},{"StageNetAddress":1,"HardwareType":2,"Channel":"3"},
			{"StageNetAddress":"SN1","HardwareType":"DMX","Channel":-1},{"StageNetAddress":"SN1","HardwareType":"DMX","Channel":1.5},
			{"StageNetAddress":"SN1","HardwareType":"DMX","Channel":0}]}`,
			Message{Kind: MappingUpdate, LeaseID: "l", Mappings: []Mapping{
				{Channel: -1}, {Channel: -1}, {Channel: -1}, {Channel: -1}, {Channel: -1}, {"SN1", "DMX", -1}, {"SN1", "DMX", -1}, {"SN1", "DMX", 0}}}},
	} {
		got, err := Parse([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"", " ", "null", "1", `"x"`, "[]", `[{"Type":"DATA_PKT"}]`, "{", `{"Type":"DATA_PKT",}`, "{}{}", "\x00", `{'Type':1}`} {
		if m, err := Parse([]byte(text)); !errors.Is(err, ErrJSON) {
			t.Errorf("%q: %+v, %v; want ErrJSON", text, m, err)
		}
	}
	for text, want := range map[string]FieldError{
		`{}`:                                    {Other, "Type", ""},
		`{"Type":1}`:                            {Other, "Type", ""},
		`{"type":""}`:                           {Other, "Type", ""},
		`{"Type":"LEASE_REQ","AddressCount":1}`: {LeaseRequest, "GatewayID", ""},
		`{"Type":"LEASE_REQ","GatewayID":7,"AddressCount":1}`:                            {LeaseRequest, "GatewayID", ""},
		`{"Type":"LEASE_REQ","GatewayID":"g"}`:                                           {LeaseRequest, "AddressCount", ""},
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":"4"}`:                        {LeaseRequest, "AddressCount", ""},
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":4.5}`:                        {LeaseRequest, "AddressCount", ""},
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":1e2}`:                        {LeaseRequest, "AddressCount", ""},
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":99999999999999999999999999}`: {LeaseRequest, "AddressCount", ""},
		`{"Type":"LEASE_RESP","LeaseID":"l"}`:                                            {LeaseResponse, "Addresses", ""},
		`{"Type":"LEASE_RESP","LeaseID":"l","Addresses":[1]}`:                            {LeaseResponse, "Addresses", ""},
		`{"Type":"LEASE_RESP","Addresses":[]}`:                                           {LeaseResponse, "LeaseID", ""},
		`{"Type":"MAPPING_UPDATE","Mappings":[]}`:                                        {MappingUpdate, "LeaseID", ""},
		`{"Type":"MAPPING_UPDATE","LeaseID":"l","Mappings":{}}`:                          {MappingUpdate, "Mappings", ""},
		`{"Type":"DATA_PKT","Value":1}`:                                                  {DataPacket, "StageNetAddress", ""},
		`{"Type":"DATA_PKT","StageNetAddress":"SN1"}`:                                    {DataPacket, "Value", ""},
		`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":256}`:                        {DataPacket, "Value", ""},
		`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":-1}`:                         {DataPacket, "Value", ""},
		`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":null}`:                       {DataPacket, "Value", ""},
	} {
		_, err := Parse([]byte(text))
		var got *FieldError
		if !errors.As(err, &got) || got.Kind != want.Kind || got.Field != want.Field {
			t.Errorf("%s: %v; want field %s of %s", text, err, want.Field, want.Kind)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, s := range []string{"SN1", "SN17", "SN65536", "SN2147483647"} {
		if a, err := ParseAddress(s); err != nil || a.String() != s {
			t.Errorf("%s: %v, %v", s, a, err)
		}
	}
	for _, s := range []string{"", "SN", "SN0", "SN01", "sn1", "SN-1", "SN+1", "SN1 ", "SN2147483648", "SN1_0", "1", "SN99999999999999999999"} {
		if a, err := ParseAddress(s); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v, %v; want ErrAddress", s, a, err)
		}
	}
}

func TestDataPacketAllocatesNothing(t *testing.T) {
	b := make([]byte, 0, 128)
	if n := testing.AllocsPerRun(100, func() { b = AppendDataPacket(b[:0], 512, 128) }); n != 0 {
		t.Errorf("append: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if m, err := Parse(b); err != nil || m.Value != 128 {
			t.Error(m, err)
		}
	}); n != 0 {
		t.Errorf("parse: %v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range spaced {
		f.Add([]byte(d.text))
		f.Add(d.wire)
	}
	f.Add([]byte(`{"Type":"MAPPING_UPDATE","LeaseID":"l","Mappings":[1,{"a":"\\\""},{"Channel":-0}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		var again []byte
		switch m.Kind {
		case LeaseRequest:
			again = AppendLeaseRequest(nil, m.GatewayID, m.AddressCount)
		case MappingUpdate:
			again = AppendMappingUpdate(nil, m.LeaseID, m.Mappings)
		case DataPacket:
			a, err := ParseAddress(string(m.Address))
			if err != nil {
				return
			}
			again = AppendDataPacket(nil, a, m.Value)
		default:
			return
		}
		m.Unknown = 0
		back, err := Parse(again)
		if diff := cmp.Diff(m, back, cmp.Transformer("empty", func(l []Mapping) []Mapping { return slices.Concat(l) })); err != nil || diff != "" {
			t.Errorf("%s written as %s: %v %s", b, again, err, diff)
		}
	})
}

func BenchmarkAppendDataPacket(b *testing.B) {
	buf := make([]byte, 0, 128)
	for b.Loop() {
		buf = AppendDataPacket(buf[:0], 512, 128)
	}
}

func BenchmarkParseDataPacket(b *testing.B) {
	buf := AppendDataPacket(nil, 512, 128)
	for b.Loop() {
		if _, err := Parse(buf); err != nil {
			b.Fatal(err)
		}
	}
}
