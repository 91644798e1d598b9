// What is being explored: one code, what is shown of it, and what was pinned or selected.

import {calm, complain} from "./elements.js";
import {flattened, lifted} from "./geometry.js";
import {latest} from "./latest.js";

const KEPT_ROWS = 400;
const MOST_CODES = 250; // decoded in one request
const MOST_ROWS = 1000; // asked for in one request
const MOST_LINES = 10000; // of a table in one request
const AT_ONCE = 4; // requests

/**
 * The state of the page. Views hear of its changes: plane, base, pointed, shown, pins, way,
 * selection, told, own.
 */
export class Explorer {
  constructor(source, scene) {
    [this.source, this.scene, this.size] = [source, scene, scene.latent];
    this.hearers = {};
    this.rowsSeen = new Map();
    this.directions = new Map();
    this.pins = [];
    [this.nextPin, this.selection, this.pointed] = [1, [], null];
    [this.own, this.colouring] = [null, null];
    this.told = scene.conditions.length ? Object.fromEntries(scene.conditions.map(({name, usual}) => [name, usual])) : null;
    this.noEdit();
    this.channel = latest((job) => this.made(job), (shown) => this.arrived(shown), complain);
  }

  on(names, hear) {
    for (const name of names.split(" ")) (this.hearers[name] ??= []).push(hear);
  }

  emit(name) {
    for (const hear of this.hearers[name] ?? []) hear();
  }

  /** Do something that may fail, and tell of it where it does. */
  async attempt(work) {
    try {
      await work();
      calm();
    } catch (error) {
      complain(error);
    }
  }

  // The code.

  noEdit() {
    this.moves = new Float32Array(this.size);
    this.amounts = new Map();
    this.scale = 1;
    this.residual = false;
  }

  /** Start from a code: `base` is {code, from, row?, original?, reconstruction?, own?}. */
  start(base) {
    this.base = base;
    this.noEdit();
    this.pointed = null;
    if (base.told) this.tell(base.told, true);
    this.toldThen = this.told;
    this.emit("base");
    this.refresh();
  }

  startAt(place) {
    this.start({code: lifted(this.plane, place), from: "place", place});
  }

  async startAtRow(index) {
    const row = await this.row(index);
    this.start({...row, from: "row", row: index, told: this.toldOf(row)});
  }

  /** What a row of the data says of that which the model is told. */
  toldOf({values}) {
    if (!this.told) return null;
    const said = this.scene.conditions.filter(({name}) => values?.[name] !== undefined);
    return Object.fromEntries(said.map(({name, kind}) => [name, kind === "class" ? values[name] : Number(values[name])]));
  }

  tell(change, quiet = false) {
    this.told = {...this.told, ...change};
    this.emit("told");
    if (!quiet) this.refresh();
  }

  /** The base with all moves and directions. */
  code() {
    const code = Float32Array.from(this.base.code);
    for (let d = 0; d < this.size; d++) code[d] += this.scale * this.moves[d];
    for (const [name, amount] of this.amounts) {
      const direction = this.directions.get(name);
      if (direction) for (let d = 0; d < this.size; d++) code[d] += this.scale * amount * direction[d];
    }
    return code;
  }

  edited() {
    return this.moves.some((move) => move !== 0) || [...this.amounts.values()].some((amount) => amount !== 0);
  }

  /** Move one dimension of the code to a value. */
  moveTo(dimension, value) {
    if (this.scale === 0) this.scale = 1;
    this.moves[dimension] += (value - this.code()[dimension]) / this.scale;
    this.refresh();
  }

  async turn(name, amount) {
    this.amounts.set(name, amount);
    if (!this.directions.has(name)) {
      const method = this.method;
      const direction = await this.source.direction(name, method);
      if (method !== this.method) return;
      this.directions.set(name, direction);
    }
    this.refresh();
  }

  async useMethod(method) {
    this.method = method;
    this.directions.clear();
    await Promise.all([...this.amounts].map(([name, amount]) => this.turn(name, amount)));
    this.refresh();
  }

  change(values) {
    Object.assign(this, values);
    this.refresh();
  }

  reset() {
    this.noEdit();
    this.emit("base");
    this.refresh();
  }

  // The picture.

  /** Show what lies under the pointer, or with null the code itself again. */
  point(target) {
    if (target === null && this.pointed === null) return;
    this.pointed = target;
    if (target === null) this.channel.drop();
    this.emit("pointed");
    this.ask();
  }

  refresh() {
    if (!this.pointed) this.ask();
  }

  ask() {
    const {pointed, told} = this;
    if (pointed?.row !== undefined) return this.channel.ask({row: pointed.row});
    if (pointed) return this.channel.ask({code: lifted(this.plane, pointed.place), told, from: "place", place: pointed.place});
    const {base} = this;
    const edited = this.edited();
    if (base.from === "row" && !edited && told === this.toldThen) return this.channel.ask({row: base.row});
    return this.channel.ask({code: this.code(), told, from: base.from, place: edited ? undefined : base.place, base, edited, residual: this.residual});
  }

  async made(job) {
    if (job.row !== undefined) {
      const row = await this.row(job.row);
      return {...row, from: "row", row: job.row, decoded: row.reconstruction};
    }
    const decoded = await this.source.decode(job.code, job.told);
    const {base} = job;
    const whole = job.residual && base?.original && base.reconstruction;
    return {...job, row: base?.row, id: base?.id, values: base?.values, original: base?.original ?? null, decoded: whole ? withResidual(decoded, base) : decoded};
  }

  arrived(shown) {
    calm();
    this.shown = shown;
    this.emit("shown");
  }

  /** A row of the data, kept once it was asked for. */
  async row(index) {
    const kept = this.rowsSeen.get(index);
    if (kept) return kept;
    const row = await this.source.row(index);
    this.rowsSeen.set(index, row);
    if (this.rowsSeen.size > KEPT_ROWS) this.rowsSeen.delete(this.rowsSeen.keys().next().value);
    return row;
  }

  /** Rows of codes (n D), however many. */
  async decode(codes, told = this.told) {
    const count = codes.length / this.size;
    const parts = [];
    for (let k = 0; k < count; k += MOST_CODES) parts.push(await this.source.decode(codes.slice(k * this.size, (k + MOST_CODES) * this.size), told));
    return joinedRows(parts);
  }

  async originals(rows) {
    return joinedRows(await inParts(rows, MOST_ROWS, (part) => this.source.originals(part)));
  }

  async codes(rows) {
    const parts = await inParts(rows, MOST_ROWS, (part) => this.source.codes(part));
    const codes = new Float32Array(rows.length * this.size);
    parts.forEach((part, k) => codes.set(part, k * MOST_ROWS * this.size));
    return codes;
  }

  async table(rows) {
    const parts = await inParts(rows, MOST_LINES, (part) => this.source.table(part));
    return parts.map((text, k) => (k ? text.slice(text.indexOf("\n") + 1) : text)).join("");
  }

  // The plane, pins and selection.

  async usePlane(key) {
    this.plane = await this.source.plane(key);
    this.emit("plane");
  }

  placeOf(code) {
    return flattened(this.plane, code);
  }

  /** Pin a code, unless it is pinned already. */
  addPin(pin) {
    const same = ({code, told}) => told === pin.told && code.every((value, d) => value === pin.code[d]);
    if (this.pins.some(same)) return;
    this.pins.push({...pin, number: this.nextPin++});
    this.emit("pins");
  }

  removePin(number) {
    this.pins = this.pins.filter((pin) => pin.number !== number);
    this.emit("pins");
  }

  select(rows) {
    this.selection = rows;
    this.emit("selection");
  }
}

/** What the autoencoder lost of the original, put back: an edit of the difference alone. */
function withResidual(decoded, {original, reconstruction}) {
  const data = decoded.data.slice();
  const highest = data instanceof Uint8Array ? 255 : Infinity;
  for (let k = 0; k < data.length; k++) {
    const value = decoded.data[k] + original.data[k] - reconstruction.data[k];
    data[k] = Math.max(highest === 255 ? 0 : -Infinity, Math.min(highest, value));
  }
  return {n: 1, data};
}

/** What `ask` gives for parts of the rows, a few of them at once, in their order. */
async function inParts(rows, most, ask) {
  const parts = Array.from({length: Math.ceil(rows.length / most)}, (_, k) => rows.slice(k * most, (k + 1) * most));
  const found = [];
  for (let k = 0; k < parts.length; k += AT_ONCE) found.push(...(await Promise.all(parts.slice(k, k + AT_ONCE).map(ask))));
  return found;
}

export function joinedRows(parts) {
  if (parts.length === 1) return parts[0];
  const data = new parts[0].data.constructor(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return {n: parts.reduce((sum, part) => sum + part.n, 0), data};
}
