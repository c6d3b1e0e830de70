package wire

import "encoding/binary"

// StateMessage is one message of a StateMap connection (3.3). Interval, in
// milliseconds, counts for StateSubscribe; JSON and Null for StateEmit and
// StateSet.
type StateMessage struct {
	Type     uint32
	Path     string
	Interval uint32
	JSON     string
	Null     bool // the JSON is the null string
}

// AppendState appends m to b with its length prefix. It panics on a Type that
// ParseState does not know.
func AppendState(b []byte, m StateMessage) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = append(b, stateMagic...)
	b = binary.BigEndian.AppendUint32(b, m.Type)
	b = appendString(b, m.Path)
	switch {
	case m.Type == StateSubscribe:
		b = binary.BigEndian.AppendUint32(b, m.Interval)
	case m.Type != StateEmit && m.Type != StateSet:
		panic("stagelinq: AppendState: unknown type")
	case m.Null:
		b = binary.BigEndian.AppendUint32(b, nullLength)
	default:
		b = appendString(b, m.JSON)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

// ParseState reads the payload of one frame.
func ParseState(b []byte) (StateMessage, error) { return (*PathNames)(nil).ParseState(b) }

// ParseState is the function ParseState with the texts of paths taken from p.
func (p *PathNames) ParseState(b []byte) (StateMessage, error) {
	c := cursor{b: b}
	if magic := c.take(len(stateMagic)); c.err == nil && string(magic) != stateMagic {
		return StateMessage{}, ErrMagic
	}
	m := StateMessage{Type: c.uint32()}
	if c.err == nil && m.Type != StateEmit && m.Type != StateSet && m.Type != StateSubscribe {
		return StateMessage{}, ErrType
	}
	path, _ := c.text(MaxStateFrame)
	var json []byte
	if m.Type == StateSubscribe {
		m.Interval = c.uint32()
	} else {
		json, m.Null = c.text(MaxStateFrame)
	}
	switch {
	case c.err != nil:
		return StateMessage{}, c.err
	case len(c.b) > 0:
		return StateMessage{}, ErrTrailing
	}
	m.Path = p.text(path)
	m.JSON = decodeText(json)
	return m, nil
}

// PathNames remembers the texts of the paths one connection sends, so that a
// repeated path costs no allocation. The zero PathNames is empty; a nil
// *PathNames remembers nothing. It has one owner.
type PathNames struct{ byBytes map[string]string }

// maxPathNames bounds what a peer can make PathNames hold.
const maxPathNames = 1024

func (p *PathNames) text(raw []byte) string {
	if p == nil {
		return decodeText(raw)
	}
	if s, ok := p.byBytes[string(raw)]; ok {
		return s
	}
	s := decodeText(raw)
	if len(p.byBytes) < maxPathNames && len(raw) <= 512 {
		if p.byBytes == nil {
			p.byBytes = map[string]string{}
		}
		p.byBytes[string(raw)] = s
	}
	return s
}
