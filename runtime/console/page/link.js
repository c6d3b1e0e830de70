// The link to the show: a WebSocket that opens again by itself, what comes by it, and what
// is asked over it.

export const patience = 5000; // ms until a question counts as not answered
const waits = [0.3, 0.6, 1, 2, 3, 5]; // s until the next try; the last one repeats

// nextWait is how long to wait after some failed tries. Pages that were left open must not
// all come back in the same instant, so a share of it is left to chance (0-1).
export const nextWait = (tries, chance) => waits[Math.min(tries, waits.length - 1)] * (0.75 + chance / 2);

// otherShow is the name of the show that this page was with, if another one has answered: at
// the same address, when the one ended and the other took its port. Else it is "".
export const otherShow = (before, hello) => (before && before.show !== hello.show ? before.show : "");

// firstOk is the first reply of several ways that is ok; else the first that is not, once all
// have failed, or when none was ok for so many ms: a show that hangs answers nothing.
export function firstOk(ways, patience) {
  return new Promise((done) => {
    let left = ways.length, failed = null;
    const late = setTimeout(() => done(failed ?? { ok: false, text: "the show does not answer" }), patience);
    const end = (reply) => {
      clearTimeout(late);
      done(reply);
    };
    for (const way of ways) {
      way.then((reply) => {
        failed ??= reply;
        left--;
        if (reply.ok || left === 0) end(reply.ok ? reply : failed);
      });
    }
  });
}

// makeLink opens sockets with open(). It calls on.state({state, tries, next}) with opening,
// open, lost or refused, on.text(message) and on.binary(buffer) with what comes.
export function makeLink({ open, refused, on, now, chance }) {
  let socket = null, tries = 0, topics = [], number = 0;
  const questions = new Map();

  function start() {
    on.state({ state: "opening", tries });
    const mine = (socket = open());
    socket.binaryType = "arraybuffer";
    let heard = false;
    setTimeout(() => { if (!heard && socket === mine) leave(false); }, 2 * patience);
    socket.onopen = () => send({ see: topics });
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return on.binary(data);
      const message = JSON.parse(data);
      if (message.hello) {
        heard = true;
        tries = 0;
        on.state({ state: "open", tries });
      }
      if (message.reply) answer(message.reply);
      on.text(message);
    };
    socket.onclose = () => closed(heard);
  }

  // leave gives a socket up at once: a browser waits long for the goodbye of who is gone.
  function leave(heard) {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    closed(heard);
  }

  async function closed(heard) {
    socket = null;
    for (const id of [...questions.keys()]) answer({ id, ok: false, text: "the connection was lost before the show answered" });
    if (!heard && (await refused())) return on.state({ state: "refused", tries });
    const wait = nextWait(tries++, chance());
    on.state({ state: "lost", tries, next: now() + wait });
    setTimeout(start, wait * 1000);
  }

  function answer(reply) {
    questions.get(reply.id)?.(reply);
    questions.delete(reply.id);
  }

  function send(message) {
    if (socket?.readyState !== 1) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  return {
    start,
    // see tells what is looked at; it is told again after the link was lost.
    see(wanted) {
      topics = wanted;
      send({ see: topics });
    },
    // ask sends a question and resolves to its {ok, text, value}, always.
    ask(question) {
      const id = ++number;
      return new Promise((resolve) => {
        if (!send({ id, ...question })) return resolve({ ok: false, text: "no connection to the show" });
        questions.set(id, resolve);
        setTimeout(() => answer({ id, ok: false, text: "the show did not answer: it may do that yet" }), patience);
      });
    },
    // drop closes a socket on which nothing comes any more, so that another is tried.
    drop() {
      if (socket) leave(true);
    },
  };
}
