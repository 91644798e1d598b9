// Many points, drawn by the graphics card, or by hand where a page may not use one.

const VERTEX = `
attribute vec2 place;
attribute vec4 tint;
uniform vec2 middle, stretch;
uniform mediump float size;
varying vec4 colour;
void main() {
  gl_Position = tint.a == 0.0 ? vec4(2.0, 2.0, 0.0, 1.0) : vec4((place - middle) * stretch, 0.0, 1.0);
  gl_PointSize = size;
  colour = vec4(tint.rgb * tint.a, tint.a);
}`;
const FRAGMENT = `
precision mediump float;
uniform mediump float size;
varying vec4 colour;
void main() {
  float away = length(gl_PointCoord - 0.5) * size;
  float cover = clamp(0.5 * size - away, 0.0, 1.0);
  gl_FragColor = colour * cover;
}`;

/** A painter of points on the canvas: WebGL where there is any, else pixels. */
export function newScatter(canvas) {
  const context = canvas.getContext("webgl", {antialias: false, premultipliedAlpha: true, powerPreference: "high-performance"});
  return context ? new CardScatter(canvas, context) : new PixelScatter(canvas);
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
    [this.canvas, this.context] = [canvas, canvas.getContext("2d")];
    [this.points, this.tints] = [new Float32Array(0), new Uint8Array(0)];
  }

  setPoints(points) {
    this.points = points;
  }

  setTints(tints) {
    this.tints = tints;
  }

  paint(view) {
    const {width, height} = this.canvas;
    if (!width || !height) return;
    const image = this.context.createImageData(width, height);
    const [pixels, tints] = [new Uint32Array(image.data.buffer), new Uint32Array(this.tints.slice().buffer)];
    const [unit, side] = [view.unit * view.ratio, Math.max(1, Math.round(view.size * view.ratio * 0.85))];
    const count = Math.min(this.points.length / 2, tints.length);
    for (let i = 0; i < count; i++) {
      if (this.tints[4 * i + 3] === 0) continue;
      const left = Math.round(width / 2 + (this.points[2 * i] - view.x) * unit - side / 2);
      const top = Math.round(height / 2 - (this.points[2 * i + 1] - view.y) * unit - side / 2);
      if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
      for (let y = top; y < top + side; y++) pixels.fill(tints[i], y * width + left, y * width + left + side);
    }
    this.context.putImageData(image, 0, 0);
  }
}
