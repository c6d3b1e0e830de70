// Package theater speaks the OSC protocol of a small theater in the role of the
// controller: it drives a lighting server, stepper motion servers and pneumatic
// valve servers. Subpackage server is the other role; the protocol below is that of
// drivers/osc.
//
// # The protocol in one page
//
// Every command is an OSC message in a UDP datagram of its own. Nothing is ever
// answered.
//
//	lighting, port 20000
//	/fixture <id> v1 … vn   one smooth change, a value from 0 to 255 per channel
//	/spline <id> knots…     appends a path of cubic Bezier segments: a column per
//	                        channel, three rows per segment
//	/tempo <id> rate        segments a minute, for paths that arrive later; at first 60
//
//	motion, ports 21000 to 21003, up to four axes x y z a each
//	/spline <axis> knots…   the same for one axis, in degrees from where the path starts
//	/tempo <axis> rate
//
//	valves, ports 23000 and 23001 here, two joints each
//	/move <joint> <pwm>     -100 to 100: one side of the joint is fed while the other
//	                        exhausts, 0 stops
//	/empty                  vents everything
//
// The first knot of a path is never sent: it is where the fixture or axis stands
// when the path starts, and 0 by definition for an axis. Paths wait for those
// before them.
//
// # A motion device keeps 20 segments and tells nothing
//
// More than 20 are dropped silently, so [Motion] sends a path as one message if the
// device has room for it, and else holds it back and sends each segment by itself. What the device has is a
// model: segments sent, their tempo, and the time since. Three choices follow
// (PROTOCOL.md ruling 4).
//
// The device is kept only a short way ahead of where it is, 300 ms unless told
// otherwise (MotionConfig.Ahead) and never more than 16 segments. There is no
// command that takes segments back, so all a stop can do is to send no more: the
// axis then finishes a path that left as one, and of a longer one the segment that runs
// and those that start within the next 300 ms. A longer way ahead would forgive a
// longer delay on the network; a shorter one would stop sooner. The four slots that stay
// free are for a device whose clock is slow.
//
// A long path leaves as many short ones. The knots of each count from where it
// starts, so what is sent is the path minus where the axis is then, by the numbers
// that were sent: rounding does not add up.
//
// A lost datagram cannot be noticed. The model runs by time, so it is right again
// as soon as the device is idle or the way ahead has passed: a lost segment makes
// the axis wait or go on sooner by no more than that, and the end of the path is
// reported when it must have ended. What is lost is the way of that segment: the
// axis ends that many degrees off until it is homed. A tempo is sent when it is given,
// again ahead of each path, and every second of a long one, so that it takes two
// losses to run a path at a wrong one, and a device that was switched off and on gets
// its tempo back.
//
// What can be noticed is reported: a datagram that the system refuses is sent again
// for a second, and the path is given up after that; a segment that left too late is
// logged, counted as a gap and told to MotionConfig.OnGap.
//
// # Machinery
//
// Motion and Valve have a safe action ([Safe], PROTOCOL.md ruling 6) that leaves at once, from
// any goroutine, and can be held: then every command is refused with [ErrHeld]
// until it is released. An axis of a Motion may have [Limits] of where it may be and how fast
// it may go (ruling 12).
//
// # How this is built
//
// [Lighting], [Motion] and [Valve] are machines: they are given commands and the
// present instant, send by themselves what is due, and say when they want to be
// called next. New makes one that sends through a function, such as into a machine of
// subpackage server; Open one with a socket and a clock, for which Run does the calling.
//
// All methods are safe from any goroutine and wait for no other one: what is asked of a
// machine whose message is just leaving, or whose log is slow, is done by the goroutine
// that sends, right behind that message. Then a command returns nil although the network
// may refuse it, which the counters and the log tell; the end of a path tells of a
// refusal in any case. Whoever finds the machine free sends by itself, which takes two
// milliseconds a datagram at most. The instant given is the present one by the clock of
// whoever calls Step, which for Run is that of the system.
//
// PROTOCOL.md has the facts, and the rulings on what its publication leaves open.
package theater
