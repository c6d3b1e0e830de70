// Package lantest is what tests of drivers share: a machine in trouble, measurements, and programs
// of others.
package lantest
