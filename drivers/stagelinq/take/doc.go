// Package take is the recording format of what StageLinQ units sent, so that a
// gig can be kept, looked at and played back to a show (see package source).
//
// A take is text, one JSON object a line. The first line is the header:
//
//	{"format":"showrun stagelinq take","version":1,"date":"2026-11-21T03:35:33Z"}
//
// Every other line is an [Event]: the time t in nanoseconds since the start of
// the recording, never less than in the line before, the unit it is about, and
// one of device, state and beats:
//
//	{"t":81203301,"unit":{"token":"8fba5ced-9381-4d5c-b334-5bf935b8e49e","name":"prime4","software":"JC11","version":"3.4.0"},"device":{"kind":"found"}}
//	{"t":590004170,"unit":{…},"state":{"path":"/Engine/Deck1/PlayState","json":"{\"state\":true,\"type\":1}"}}
//	{"t":623337512,"unit":{…},"beats":{"clock":25472891220,"decks":[[64.5,512,128,1366743.75],[0,0,120,0]]}}
//
// A device is found, connected or lost, a loss with its reason. The value of a
// state is the text that was received, null for the null string (3.4). beats is
// one beat message: the unit's clock in nanoseconds and, for each deck, beat,
// total beats, tempo in BPM and position in samples (4.1).
//
// [Writer] takes events from the callbacks of a stagelinq.Sink without ever
// touching the disk there. [Reader] is strict; only a last line that was cut off,
// as by a loss of power, is forgiven and reported. [Load] reads the part of one
// unit into memory.
package take
