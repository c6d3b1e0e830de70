package chunk

// A Token is a word, a number, a text or a sign of a Lua text.
type Token struct {
	Kind byte   // 'a' for a word, '1' for a number, '"' for a text, or the first byte of a sign
	Text string // as it is written
	At   int    // where it begins, in bytes
}

// Tokens splits a text that Compile takes into its tokens. What is wrong with it is an *Error.
func Tokens(text, name string) (list []Token, err error) {
	defer func() {
		if e, ok := recover().(*Error); ok {
			list, err = nil, e
		}
	}()
	tokens, _ := scan(text, name)
	list = make([]Token, len(tokens))
	for i, t := range tokens {
		list[i] = Token{t.kind, t.text, t.at}
	}
	return list, nil
}
