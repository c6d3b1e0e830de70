// Package device joins drivers to the rest of the runtime, one file per driver:
// what a driver hears becomes an observation of the beat clock or an event for
// scripts, and what the engine publishes becomes levels of a driver. Drivers know
// nothing of the runtime; the runtime meets them only here.
package device
