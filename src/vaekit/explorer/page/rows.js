// Rows of data as pictures on a canvas: pixels, bars, heat, or notes.

import {classColours, css, numberColour} from "./colours.js";

const BARS = {width: 640, height: 320};
const STEP = {across: 8, up: 4};
const NAMED = 16; // values whose names are said

/** Draws rows of one scene. */
export class RowPainter {
  constructor(scene) {
    this.scene = scene;
    this.shape = scene.row ?? rowShape(scene);
    this.length = this.shape.reduce((a, b) => a * b, 1);
    [this.low, this.high] = scene.shown === "roll" ? [60, 68] : [Infinity, -Infinity];
    const size = {picture: () => [this.shape[1], this.shape[0]], values: () => [BARS.width, BARS.height]};
    size.heat = () => [this.shape[2], this.shape[1]];
    size.roll = () => [this.shape[1] * STEP.across, 32 * STEP.up];
    [this.width, this.height] = size[scene.shown]();
    this.crisp = scene.shown === "picture" && Math.max(this.width, this.height) <= 32;
    this.name = {picture: "picture", values: "row of values", heat: "spectrogram", roll: "melody"}[scene.shown];
  }

  /** An empty canvas for one row; of bars and rolls, small ones have thicker lines. */
  canvas(attributes = {}) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.width, this.height];
    canvas.className = `row ${this.scene.shown}${this.crisp ? " crisp" : ""}`;
    canvas.style.aspectRatio = `${this.aspect()}`;
    for (const [name, value] of Object.entries(attributes)) canvas.setAttribute(name, value);
    return canvas;
  }

  /** Width over height as it is shown. */
  aspect() {
    if (this.scene.shown === "heat") return Math.max(0.6, Math.min(2.4, (2 * this.width) / this.height));
    return this.width / this.height;
  }

  /** What its two axes are, where a picture needs it said. */
  axes() {
    const {shown, heat, roll, values} = this.scene;
    const number = (value) => new Intl.NumberFormat("en", {maximumSignificantDigits: 3}).format(value).replace("-", "−");
    if (shown === "values") {
      const what = values && values.length <= NAMED ? `From the left: ${values.join(", ")}` : `${number(this.length)} values`;
      return `${what}; the axis goes from ${number(Math.min(0, this.low))} to ${number(Math.max(0, this.high))}.`;
    }
    if (shown === "roll") return `Pitches upwards over ${number(this.shape[1] / (roll?.bar ?? 16))} bars.`;
    if (shown !== "heat" || !heat) return "";
    return `${number(this.shape[2] / heat.second)} seconds; ${number(heat.hertz[0])} to ${number(heat.hertz.at(-1))} hertz upwards, on the mel scale; brighter is louder.`;
  }

  /** One row as values that stay when the rows they came from are gone. */
  single(rows, k = 0) {
    return {n: 1, data: rows.data.slice(k * this.length, (k + 1) * this.length)};
  }

  /** Learn from rows how far values reach, so that what is drawn later does not jump. */
  reach(rows) {
    if (this.scene.shown === "picture") return;
    const roll = this.scene.shown === "roll";
    for (const value of rows.data) {
      if (Number.isNaN(value) || (roll && value >= 128)) continue;
      if (value < this.low) this.low = roll ? value - 2 : value;
      if (value > this.high) this.high = roll ? value + 2 : value;
    }
  }

  paint(canvas, rows, k = 0) {
    const row = rows.data.subarray(k * this.length, (k + 1) * this.length);
    this.reach({data: row});
    this[this.scene.shown](canvas, row);
    canvas.classList.add("full");
  }

  picture(canvas, row) {
    const [height, width, channels] = this.shape;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const at = i * channels;
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = row[at + (channels < 3 ? 0 : c)];
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  values(canvas, row) {
    const context = canvas.getContext("2d");
    const ink = getComputedStyle(canvas).color;
    context.clearRect(0, 0, BARS.width, BARS.height);
    const [low, high] = [Math.min(0, this.low), Math.max(0, this.high)];
    const up = (value) => 8 + ((high - value) / (high - low || 1)) * (BARS.height - 16);
    const wide = BARS.width / row.length;
    context.fillStyle = ink;
    row.forEach((value, k) => {
      if (Number.isNaN(value)) return;
      const [top, bottom] = [up(Math.max(0, value)), up(Math.min(0, value))];
      context.fillRect(k * wide + 0.12 * wide, top, Math.max(1, 0.76 * wide), Math.max(1, bottom - top));
    });
    context.globalAlpha = 0.5;
    context.fillRect(0, up(0) - 0.5, BARS.width, 1);
    context.globalAlpha = 1;
  }

  heat(canvas, row) {
    const [, bands, frames] = this.shape;
    const context = canvas.getContext("2d");
    const image = context.createImageData(frames, bands);
    const range = this.high - this.low || 1;
    for (let band = 0; band < bands; band++) {
      for (let frame = 0; frame < frames; frame++) {
        const colour = numberColour((row[band * frames + frame] - this.low) / range);
        image.data.set([...colour, 255], 4 * ((bands - 1 - band) * frames + frame));
      }
    }
    context.putImageData(image, 0, 0);
  }

  roll(canvas, row) {
    const {bar, hold, rest} = this.scene.roll ?? {bar: 16, hold: 128, rest: 129};
    const [voices, steps] = this.shape;
    const context = canvas.getContext("2d");
    const tall = canvas.height / (this.high - this.low + 1);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = getComputedStyle(canvas).borderTopColor;
    for (let step = bar; step < steps; step += bar) context.fillRect(step * STEP.across - 0.5, 0, 1, canvas.height);
    const tints = voices > 1 ? classColours(voices).map(css) : [getComputedStyle(canvas).color];
    for (let voice = 0; voice < voices; voice++) {
      context.fillStyle = tints[voice];
      for (let step = 0; step < steps; step++) {
        const pitch = row[voice * steps + step];
        if (pitch === hold || pitch === rest) continue;
        let end = step + 1;
        while (end < steps && row[voice * steps + end] === hold) end += 1;
        const width = (end - step) * STEP.across;
        context.fillRect(step * STEP.across, (this.high - pitch) * tall, width - 0.18 * STEP.across, tall);
      }
    }
  }

  /** Rows side by side as one canvas, as they are kept in a file; no wider than so many columns. */
  mosaic(rows, columns = rows.n) {
    const [across, gap] = [Math.min(columns, rows.n), this.scene.shown === "picture" ? 0 : 8];
    const down = Math.ceil(rows.n / across);
    const sheet = document.createElement("canvas");
    sheet.width = across * this.width + (across - 1) * gap;
    sheet.height = down * this.height + (down - 1) * gap;
    const context = sheet.getContext("2d");
    if (this.scene.shown !== "picture") {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, sheet.width, sheet.height);
    }
    const cell = this.canvas();
    cell.style.color = "#165baf";
    for (let k = 0; k < rows.n; k++) {
      this.paint(cell, rows, k);
      context.drawImage(cell, (k % across) * (this.width + gap), Math.floor(k / across) * (this.height + gap));
    }
    return sheet;
  }
}

function rowShape({shape, shown}) {
  return shown === "picture" ? [shape[1], shape[2], Math.min(3, shape[0])] : shape;
}
