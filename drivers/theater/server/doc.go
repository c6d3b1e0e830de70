// Package server is the receiving side of theater OSC: a lighting server that
// interpolates fixtures and drives a DMX output, and servers that model a stepper
// motion device and a pneumatic valve device. A show can be rehearsed against
// them, and the lighting server takes the place of another one in front of real
// lamps.
//
// # The protocol in one page
//
// Every command is an OSC message, one in a UDP datagram.
//
//	lighting  /fixture <id> v1 … vn      a smooth change in one segment
//	          /spline  <id> knots…       a path of cubic Bezier segments, three rows of knots each
//	          /tempo   <id> rate         segments per minute of paths to come, 60 at first
//	motion    /spline  <axis> knots…     the same on one axis, in degrees
//	          /tempo   <axis> rate
//	valve     /move    <joint> <pwm>     -100 to 100, 0 stops
//	          /empty                     vents everything
//
// The first knot of a path is not sent: it is where the fixture or axis is when
// the path starts. Paths wait for those before them. A motion device keeps 20
// segments of an axis and drops the rest silently.
//
// # How this is built
//
// [Lighting], [Motion] and [Valve] are plain machines: they are given messages
// and the present instant, and say when they want to be called next. What they
// show is a function of the instant they are asked for. A [Server] owns the
// socket and the clock of one of them.
//
// A message that cannot be used is dropped whole, counted by its [Reason], and
// leaves no trace in the state. A message in a bundle with a time tag is checked
// on arrival and executed at the tag, exactly: a timer that is late does not
// shift the path it starts.
//
// PROTOCOL.md in the folder above has the facts and the rulings.
package server
