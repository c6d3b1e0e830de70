// Package cue is cue lists as a machine: which cue is next, what a GO at an instant
// does, and what it has begun to wait for.
//
// It is pure: values and the present moment go in, moves of channels and timers come
// out. It knows nothing of Lua, of clocks or of fixtures, but for the class of each of
// their channels. Whoever drives it carries out the moves, calls the functions of cues, and
// tells it when a timer is due.
//
// # Tracking
//
// A cue says what changes; everything else stays as earlier cues left it. So the look at
// a cue is what all cues up to it leave, one over the other, in the order of their
// numbers. A cue that is CueOnly counts at itself alone, a Block states on GO everything
// that tracks through it, and before a Mark what moves in the dark is put in place. What the
// function of a cue does counts as a change of that cue, however late it does it: an
// earlier cue never undoes what a later one has done.
//
// [List.Look] calculates that by running functions in a shadow, which the caller
// provides. Playing the cues one by one leads to the same levels.
package cue
