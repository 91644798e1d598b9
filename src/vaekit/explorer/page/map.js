// The map: codes as points in a plane, with axes, circle, pins, and a point that moves over it.

import {Neighbours, insidePolygon, roundTicks} from "./geometry.js";
import {drawn, fixed, make} from "./elements.js";
import {newScatter} from "./scatter.js";

const MARGIN = {left: 44, right: 10, top: 10, bottom: 40};
const REACH = 7; // pixels within which a point is meant
const GRIP = 14; // pixels around the moving point where it can be taken
const STILL = 4; // pixels of a press that is no drag

/**
 * A map in a box. `hear` has the functions that it calls:
 * point(place | {row} | null): what lies under the pointer; move(place, settled): the point moved;
 * pin(place | {row}): a press; lasso(rows); key(event): a key that is not the map's own.
 */
export class LatentMap {
  constructor(box, hear) {
    this.hear = hear;
    this.canvas = make("canvas", {class: "points", "aria-hidden": "true"});
    this.over = drawn("svg", {class: "over", "aria-hidden": "true"});
    this.plot = drawn("svg", {class: "plot"});
    this.axes = drawn("g", {class: "axes"});
    this.over.append(this.axes, this.plot);
    this.marks = {};
    for (const name of ["grid", "circle", "way", "pins", "lasso", "own", "hover", "point"]) this.marks[name] = this.plot.appendChild(drawn("g", {class: name}));
    this.box = box;
    box.append(this.canvas, this.over);
    this.scatter = newScatter(this.canvas);
    box.dataset.painter = this.scatter.kind;
    this.view = {x: 0, y: 0, unit: 1};
    [this.width, this.height, this.flat] = [0, 0, false];
    [this.counts, this.snaps, this.lassoing] = [() => true, true, false];
    this.state = {point: [0, 0], pins: [], way: [], own: null, hover: null, circle: true};
    this.pointers = new Map();
    new ResizeObserver(() => this.resize()).observe(box);
    this.listen();
  }

  /** Show a plane; its points replace those shown. */
  setPlane(plane) {
    this.plane = plane;
    this.flat = plane.axes[1].every((value) => value === 0);
    this.near = new Neighbours(plane.points);
    this.scatter.setPoints(plane.points);
    const count = plane.points.length / 2;
    this.dot = count > 30000 ? 2.6 : count > 8000 ? 3.4 : count > 2000 ? 4.6 : 6;
    this.fit();
  }

  /** Colours (N 4) of the points; `counts` says which of them can be pointed at. */
  setTints(tints, counts) {
    this.counts = counts;
    this.scatter.setTints(tints);
    this.redraw();
  }

  /** Change what is marked: point, pins, way, own, hover, circle. */
  mark(change) {
    Object.assign(this.state, change);
    this.redraw();
  }

  fit() {
    if (!this.plane) return;
    const {centre, radius} = this.plane.circle;
    const reach = 1.12 * radius || 1;
    this.home = Math.min(this.width, this.height) / (2 * reach) || 1;
    this.moveTo({x: centre[0], y: centre[1], unit: this.home});
  }

  moveTo(view) {
    this.view = view;
    this.redraw();
  }

  zoom(times, [px, py] = [this.width / 2, this.height / 2]) {
    const unit = Math.max(this.home / 8, Math.min(this.home * 400, this.view.unit * times));
    const [x, y] = this.placeAt(px, py);
    this.moveTo({x: x - (px - this.width / 2) / unit, y: y + (py - this.height / 2) / unit, unit});
  }

  placeAt(px, py) {
    return [this.view.x + (px - this.width / 2) / this.view.unit, this.view.y - (py - this.height / 2) / this.view.unit];
  }

  pixelsAt([x, y]) {
    return [this.width / 2 + (x - this.view.x) * this.view.unit, this.height / 2 - (y - this.view.y) * this.view.unit];
  }

  resize() {
    const {width, height} = this.box.getBoundingClientRect();
    const [wide, tall] = [Math.max(50, width - MARGIN.left - MARGIN.right), Math.max(50, height - MARGIN.top - MARGIN.bottom)];
    if (wide === this.width && tall === this.height) return;
    const zoomed = this.home ? this.view.unit / this.home : 1;
    [this.width, this.height, this.ratio] = [wide, tall, Math.min(2, devicePixelRatio || 1)];
    [this.canvas.width, this.canvas.height] = [Math.round(wide * this.ratio), Math.round(tall * this.ratio)];
    this.over.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, value] of Object.entries({x: MARGIN.left, y: MARGIN.top, width: wide, height: tall})) this.plot.setAttribute(name, value);
    if (!this.plane) return;
    this.home = Math.min(wide, tall) / (2 * 1.12 * this.plane.circle.radius) || 1;
    this.view.unit = this.home * zoomed;
    this.paint();
  }

  redraw() {
    this.asked ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.asked);
    this.asked = null;
    if (!this.plane || !this.width) return;
    const closer = this.view.unit / this.home;
    const room = Math.max(0.6, Math.min(1.4, Math.min(this.width, this.height) / 600)) ** 0.5;
    this.scatter.paint({...this.view, ratio: this.ratio, size: Math.min(14, this.dot * room * Math.max(0.8, closer) ** 0.4)});
    this.paintAxes();
    this.paintMarks();
  }

  paintAxes() {
    const {width, height} = this;
    const [left, bottom] = [MARGIN.left, MARGIN.top + height];
    const parts = [drawn("rect", {x: left, y: MARGIN.top, width, height, class: "frame"})];
    const lines = [];
    const [west, south] = this.placeAt(0, height);
    const [east, north] = this.placeAt(width, 0);
    const across = roundTicks(west, east, width / Math.min(90, 30 + width / 8));
    for (const x of across.ticks) {
      const [px] = this.pixelsAt([x, 0]);
      lines.push(drawn("line", {x1: px, x2: px, y1: 0, y2: height, class: Math.abs(x) < 1e-9 ? "zero" : "line"}));
      parts.push(drawn("text", {x: left + px, y: bottom + 16, "text-anchor": "middle", text: fixed(x, across.digits)}));
    }
    if (!this.flat) {
      const up = roundTicks(south, north, height / Math.min(90, 30 + height / 8));
      for (const y of up.ticks) {
        const [, py] = this.pixelsAt([0, y]);
        lines.push(drawn("line", {x1: 0, x2: width, y1: py, y2: py, class: Math.abs(y) < 1e-9 ? "zero" : "line"}));
        parts.push(drawn("text", {x: left - 7, y: MARGIN.top + py + 4, "text-anchor": "end", text: fixed(y, up.digits)}));
      }
    }
    const [first, second] = this.plane.names;
    parts.push(drawn("text", {x: left + width / 2, y: bottom + 34, "text-anchor": "middle", class: "name", text: first}));
    const turn = `translate(11 ${MARGIN.top + height / 2}) rotate(-90)`;
    parts.push(drawn("text", {transform: turn, "text-anchor": "middle", class: "name", text: second}));
    this.axes.replaceChildren(...parts);
    this.marks.grid.replaceChildren(...lines);
  }

  paintMarks() {
    const {state, marks, plane} = this;
    const spot = (place, make_) => {
      const [x, y] = this.pixelsAt(place);
      return x > -60 && y > -60 && x < this.width + 60 && y < this.height + 60 ? make_(x, y) : [];
    };
    const [cx, cy] = this.pixelsAt(plane.circle.centre);
    const round = state.circle && !this.flat ? [drawn("circle", {cx, cy, r: plane.circle.radius * this.view.unit})] : [];
    const ends = this.flat ? [-1, 1].map((side) => this.pixelsAt([plane.circle.centre[0] + side * plane.circle.radius, 0])[0]) : [];
    const limits = state.circle ? ends.map((x) => drawn("line", {x1: x, x2: x, y1: 0, y2: this.height})) : [];
    marks.circle.replaceChildren(...round, ...limits);
    const path = state.way.map((place) => this.pixelsAt(place).map((value) => value.toFixed(1)).join(","));
    marks.way.replaceChildren(...(path.length ? [drawn("polyline", {points: path.join(" ")})] : []));
    marks.pins.replaceChildren(
      ...state.pins.flatMap(({place, number, chosen}) =>
        spot(place, (x, y) => [
          drawn("g", {transform: `translate(${x} ${y})`, class: chosen ? "pin chosen" : "pin"},
            drawn("path", {d: "M0 0C-3-7-10-10-10-18a10 10 0 0 1 20 0c0 8-7 11-10 18z"}),
            drawn("text", {y: -14, "text-anchor": "middle", text: String(number)})),
        ]),
      ),
    );
    const diamond = (x, y) => [drawn("path", {d: `M${x} ${y - 14}l14 14l-14 14l-14-14z`})];
    marks.own.replaceChildren(...(state.own ? spot(state.own, diamond) : []));
    marks.hover.replaceChildren(...(state.hover ? spot(state.hover, (x, y) => [drawn("circle", {cx: x, cy: y, r: 7})]) : []));
    const ring = (x, y) => [drawn("circle", {cx: x, cy: y, r: 11, class: "halo"}), drawn("circle", {cx: x, cy: y, r: 8}), drawn("circle", {cx: x, cy: y, r: 1.8, class: "dot"})];
    marks.point.replaceChildren(...spot(state.point, ring));
  }

  // What is done to it.

  listen() {
    const on = (name, act, options) => this.box.addEventListener(name, act, options);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.moved(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", (event) => this.left(event));
    on("keydown", (event) => this.pressed(event));
    const turn = (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 30 : 1;
      this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), this.pixels(event));
    };
    on("wheel", turn, {passive: false});
  }

  pixels(event) {
    const box = this.box.getBoundingClientRect();
    return [event.clientX - box.left - this.box.clientLeft - MARGIN.left, event.clientY - box.top - this.box.clientTop - MARGIN.top];
  }

  /** What lies at pixels: a row of the data that is near, or a place. */
  under([px, py]) {
    const place = this.placeAt(px, py);
    const row = this.snaps ? this.near.nearest(...place, REACH / this.view.unit, this.counts) : -1;
    return row >= 0 ? {row} : {place: this.flat ? [place[0], 0] : place};
  }

  down(event) {
    if (!this.plane || event.button > 0) return;
    const at = this.pixels(event);
    this.box.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) {
      this.act = {kind: "pinch"};
      return;
    }
    const grip = this.pixelsAt(this.state.point);
    const held = Math.hypot(at[0] - grip[0], at[1] - grip[1]) < GRIP;
    const touched = event.pointerType === "touch";
    const kind = this.lassoing || event.shiftKey ? "lasso" : held || touched ? "drag" : "pan";
    this.act = {kind, from: at, last: at, far: false, line: [at]};
  }

  moved(event) {
    if (!this.plane) return;
    const at = this.pixels(event);
    const act = this.act;
    if (!this.pointers.has(event.pointerId)) {
      if (event.pointerType !== "touch" && this.within(at)) this.hear.point(this.under(at));
      return;
    }
    if (act?.kind === "pinch") return this.pinch(event.pointerId, at);
    this.pointers.set(event.pointerId, at);
    if (!act) return;
    act.far ||= Math.hypot(at[0] - act.from[0], at[1] - act.from[1]) > STILL;
    if (!act.far) return;
    this.box.dataset.act = act.kind;
    if (act.kind === "pan") {
      const {x, y, unit} = this.view;
      this.moveTo({x: x - (at[0] - act.last[0]) / unit, y: y + (at[1] - act.last[1]) / unit, unit});
    } else if (act.kind === "drag") this.drag(at);
    else if (act.kind === "lasso") {
      act.line.push(at);
      this.marks.lasso.replaceChildren(drawn("polygon", {points: act.line.map((each) => each.join(",")).join(" ")}));
    }
    act.last = at;
  }

  drag([px, py]) {
    const [x, y] = this.placeAt(Math.max(0, Math.min(this.width, px)), Math.max(0, Math.min(this.height, py)));
    this.hear.move([x, this.flat ? 0 : y]);
  }

  pinch(id, at) {
    const before = [...this.pointers.values()];
    this.pointers.set(id, at);
    const after = [...this.pointers.values()];
    const gap = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const [was, is] = [middle(before), middle(after)];
    const {x, y, unit} = this.view;
    this.view = {x: x - (is[0] - was[0]) / unit, y: y + (is[1] - was[1]) / unit, unit};
    this.zoom(gap(after) / gap(before), is);
  }

  up(event, cancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    const act = this.act;
    delete this.box.dataset.act;
    if (this.pointers.size) return;
    this.act = null;
    this.marks.lasso.replaceChildren();
    if (cancelled || !act || act.kind === "pinch") return;
    if (act.far && act.kind === "drag") this.drag(this.pixels(event));
    if (!act.far && act.kind !== "lasso") this.hear.pin(this.under(act.from));
    if (act.far && act.kind === "lasso") this.hear.lasso(this.inside(act.line));
  }

  left(event) {
    if (event.pointerType !== "touch" && !this.pointers.size) this.hear.point(null);
  }

  within([px, py]) {
    return px >= 0 && py >= 0 && px <= this.width && py <= this.height;
  }

  /** Rows inside a line of pixels. */
  inside(line) {
    const polygon = line.map((at) => this.placeAt(...at));
    const points = this.plane.points;
    const rows = [];
    for (let i = 0; i < points.length / 2; i++) {
      if (this.counts(i) && insidePolygon(polygon, points[2 * i], points[2 * i + 1])) rows.push(i);
    }
    return rows;
  }

  /** So many rows nearest to the point. */
  around(count) {
    const [x, y] = this.state.point;
    const points = this.plane.points;
    const away = new Float32Array(points.length / 2);
    for (let i = 0; i < away.length; i++) away[i] = (points[2 * i] - x) ** 2 + (this.flat ? 0 : points[2 * i + 1] - y) ** 2;
    const rows = Array.from(away.keys()).filter((i) => this.counts(i));
    return rows.sort((a, b) => away[a] - away[b]).slice(0, count);
  }

  pressed(event) {
    if (!this.plane || event.ctrlKey || event.metaKey) return;
    const step = (event.shiftKey ? 40 : event.altKey ? 1 : 8) / this.view.unit;
    const [x, y] = this.state.point;
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step]};
    const row = (key) => (key === "n" ? this.near.nearest(x, y, Infinity, this.counts) : -1);
    const acts = {
      "+": () => this.zoom(1.3, this.pixelsAt([x, y])),
      "=": () => this.zoom(1.3, this.pixelsAt([x, y])),
      "-": () => this.zoom(1 / 1.3, this.pixelsAt([x, y])),
      0: () => this.fit(),
      Enter: () => this.hear.pin({current: true}),
      n: () => this.hear.pick(row("n")),
    };
    if (moves[event.key]) {
      this.hear.move([x + moves[event.key][0], this.flat ? 0 : y + moves[event.key][1]]);
      this.follow();
    } else if (acts[event.key]) acts[event.key]();
    else return this.hear.key(event);
    event.preventDefault();
  }

  /** Keep the point in sight. */
  follow() {
    const [px, py] = this.pixelsAt(this.state.point);
    const [right, down] = [px - Math.max(20, Math.min(this.width - 20, px)), py - Math.max(20, Math.min(this.height - 20, py))];
    if (right || down) this.moveTo({...this.view, x: this.view.x + right / this.view.unit, y: this.view.y - down / this.view.unit});
  }
}
