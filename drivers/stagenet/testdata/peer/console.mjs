// A StageNet console on another WebSocket implementation: it grants what is asked
// for, waits for the mapping and sets every address to a value.
import WebSocket from "ws";

const [url, value] = process.argv.slice(2);
const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");

const socket = new WebSocket(url, { perMessageDeflate: false });
let granted = [];
socket.on("message", (data) => {
  const message = JSON.parse(data.toString("utf8"));
  if (message.Type === "LEASE_REQ") {
    granted = Array.from({ length: message.AddressCount }, (_, i) => `SN${i + 1}`);
    say({ gateway: message.GatewayID, addresses: message.AddressCount });
    socket.send(JSON.stringify({ Type: "LEASE_RESP", LeaseID: "lease_001", Addresses: granted }));
  } else if (message.Type === "MAPPING_UPDATE") {
    say({ lease: message.LeaseID, mappings: message.Mappings.length });
    for (const address of granted) socket.send(JSON.stringify({ Type: "DATA_PKT", StageNetAddress: address, Value: Number(value) }));
  } else {
    throw new Error("unexpected " + message.Type);
  }
});
socket.on("close", (code) => say({ closed: code }));
