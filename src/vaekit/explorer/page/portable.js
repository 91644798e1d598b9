// A decoder's program, run in the page: arrays of numbers, one row at a time.

/** Runs a program on codes; see vaekit.explorer.portable. */
export class Program {
  /** halves and wholes: where the weights lie, both as float32. */
  constructor({steps, weights, result}, halves, wholes) {
    Object.assign(this, {steps, result});
    this.weights = weights.map(({shape, half, at}) => ({shape, data: (half ? halves : wholes).subarray(at, at + lengthOf(shape))}));
  }

  /** The row, Float32Array, of one code and what is told, or null. */
  run(code, told) {
    const values = [{shape: [1, code.length], data: code}, told && {shape: [1, told.length], data: told}, ...this.weights];
    for (const step of this.steps) {
      const data = operations[step.do](step, ...step.of.map((number) => values[number]));
      values.push({shape: step.shape, data});
    }
    return values[this.result].data;
  }
}

/** How many elements an array of a shape has. */
export function lengthOf(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

function unary(work) {
  return (step, {data}) => {
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = work(data[i]);
    return out;
  };
}

function binary(work) {
  return ({shape, strides}, a, b) => {
    const out = new Float32Array(lengthOf(shape));
    const [first, second] = [a.data, b.data];
    if (first.length === out.length && second.length === out.length) {
      for (let i = 0; i < out.length; i++) out[i] = work(first[i], second[i]);
    } else if (first.length === out.length && second.length === 1) {
      const value = second[0];
      for (let i = 0; i < out.length; i++) out[i] = work(first[i], value);
    } else {
      const [p, q] = strides.map((each) => placesOf(shape, each, 0));
      for (let i = 0; i < out.length; i++) out[i] = work(first[p[i]], second[q[i]]);
    }
    return out;
  };
}

/** Where each element of a view lies in its array. */
function placesOf(shape, strides, start) {
  let places = new Int32Array([start]);
  shape.forEach((size, axis) => {
    const next = new Int32Array(places.length * size);
    for (let i = 0, k = 0; i < places.length; i++) for (let j = 0; j < size; j++) next[k++] = places[i] + j * strides[axis];
    places = next;
  });
  return places;
}

function erf(x) {
  // Abramowitz and Stegun, 7.1.26: within 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x < 0 ? -y : y;
}

/** out (M, N) += a (M, K) b (K, N), rows of b four at a time. */
function multiply(out, a, b, m, k, n) {
  for (let row = 0; row < m; row++) {
    const to = row * n;
    let inner = 0;
    for (; inner + 4 <= k; inner += 4) {
      const at = row * k + inner;
      const [a0, a1, a2, a3] = [a[at], a[at + 1], a[at + 2], a[at + 3]];
      let b0 = inner * n;
      let [b1, b2, b3] = [b0 + n, b0 + 2 * n, b0 + 3 * n];
      for (let i = to; i < to + n; i++) out[i] += a0 * b[b0++] + a1 * b[b1++] + a2 * b[b2++] + a3 * b[b3++];
    }
    for (; inner < k; inner++) {
      const value = a[row * k + inner];
      for (let i = 0; i < n; i++) out[to + i] += value * b[inner * n + i];
    }
  }
}

/** What a convolution's kernel covers of its larger side: work(row, column in the small, place in the large). */
function covered(channels, [high, wide], [small, narrow], {kernel, stride, padding}, work) {
  let row = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let ky = 0; ky < kernel[0]; ky++) {
      for (let kx = 0; kx < kernel[1]; kx++, row++) {
        for (let y = 0; y < small; y++) {
          const up = y * stride[0] + ky - padding[0];
          if (up < 0 || up >= high) continue;
          const base = (channel * high + up) * wide;
          for (let x = 0; x < narrow; x++) {
            const across = x * stride[1] + kx - padding[1];
            if (across >= 0 && across < wide) work((row * small + y) * narrow + x, base + across);
          }
        }
      }
    }
  }
}

function withBias(out, channels, bias) {
  if (!bias) return out;
  const size = out.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const value = bias.data[channel];
    for (let i = channel * size; i < (channel + 1) * size; i++) out[i] += value;
  }
  return out;
}

const operations = {
  relu: unary((x) => (x > 0 ? x : 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  exp: unary(Math.exp),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  abs: unary(Math.abs),
  neg: unary((x) => -x),
  reciprocal: unary((x) => 1 / x),
  sqrt: unary(Math.sqrt),
  not: unary((x) => (x ? 0 : 1)),
  gelu: unary((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  softplus: unary((x) => (x > 20 ? x : Math.log1p(Math.exp(x)))),
  elu: (step, x) => unary((value) => (value > 0 ? value : step.by * Math.expm1(value)))(step, x),
  leaky: (step, x) => unary((value) => (value > 0 ? value : step.by * value))(step, x),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  max: binary(Math.max),
  min: binary(Math.min),
  pow: binary(Math.pow),
  lt: binary((a, b) => (a < b ? 1 : 0)),
  le: binary((a, b) => (a <= b ? 1 : 0)),
  gt: binary((a, b) => (a > b ? 1 : 0)),
  ge: binary((a, b) => (a >= b ? 1 : 0)),
  same: (step, {data}) => data,
  strided: (step, {data}) => {
    step.places ??= placesOf(step.shape, step.strides, step.at);
    return Float32Array.from(step.places, (place) => data[place]);
  },
  where: ({shape, strides}, condition, yes, no) => {
    const [c, p, q] = strides.map((each) => placesOf(shape, each, 0));
    return Float32Array.from(c, (place, i) => (condition.data[place] ? yes.data[p[i]] : no.data[q[i]]));
  },
  cat: ({shape, inner}, ...parts) => {
    const out = new Float32Array(lengthOf(shape));
    const outer = parts[0].data.length / inner[0];
    let at = 0;
    for (let i = 0; i < outer; i++) {
      for (const [k, {data}] of parts.entries()) {
        out.set(data.subarray(i * inner[k], (i + 1) * inner[k]), at);
        at += inner[k];
      }
    }
    return out;
  },
  argmax: ({shape, size, inner}, {data}) => {
    const out = new Float32Array(lengthOf(shape));
    for (let i = 0; i < out.length; i++) {
      const first = Math.floor(i / inner) * size * inner + (i % inner);
      for (let k = 1; k < size; k++) if (data[first + k * inner] > data[first + out[i] * inner]) out[i] = k;
    }
    return out;
  },
  matmul: ({shape}, x, weight, bias) => {
    const [rows, columns] = shape;
    const out = new Float32Array(rows * columns);
    if (bias) for (let row = 0; row < rows; row++) out.set(bias.data, row * columns);
    multiply(out, x.data, weight.data, rows, weight.shape[0], columns);
    return out;
  },
  affine: ({shape}, {data}, scale, shift) => {
    const out = new Float32Array(data.length);
    const size = lengthOf(shape.slice(2));
    for (let i = 0; i < data.length; ) {
      const channel = (i / size) % shape[1];
      const [by, plus] = [scale.data[channel], shift.data[channel]];
      for (const end = i + size; i < end; i++) out[i] = data[i] * by + plus;
    }
    return out;
  },
  transposed: (step, {data}, weight, bias) => {
    const [, channels, high, wide] = step.shape;
    const [, inputs, small, narrow] = step.source;
    const rows = weight.shape[0];
    const product = new Float32Array(rows * small * narrow);
    multiply(product, weight.data, data, rows, inputs, small * narrow);
    const out = new Float32Array(lengthOf(step.shape));
    covered(channels, [high, wide], [small, narrow], step, (from, to) => (out[to] += product[from]));
    return withBias(out, channels, bias);
  },
  convolution: (step, {data}, weight, bias) => {
    const [, channels, small, narrow] = step.shape;
    const [, inputs, high, wide] = step.source;
    const patches = new Float32Array(weight.shape[1] * small * narrow);
    covered(inputs, [high, wide], [small, narrow], step, (to, from) => (patches[to] = data[from]));
    const out = new Float32Array(lengthOf(step.shape));
    multiply(out, weight.data, patches, channels, weight.shape[1], small * narrow);
    return withBias(out, channels, bias);
  },
};
