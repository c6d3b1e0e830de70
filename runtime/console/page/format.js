// Numbers as people read them.

export const percent = (level) => Math.round((level / 255) * 100) + "%";

// seconds is a time to the tenth below a minute, else minutes and seconds.
export function seconds(s) {
  if (s < 60) return s.toFixed(1) + " s";
  const whole = Math.round(s);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// clock is a long time as h:mm:ss.
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

// short is a small time with the unit that suits it.
export function short(s) {
  if (s === 0) return "0";
  if (s < 0.001) return Math.round(s * 1e6) + " µs";
  if (s < 1) return (s * 1000).toFixed(s < 0.01 ? 1 : 0) + " ms";
  return s.toFixed(1) + " s";
}

// megabytes is an amount of memory, or a dash as long as none was measured.
export const megabytes = (n) => (n > 0 ? (n / 1048576).toFixed(n < 10485760 ? 1 : 0) + " MB" : "–");

export const count = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

// plain is a number without a tail of decimals that a step or a float left.
export const plain = (n) => String(Math.round(n * 1000) / 1000);

// bySome parts counters into those that have counted and those that are zero.
export const bySome = (counters) => [counters.filter((c) => c.n > 0), counters.filter((c) => c.n === 0)];

// zerosOf is the line into which counters that are zero fold.
export const zerosOf = (some, none) => (some.length === 0 ? `nothing counted, of ${none.length} counters` : `${none.length} more: 0`);
