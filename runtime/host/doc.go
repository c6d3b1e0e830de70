// Package host is the live shell of a show: it owns the goroutines, the thread of the
// engine, the real clock, the devices, the watch on files, signals and control, and the
// order in which things start and stop. What the show does is the machine of package
// show.
//
// Two loops never wait for one another, nor for anybody else. The script loop drives
// the script half of the machine and is the only goroutine that runs Lua. The engine
// loop, on a thread of its own, drives the engine half; it sleeps until an exact instant
// and can be woken. A third goroutine loads shows: it compiles, collects, opens what is
// new, has the script loop swap between two turns, and closes what is old.
package host
