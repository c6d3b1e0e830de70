// Runs the npm package stagelinq as a client and prints what it receives, one
// JSON object per line. The test reads them and ends the process.
const { StageLinqInstance, ActingAsDevice } = require("stagelinq");

function print(object) {
  const plain = (_, v) => (typeof v === "bigint" ? v.toString() : v);
  process.stdout.write(JSON.stringify(object, plain) + "\n");
}

const logger = {
  error: (...a) => console.error("error", ...a),
  warn: (...a) => console.error("warn", ...a),
  info: () => {}, log: () => {}, debug: () => {}, trace: () => {}, silly: () => {}, dump: () => {},
};

const client = new StageLinqInstance({
  actingAs: ActingAsDevice.NowPlaying,
  logger,
});
client.on("connected", (info) => print({ kind: "connected", name: info.software.name, port: info.port }));
client.on("message", (_, data) => {
  if (data.message.json) print({ kind: "state", path: data.message.name, json: data.message.json });
});
client.on("beatMessage", (_, data) => print({ kind: "beat", clock: data.clock, decks: data.decks }));
client.on("nowPlaying", (status) => print({ kind: "nowPlaying", deck: status.deck, title: status.title, artist: status.artist }));
client.connect();
