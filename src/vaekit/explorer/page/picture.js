// The picture of what is being explored, beside the original where there is one.

import {byId, button, fixed, make, say, select, shown} from "./elements.js";

const SOURCES = {prior: "Drawn from the prior", mixture: "Drawn from the fitted mixture", mean: "Mean of the selection", neutral: "The mean code", way: "On the way", own: "Your own", pin: "Pin"};

/** Fills the part of the page with the picture. */
export class PictureView {
  constructor(explorer, painter) {
    Object.assign(this, {explorer, painter});
    this.live = painter.canvas({id: "live", role: "img"});
    this.original = painter.canvas({id: "original", role: "img"});
    byId("live-box").prepend(this.live);
    byId("original-box").prepend(this.original);
    byId("picture").dataset.shown = explorer.scene.shown;
    byId("axes-words").hidden = explorer.scene.shown === "picture";
    this.conditions();
    explorer.on("shown", () => this.show());
    explorer.on("told", () => this.conditions());
  }

  show() {
    const {decoded, original, code, row, from, edited, place, residual} = this.explorer.shown;
    if (original) this.painter.reach(original);
    this.painter.paint(this.live, decoded);
    if (original) this.painter.paint(this.original, original);
    byId("axes-words").textContent = this.painter.axes();
    byId("original-box").classList.toggle("none", !original);
    const what = original && !edited ? "Reconstruction" : edited ? `Edited${residual ? ", with its residual" : ""}` : "Decoded";
    byId("live-words").textContent = what;
    byId("original-words").textContent = original ? (from === "own" ? "Yours" : "Original") : "No original here";
    const title = row !== undefined && from === "row" ? `Row ${shown(row)}` : place ? `Place ${place.map((each) => fixed(each)).join(", ")}` : SOURCES[from] ?? "Code";
    byId("what").textContent = title;
    const facts = this.facts();
    byId("facts").replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {text: name}), make("dd", {text: value}))));
    this.live.setAttribute("aria-label", `${what}, ${title}`);
    this.original.setAttribute("aria-label", original ? `Original, ${title}` : "No original");
    const few = Array.from(code.slice(0, 2), (each) => fixed(each)).join(", ");
    say(`${what}. ${title}${facts.length ? `, ${facts.map((fact) => fact.join(" ")).join(", ")}` : ""}. Code ${few}${code.length > 2 ? " and more" : ""}.`);
  }

  facts() {
    const {code, id, values, from} = this.explorer.shown;
    const size = Math.hypot(...code);
    const facts = from === "row" && values ? this.values(values) : [];
    if (from === "row" && id !== undefined && id !== null && String(id) !== "") facts.push(["id", String(id)]);
    if (code.length <= 3) facts.push(["z", Array.from(code, (each) => fixed(each)).join(", ")]);
    else facts.push(["length of z", fixed(size)]);
    return facts;
  }

  /** The values of a row: classes and numbers, and those of its attributes that it has. */
  values(values) {
    const columns = new Map(this.explorer.scene.columns.map((column) => [column.name, column]));
    const plain = Object.entries(values).filter(([name]) => !(columns.get(name)?.kind === "bool"));
    const has = Object.entries(values).filter(([name, value]) => columns.get(name)?.kind === "bool" && ["true", "1", "yes"].includes(String(value).toLowerCase()));
    const facts = plain.slice(0, 5).map(([name, value]) => [name, String(value)]);
    if (has.length) facts.push(["has", has.map(([name]) => name.replaceAll("_", " ")).join(", ")]);
    return facts;
  }

  /** What the model is told, to choose. */
  conditions() {
    const {scene, told} = this.explorer;
    const place = byId("told");
    place.hidden = !scene.conditions.length;
    const make_ = (condition) => {
      const {name, kind, choices, low, high} = condition;
      if (kind === "class") return select(`Told: ${name}`, choices.map((each) => [each, each]), String(told[name]), (value) => this.explorer.tell({[name]: value}), {"data-told": name});
      const value = make("output", {text: shown(Number(told[name]))});
      const slide = make("input", {type: "range", min: low, max: high, step: (high - low) / 200 || "any", "aria-label": `Told: ${name}`, "data-told": name});
      const turn = kind === "angle" ? condition.turn ?? 360 : null;
      slide.value = turn ? low + remainder(told[name] - low, turn) : told[name];
      slide.addEventListener("input", () => {
        const number = turn ? remainder(Number(slide.value), turn) : Number(slide.value);
        this.explorer.told = {...this.explorer.told, [name]: number};
        value.textContent = shown(number);
        this.explorer.refresh();
      });
      return make("label", {class: "slider"}, make("span", {text: `Told: ${name}`}), slide, value);
    };
    place.replaceChildren(...scene.conditions.map(make_));
  }
}

/** What is left of a number over whole turns, from 0 up. */
function remainder(number, turn) {
  return ((number % turn) + turn) % turn;
}

/** Buttons under the picture. */
export function pictureButtons(explorer) {
  const {scene} = explorer;
  let seed = Math.floor(Math.random() * 2 ** 31);
  const from = async (name) => {
    const code = await explorer.source.draw(1, name, seed++, explorer.told);
    explorer.start({code, from: name});
  };
  const guarded = (name, words) => {
    const why = scene.can[name];
    const attributes = why === true ? {} : {disabled: true, title: typeof why === "string" ? why : ""};
    return button(words, () => explorer.attempt(() => from(name)), {...attributes, id: `draw-${name}`});
  };
  const random = () => explorer.attempt(() => explorer.startAtRow(Math.floor(Math.random() * scene.points)));
  return [button("Random row", random, {id: "draw-row"}), guarded("prior", "From prior"), guarded("mixture", "From mixture")];
}
