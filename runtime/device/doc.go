// Package device is the contract between the runtime and its devices: what a
// show declares, what becomes of it, and what that reaches of its host. It knows no
// protocol. The packages below it join one driver each: what the driver hears becomes
// an observation of the beat or an event for scripts, and what the engine publishes or
// orders goes to the driver. Drivers know nothing of the runtime; the runtime meets
// them only there.
package device
