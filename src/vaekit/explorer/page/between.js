// The way between two pins: a strip of pictures, and the same as a film.

import {byId, button, fixed, make, segmented, select} from "./elements.js";
import {linearWay, sphericalWay} from "./geometry.js";

const WAYS = {linear: linearWay, spherical: sphericalWay};
const FRAMES = 61;

/** Pins, the strip between two of them, and its film. */
export class BetweenView {
  constructor(explorer, painter, map) {
    Object.assign(this, {explorer, painter, map, way: "linear", steps: 9, ends: [], strip: null, film: null, round: 0});
    const choose = (way) => {
      this.way = way;
      this.update();
    };
    byId("way-kind").append(segmented("way", "The way", [["linear", "Linear"], ["spherical", "Spherical"]], "linear", choose));
    const steps = make("input", {type: "number", min: 2, max: 25, value: 9, id: "way-steps"});
    steps.addEventListener("change", () => {
      this.steps = Math.max(2, Math.min(25, Math.round(Number(steps.value)) || 9));
      steps.value = this.steps;
      this.update();
    });
    byId("way-kind").append(make("label", {class: "select"}, make("span", {text: "Pictures"}), steps));
    this.play = button("Play", () => (this.playing ? this.settle() : this.start()), {id: "play"});
    this.along = make("input", {type: "range", min: 0, max: FRAMES - 1, step: 1, value: 0, id: "along", "aria-label": "How far along the way"});
    this.along.addEventListener("input", () => this.frame(Number(this.along.value)));
    this.along.addEventListener("change", () => this.settle());
    byId("film").append(this.play, this.along);
    explorer.on("pins told", () => this.update());
    explorer.on("plane", () => this.update());
    explorer.on("base pointed", () => this.stop());
    this.update();
  }

  /** The two pins that the way joins: those chosen, else the newest. */
  chosen() {
    const {pins} = this.explorer;
    const kept = this.ends.map((number) => pins.find((pin) => pin.number === number)).filter(Boolean);
    return kept.length === 2 ? kept : pins.slice(-2);
  }

  async update() {
    const {explorer} = this;
    const round = ++this.round;
    this.stop();
    const chosen = this.chosen();
    this.list(chosen);
    byId("way").hidden = chosen.length < 2;
    byId("way-empty").hidden = chosen.length >= 2;
    const mark = {pins: explorer.pins.map((pin) => ({place: explorer.plane ? explorer.placeOf(pin.code) : [0, 0], number: pin.number, chosen: chosen.length === 2 && chosen.includes(pin)})), way: []};
    this.strip = this.film = null;
    if (chosen.length === 2) {
      this.pick(chosen);
      const codes = WAYS[this.way](chosen[0].code, chosen[1].code, this.steps);
      const fine = WAYS[this.way](chosen[0].code, chosen[1].code, FRAMES);
      const size = explorer.size;
      if (explorer.plane) mark.way = Array.from({length: FRAMES}, (_, k) => explorer.placeOf(fine.subarray(k * size, (k + 1) * size)));
      this.map.mark(mark);
      await explorer.attempt(() => this.decode(codes, fine, round));
    } else this.map.mark(mark);
    explorer.emit("way");
  }

  async decode(codes, fine, round) {
    const rows = await this.explorer.decode(codes);
    if (round !== this.round) return;
    this.strip = {codes, rows, steps: this.steps};
    const cells = Array.from({length: rows.n}, (_, k) => {
      const canvas = this.painter.canvas({"aria-hidden": "true"});
      const part = k / (rows.n - 1);
      const go = () => this.explorer.start({code: codes.slice(k * this.explorer.size, (k + 1) * this.explorer.size), from: "way"});
      const cell = make("button", {type: "button", class: "cell", "aria-label": `Picture ${k + 1} of ${rows.n}, at ${fixed(part)} of the way: start from it`, on: {click: go}}, canvas);
      return [cell, canvas];
    });
    byId("strip").replaceChildren(...cells.map(([cell]) => cell));
    cells.forEach(([, canvas], k) => this.painter.paint(canvas, rows, k));
    this.film = {codes: fine, rows: null};
  }

  list(chosen) {
    const pins = this.explorer.pins.map((pin) => {
      const canvas = this.painter.canvas({"aria-hidden": "true"});
      const go = make("button", {type: "button", class: "cell", "aria-label": `Start from pin ${pin.number}`, on: {click: () => this.explorer.start({...pin, told: pin.told})}}, canvas);
      const away = button("×", () => this.explorer.removePin(pin.number), {class: "away", "aria-label": `Remove pin ${pin.number}`});
      if (pin.rows) queueMicrotask(() => this.painter.paint(canvas, pin.rows));
      return make("li", {class: chosen.includes(pin) ? "chosen" : ""}, go, make("span", {class: "number", text: pin.number}), away);
    });
    byId("pins").replaceChildren(...pins);
    byId("pins-none").hidden = pins.length > 0;
  }

  pick(chosen) {
    const choices = this.explorer.pins.map(({number}) => [String(number), `Pin ${number}`]);
    const choose = (end) => (value) => {
      this.ends = this.chosen().map((pin) => pin.number);
      this.ends[end] = Number(value);
      this.update();
    };
    byId("way-ends").replaceChildren(
      select("From", choices, String(chosen[0].number), choose(0), {id: "way-from"}),
      select("to", choices, String(chosen[1].number), choose(1), {id: "way-to"}),
    );
  }

  /** Show a picture of the film in the place of the code. */
  async frame(k) {
    if (!this.film) return;
    const {film, explorer} = this;
    film.rows ??= explorer.decode(film.codes);
    const rows = await film.rows;
    if (film !== this.film) return;
    const {size} = explorer;
    const code = film.codes.slice(k * size, (k + 1) * size);
    explorer.pointed = null;
    explorer.channel.drop();
    explorer.arrived({code, from: "way", decoded: this.painter.single(rows, k), original: null, told: explorer.told});
    this.map.mark({point: explorer.placeOf(code)});
    this.along.setAttribute("aria-valuetext", `${fixed(k / (FRAMES - 1))} of the way`);
  }

  /** Go on from the picture that the film has come to. */
  settle() {
    if (!this.film) return;
    const at = Number(this.along.value) * this.explorer.size;
    this.explorer.start({code: this.film.codes.slice(at, at + this.explorer.size), from: "way"});
  }

  start() {
    this.playing = true;
    this.play.textContent = "Pause";
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begin = performance.now();
    const first = Number(this.along.value) >= FRAMES - 1 ? 0 : Number(this.along.value);
    let last = -1;
    const step = async (now) => {
      if (!this.playing) return;
      const at = first + Math.max(0, (now - begin) / (calm ? 400 : 50));
      const turn = Math.floor(at) % (2 * (FRAMES - 1));
      if (calm && at >= FRAMES - 1) return this.stop();
      const k = turn < FRAMES ? turn : 2 * (FRAMES - 1) - turn;
      if (k !== last) {
        last = k;
        this.along.value = k;
        await this.frame(k).catch(() => this.stop());
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  stop() {
    this.playing = false;
    if (this.play) this.play.textContent = "Play";
  }
}
