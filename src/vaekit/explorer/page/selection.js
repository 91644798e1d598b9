// Points selected on the map: how many of which class, their mean, their originals, a table.

import {byId, button, complain, keep, make, shown} from "./elements.js";
import {meanCode} from "./geometry.js";

const SHEET = 120;

export class SelectionView {
  constructor(explorer, painter, map) {
    Object.assign(this, {explorer, painter, map, round: 0, mean: null});
    const count = make("input", {type: "number", min: 1, max: 10000, value: 50, id: "around-count", "aria-label": "How many points"});
    const around = () => explorer.select(map.around(Math.max(1, Math.round(Number(count.value)) || 50)));
    byId("around").append(button("Select the nearest", around, {id: "around-button"}), count, make("span", {text: "to the point"}));
    this.canvas = painter.canvas({id: "mean", role: "img", "aria-label": "Decoded mean of the selection"});
    const start = () => this.mean && explorer.start({code: this.mean, from: "mean"});
    byId("mean-box").prepend(make("button", {type: "button", class: "cell", "aria-label": "Start from the mean", on: {click: start}}, this.canvas));
    byId("selection-buttons").append(
      button("Save as CSV", () => explorer.attempt(() => this.save()), {id: "save-table"}),
      button("Clear", () => explorer.select([]), {id: "clear-selection"}),
    );
    explorer.on("selection", () => this.update());
    explorer.on("told", () => this.explorer.selection.length && this.meanShown(this.round).catch(complain));
  }

  async update() {
    const rows = this.explorer.selection;
    const round = ++this.round;
    byId("selected").hidden = !rows.length;
    byId("selected-none").hidden = rows.length > 0;
    if (!rows.length) return;
    byId("selected-count").textContent = `${shown(rows.length)} of ${shown(this.explorer.scene.points)} points`;
    byId("selected-classes").replaceChildren(...this.classes(rows));
    byId("sheet").replaceChildren();
    await this.explorer.attempt(async () => {
      const codes = await this.explorer.codes(rows);
      if (round !== this.round) return;
      this.mean = meanCode(codes, this.explorer.size);
      await this.meanShown(round);
      await this.sheet(rows, round);
    });
  }

  async meanShown(round) {
    if (!this.mean) return;
    const decoded = await this.explorer.decode(this.mean);
    if (round === this.round) this.painter.paint(this.canvas, decoded);
  }

  async sheet(rows, round) {
    const some = rows.slice(0, SHEET);
    const originals = await this.explorer.originals(some);
    if (round !== this.round) return;
    const cells = some.map((row) => {
      const canvas = this.painter.canvas({"aria-hidden": "true"});
      const go = () => this.explorer.attempt(() => this.explorer.startAtRow(row));
      return [make("button", {type: "button", class: "cell", "aria-label": `Row ${row}: start from it`, on: {click: go}}, canvas), canvas];
    });
    byId("sheet").replaceChildren(...cells.map(([cell]) => cell));
    cells.forEach(([, canvas], k) => this.painter.paint(canvas, originals, k));
    byId("sheet-words").textContent = rows.length > SHEET ? `Originals of the first ${SHEET}.` : "Their originals.";
  }

  /** How many of each class that the map is coloured by. */
  classes(rows) {
    const {colouring} = this.explorer;
    if (!colouring?.labels) return [];
    const counts = new Map();
    for (const row of rows) {
      const value = colouring.values[row];
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
    return most.map(([value, count]) => {
      const bar = make("span", {class: "share"});
      bar.style.inlineSize = `${(100 * count) / most[0][1]}%`;
      bar.style.background = colouring.css(value);
      return make("li", {}, make("span", {class: "name", text: colouring.labels[value] ?? "none"}), make("span", {class: "track"}, bar), make("span", {class: "count", text: shown(count)}));
    });
  }

  async save() {
    keep(await this.explorer.table(this.explorer.selection), `${this.explorer.scene.name}-selection.csv`, "text/csv");
  }
}
