package syntax

// A Remark is what somebody who has looked at a show has to say about a place in it.
type Remark struct {
	File         string
	Line, Column int    // in characters, from 1; Column is 0 when it is not known
	Rule         string // a word
	Text         string // for people; with what to do behind it in brackets, if that is known
}

// A Fact is what a call of a show was seen to do.
type Fact struct {
	File    string
	Line    int
	Call    string  // of what, as in "stage.fixture:fade"
	Seconds float64 // that it takes as a duration
}

// Unknown is the global variable in which a show that is looked at has something of which
// nothing is known.
const Unknown = "__unknown"
