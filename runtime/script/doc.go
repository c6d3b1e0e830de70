// Package script hosts Lua show scripts.
//
// One load of a show is a Generation: a Lua state, the tasks and handlers
// living in it, and the schedule that wakes them. Lua decides, nothing more: what
// a script wants done leaves as batches of engine commands, stamped with the
// logical instant they belong to.
//
// # Who runs what
//
// A Generation belongs to one goroutine, the script loop; every method that does
// not say otherwise is for that goroutine only. Each task runs on a goroutine of
// its own with its own Lua thread, but only while it holds the baton: the loop
// hands it over and waits until the task returns or waits. So exactly one
// goroutine runs Lua at any time, a wait works inside pcall, iterators and user
// coroutines, tracebacks are whole, and the order of everything is
// deterministic.
//
// # Logical time
//
// Scheduled code runs up to the look-ahead before its instant. Inside it, time
// stands still at that instant (Task.instant): sleeping adds to it, output is
// stamped with it.
//
// # A function of its input
//
// What a generation does follows from the show, from what the loop hands in (the
// instants of its steps, events, timelines) and from what its Oracle heard. Turns
// are counted (TurnEntries), budgets count instructions and steps of the Lua
// library, and what a script asks of the outside goes through Ask. The guards, which
// stop what takes too long or too much memory all the same, go by a clock; what they
// decide is recorded together with the check of the instruction hook at which it
// took effect. So a second generation that is handed the same, with an Oracle that
// replays, does the same, bit for bit.
//
// # Life of a generation
//
//  1. Load compiles the show and runs its top level in collect mode: handlers,
//     tasks and commands are gathered, nothing is sent, waiting raises.
//  2. Start swaps it in: collected commands go out as one batch, tasks and timers
//     begin at the instant given.
//  3. Step, Deliver and SetTimeline drive it.
//  4. Detach takes it off the loop at once; End cancels every task and closes the
//     state, on any goroutine.
package script
