// Package show is a show as a machine: (input, now) to outputs, without goroutines,
// sockets, files or clocks. Live, in virtual time and at a replay it is the same; they
// differ only in who feeds it.
//
// A [Machine] has two halves, and each belongs to one goroutine. The script half owns
// the live load, its Lua state and what it has scheduled; a turn of it is
// [Machine.Script]. The engine half owns levels, the queue, frames and musical time; a
// turn of it is [Machine.Engine]. Neither waits for the other: batches go over in a bag
// without locks, and the plan of the beat and the levels come back as values that are
// published.
//
// # Input
//
// Everything that enters passes one seam: [Machine.Put] and [Machine.Observe] take
// events and observations, [Machine.Bar] and [Machine.Hold] a stop of machinery, loads come by
// [Machine.Swap], its end by [Machine.End] and [Machine.Leave], and what scripts ask of clocks, levels and devices is noted with the
// answers. Each turn has a number and is, with all it has taken, a plain value: a
// [ScriptTurn], an [EngineTurn], a [Copied], a [Swapped],
// an [Ended] or a [Left]. So a turn is a function of
// that value and of the state before it, and [Replay] feeds the values of one machine
// to another.
//
// # State
//
// What the engine half knows can be taken out between two turns, as an [EngineState],
// and [Restore] makes a machine that goes on from it.
package show
