// Many points, drawn by the graphics card, or by hand where a page may not use one.

const VERTEX = `
attribute vec2 place;
attribute vec4 tint;
uniform vec2 middle, stretch;
uniform mediump float size;
varying vec4 colour;
void main() {
  gl_Position = tint.a == 0.0 ? vec4(2.0, 2.0, 0.0, 1.0) : vec4((place - middle) * stretch, 0.0, 1.0);
  gl_PointSize = size + 1.0;
  colour = vec4(tint.rgb * tint.a, tint.a);
}`;
const FRAGMENT = `
precision mediump float;
uniform mediump float size;
varying vec4 colour;
void main() {
  float away = length(gl_PointCoord - 0.5) * (size + 1.0);
  float cover = clamp(0.5 * size + 0.5 - away, 0.0, 1.0);
  gl_FragColor = colour * cover;
}`;

/**
 * A painter of points on the canvas: WebGL where a graphics card does it, else pixels.
 *
 * WebGL that is emulated draws these points many times slower than they are set one by one.
 */
export function newScatter(canvas) {
  const wishes = {antialias: false, powerPreference: "high-performance"};
  const emulated = () => /swiftshader|llvmpipe|software|basic render/i.test(cardName());
  const context = emulated() ? null : canvas.getContext("webgl", wishes);
  return context ? new CardScatter(canvas, context) : new PixelScatter(canvas);
}

/** What calls itself the graphics card; nothing where there is no WebGL. */
function cardName() {
  const context = document.createElement("canvas").getContext("webgl");
  if (!context) return "";
  const about = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return name;
}

class CardScatter {
  constructor(canvas, gl) {
    this.kind = "webgl";
    [this.canvas, this.gl] = [canvas, gl];
    [this.points, this.tints] = [new Float32Array(0), new Uint8Array(0)];
    this.prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      this.setPoints(this.points);
      this.setTints(this.tints);
      if (this.last) this.paint(this.last);
    });
  }

  prepare() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.uniform = Object.fromEntries(["middle", "stretch", "size"].map((name) => [name, gl.getUniformLocation(program, name)]));
    this.buffers = [this.buffer(program, "place", 2, gl.FLOAT, false), this.buffer(program, "tint", 4, gl.UNSIGNED_BYTE, true)];
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  buffer(program, name, size, kind, share) {
    const gl = this.gl;
    const buffer = gl.createBuffer();
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, kind, share, 0, 0);
    return buffer;
  }

  setPoints(points) {
    this.points = points;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[0]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, points, this.gl.STATIC_DRAW);
  }

  setTints(tints) {
    this.tints = tints;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[1]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, tints, this.gl.DYNAMIC_DRAW);
  }

  /** x, y: the middle; unit: pixels of the page to one; ratio: device pixels to those; size: of a point. */
  paint(view) {
    this.last = view;
    const {gl, canvas} = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const twice = 2 * view.unit * view.ratio;
    gl.uniform2f(this.uniform.middle, view.x, view.y);
    gl.uniform2f(this.uniform.stretch, twice / canvas.width, twice / canvas.height);
    gl.uniform1f(this.uniform.size, view.size * view.ratio);
    const count = Math.min(this.points.length / 2, this.tints.length / 4);
    if (count) gl.drawArrays(gl.POINTS, 0, count);
  }
}

class PixelScatter {
  constructor(canvas) {
    this.kind = "canvas";
    [this.canvas, this.context] = [canvas, canvas.getContext("2d", {alpha: false})];
    [this.points, this.tints] = [new Float32Array(0), new Uint8Array(0)];
  }

  setPoints(points) {
    this.points = points;
  }

  setTints(tints) {
    this.tints = tints;
  }

  paint(view) {
    const {canvas, context, points, tints} = this;
    const {width, height} = canvas;
    if (this.image?.width !== width || this.image.height !== height) this.image = context.createImageData(width, height);
    const bytes = this.image.data;
    const ground = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
    new Uint32Array(bytes.buffer).fill(new Uint32Array(new Uint8Array([...ground.slice(0, 3), 255]).buffer)[0]);
    const disc = discOf(view.size * view.ratio);
    const unit = view.unit * view.ratio;
    const [left, top] = [width / 2 - view.x * unit - disc.middle, height / 2 + view.y * unit - disc.middle];
    const count = Math.min(points.length / 2, tints.length / 4);
    for (let i = 0; i < count; i++) {
      const alpha = tints[4 * i + 3];
      const x = Math.round(left + points[2 * i] * unit);
      const y = Math.round(top - points[2 * i + 1] * unit);
      if (alpha === 0 || x < 0 || y < 0 || x + disc.side > width || y + disc.side > height) continue;
      const [r, g, b] = [tints[4 * i], tints[4 * i + 1], tints[4 * i + 2]];
      for (let k = 0; k < disc.covers.length; k++) {
        const at = 4 * ((y + disc.rows[k]) * width + x + disc.columns[k]);
        const cover = alpha * disc.covers[k];
        bytes[at] += ((r - bytes[at]) * cover) >> 16;
        bytes[at + 1] += ((g - bytes[at + 1]) * cover) >> 16;
        bytes[at + 2] += ((b - bytes[at + 2]) * cover) >> 16;
      }
    }
    context.putImageData(this.image, 0, 0);
  }
}

/** The pixels of a disc of this diameter: where they are, and how far each is covered, to 257. */
function discOf(size) {
  const side = Math.ceil(size) | 1;
  const middle = (side - 1) / 2;
  const disc = {side, middle, rows: [], columns: [], covers: []};
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const cover = Math.max(0, Math.min(1, 0.5 * size + 0.5 - Math.hypot(x - middle, y - middle)));
      if (cover < 0.05) continue;
      disc.rows.push(y);
      disc.columns.push(x);
      disc.covers.push(Math.round(257 * cover));
    }
  }
  return disc;
}
