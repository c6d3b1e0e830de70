// Package page is the page of the console as a browser gets it.
package page

import "embed"

// Files are what is served: index.html and what it asks for, and nothing else.
//
//go:embed index.html
var Files embed.FS
