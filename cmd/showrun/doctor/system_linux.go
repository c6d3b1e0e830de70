package doctor

import "golang.org/x/sys/unix"

// synced asks the kernel whether its clock is being set.
func synced() (synced, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, false
	}
	const unsynchronized, timeError = 0x40, 5 // STA_UNSYNC, TIME_ERROR
	return state != timeError && t.Status&unsynchronized == 0, true
}
