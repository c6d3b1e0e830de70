package doctor

import "golang.org/x/sys/windows"

// freeOn is the space that is left for this user where a folder is.
func freeOn(dir string) (free uint64, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	return free, windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
}

// access knows of nobody who may not open a port.
func access(string) error { return nil }

// mostDescriptors has no limit here that anybody meets.
func mostDescriptors() (most uint64, known bool) { return 0, false }
