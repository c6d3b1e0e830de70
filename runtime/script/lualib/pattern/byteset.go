package pattern

// byteSet is a set of byte values.
type byteSet [4]uint64

func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// addRange adds the bytes from low to high, both included.
func (s *byteSet) addRange(low, high byte) {
	for b := int(low); b <= int(high); b++ {
		s[b>>6] |= 1 << (b & 63)
	}
}

// addEscaped adds what "%" and this byte stand for.
func (s *byteSet) addEscaped(b byte) {
	class := classes[b]
	if class == nil {
		s.addRange(b, b)
		return
	}
	for i := range s {
		s[i] |= class[i]
	}
}

func (s *byteSet) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// classes holds the character classes by their letter, those of the C locale: "%a" the letters, "%A" all else.
var classes = makeClasses()

func makeClasses() (table [256]*byteSet) {
	for letter, ranges := range map[byte]string{
		'a': "AZaz",
		'c': "\x00\x1f\x7f\x7f",
		'd': "09",
		'l': "az",
		'p': "!/:@[`{~",
		's': "\t\r  ",
		'u': "AZ",
		'w': "09AZaz",
		'x': "09AFaf",
		'z': "\x00\x00",
	} {
		class, others := &byteSet{}, &byteSet{}
		for i := 0; i < len(ranges); i += 2 {
			class.addRange(ranges[i], ranges[i+1])
		}
		*others = *class
		others.invert()
		table[letter], table[letter-'a'+'A'] = class, others
	}
	return table
}
