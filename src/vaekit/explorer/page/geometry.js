// Planes, ways and neighbours among codes: the arithmetic of vaekit.space that the page needs.

/** Where a code (D) lies in a plane. */
export function flattened(plane, code) {
  const place = [0, 0];
  for (let axis = 0; axis < 2; axis++) {
    for (let d = 0; d < code.length; d++) place[axis] += (code[d] - plane.origin[d]) * plane.axes[axis][d];
  }
  return place;
}

/** The code (D) at a place of a plane. */
export function lifted(plane, [x, y]) {
  return Float32Array.from(plane.origin, (o, d) => o + x * plane.axes[0][d] + y * plane.axes[1][d]);
}

/** Codes on the straight line between two, both ends included, one Float32Array (n D). */
export function linearWay(start, end, steps) {
  const size = start.length;
  const way = new Float32Array(steps * size);
  for (let s = 0; s < steps; s++) {
    const part = steps > 1 ? s / (steps - 1) : 0;
    for (let d = 0; d < size; d++) way[s * size + d] = start[d] + part * (end[d] - start[d]);
  }
  return way;
}

/** Codes on the arc between two, as vaekit.space.spherical goes: the norm changes evenly. */
export function sphericalWay(start, end, steps) {
  const [first, last] = [Math.hypot(...start), Math.hypot(...end)];
  if (Math.min(first, last) === 0) return linearWay(start, end, steps);
  const towards = Array.from(start, (value) => value / first);
  const aim = Array.from(end, (value) => value / last);
  const apart = Math.hypot(...aim.map((value, d) => value - towards[d]));
  const along = Math.hypot(...aim.map((value, d) => value + towards[d]));
  const angle = 2 * Math.atan2(apart, along);
  if (Math.sin(angle) < 1e-6) return linearWay(start, end, steps);
  const way = new Float32Array(steps * start.length);
  for (let s = 0; s < steps; s++) {
    const part = s / (steps - 1);
    const [here, there] = [Math.sin((1 - part) * angle), Math.sin(part * angle)];
    const norm = (first + part * (last - first)) / Math.sin(angle);
    for (let d = 0; d < start.length; d++) way[s * start.length + d] = (here * towards[d] + there * aim[d]) * norm;
  }
  return way;
}

/** The mean of codes (n D). */
export function meanCode(codes, size) {
  const sums = new Float64Array(size);
  for (let k = 0; k < codes.length; k++) sums[k % size] += codes[k];
  return Float32Array.from(sums, (sum) => (sum * size) / codes.length);
}

/** Whether a place lies in a polygon of [x, y]. */
export function insidePolygon(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i];
    const [bx, by] = polygon[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Round numbers between two, about so many, and the digits that tell them apart. */
export function roundTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) ticks.push(k * step + 0); // no minus zero
  return {ticks, digits: Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))};
}

/** Points (N 2) in cells, so that the nearest to a place is found without looking at all. */
export class Neighbours {
  constructor(points) {
    this.points = points;
    const count = points.length / 2;
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      left = Math.min(left, points[2 * i]);
      right = Math.max(right, points[2 * i]);
      low = Math.min(low, points[2 * i + 1]);
      high = Math.max(high, points[2 * i + 1]);
    }
    this.side = Math.max(1, Math.min(400, Math.round(Math.sqrt(count / 2))));
    [this.left, this.low] = [left, low];
    this.cell = [(right - left) / this.side || 1, (high - low) / this.side || 1];
    this.starts = new Uint32Array(this.side * this.side + 1);
    const cells = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      cells[i] = this.row(points[2 * i + 1]) * this.side + this.column(points[2 * i]);
      this.starts[cells[i] + 1] += 1;
    }
    for (let c = 0; c < this.side * this.side; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.order[next[cells[i]]++] = i;
  }

  column(x) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((x - this.left) / this.cell[0])));
  }

  row(y) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((y - this.low) / this.cell[1])));
  }

  /** The number of the nearest point within a distance that `counts` holds of, or -1. */
  nearest(x, y, reach, counts) {
    let best = -1;
    let least = reach * reach;
    for (let row = this.row(y - reach); row <= this.row(y + reach); row++) {
      const base = row * this.side;
      const [from, to] = [this.starts[base + this.column(x - reach)], this.starts[base + this.column(x + reach) + 1]];
      for (let k = from; k < to; k++) {
        const i = this.order[k];
        const away = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
        if (away < least && counts(i)) [best, least] = [i, away];
      }
    }
    return best;
  }
}
