// Package page is the page of the console as a browser gets it: plain ES modules, style and
// vendored libraries, with no build step. Whoever serves it gives it a policy of
// default-src 'none'; script-src, style-src, img-src and connect-src 'self'.
//
// The modules are of four kinds: show.js and what it uses hold what the show says (link.js,
// store.js, wire.js, clock.js), pure functions compute (beat.js, color.js, layout.js, ...),
// the parts of a page draw (now.js, stage.js, network.js, log.js), and app.js is the frame
// around them. Pure functions are tested by node.
package page

import "embed"

// Files are what is served: index.html and what it asks for, and nothing else.
//
//go:embed index.html icon.svg *.js css vendor
var Files embed.FS
