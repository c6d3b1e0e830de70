// Package engine owns the levels of a show and turns commands into frames.
//
// It belongs to one goroutine, the engine loop, and knows no clock: whoever
// drives it passes the time in, asks Next for the deadline of the next frame
// and calls Step when it has come. It knows nothing of scripts either, so
// levels, running effects and the queue outlive a reload of the show.
//
// Commands arrive in batches, each stamped with the instant its look belongs
// to, usually some 50 ms ahead. The engine plans its frames so that one falls
// on that very instant; what comes too late for a plan is shown at once, in a
// frame woken for it. A frame executes the batches stamped up to its own instant. Fades, paths and waves are functions of the frame's
// instant, never sums over frames, so a late frame is not a wrong one.
//
// Intensity and colour of a fixture are attributes: levels that go to no output. A mixer
// makes the levels of the fixture's channels of them, in frames in which they have changed.
// What an operator holds lies above all that, and below the master.
package engine
