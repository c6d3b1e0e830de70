// Colours as people grab them: hue in degrees, saturation and value 0-1, and "#rrggbb".

export function hsvToRgb(h, s, v) {
  const part = (n) => {
    const k = (n + h / 60) % 6;
    return Math.round(255 * (v - v * s * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [part(5), part(3), part(1)];
}

export function rgbToHsv(r, g, b) {
  const max = Math.max(r, g, b), spread = max - Math.min(r, g, b);
  let h = 0;
  if (spread > 0) {
    if (max === r) h = ((g - b) / spread + 6) % 6;
    else if (max === g) h = (b - r) / spread + 2;
    else h = (r - g) / spread + 4;
  }
  return [h * 60, max === 0 ? 0 : spread / max, max / 255];
}

export const toHex = (r, g, b) => "#" + [r, g, b].map((c) => c.toString(16).padStart(2, "0")).join("");

// fromHex reads what people type, with or without #, of 3 or 6 digits; null if it is none.
export function fromHex(text) {
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())?.[1];
  if (!digits) return null;
  const long = digits.length === 3 ? [...digits].map((d) => d + d).join("") : digits;
  return [0, 2, 4].map((i) => parseInt(long.slice(i, i + 2), 16));
}

// colorName says a hue in a word, for those who do not see it.
export function colorName(r, g, b) {
  const [h, s, v] = rgbToHsv(r, g, b);
  if (v < 0.04) return "black";
  if (s < 0.12) return "white";
  const names = ["red", "orange", "yellow", "lime", "green", "mint", "cyan", "azure", "blue", "violet", "magenta", "rose"];
  return (s < 0.5 ? "pale " : "") + names[Math.round(h / 30) % 12];
}
