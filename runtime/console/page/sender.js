// A sender does the last of what is wanted of each key, a few at a time: who drags a fader
// over a hundred fixtures asks for more than is of use.

const together = 4; // questions on the way at most

// makeSender asks with ask(words), and tells failed(reply) of what was not done.
export function makeSender(ask, failed) {
  const waiting = new Map();
  let asked = 0;

  function pump() {
    while (asked < together && waiting.size > 0) {
      const [key, words] = waiting.entries().next().value;
      waiting.delete(key);
      asked++;
      ask(words).then((reply) => {
        asked--;
        if (!reply.ok) failed(reply);
        pump();
      });
    }
  }

  return {
    put(key, words) {
      waiting.set(key, words);
      pump();
    },
    // waits tells how many keys wait.
    waits: () => waiting.size,
  };
}
