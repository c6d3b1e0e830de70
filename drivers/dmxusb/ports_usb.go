//go:build !darwin && !linux

package dmxusb

import "go.bug.st/serial/enumerator"

func listPorts() (list []Port, err error) {
	all, err := enumerator.GetDetailedPortsList()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.Name != "" {
			list = append(list, Port{p.Name, p.SerialNumber, p.Product, p.IsUSB && p.VID == ftdi})
		}
	}
	return list, nil
}
