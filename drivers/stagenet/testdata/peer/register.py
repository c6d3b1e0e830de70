# Registers a StageNet gateway on loopback with python3-zeroconf until a line
# comes in, then takes it back.
import socket
import sys

from zeroconf import ServiceInfo, Zeroconf

responder = Zeroconf(interfaces=["127.0.0.1"])
info = ServiceInfo(
    "_stagenet._tcp.local.", "Python Desk._stagenet._tcp.local.", addresses=[socket.inet_aton("127.0.0.1")],
    port=51999, properties={"id": "PY_01", "type": "MIDI", "version": "1.0"}, server="pydesk.local.")
print("registering", flush=True)
responder.register_service(info)
print("registered", flush=True)
sys.stdin.readline()
responder.unregister_service(info)
responder.close()
