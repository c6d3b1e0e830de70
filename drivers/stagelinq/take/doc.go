// Package take is what StageLinQ units sent, as events, so that a gig can be kept, looked at
// and played back to a show (see package source). How they are written down is not its
// business: an [Event] is a plain value.
//
// A [Listener] makes events of what the callbacks of a stagelinq.Sink get, each with its time
// since the start of the recording, never less than that of the one before. [Load] takes the
// part of one unit into memory, and checks it, as it may come from anywhere.
package take
