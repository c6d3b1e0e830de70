package chunk

// A Token is a word, a number, a text or a sign of a Lua text.
type Token struct {
	Kind byte   // 'a' for a word, '1' for a number, '"' for a text, or the first byte of a sign
	Text string // as it is written
	At   int    // where it begins, in bytes
}

// Tokens splits a text that Compile takes into its tokens, and those of its comments that go up
// to the end of a line, of kind 0. What is wrong with it is an *Error.
func Tokens(text, name string) (list, comments []Token, err error) {
	defer func() {
		if e, ok := recover().(*Error); ok {
			list, comments, err = nil, nil, e
		}
	}()
	tokens, remarks, _ := scan(text, name)
	return exported(tokens), exported(remarks), nil
}

func exported(tokens []token) []Token {
	list := make([]Token, len(tokens))
	for i, t := range tokens {
		list[i] = Token{t.kind, t.text, t.at}
	}
	return list
}
