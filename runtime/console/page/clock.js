// A clock knows the time of the show from the times that stand in messages. All times are
// in seconds; those of the browser are given, so that a clock asks nobody.

const drift = 0.002; // s a second by which the two clocks may part
const leap = 1; // s; what is further off is another show, or a clock that was set

export function makeClock() {
  let offset = null, heard = 0;
  return {
    // hear takes the time of a message that came at local. A message on its way makes the
    // show look late, never early: the earliest of late counts, and is forgotten slowly.
    hear(time, local) {
      const seen = time - local;
      const kept = offset === null ? seen : offset - drift * (local - heard);
      offset = Math.abs(seen - kept) > leap ? seen : Math.max(seen, kept);
      heard = local;
    },
    // at is the time of the show when it is local here; null before the first message. It
    // stands still when nothing was heard for longer than patience.
    at: (local, patience = Infinity) => (offset === null ? null : Math.min(local, heard + patience) + offset),
    // silence is for how long nothing was heard.
    silence: (local) => (offset === null ? 0 : local - heard),
    forget() { offset = null; },
  };
}
