// Package console is the web console of a show: a page in the browser that shows how the
// show stands and drives it, the same over HTTP, and metrics.
//
// It sees the show through View and does things with Do; both are called on goroutines of
// the server, and neither touches the loops of the show. All values are plain and belong
// to whoever gets them.
package console
