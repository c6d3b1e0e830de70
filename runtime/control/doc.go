// Package control lets other programs of the same user speak to a running show:
// stop its machinery, reload it, ask how it stands. A show listens on a socket of
// its own in a folder that only the user can enter.
//
// A request and its reply are a line of JSON each:
//
//	{"command":"stop"}
//	{"ok":true,"show":"gala","text":"…"}
//
// A connection takes any number of requests, one after the other. Who comes is always let
// in: of too many connections the one that has asked nothing for longest is closed. Stop
// and Release can be asked again and are, should the reply be lost that way.
package control

// Commands of a show.
const (
	Stop    = "stop"    // emergency stop: every safe action, and machinery is held
	Release = "release" // machinery may move again
	Reload  = "reload"  // load the script again
	End     = "end"     // end the show in an orderly way
	Status  = "status"  // how the show stands
	Names   = "names"   // what there is to name in it, for who types a command
	Why     = "why"     // what makes the level of a fixture's channel
	Copy    = "copy"    // the present look of fixtures, as Lua
	Keep    = "keep"    // keep a recording of what was up to now
	Console = "console" // the links to its console, a line each of role and link
)

// Request is what a program asks of a show.
type Request struct {
	Command string `json:"command"`
	By      string `json:"by,omitempty"` // who asks, for the log

	// Words come after the name of a command with which the show is operated: it is one of
	// show.Verbs. Why takes FIXTURE[.CHANNEL], Copy fixtures, Keep
	// the path of a file or none.
	Words []string `json:"words,omitempty"`
}

// Reply is what the show answers.
type Reply struct {
	OK   bool   `json:"ok"`
	Show string `json:"show"`
	Text string `json:"text"` // what was done, or why not
}
