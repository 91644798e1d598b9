// The whole page, over a source of what it shows.

import {BetweenView} from "./between.js";
import {Colouring} from "./colouring.js";
import {DimensionSliders, EditControls} from "./sliders.js";
import {Explorer} from "./explorer.js";
import {LatentMap} from "./map.js";
import {OwnInput} from "./own.js";
import {PictureView, pictureButtons} from "./picture.js";
import {RowPainter} from "./rows.js";
import {SelectionView} from "./selection.js";
import {TakeAway} from "./take.js";
import {byId, button, complain, make, select, sentence, shown, tick} from "./elements.js";
import {fillCard} from "./card.js";
import {isDark} from "./colours.js";

const FIRST_SEEN = 64; // rows that tell how far values reach

/** Start the page; resolves once it can be used. */
export async function startPage(source) {
  theme();
  tabs();
  try {
    await build(source);
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    complain(error);
    document.documentElement.dataset.ready = "no";
    console.warn(error);
  }
}

async function build(source) {
  const scene = await source.scene();
  heading(scene);
  const explorer = new Explorer(source, scene);
  // Asked before the views are built, which takes as long as the answers.
  const asked = [explorer.usePlane(scene.plane), explorer.row(0)];
  const painter = new RowPainter(scene);
  const map = new LatentMap(byId("map"), hearing(explorer));
  const colouring = new Colouring(explorer, map);
  const between = new BetweenView(explorer, painter, map);
  new PictureView(explorer, painter);
  new DimensionSliders(explorer);
  new EditControls(explorer);
  new SelectionView(explorer, painter, map);
  new OwnInput(explorer, painter);
  const take = new TakeAway(explorer, painter, between);
  byId("tab-take").addEventListener("click", () => take.fill());
  byId("picture-buttons").append(button("Pin it", () => pinShown(explorer), {id: "pin", class: "main"}), ...pictureButtons(explorer));
  mapChoices(explorer, map);
  followPlane(explorer, map);
  renewWhenDark(explorer, colouring, painter);
  const first = Array.from({length: Math.min(FIRST_SEEN, scene.points)}, (_, k) => k);
  const reached = scene.shown === "picture" ? null : explorer.originals(first).then((rows) => painter.reach(rows));
  await Promise.all([...asked, colouring.use(colouring.first), reached]);
  await explorer.startAtRow(0);
  explorer.attempt(async () => fillCard(await source.card()));
}

function heading(scene) {
  document.title = `${scene.name} · vaekit`;
  byId("name").textContent = scene.name;
  const dimensions = `${shown(scene.latent)} latent dimension${scene.latent === 1 ? "" : "s"}`;
  byId("about").textContent = `${scene.recipe} · ${shown(scene.points)} ${scene.part} rows of ${scene.data} · ${dimensions}`;
  sentence(byId("note"), scene.note ?? "");
  byId("note").hidden = !scene.note;
}

/** What the map calls when something is done to it. */
function hearing(explorer) {
  const isPlace = (target) => target?.place !== undefined;
  return {
    point: (target) => explorer.point(target),
    move: (place) => explorer.startAt(place),
    pick: (row) => explorer.attempt(() => explorer.startAtRow(row)),
    pin: (target) =>
      explorer.attempt(async () => {
        if (isPlace(target)) explorer.startAt(target.place);
        else if (target.row !== undefined) await explorer.startAtRow(target.row);
        await pinCode(explorer);
      }),
    lasso: (rows) => {
      if (byId("lasso").getAttribute("aria-pressed") === "true") byId("lasso").click();
      explorer.select(rows);
      byId("tab-selection").click();
    },
    key: (event) => {
      if (event.key === "Escape") {
        byId("lasso").getAttribute("aria-pressed") === "true" ? byId("lasso").click() : explorer.selection.length ? explorer.select([]) : explorer.point(null);
      } else if (event.key === "l") byId("lasso").click();
    },
  };
}

/** Pin the code with its picture. */
async function pinCode(explorer) {
  const code = explorer.code();
  const rows = await explorer.decode(code);
  explorer.addPin({code, rows, told: explorer.told, from: "pin"});
}

function pinShown(explorer) {
  const {shown: now} = explorer;
  if (!now) return;
  explorer.addPin({code: Float32Array.from(now.code), rows: now.decoded, told: explorer.told, from: "pin"});
}

function followPlane(explorer, map) {
  const point = () => explorer.plane && explorer.base && map.mark({hover: null, point: explorer.placeOf(explorer.code())});
  explorer.on("plane", () => {
    map.setPlane(explorer.plane);
    byId("plane-about").textContent = planeWords(explorer);
    explorer.emit("own");
    point();
  });
  explorer.on("base shown", () => (explorer.pointed ? map.mark({hover: explorer.placeOf(explorer.shown.code)}) : point()));
  explorer.on("own", () => explorer.plane && explorer.own && map.mark({own: explorer.placeOf(explorer.own.code)}));
}

function planeWords({scene, plane}) {
  const about = scene.planes.find((each) => each.key === plane.key)?.about;
  const circle = scene.latent > 1 ? "The dashed circle encloses 99% of the codes." : "The dashed lines enclose 99% of the codes; heights are drawn at random.";
  return `${about ? `${/^z\d/.test(about) ? about : about[0].toUpperCase() + about.slice(1)}. ` : ""}${circle}`;
}

function mapChoices(explorer, map) {
  const {scene} = explorer;
  const choices = byId("map-choices");
  const use = (key) => explorer.attempt(() => explorer.usePlane(key));
  if (scene.latent > 1) {
    const keys = scene.planes.map(({key, names, about}) => [key, key === "pca" ? "principal components" : names?.length ? names.join(", ") : about || key]);
    const known = new Set(keys.map(([key]) => key));
    const plane = select("Plane", scene.latent > 2 ? [...keys, ["any", "two of choice"]] : keys, scene.plane, (key) => {
      pair.hidden = key !== "any";
      use(key === "any" ? pairKey() : key);
    }, {id: "plane"});
    const number = (value, label) => make("input", {type: "number", min: 0, max: scene.latent - 1, value, "aria-label": label, on: {change: () => use(pairKey())}});
    const [first, second] = [number(0, "Dimension across"), number(1, "Dimension up")];
    const at = (input) => Math.max(0, Math.min(scene.latent - 1, Math.round(Number(input.value)) || 0));
    const pairKey = () => {
      let [a, b] = [at(first), at(second)];
      if (a === b) b = a + 1 < scene.latent ? a + 1 : a - 1;
      [first.value, second.value] = [a, b];
      return `${a},${b}`;
    };
    const pair = make("span", {class: "pair", id: "pair"}, make("span", {text: "z"}), first, make("span", {text: "z"}), second);
    pair.hidden = true;
    if (known.size > 1 || scene.latent > 2) choices.prepend(plane, pair);
  }
  const lasso = button("Lasso", () => {
    map.lassoing = !map.lassoing;
    lasso.setAttribute("aria-pressed", String(map.lassoing));
    byId("map").classList.toggle("lassoing", map.lassoing);
  }, {id: "lasso", "aria-pressed": "false", title: "Draw around points to select them (or hold Shift)"});
  byId("map-tools").append(
    lasso,
    button("+", () => map.zoom(1.5), {"aria-label": "Zoom in", class: "square"}),
    button("−", () => map.zoom(1 / 1.5), {"aria-label": "Zoom out", class: "square"}),
    button("Fit", () => map.fit(), {id: "fit"}),
  );
  byId("map-ticks").append(tick("99% circle", true, (on) => map.mark({circle: on}), {id: "circle"}), tick("Snap to points", true, (on) => (map.snaps = on), {id: "snap"}));
}

// The page itself.

function theme() {
  const root = document.documentElement;
  const press = byId("theme");
  const name = () => (press.textContent = isDark() ? "Light" : "Dark");
  try {
    const kept = localStorage.getItem("vaekit-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch {
    // A page opened from a file may have no storage.
  }
  name();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  press.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("vaekit-theme", root.dataset.theme);
    } catch {
      // As above.
    }
    name();
    root.dispatchEvent(new Event("themed"));
  });
  byId("to-card").addEventListener("click", (event) => {
    event.preventDefault(); // the address keeps its fragment: the token
    byId("card").scrollIntoView();
    byId("card-title").focus({preventScroll: true});
  });
  byId("help").addEventListener("click", () => byId("keys").showModal());
}

function renewWhenDark(explorer, colouring, painter) {
  const renew = () => {
    colouring.renew();
    if (explorer.scene.shown !== "picture") {
      explorer.emit("shown");
      explorer.emit("pins");
      explorer.emit("selection");
    }
  };
  document.documentElement.addEventListener("themed", renew);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", renew);
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const open = (tab) => {
    for (const each of all) {
      const on = each === tab;
      each.setAttribute("aria-selected", String(on));
      each.tabIndex = on ? 0 : -1;
      byId(each.getAttribute("aria-controls")).hidden = !on;
    }
  };
  for (const [k, tab] of all.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const to = {ArrowRight: k + 1, ArrowLeft: k - 1, Home: 0, End: all.length - 1}[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = all[(to + all.length) % all.length];
      open(next);
      next.focus();
    });
  }
}
