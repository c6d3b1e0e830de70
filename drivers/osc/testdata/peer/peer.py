"""An OSC peer made of the standard library: it sends datagrams built by hand to
the port given and prints, one line each, what the other side sends back."""

import socket
import struct
import sys


def text(s):
    b = s.encode() + b"\0"
    return b + b"\0" * (-len(b) % 4)


def message(address, tags="", payload=b""):
    return text(address) + text("," + tags) + payload


def bundle(seconds, fraction, *elements):
    b = text("#bundle") + struct.pack(">II", seconds, fraction)
    for e in elements:
        b += struct.pack(">i", len(e)) + e
    return b


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
s.settimeout(20)
to = ("127.0.0.1", int(sys.argv[1]))

s.sendto(message("/empty"), to)
s.sendto(message("/fixture", "si", text("white") + struct.pack(">i", 255)), to)
s.sendto(message("/move", "if", struct.pack(">if", 1, -100)), to)
s.sendto(message("/spline", "sddd", text("x") + struct.pack(">3d", 0, 360, 360.5)), to)
s.sendto(message("/all", "hTFNb", struct.pack(">qi", -5, 3) + b"abc\0"), to)
s.sendto(b"", to)
s.sendto(b"\xff\xfe\xfd", to)
s.sendto(message("/cut", "i", b"\0\0"), to)
s.sendto(message("/ch[1", "i", struct.pack(">i", 1)), to)
s.sendto(bundle(0, 1, bundle(4000000000, 0x80000000, message("/in")), message("/out")), to)
s.sendto(message("/large", "b", struct.pack(">i", 9000) + bytes(9000)), to)
s.sendto(message("/end"), to)

while True:
    b, _ = s.recvfrom(65536)
    print(b.hex(), flush=True)
    if b.startswith(b"/end"):
        break
