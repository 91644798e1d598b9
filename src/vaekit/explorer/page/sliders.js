// Dimensions of the code and directions of attributes, to be moved.

import {byId, button, fixed, make, segmented, tick} from "./elements.js";

const FIRST = 12;
const FEW = 4; // dimensions that come before attributes
const SPREADS = 3;
const WIDEST = 2.5; // rem of the longest bar of a rate

/** Sliders of the most active dimensions. */
export class DimensionSliders {
  constructor(explorer) {
    this.explorer = explorer;
    this.place = byId("dimensions");
    this.rows = [];
    this.more = button("", () => this.add(2 * FIRST), {class: "quiet"});
    byId("dimensions-more").append(this.more);
    this.add(FIRST);
    const rated = explorer.scene.dimensions.some(({rate}) => rate !== null);
    byId("dimensions-words").textContent = `${explorer.size > 1 ? `The most active first${rated ? ", with their rate; each" : "; each"}` : "It"} goes three standard deviations of the codes either way.`;
    explorer.on("shown", () => this.follow());
  }

  add(count) {
    const all = this.explorer.scene.dimensions;
    const added = all.slice(this.rows.length, this.rows.length + count);
    for (const dimension of added) this.place.append(this.row(dimension));
    const left = all.length - this.rows.length;
    this.more.hidden = left === 0;
    this.more.textContent = `${Math.min(left, 2 * FIRST)} more`;
    if (this.explorer.shown) this.follow();
  }

  row({index, rate, mean, spread}) {
    const [low, high] = [mean - SPREADS * spread, mean + SPREADS * spread];
    const most = this.explorer.scene.dimensions[0].rate;
    const input = make("input", {type: "range", min: low, max: high, step: (high - low) / 400 || "any", value: mean, "data-dimension": index, "aria-label": `z${index}, dimension ${index} of the code`});
    const value = make("output", {text: ""});
    input.addEventListener("input", () => this.explorer.moveTo(index, Number(input.value)));
    const bar = make("span", {class: "rate"}, make("span", {class: "amount"}), make("span", {class: "nats", text: rate === null ? "" : `${fixed(rate)} nats`}));
    if (rate !== null) bar.firstChild.style.inlineSize = `${Math.max(0.0625, (WIDEST * rate) / (most || 1))}rem`;
    this.rows.push({input, value, index, mean, spread});
    return make("label", {class: "slider"}, make("span", {class: "z"}, "z", make("sub", {text: index})), input, value, bar);
  }

  /** Put the sliders where the code is that is shown. */
  follow() {
    const {code} = this.explorer.shown;
    for (const {input, value, index} of this.rows) {
      if (input !== document.activeElement || !input.matches(":active")) input.value = code[index];
      value.textContent = fixed(code[index]);
      input.setAttribute("aria-valuetext", fixed(code[index]));
    }
  }
}

/** Sliders of attributes, and what holds for all edits. */
export class EditControls {
  constructor(explorer) {
    this.explorer = explorer;
    const {attributes, residual} = explorer.scene;
    byId("attributes-part").hidden = !attributes.length;
    byId("panel-edit").classList.toggle("dimensions-first", explorer.size <= FEW);
    const methods = [...new Set(attributes.flatMap((attribute) => attribute.methods))];
    explorer.method = methods.includes("balanced") ? "balanced" : methods[0];
    const choices = methods.map((method) => [method, method === "means" ? "plain" : method]);
    byId("method").append(segmented("method", "How directions are found", choices, explorer.method, (method) => explorer.attempt(() => explorer.useMethod(method))));
    this.list = byId("attributes");
    this.inputs = attributes.map(({name}) => this.attribute(name));
    if (attributes.length > FIRST) this.search();
    this.common(residual);
    explorer.on("base", () => this.clear());
    explorer.on("shown", () => this.enable());
  }

  attribute(name) {
    const input = make("input", {type: "range", min: -2, max: 2, step: 0.05, value: 0, "data-attribute": name, "aria-label": name.replaceAll("_", " ")});
    const value = make("output", {text: fixed(0)});
    input.addEventListener("input", () => {
      value.textContent = fixed(Number(input.value));
      this.explorer.attempt(() => this.explorer.turn(name, Number(input.value)));
    });
    const label = make("label", {class: "slider attribute"}, make("span", {text: name.replaceAll("_", " "), title: name}), input, value);
    this.list.append(label);
    return {input, value, label, name};
  }

  search() {
    const find = make("input", {type: "search", placeholder: `Find one of ${this.inputs.length}`, "aria-label": "Find an attribute"});
    find.addEventListener("input", () => {
      const sought = find.value.toLowerCase();
      for (const {label, name} of this.inputs) label.hidden = !name.replaceAll("_", " ").toLowerCase().includes(sought);
    });
    byId("method").append(find);
    this.list.classList.add("many");
  }

  common(residual) {
    const {explorer} = this;
    const value = make("output", {text: fixed(1)});
    this.scale = make("input", {type: "range", min: 0, max: 2, step: 0.05, value: 1, id: "scale", "aria-label": "Scale of the whole edit"});
    this.scale.addEventListener("input", () => {
      value.textContent = fixed(Number(this.scale.value));
      explorer.change({scale: Number(this.scale.value)});
    });
    this.scaleValue = value;
    byId("common").append(make("label", {class: "slider"}, make("span", {text: "Scale"}), this.scale, value));
    this.residual = tick("Put back what the reconstruction lost", false, (on) => explorer.change({residual: on}), {id: "residual"});
    this.residual.hidden = !residual;
    byId("common").append(this.residual);
    byId("edit-buttons").append(button("Reset", () => explorer.reset(), {id: "reset"}));
  }

  clear() {
    for (const {input, value} of this.inputs) {
      input.value = 0;
      value.textContent = fixed(0);
    }
    this.scale.value = 1;
    this.scaleValue.textContent = fixed(1);
    this.residual.firstChild.checked = this.explorer.residual;
  }

  enable() {
    const {base} = this.explorer;
    this.residual.firstChild.disabled = !base?.original;
    this.residual.title = base?.original ? "" : "Start from a row of the data or a picture of your own";
  }
}
