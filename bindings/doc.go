// Package bindings is the Lua face of the runtime: a file or folder per Lua module, and
// the checking of arguments. A binding checks, builds a value and passes it on;
// it does no I/O, keeps no time and takes no locks.
//
// The reference for script authors is in the folder reference.
package bindings
