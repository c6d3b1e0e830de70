// Package scripts holds the Lua that comes with the runtime: the modules that every show
// may require besides those written in Go. A module of the same name beside a show comes
// first. They use nothing but what shows have, so they can be read, copied and changed.
//
// The folder showrun is what the modules have in common.
package scripts

import (
	"embed"
	"io/fs"
)

//go:embed fx.lua loop.lua map.lua palette.lua pick.lua seq.lua test.lua showrun
var files embed.FS

// Files returns the modules, to be given to whoever loads shows.
func Files() fs.FS { return files }
