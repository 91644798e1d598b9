// The model card: what was trained, on what, with what result.

import {byId, make, measured, shown} from "./elements.js";
import {lineChart} from "./charts.js";

export function fillCard(card) {
  const words = [`${card.recipe}: ${card.about}`, card.paper ? make("a", {href: card.paper, rel: "noreferrer", text: "Paper"}) : null];
  byId("card-about").replaceChildren(...words.filter(Boolean).flatMap((each) => [each, " "]));
  const versions = Object.entries(card.versions).map((pair) => pair.join(" ")).join(", ");
  facts("card-model", {...card.options, parameters: shown(card.parameters), versions});
  facts("card-training", {...card.training, epochs: shown(card.epochs)});
  facts("card-data", card.data);
  byId("card-evaluation").replaceChildren(evaluation(card.evaluation));
  byId("card-measured").textContent = card.evaluation.length ? `Of ${card.measured}.` : "";
  const curves = new Map();
  for (const curve of card.curves.filter(({x}) => x.length)) curves.set(curve.name, [...(curves.get(curve.name) ?? []), curve]);
  byId("card-curves").replaceChildren(...[...curves.values()].map(lineChart));
  byId("card-curves-part").hidden = curves.size === 0;
  byId("card-layers").replaceChildren(layers(card.layers));
}

function facts(place, values) {
  const given = Object.entries(values).filter(([, value]) => value !== "");
  byId(place).replaceChildren(...given.map(([name, value]) => make("div", {}, make("dt", {text: name.replaceAll("_", " ")}), make("dd", {text: value}))));
}

function evaluation(rows) {
  if (!rows.length) return make("p", {class: "soft", text: "This model has nothing that is measured here."});
  const lines = rows.map(({name, value, unit, error}) => {
    const {number, spread} = measured(value, error);
    return make("tr", {}, make("th", {scope: "row", text: name}), make("td", {class: "number", text: number}), make("td", {class: "number", text: spread}), make("td", {text: unit}));
  });
  return table([["Measure"], ["Value", "number"], ["±", "number"], ["Unit"]], lines);
}

function layers(rows) {
  const lines = rows.map(({part, name, kind, shape, parameters}) =>
    make("tr", {}, make("td", {text: part}), make("th", {scope: "row", text: kind}), make("td", {text: name}), make("td", {text: shape ? shape.join(" × ") : ""}), make("td", {class: "number", text: shown(parameters)})),
  );
  return table([["Part"], ["Layer"], ["Name"], ["Gives"], ["Parameters", "number"]], lines);
}

function table(heads, lines) {
  const head = make("tr", {}, heads.map(([text, kind]) => make("th", {scope: "col", class: kind, text})));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, lines));
}
