package wire

import "encoding/binary"

// IsSourcesRequest reports whether the payload of a frame of a FileTransfer connection
// asks for the list of sources, and returns the number that the answer repeats (6).
func IsSourcesRequest(b []byte) (id uint32, ok bool) {
	c := cursor{b: b}
	magic := c.take(len(fileMagic))
	id = c.uint32()
	kind := c.uint32()
	return id, c.err == nil && string(magic) == fileMagic && kind == fileSources
}

// AppendNoSources appends the answer of a unit without media, with its length prefix (6).
func AppendNoSources(b []byte, id uint32) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = append(b, fileMagic...)
	b = binary.BigEndian.AppendUint32(b, id)
	b = binary.BigEndian.AppendUint32(b, fileList)
	b = binary.BigEndian.AppendUint32(b, 0) // sources
	b = append(b, 1, 1, 1)
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}
