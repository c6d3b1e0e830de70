package wire

import "encoding/binary"

// Message is one message of the main connection, or the hello of a service
// connection (2.1). Which fields count depends on ID:
//
//	IDAnnounce   Token, Service, Port
//	IDReference  Token (originator), Token2 (responder, zero in a request), Value
//	IDRequest    Token
type Message struct {
	ID      uint32
	Token   Token
	Token2  Token
	Service string
	Port    uint16
	Value   uint64
}

// AppendMessage appends m to b. It panics on an ID that ParseMessage does not
// know.
func AppendMessage(b []byte, m Message) []byte {
	b = binary.BigEndian.AppendUint32(b, m.ID)
	b = append(b, m.Token[:]...)
	switch m.ID {
	case IDAnnounce:
		b = appendString(b, m.Service)
		return binary.BigEndian.AppendUint16(b, m.Port)
	case IDReference:
		b = append(b, m.Token2[:]...)
		return binary.BigEndian.AppendUint64(b, m.Value)
	case IDRequest:
		return b
	}
	panic("stagelinq: AppendMessage: unknown id")
}

// ParseMessage reads the message at the front of b and returns it with its
// size. ErrShort means that more bytes are needed; after any other error the
// stream cannot be resynchronised, because the messages are not framed.
func ParseMessage(b []byte) (Message, int, error) {
	c := cursor{b: b}
	m := Message{ID: c.uint32()}
	if c.err == nil && m.ID > IDRequest {
		return Message{}, 0, ErrType
	}
	m.Token = c.token()
	switch m.ID {
	case IDAnnounce:
		name, _ := c.text(MaxServiceName)
		m.Port = c.uint16()
		if c.err == nil {
			m.Service = decodeText(name)
		}
	case IDReference:
		m.Token2 = c.token()
		m.Value = c.uint64()
	}
	if c.err != nil {
		return Message{}, 0, c.err
	}
	return m, len(b) - len(c.b), nil
}
