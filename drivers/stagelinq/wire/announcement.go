package wire

import "encoding/binary"

// Announcement is one discovery datagram (1.1).
type Announcement struct {
	Token    Token
	Name     string // device name, such as "prime4"
	Exit     bool   // EXIT instead of HOWDY: the sender leaves
	Software string // hardware code such as "JC11", or the name of a program
	Version  string
	Port     uint16 // TCP port of the main connection, 0: do not dial me
}

// AppendAnnouncement appends a to b as one datagram.
func AppendAnnouncement(b []byte, a Announcement) []byte {
	b = append(b, airdMagic...)
	b = append(b, a.Token[:]...)
	b = appendString(b, a.Name)
	if a.Exit {
		b = appendString(b, actionExit)
	} else {
		b = appendString(b, actionHowdy)
	}
	b = appendString(b, a.Software)
	b = appendString(b, a.Version)
	return binary.BigEndian.AppendUint16(b, a.Port)
}

// ParseAnnouncement reads one datagram. Bytes after the port are ignored.
func ParseAnnouncement(b []byte) (Announcement, error) {
	c := cursor{b: b}
	if magic := c.take(len(airdMagic)); c.err == nil && string(magic) != airdMagic {
		return Announcement{}, ErrMagic
	}
	var a Announcement
	a.Token = c.token()
	name, _ := c.text(MaxDatagram)
	action, _ := c.text(MaxDatagram)
	software, _ := c.text(MaxDatagram)
	version, _ := c.text(MaxDatagram)
	a.Port = c.uint16()
	if c.err != nil {
		return Announcement{}, c.err
	}
	switch decodeText(action) {
	case actionHowdy:
	case actionExit:
		a.Exit = true
	default:
		return Announcement{}, ErrType
	}
	a.Name, a.Software, a.Version = decodeText(name), decodeText(software), decodeText(version)
	return a, nil
}
