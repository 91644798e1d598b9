// The model card: what was trained, on what, with what result.

import {byId, make, shown} from "./elements.js";
import {lineChart} from "./charts.js";

export function fillCard(card) {
  const facts = [["Recipe", card.recipe], ["Data", words(card.data)], ["Epochs", words(card.epochs)]];
  const paper = card.paper ? [make("div", {}, make("dt", {text: "Paper"}), make("dd", {}, paperOf(card.paper)))] : [];
  const settings = [...Object.entries(card.options ?? {}), ...Object.entries(card.training ?? {})];
  const given = settings.filter(([, value]) => value !== null && value !== undefined && words(value) !== "");
  byId("card-facts").replaceChildren(...facts.filter(([, value]) => value).map(fact), ...paper);
  byId("card-options").replaceChildren(...given.map(([name, value]) => fact([name.replaceAll("_", " "), words(value)])));
  byId("card-evaluation").replaceChildren(evaluation(card));
  byId("card-note").textContent = card.note ?? "";
  byId("card-curves").replaceChildren(...(card.curves ?? []).filter(({x}) => x.length > 0).map(lineChart));
  byId("card-layers").replaceChildren(layers(card.layers ?? []));
  byId("card-curves-part").hidden = !(card.curves ?? []).length;
}

function fact([name, value]) {
  return make("div", {}, make("dt", {text: name}), make("dd", {text: value}));
}

function words(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(words).join(", ");
  if (typeof value === "object") return Object.entries(value).filter(([, each]) => each !== null).map(([name, each]) => `${name.replaceAll("_", " ")} ${words(each)}`).join(", ");
  if (typeof value === "number") return shown(value, 4);
  return value === true ? "yes" : value === false ? "no" : String(value);
}

function paperOf(text) {
  const found = /https:\/\/[\w./-]+/.exec(text);
  if (!found) return text;
  const name = text.slice(0, found.index).replace(/[,.\s]+$/, "");
  return make("a", {href: found[0], rel: "noreferrer", text: name || found[0]});
}

function evaluation({evaluation: rows}) {
  if (!rows?.length) return make("p", {class: "soft", text: "Not measured yet."});
  const lines = rows.map(({name, value, unit, error}) => {
    const number = typeof value === "number" ? shown(value, 3) + (error ? ` ± ${shown(error, 3)}` : "") : words(value);
    return make("tr", {}, make("th", {scope: "row", text: name}), make("td", {class: "number", text: number}), make("td", {text: unit ?? ""}));
  });
  const head = make("tr", {}, ...["Measure", "Value", "Unit"].map((text) => make("th", {scope: "col", text})));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, lines));
}

function layers(rows) {
  const lines = rows.map(({name, shape, parameters}) =>
    make("tr", {}, make("th", {scope: "row", text: name}), make("td", {text: Array.isArray(shape) ? shape.join(" × ") : shape ?? ""}), make("td", {class: "number", text: typeof parameters === "number" ? shown(parameters) : parameters ?? ""})),
  );
  const head = make("tr", {}, ...["Layer", "Gives", "Parameters"].map((text) => make("th", {scope: "col", text})));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, lines));
}
