package main

import (
	"strings"

	qr "github.com/piglig/go-qr"
)

// quietZone is how many modules of light a QR code has around it, so that it is found.
const quietZone = 2

// drawQR draws a text as a QR code of block characters, two modules one above the other in
// each. Light modules are drawn, so that it is read on a dark terminal.
func drawQR(text string) (string, error) {
	code, err := qr.EncodeText(text, qr.Low)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for y := -quietZone; y < code.Size()+quietZone; y += 2 {
		for x := -quietZone; x < code.Size()+quietZone; x++ {
			upper := !code.Module(x, y)
			lower := !code.Module(x, y+1) && y+1 < code.Size()+quietZone
			b.WriteString(map[[2]bool]string{{true, true}: "█", {true, false}: "▀", {false, true}: "▄", {false, false}: " "}[[2]bool{upper, lower}])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
