// A StageNet gateway on another WebSocket implementation. It asks for addresses,
// maps them as DMX channels 1 to n, and prints what it gets, one JSON object per
// line: {"port"} when it listens, {"lease"} when it has one, {"values"} when all
// channels hold the value they are told to be waiting for.
import { WebSocketServer } from "ws";

const [count, waitFor] = process.argv.slice(2).map(Number);
const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/stagenet" }, () => say({ port: server.address().port }));
server.on("connection", (socket, request) => {
  const channels = new Map();
  const values = new Array(count).fill(0);
  let pings = 0, packets = 0;
  socket.on("ping", () => pings++);
  socket.on("message", (data, binary) => {
    const message = JSON.parse(data.toString("utf8"));
    if (binary) throw new Error("binary message");
    if (message.Type === "LEASE_RESP") {
      message.Addresses.forEach((address, i) => channels.set(address, i));
      say({ lease: message.LeaseID, addresses: message.Addresses.length, extensions: request.headers["sec-websocket-extensions"] ?? "" });
      socket.send(JSON.stringify({
        Type: "MAPPING_UPDATE",
        LeaseID: message.LeaseID,
        Mappings: message.Addresses.map((address, i) => ({ StageNetAddress: address, HardwareType: "DMX", Channel: i + 1 })),
      }));
    } else if (message.Type === "DATA_PKT") {
      packets++;
      values[channels.get(message.StageNetAddress)] = message.Value;
      if (values.every((v) => v === waitFor)) say({ values: values.length, packets, pings });
    } else {
      throw new Error("unexpected " + message.Type);
    }
  });
  socket.on("close", (code, reason) => say({ closed: code, reason: reason.toString() }));
  socket.send(JSON.stringify({ Type: "LEASE_REQ", GatewayID: "NODE_GATEWAY", AddressCount: count }));
});
