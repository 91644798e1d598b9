// What a person takes away: pictures, the code, and how to make the same without the page.

import {byId, button, keep, make, say} from "./elements.js";

export class TakeAway {
  constructor(explorer, painter, between) {
    Object.assign(this, {explorer, painter, between});
    this.stripButton = button("The strip as PNG", () => this.save(between.strip.rows, "strip"), {id: "save-strip", disabled: true});
    byId("take-buttons").append(
      button("The picture as PNG", () => this.save(explorer.shown.decoded, "picture"), {id: "save-picture"}),
      this.stripButton,
      button("The code as JSON", () => keep(`${this.json()}\n`, "code.json", "application/json"), {id: "save-code"}),
    );
    this.lines = {python: this.line("python", "In Python"), command: this.line("command", "On the command line")};
    explorer.on("shown", () => this.update());
    explorer.on("way", () => (this.stripButton.disabled = !between.strip));
  }

  line(name, title) {
    const code = make("code", {id: `line-${name}`, tabindex: 0});
    const copy = button("Copy", () => this.copy(code.textContent), {class: "quiet copy", "aria-label": `Copy the line ${title.toLowerCase()}`});
    byId("lines").append(make("div", {class: "line"}, make("h3", {text: title}), copy, make("pre", {}, code)));
    return code;
  }

  /** The code that is shown, each number as short as float32 allows. */
  numbers() {
    return Array.from(this.explorer.shown.code, (value) => Number(new Float32Array([value])[0].toPrecision(9)));
  }

  json() {
    return JSON.stringify([this.numbers()]);
  }

  update() {
    if (!byId("panel-take").hidden) this.fill();
  }

  fill() {
    const {scene, told} = this.explorer;
    if (!this.explorer.shown) return;
    const fills = {code: JSON.stringify(this.numbers()), told: told ? pythonWords(told) : "None"};
    const python = scene.lines.python.replace(/\{(code|told)\}/g, (_, name) => fills[name]);
    const given = told ? Object.entries(told).map(([name, value]) => ` ${quoted(`${name}=${value}`)}`) : [];
    this.lines.python.textContent = python;
    this.lines.command.textContent = scene.lines.command + (given.length ? ` --given${given.join("")}` : "");
  }

  save(rows, name) {
    this.painter.mosaic(rows).toBlob((blob) => keep(blob, `${this.explorer.scene.name}-${name}.png`), "image/png");
  }

  async copy(text) {
    await navigator.clipboard?.writeText(text).catch(() => null);
    say("Copied");
  }
}

function pythonWords(told) {
  return `{${Object.entries(told).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")}}`;
}

/** A word as a shell takes it. */
function quoted(word) {
  return /^[\w.=:,/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
