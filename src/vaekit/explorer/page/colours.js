// The colours of the project's figures, and ten near their hues for a dark page, chosen as those
// were: they stay apart in normal vision and with each of the three colour blindnesses.

const BRIGHT_CLASSES = ["#165baf", "#4ad1b5", "#ba5a26", "#973c6c", "#29490d", "#2990c6", "#a4a5ff", "#5a2a71", "#ab9956", "#ffac3c"];
const DARK_CLASSES = ["#4067e8", "#68f6d2", "#c44318", "#f66693", "#e6ed0b", "#02a5d2", "#b6c3fe", "#a150a0", "#9b9e00", "#fab376"];
const VIRIDIS = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725"];
const MISSING_LIGHT = [185, 189, 195];
const MISSING_DARK = [84, 92, 104];

/** Whether the page is dark at the moment. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/** The colour [r, g, b] at a place from 0 to 1 of the scale for numbers. */
function viridis(part) {
  const place = Math.max(0, Math.min(1, part)) * (VIRIDIS.length - 1);
  const at = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [from, to] = [rgb(VIRIDIS[at]), rgb(VIRIDIS[at + 1])];
  return from.map((value, k) => Math.round(value + (place - at) * (to[k] - value)));
}

/** The scale for numbers, from the part of it that the page's ground leaves visible. */
export function numberColour(part) {
  return isDark() ? viridis(0.2 + 0.8 * part) : viridis(0.95 * part);
}

/** One colour [r, g, b] for each of so many classes. */
export function classColours(count) {
  const few = isDark() ? DARK_CLASSES : BRIGHT_CLASSES;
  if (count <= few.length) return few.slice(0, count).map(rgb);
  return Array.from({length: count}, (_, k) => numberColour(count > 1 ? k / (count - 1) : 0));
}

/** Colours of no and yes. */
export function boolColours() {
  return isDark() ? [[96, 106, 120], [240, 155, 70]] : [[170, 177, 187], [201, 102, 10]];
}

export function missingColour() {
  return isDark() ? MISSING_DARK : MISSING_LIGHT;
}

export function plainColour() {
  return rgb(isDark() ? "#8ab8f0" : "#165baf");
}
