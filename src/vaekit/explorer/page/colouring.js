// What the points are coloured by, and the legend that shows and hides classes.

import {boolColours, classColours, css, missingColour, numberColour, plainColour} from "./colours.js";
import {byId, button, make, select, shown} from "./elements.js";

const MISSING = 65535;
const MANY = 24; // classes in a legend before it scrolls

export class Colouring {
  constructor(explorer, map) {
    Object.assign(this, {explorer, map, name: "", hidden: new Set(), values: null});
    this.kept = new Map();
    const {columns} = explorer.scene;
    const choices = [["", "nothing"], ...columns.map(({name}) => [name, name.replaceAll("_", " ")])];
    const first = columns.find(({kind, labels}) => kind === "class" && labels.length <= MANY) ?? columns.find(({kind}) => kind === "bool") ?? columns[0];
    const choose = (name) => explorer.attempt(() => this.use(name));
    if (columns.length) byId("map-choices").append(select("Colour", choices, first?.name ?? "", choose, {id: "colour"}));
    this.first = first?.name ?? "";
    explorer.on("selection", () => this.paint());
  }

  async use(name) {
    const {explorer} = this;
    if (name && !this.kept.has(name)) this.kept.set(name, await explorer.source.column(name));
    const column = explorer.scene.columns.find((each) => each.name === name);
    this.name = name;
    this.hidden.clear();
    this.values = name ? this.kept.get(name) : null;
    this.column = column;
    if (column?.kind === "number") this.range = rangeOf(this.values);
    explorer.colouring = this.values && column.kind !== "number" ? {values: this.values, labels: this.labels(), css: (value) => css(this.colour(value))} : null;
    this.paint();
    this.legend();
  }

  labels() {
    const {kind, labels} = this.column;
    return labels?.length ? labels : kind === "bool" ? ["no", "yes"] : [];
  }

  palette() {
    return this.column.kind === "bool" ? boolColours() : classColours(this.labels().length);
  }

  colour(value) {
    if (this.column.kind !== "number") return value === MISSING ? missingColour() : this.tints[value] ?? missingColour();
    if (Number.isNaN(value)) return missingColour();
    const [low, high] = this.range;
    return numberColour((value - low) / (high - low || 1));
  }

  /** Give every point its colour. */
  paint() {
    const {explorer, values, hidden} = this;
    const count = explorer.scene.points;
    const tints = new Uint8Array(4 * count);
    const alpha = count > 30000 ? 150 : count > 8000 ? 175 : 205;
    const selected = explorer.selection.length ? new Uint8Array(count) : null;
    for (const row of explorer.selection) selected[row] = 1;
    const plain = plainColour();
    this.tints = values && this.column.kind !== "number" ? this.palette() : [];
    for (let i = 0; i < count; i++) {
      const value = values ? values[i] : 0;
      const [r, g, b] = values ? this.colour(value) : plain;
      tints[4 * i] = r;
      tints[4 * i + 1] = g;
      tints[4 * i + 2] = b;
      tints[4 * i + 3] = hidden.has(value) ? 0 : selected ? (selected[i] ? 255 : 34) : alpha;
    }
    this.map.setTints(tints, hidden.size ? (i) => !hidden.has(values[i]) : () => true);
  }

  legend() {
    const place = byId("legend");
    if (!this.values) return place.replaceChildren();
    if (this.column.kind === "number") return place.replaceChildren(this.scaleBar());
    const counts = new Map();
    for (const value of this.values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const values = [...counts.keys()].sort((a, b) => a - b);
    const items = values.map((value) => this.item(value, counts.get(value)));
    place.replaceChildren(make("ul", {class: values.length > MANY ? "many" : "", "aria-label": `Classes of ${this.name}: press to hide or show`}, items), button("Show all", () => this.show(values), {class: "quiet all"}));
    this.marked();
  }

  item(value, count) {
    const name = value === MISSING ? "none" : this.labels()[value] ?? String(value);
    const swatch = make("span", {class: "swatch"});
    swatch.style.background = css(this.colour(value));
    const toggle = (event) => (event.shiftKey ? this.only(value) : this.toggle(value));
    const press = make("button", {type: "button", class: "class", "data-value": value, title: `${shown(count)} points`, on: {click: toggle, dblclick: () => this.only(value)}}, swatch, make("span", {text: name}));
    const only = button("only", () => this.only(value), {class: "only", "aria-label": `Only ${name}`});
    return make("li", {}, press, only);
  }

  scaleBar() {
    const bar = make("span", {class: "gradient"});
    const stops = Array.from({length: 11}, (_, k) => css(numberColour(k / 10)));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const [low, high] = this.range;
    return make("p", {class: "numbers"}, make("span", {text: shown(low)}), bar, make("span", {text: shown(high)}));
  }

  toggle(value) {
    if (!this.hidden.delete(value)) this.hidden.add(value);
    this.changed();
  }

  only(value) {
    const all = new Set(this.values);
    const already = this.hidden.size === all.size - 1 && !this.hidden.has(value);
    this.hidden = already ? new Set() : all;
    this.hidden.delete(value);
    this.changed();
  }

  show() {
    this.hidden.clear();
    this.changed();
  }

  changed() {
    this.paint();
    this.marked();
  }

  marked() {
    for (const press of byId("legend").querySelectorAll(".class")) press.setAttribute("aria-pressed", String(!this.hidden.has(Number(press.dataset.value))));
    const all = byId("legend").querySelector(".all");
    if (all) all.disabled = this.hidden.size === 0;
  }

  /** Colours anew, for another ground. */
  renew() {
    this.paint();
    this.legend();
  }
}

function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
