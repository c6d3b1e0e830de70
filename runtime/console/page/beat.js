// Where the beat is, and what fades and waits have come to: functions of the show's time.

// beatAt is the beat of a line at a time: 0 is the first beat of the first bar.
export const beatAt = (line, time) => line.beat + ((time - line.time) * line.tempo) / 60;

// tempoOf is the tempo that people know: what the source names, and not what the line runs at
// while it catches up; null while it stands.
export const tempoOf = (line) => (line.tempo > 0 ? line.nominal || line.tempo : null);

const wrap = (x, n) => ((x % n) + n) % n;

// placeOf is where a beat stands for people, who count from 1: its bar, the beat in it, and
// how far on it is to the next beat and the next bar (0-1).
export function placeOf(beat, beatsInBar) {
  const bar = Math.max(1, beatsInBar || 4);
  const inBar = wrap(beat, bar);
  return {
    bar: Math.floor(beat / bar) + 1,
    beat: Math.floor(inBar) + 1,
    phase: inBar - Math.floor(inBar),
    through: inBar / bar,
  };
}

// deckAt is the beat of a deck at a time, from what a moment said of it at its own time.
export const deckAt = (deck, said, time) =>
  deck.playing ? deck.beat + ((time - said) * deck.bpm) / 60 : deck.beat;

// fadeAt is how far the fades of a list are, 0-1, and 1 when there are none.
export const fadeAt = (list, time) =>
  time >= list.to || list.to <= list.from ? 1 : Math.max(0, (time - list.from) / (list.to - list.from));

// leftOf is how long it is until what is pending in a list, in seconds; 0 when it is due.
export const leftOf = (list, time) => Math.max(0, list.due - time);
