// Lines of the log: which are wanted, and what they say about the last reload.

// filterLines keeps the lines of some levels in which every word of a text stands.
export function filterLines(lines, levels, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    if (!levels.includes(line.level)) return false;
    const whole = `${line.text}\n${line.trace ?? ""}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}

// reloadOf finds the last line that reports a reload: {ok, line}, or null.
export function reloadOf(lines) {
  for (let i = lines.length - 1; i >= 0; i--) {
    const text = lines[i].text;
    if (text.startsWith("show reloaded")) return { ok: true, line: lines[i] };
    if (text.startsWith("not reloaded")) return { ok: false, line: lines[i] };
  }
  return null;
}
