// Elements of the page. Words always go in as text, never as markup.

const SVG_SPACE = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`on`) and children; null children are left out. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG_SPACE, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Fill an element with a sentence; what stands in backticks is code. */
export function sentence(element, text) {
  element.replaceChildren(...text.split("`").map((part, k) => (k % 2 ? make("code", {text: part}) : part)));
}

/** A button with words on it. */
export function button(text, press, attributes = {}) {
  return make("button", {type: "button", text, on: {click: press}, ...attributes});
}

/** A choice of one of a few: radio buttons that look like a row. `choices` are [value, words]. */
export function segmented(name, legend, choices, chosen, choose) {
  const buttons = choices.map(([value, words]) => {
    const input = make("input", {type: "radio", name, value, on: {change: () => choose(value)}});
    input.checked = value === chosen;
    return make("label", {}, input, make("span", {text: words}));
  });
  return make("fieldset", {class: "segmented"}, make("legend", {text: legend, class: "unseen"}), buttons);
}

/** A box to tick, with words beside it. */
export function tick(words, checked, change, attributes = {}) {
  const input = make("input", {type: "checkbox", on: {change: () => change(input.checked)}, ...attributes});
  input.checked = checked;
  return make("label", {class: "tick"}, input, make("span", {text: words}));
}

/** A list to choose from; `choices` are [value, words]. */
export function select(label, choices, chosen, choose, attributes = {}) {
  const options = choices.map(([value, words]) => make("option", {value, text: words}));
  const input = make("select", {on: {change: () => choose(input.value)}, ...attributes}, options);
  if (chosen !== null) input.value = chosen;
  return make("label", {class: "select"}, make("span", {text: label}), input);
}

/** A number for people: whole ones as they are, others with so many digits behind the point. */
export function shown(value, digits = 2) {
  if (Number.isNaN(value)) return "none";
  const places = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : digits;
  const format = {minimumFractionDigits: places, maximumFractionDigits: places};
  return new Intl.NumberFormat("en", format).format(value).replace("-", "−");
}

/** A value and its standard error, with the digits that the error leaves it. */
export function measured(value, error) {
  if (!error) return {number: shown(value, Math.abs(value) < 10 ? 3 : 2), spread: ""};
  const digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(error))));
  const format = new Intl.NumberFormat("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return {number: format.format(value).replace("-", "−"), spread: format.format(error)};
}

/** Always with so many digits behind the point, so that what moves keeps its width. */
export function fixed(value, digits = 2) {
  return (Object.is(value, -0) || Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits).replace("-", "−");
}

let saying = 0;

/** Say something to people who listen to the page, once it has stopped changing. */
export function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => (byId("said").textContent = text), 250);
}

/** Tell of something that went wrong, where it can be seen, until the next success. */
export function complain(error) {
  const place = byId("complaint");
  sentence(place, error instanceof Error ? error.message : String(error));
  place.hidden = false;
}

export function calm() {
  byId("complaint").hidden = true;
}

/** Let the browser save bytes or text as a file. */
export function keep(content, name, type) {
  const blob = content instanceof Blob ? content : new Blob([content], {type});
  const link = make("a", {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
