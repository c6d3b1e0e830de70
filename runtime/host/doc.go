// Package host runs a show: it owns every goroutine of the runtime, the order in
// which things start and stop, and the swap of one load of the show for the next.
//
// Two loops never wait for one another. The script loop owns the live
// generation of the show and is the only goroutine that drives Lua. The engine
// loop, on a thread of its own, owns levels and frames. What passes between
// them: batches (a queue), the beat timeline (a published value), events (the
// bounded inbox of the script loop), frames (the newest only).
//
// A third goroutine loads shows. Load and reload are the same function: compile,
// collect, open what is new, then swap on the script loop between two steps.
package host
