// Package dmxusb drives widgets of the ENTTEC DMX USB Pro family: one universe over a serial
// port, out or in. PROTOCOL.md says what goes over the port.
//
// A Controller is the computer's side as a machine: bytes and instants go in, bytes and levels
// come out. A Link is a Controller on a port of this machine, found by the name of the port or
// by a serial number, and found again when the widget was unplugged. Package widget is the
// widget's side.
package dmxusb
