"""Reads streams of MIDI in hex, one a line, and prints the messages in them by mido."""
import sys
import mido

for line in sys.stdin:
    parser = mido.Parser()
    parser.feed(bytes.fromhex(line.strip()))
    print("|".join(m.hex("") for m in parser).lower(), flush=True)
