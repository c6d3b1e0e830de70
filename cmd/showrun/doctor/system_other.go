//go:build !linux

package doctor

// synced is not known here.
func synced() (synced, known bool) { return false, false }
