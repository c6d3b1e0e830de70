// A session of rtpmidi: sends what stands on its input, a message in hex a line, and tells on
// its output what it hears.
//
//     node session.js PORT [PORT OF A HOST TO JOIN]
const Session = require('rtpmidi/src/Session');
const [port, join] = process.argv.slice(2).map(Number);

const session = new Session(port, 'peer', 'peer', undefined, false, 4);
const tell = (line) => process.stdout.write(`${line}\n`);

session.on('ready', () => {
  tell('ready');
  if (join) session.connect({ address: '127.0.0.1', port: join });
});
session.on('error', (e) => tell(`error ${e}`));
session.on('streamAdded', () => tell('joined'));
session.on('message', (delta, message) => tell(`heard ${Buffer.from(message).toString('hex')}`));
session.start();

let waiting = '';
process.stdin.on('data', (text) => {
  const lines = (waiting + text).split('\n');
  waiting = lines.pop();
  for (const line of lines) {
    const commands = [{ deltaTime: 0, data: Buffer.from(line, 'hex') }];
    for (const s of session.getStreams()) s.sendMessage({ timestamp: session.now(), commands });
  }
});
process.stdin.on('end', () => process.exit(0));
