// Package lantest is for tests of what a driver does on a machine in trouble.
package lantest
