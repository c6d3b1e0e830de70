// Package device is what drivers and the rest of the runtime have in common: what a
// show declares, what becomes of it, and what that reaches of its host. The packages
// below it join one driver each: what the driver hears becomes an observation of the
// beat clock or an event for scripts, and what the engine publishes or orders goes to
// the driver. Drivers know nothing of the runtime; the runtime meets them only there.
package device
