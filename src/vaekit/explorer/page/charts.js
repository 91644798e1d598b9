// Small charts: lines over epochs, and where a number lies among many.

import {drawn, fixed, make, shown} from "./elements.js";
import {roundTicks} from "./geometry.js";

const SIZE = {width: 320, height: 190, left: 48, right: 10, top: 12, bottom: 30};

function frame(label, [x0, x1], [y0, y1], names) {
  const {width, height, left, right, top, bottom} = SIZE;
  const across = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
  const up = (y) => height - bottom - ((y - y0) / (y1 - y0 || 1)) * (height - top - bottom);
  const svg = drawn("svg", {viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": label});
  const floor = height - bottom;
  svg.append(drawn("line", {x1: left, x2: width - right, y1: floor, y2: floor, class: "axis"}));
  const below = roundTicks(x0, x1, 4);
  if (names[0] === "epoch" && below.digits) below.ticks = [...new Set(below.ticks.map(Math.round))].filter((x) => x >= x0 && x <= x1);
  if (names[0] === "epoch") below.digits = 0;
  for (const x of below.ticks) svg.append(drawn("text", {x: across(x), y: floor + 14, "text-anchor": "middle", text: fixed(x, below.digits)}));
  svg.append(drawn("text", {x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle", class: "name", text: names[0]}));
  if (names[1]) {
    const beside = roundTicks(y0, y1, 3);
    for (const y of beside.ticks) {
      svg.append(drawn("line", {x1: left, x2: width - right, y1: up(y), y2: up(y), class: "line"}));
      svg.append(drawn("text", {x: left - 6, y: up(y) + 4, "text-anchor": "end", text: shown(y, beside.digits)}));
    }
  }
  return {svg, across, up, floor};
}

function reachOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** A quantity over epochs: of validation, and of training fainter. */
export function lineChart(curves) {
  const [{name, unit}] = curves;
  const last = curves.find(({part}) => part === "validation") ?? curves[0];
  const [across0, up0] = [reachOf(curves.flatMap(({x}) => x)), reachOf(curves.flatMap(({y}) => y))];
  const {svg, across, up} = frame(`${name}: ${shown(last.y[0])} to ${shown(last.y.at(-1))} ${unit}`, across0, up0, ["epoch", unit]);
  for (const {part, x, y} of curves) {
    const places = x.map((each, k) => [across(each), up(y[k])]).filter(([, height]) => Number.isFinite(height));
    const points = places.map((place) => place.map((each) => each.toFixed(1)).join(",")).join(" ");
    svg.append(drawn("polyline", {class: `curve ${part}`, points}));
    if (places.length) svg.append(drawn("circle", {cx: places.at(-1)[0], cy: places.at(-1)[1], r: 3, class: `end ${part}`}));
  }
  return make("figure", {}, svg, make("figcaption", {}, make("strong", {text: name}), `, ${shown(last.y.at(-1))} ${unit} at the end`));
}

/** The distribution of many numbers, and one number in it. */
export function histogram(values, own, names) {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  const [low, high] = [sorted[Math.floor(0.005 * (sorted.length - 1))], sorted[sorted.length - 1]];
  const reach = reachOf([low, high, ...(own === null ? [] : [own])]);
  const bins = new Float64Array(40);
  for (const value of sorted) {
    if (value < reach[0]) continue;
    bins[Math.min(39, Math.floor(((value - reach[0]) / (reach[1] - reach[0])) * 40))] += 1;
  }
  const {svg, across, up, floor} = frame(names.label, reach, [0, 1.12 * Math.max(...bins)], [names.below]);
  bins.forEach((count, k) => {
    const from = across(reach[0] + (k / 40) * (reach[1] - reach[0]));
    const wide = (across(reach[1]) - across(reach[0])) / 40;
    if (count) svg.append(drawn("rect", {x: from + 0.5, y: up(count), width: wide - 1, height: floor - up(count), class: "bin"}));
  });
  if (own !== null) {
    svg.append(drawn("line", {x1: across(own), x2: across(own), y1: SIZE.top, y2: floor, class: "own"}));
    const right = across(own) > SIZE.width / 2;
    svg.append(drawn("text", {x: across(own) + (right ? -5 : 5), y: SIZE.top + 8, "text-anchor": right ? "end" : "start", class: "own", text: names.own}));
  }
  return svg;
}
