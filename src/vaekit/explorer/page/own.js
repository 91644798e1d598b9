// A picture of the user's own: a file, or drawn by hand.

import {byId, button, complain, fixed, make, say, sentence, shown} from "./elements.js";
import {histogram} from "./charts.js";
import {latest} from "./latest.js";

const FINE = 8; // strokes are drawn so much finer than pixels

export class OwnInput {
  constructor(explorer, painter) {
    Object.assign(this, {explorer, painter, elbos: null});
    const {can} = explorer.scene;
    const allowed = can.encode === true;
    byId("own-cannot").hidden = allowed;
    sentence(byId("own-cannot"), allowed ? "" : String(can.encode || "This run takes no files here."));
    byId("own-ways").hidden = !allowed;
    this.dropping(allowed ? (file) => this.encode(file) : () => complain(byId("own-cannot").textContent));
    if (!allowed) return;
    this.files();
    if (can.draw_by_hand === true) this.board = new DrawingBoard(explorer, (grey) => this.strokes.ask(grey));
    byId("board-part").hidden = can.draw_by_hand !== true;
    this.strokes = latest((grey) => explorer.source.encode(grey, explorer.told), (found) => this.show(found), (error) => this.fail(error));
    this.prepared = painter.canvas({id: "prepared", role: "img", "aria-label": `Your ${painter.name} as the model sees it`});
    this.again = painter.canvas({id: "own-reconstruction", role: "img", "aria-label": "Its reconstruction"});
    byId("prepared-box").prepend(this.prepared);
    byId("own-reconstruction-box").prepend(this.again);
  }

  files() {
    const file = byId("file");
    if (this.explorer.scene.shown === "roll") {
      byId("choose").textContent = "Choose a MIDI file";
      byId("drop-words").textContent = "or drop one anywhere on the page. Its first bars are taken.";
      file.setAttribute("accept", ".mid,.midi,audio/midi");
    }
    const take = (given) => given && this.encode(given);
    file.addEventListener("change", () => {
      take(file.files[0]);
      file.value = "";
    });
    byId("choose").addEventListener("click", () => file.click());
    document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
  }

  /** Take what is dropped anywhere, which would otherwise replace the page. */
  dropping(take) {
    const all = document.documentElement;
    const over = (on) => (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      all.classList.toggle("dropping", on);
    };
    all.addEventListener("dragover", over(true));
    all.addEventListener("dragleave", (event) => event.relatedTarget === null && all.classList.remove("dropping"));
    all.addEventListener("drop", (event) => {
      over(false)(event);
      if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
  }

  encode(file) {
    byId("tab-own").click();
    this.board?.clear(true);
    this.strokes.ask(file);
  }

  fail(error) {
    sentence(byId("own-error"), error.message);
    byId("own-error").hidden = false;
    say(error.message);
  }

  async show(found) {
    byId("own-error").hidden = true;
    byId("own-found").hidden = false;
    const {explorer, painter} = this;
    painter.paint(this.prepared, found.prepared);
    painter.paint(this.again, found.reconstruction);
    this.found = found;
    explorer.own = found;
    explorer.emit("own");
    explorer.start({code: found.code, from: "own", original: found.prepared, reconstruction: found.reconstruction});
    await this.measure(found);
  }

  async measure(found) {
    const {elbo, rate, distortion, below} = found;
    const known = Number.isFinite(elbo);
    byId("elbo-part").hidden = !known;
    if (!known) return;
    const share = Math.round(100 * below);
    const words = `${fixed(elbo, 1)} nats: rate ${fixed(rate, 1)}, distortion ${fixed(distortion, 1)}. `;
    byId("elbo").textContent = words + (share === 0 ? "Less than 1% of the data have a lower ELBO: this is unlike them." : `${share}% of the data have a lower ELBO.`);
    this.elbos ??= this.explorer.source.elbos();
    const all = await this.elbos.catch(() => null);
    if (found !== this.found || !all?.length) return;
    const names = {label: `ELBO of the data in nats; yours is ${fixed(elbo, 1)}`, below: "ELBO of the data, in nats", own: `yours ${shown(elbo, 1)}`};
    byId("elbo-chart").replaceChildren(histogram(all, elbo, names));
  }
}

/** A grey picture drawn with pointer or keys: white strokes on black, like written digits. */
class DrawingBoard {
  constructor(explorer, changed) {
    const [, height, width] = explorer.scene.shape;
    Object.assign(this, {height, width, changed, cursor: [Math.floor(width / 2), Math.floor(height / 2)], down: false, last: null});
    this.fine = make("canvas", {width: width * FINE, height: height * FINE});
    this.canvas = make("canvas", {id: "board", width, height, class: "row crisp", tabindex: 0, role: "application", "aria-label": "Drawing board: arrows move the pen, Space puts it down or lifts it, Delete clears", "aria-describedby": "board-help"});
    this.canvas.style.aspectRatio = `${width / height}`;
    byId("board-box").append(this.canvas);
    this.thick = make("input", {type: "range", min: 0.5, max: Math.max(3, Math.min(width, height) / 6), step: 0.1, value: Math.max(1, Math.min(width, height) / 11), id: "thick"});
    byId("board-tools").append(make("label", {class: "slider"}, make("span", {text: "Pen"}), this.thick), button("Clear", () => this.clear(), {id: "clear-board"}));
    this.context = this.fine.getContext("2d", {willReadFrequently: true});
    this.clear(true);
    this.listen();
  }

  listen() {
    const {canvas} = this;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.last = at(event);
      this.stroke(this.last, this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) {
        const here = at(each);
        this.stroke(this.last, here);
        this.last = here;
      }
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (this.last = null));
    canvas.addEventListener("keydown", (event) => this.pressed(event));
    canvas.addEventListener("focus", () => this.show());
    canvas.addEventListener("blur", () => this.show());
  }

  pressed(event) {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const move = moves[event.key];
    if (move) {
      const before = this.cursor;
      this.cursor = [Math.max(0, Math.min(this.width - 1, before[0] + move[0])), Math.max(0, Math.min(this.height - 1, before[1] + move[1]))];
      const middle = ([x, y]) => [x + 0.5, y + 0.5];
      if (this.down) this.stroke(middle(before), middle(this.cursor));
      else this.show();
      say(`Pen at ${this.cursor.join(", ")}${this.down ? ", down" : ""}`);
    } else if (event.key === " ") {
      this.down = !this.down;
      const spot = this.cursor.map((each) => each + 0.5);
      if (this.down) this.stroke(spot, spot);
      say(this.down ? "Pen down" : "Pen up");
    } else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  clear(quiet = false) {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.fine.width, this.fine.height);
    this.down = false;
    this.show();
    if (!quiet) say("The board is empty");
  }

  stroke([ax, ay], [bx, by]) {
    const {context} = this;
    context.strokeStyle = "#fff";
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = Number(this.thick.value) * FINE;
    context.beginPath();
    context.moveTo(ax * FINE, ay * FINE);
    context.lineTo(bx * FINE, by * FINE + 0.01);
    context.stroke();
    this.show();
    this.changed(this.grey());
  }

  /** The picture in the model's pixels: means of the fine ones. */
  grey() {
    const {width, height} = this;
    const fine = this.context.getImageData(0, 0, width * FINE, height * FINE).data;
    const data = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let v = 0; v < FINE; v++) for (let u = 0; u < FINE; u++) sum += fine[4 * ((y * FINE + v) * width * FINE + x * FINE + u)];
        data[y * width + x] = Math.round(sum / FINE ** 2);
      }
    }
    return {data, height, width};
  }

  show() {
    const {data, width, height} = this.grey();
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    data.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    if (this.canvas.matches(":focus-visible")) image.data.set([255, 140, 30, 255], 4 * (this.cursor[1] * width + this.cursor[0]));
    context.putImageData(image, 0, 0);
  }
}
