package scripts

import "embed"

//go:embed *_test.lua
var tests embed.FS
