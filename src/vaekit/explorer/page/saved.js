// The source of everything shown in a page that was saved: what lies in the file itself.

import {Program, lengthOf} from "./portable.js";
import {flattened} from "./geometry.js";
import {fromBase64} from "./packed.js";
import {joinedRows} from "./explorer.js";
import {startPage} from "./page.js";

const ENCLOSED = 0.99;

/** Reads the blocks of data of this page; see vaekit.explorer.saved. */
class FileSource {
  constructor() {
    this.facts = JSON.parse(byName("facts"));
    this.size = this.facts.scene.latent;
    this.count = this.facts.scene.points;
    this.numbers = new Map();
    this.length = lengthOf(this.facts.scene.row);
  }

  async scene() {
    const {program} = this.facts;
    if (program) this.program = new Program(program, fromHalf(this.bytes("halves")), this.floats("wholes"));
    else this.grid = await this.pictures("grid", this.facts.grid.rows);
    this.sheet = await this.pictures("originals", this.count);
    return this.facts.scene;
  }

  bytes(name) {
    return fromBase64(byName(name));
  }

  floats(name) {
    if (!this.numbers.has(name)) this.numbers.set(name, new Float32Array(this.bytes(name).buffer));
    return this.numbers.get(name);
  }

  async plane(key) {
    const kept = this.facts.planes[key];
    if (kept) return {...kept, points: this.floats(`points-${key}`)};
    const view = this.coordinates(key.split(",").map(Number), key);
    const points = this.placed(view);
    return {...view, circle: around(points), points};
  }

  /** The plane of two coordinates through the mean code. */
  coordinates(axes, key) {
    const {neutral} = this.facts.scene;
    const unit = (axis) => neutral.map((_, k) => (k === axis ? 1 : 0));
    return {key, names: axes.map((axis) => `z${axis}`), origin: neutral.map((mean, k) => (axes.includes(k) ? 0 : mean)), axes: axes.map(unit)};
  }

  placed(plane) {
    const points = new Float32Array(2 * this.count);
    for (let i = 0; i < this.count; i++) points.set(flattened(plane, this.code(i)), 2 * i);
    return points;
  }

  code(row) {
    return this.floats("codes").subarray(row * this.size, (row + 1) * this.size);
  }

  async column(name) {
    const place = this.facts.scene.columns.findIndex((column) => column.name === name);
    const {buffer} = this.bytes(`column-${place}`);
    return this.facts.scene.columns[place].kind === "number" ? new Float32Array(buffer) : new Uint16Array(buffer);
  }

  async row(index) {
    const code = this.code(index).slice();
    const told = this.facts.told ? this.floats("contexts").slice(index * this.facts.told.size, (index + 1) * this.facts.told.size) : null;
    const values = {};
    for (const column of this.facts.scene.columns) {
      const value = (await this.kept(column.name))[index];
      values[column.name] = column.kind === "number" ? (Number.isNaN(value) ? "" : String(Number(value.toPrecision(6)))) : column.labels[value] ?? "";
    }
    return {id: this.facts.ids[index], values, code, original: await this.originals([index]), reconstruction: this.decoded([code], told)};
  }

  async kept(name) {
    const key = `kept-${name}`;
    if (!this.numbers.has(key)) this.numbers.set(key, await this.column(name));
    return this.numbers.get(key);
  }

  async codes(rows) {
    const found = new Float32Array(rows.length * this.size);
    rows.forEach((row, k) => found.set(this.code(row), k * this.size));
    return found;
  }

  async originals(rows) {
    return this.sheet(rows);
  }

  async decode(codes, told) {
    const each = Array.from({length: codes.length / this.size}, (_, k) => codes.subarray(k * this.size, (k + 1) * this.size));
    return this.decoded(each, this.facts.told && this.context(told ?? {}));
  }

  /** Rows of codes, each of them a Float32Array. */
  decoded(codes, context) {
    if (!this.program) return this.grid(codes.map((code) => this.nearest(code)));
    const picture = this.facts.scene.shown === "picture";
    const data = new (picture ? Uint8Array : Float32Array)(codes.length * this.length);
    codes.forEach((code, k) => {
      const row = this.program.run(code, context);
      if (picture) toPixels(row, this.facts.scene.row, data, k * this.length);
      else data.set(row, k * this.length);
    });
    return {n: codes.length, data};
  }

  /** The place of the grid that is nearest to a code. */
  nearest(code) {
    const place = flattened(this.facts.planes[this.facts.scene.plane], code);
    const {start, step, side} = this.facts.grid;
    const at = (axis) => Math.max(0, Math.min(side - 1, Math.round((place[axis] - start[axis]) / step)));
    return this.size === 1 ? at(0) : at(1) * side + at(0);
  }

  /** What the model is told, as the numbers that it reads. */
  context(told) {
    const {columns, usual} = this.facts.told;
    const found = Float32Array.from(usual);
    let start = 0;
    for (const column of columns) {
      const size = {classes: column.values?.length, number: 1, angle: 2}[column.kind];
      if (column.name in told) found.set(toldNumbers(column, told[column.name]), start);
      start += size;
    }
    return found;
  }

  async encode() {
    throw new Error("This file has no encoder: start the explorer for pictures of your own.");
  }

  async elbos() {
    return this.floats("elbos");
  }

  async draw(n, from, seed) {
    const drawn = this.floats(`draws-${from}`);
    const count = drawn.length / this.size;
    const found = new Float32Array(n * this.size);
    for (let k = 0; k < n; k++) {
      const place = (seed * n + k) % count;
      found.set(drawn.subarray(place * this.size, (place + 1) * this.size), k * this.size);
    }
    return found;
  }

  async direction(attribute, method) {
    const place = this.facts.directions.findIndex(([name, how]) => name === attribute && how === method);
    return this.floats("directions").slice(place * this.size, (place + 1) * this.size);
  }

  async table(rows) {
    const {columns} = this.facts.scene;
    const found = await Promise.all(columns.map(({name}) => this.kept(name)));
    const codes = await this.codes(rows);
    const head = ["id", ...columns.map(({name}) => name), ...Array.from({length: this.size}, (_, k) => `z${k}`)];
    const lines = rows.map((row, n) => [
      inQuotes(this.facts.ids[row]),
      ...columns.map(({kind, labels}, k) => (kind === "number" ? String(found[k][row]) : inQuotes(labels[found[k][row]] ?? ""))),
      ...Array.from(codes.subarray(n * this.size, (n + 1) * this.size), (value) => String(Number(value.toPrecision(9)))),
    ]);
    return `${[head.map(inQuotes), ...lines].map((line) => line.join(",")).join("\n")}\n`;
  }

  async card() {
    return this.facts.card;
  }

  /** Rows that lie in the file as numbers, or on a sheet of pictures: a function of their places. */
  async pictures(name, count) {
    const [high, wide, channels] = this.facts.scene.row;
    const {type, across} = this.facts.sheets[name];
    if (!type) {
      const all = this.floats(name);
      return (rows) => joinedRows(rows.map((row) => ({n: 1, data: all.subarray(row * this.length, (row + 1) * this.length)})));
    }
    const options = {colorSpaceConversion: "none", premultiplyAlpha: "none"};
    const bitmap = await createImageBitmap(new Blob([this.bytes(name)], {type}), options);
    const canvas = new OffscreenCanvas(wide * across, high * Math.ceil(count / across));
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(bitmap, 0, 0);
    return (rows) => {
      const data = new Uint8Array(rows.length * this.length);
      rows.forEach((row, n) => {
        const tile = context.getImageData((row % across) * wide, Math.floor(row / across) * high, wide, high).data;
        for (let i = 0; i < wide * high; i++) for (let c = 0; c < channels; c++) data[n * this.length + i * channels + c] = tile[4 * i + c];
      });
      return {n: rows.length, data};
    };
  }
}

function byName(name) {
  return document.getElementById(`data-${name}`).textContent;
}

/** float16 as float32. */
function fromHalf(bytes) {
  const halves = new Uint16Array(bytes.buffer);
  return Float32Array.from(halves, (half) => {
    const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  });
}

/** Values (C, H, W) in [0, 1] as bytes (H, W, C), rounded as files of pictures are. */
function toPixels(row, [high, wide, channels], to, start) {
  const size = high * wide;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) {
      const value = Math.min(1, Math.max(0, row[c * size + i])) * 255;
      to[start + i * channels + c] = toEven(value);
    }
  }
}

function toEven(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2) ? floor + 1 : floor;
}

function toldNumbers(column, value) {
  if (column.kind === "classes") return column.values.map((each) => (each === String(value) ? 1 : 0));
  if (column.kind === "number") return [(Number(value) - column.mean) / column.scale];
  const turned = (Number(value) * 2 * Math.PI) / column.turn;
  return [Math.sin(turned), Math.cos(turned)];
}

/** The circle around the mean that encloses 99% of points. */
function around(points) {
  const count = points.length / 2;
  const centre = [0, 0];
  points.forEach((value, k) => (centre[k % 2] += value / count));
  const distances = Float64Array.from({length: count}, (_, i) => Math.hypot(points[2 * i] - centre[0], points[2 * i + 1] - centre[1])).sort();
  return {centre, radius: distances[Math.ceil(ENCLOSED * count) - 1]};
}

function inQuotes(text) {
  return `"${String(text).replaceAll('"', '""')}"`;
}

window.vaekit = new FileSource(); // for the console: what lies in this file

startPage(window.vaekit);
