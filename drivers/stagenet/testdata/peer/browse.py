# Prints the StageNet gateways that python3-zeroconf sees on loopback, until a
# line comes in.
import json
import sys

from zeroconf import ServiceBrowser, Zeroconf


class Listener:
    def add_service(self, zc, kind, name):
        info = zc.get_service_info(kind, name, 3000)
        print(json.dumps({
            "added": name, "port": info and info.port, "addresses": info and info.parsed_addresses(),
            "text": info and {k.decode(): v.decode() for k, v in info.properties.items() if v is not None},
        }), flush=True)

    def remove_service(self, zc, kind, name):
        print(json.dumps({"removed": name}), flush=True)

    def update_service(self, zc, kind, name):
        pass


zc = Zeroconf(interfaces=["127.0.0.1"])
browser = ServiceBrowser(zc, "_stagenet._tcp.local.", Listener())
print(json.dumps({"ready": True}), flush=True)
sys.stdin.readline()
zc.close()
