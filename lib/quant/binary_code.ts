/** How values are made of binary digits. */
export interface BinaryCodeOptions {
  /** Digits of a value. */
  bits: number;
  /** Rounds of refinement, unless nothing changes any more. */
  rounds: number;
  /** What a factor becomes after each round. */
  round(factor: number): number;
}

/** Values of codes in ascending order, and the codes that have them. */
export interface BinaryTable {
  values: Float64Array;
  /** Bit b is 1 where factor b is added, 0 where it is subtracted. */
  codes: Uint8Array;
  /** Between one value and the next: a number on a border belongs to the greater. */
  borders: Float64Array;
}

/** All that factors with signs add up to. Of equal sums the one whose first factors are added comes first. */
export function binaryTable(factors: Float64Array): BinaryTable {
  const bits = factors.length;
  const sums = Float64Array.from(
    { length: 2 ** bits },
    (_, number) =>
      // its digits from the highest are the factors from the first, 0 adding
      factors.reduce(
        (sum, factor, bit) => sum + (number >> bits - 1 - bit & 1 ? -factor : factor),
        0,
      ),
  );
  const order = Array.from(sums.keys()).sort((a, b) => sums[a] - sums[b] || a - b);
  const values = Float64Array.from(order, (number) => sums[number]);
  const codes = Uint8Array.from(order, (number) => {
    let code = 0;
    for (let bit = 0; bit < bits; bit++) code |= (number >> bits - 1 - bit & 1 ? 0 : 1) << bit;
    return code;
  });
  const borders = values.slice(1).map((value, i) => (values[i] + value) / 2);
  return { values, codes, borders };
}

/** The place of the nearest value in a table. */
export function nearestPlace(value: number, { borders }: BinaryTable): number {
  let place = 0;
  while (place < borders.length && value >= borders[place]) place++;
  return place;
}

/**
 * Finds factors so that each value is near to their sum with signs of its own: greedily at first, the mean
 * magnitude of what is left, then in turns by least squares with the signs that are, and the nearest signs for
 * these factors (Xu et al. 2018, as ShiftAddLLM computes it).
 *
 * Values are put in order, so that those of the same signs are a stretch of them, and a round takes a few sums.
 *
 * @returns Factors, of at least 0, descending but for rounding.
 */
export function fitBinaryCode(
  values: Float64Array,
  { bits, rounds, round }: BinaryCodeOptions,
): Float64Array {
  const sorted = values.slice().sort();
  const sums = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = sums[i] + sorted[i];
  let { factors, normal } = startGreedily(sorted, bits);
  for (let done = 0; done < rounds; done++) {
    const solved = conjugateGradients(normal, factors).map(Math.abs).sort().reverse().map(round);
    const isSettled = done > 0 && solved.every((factor, bit) => factor === factors[bit]);
    if (isSettled) break;
    factors = solved;
    normal = equationsOf(sorted, sums, binaryTable(factors), bits);
  }
  return factors;
}

/** Of least squares: `matrix . factors = side`. */
interface NormalEquations {
  /** `[bits, bits]`, what signs have in common. */
  matrix: Float64Array;
  /** `[bits]`, values with signs. */
  side: Float64Array;
}

function startGreedily(
  values: Float64Array,
  bits: number,
): { factors: Float64Array; normal: NormalEquations } {
  const factors = new Float64Array(bits);
  const rest = values.slice();
  const signs = Array.from({ length: bits }, (_, bit) => {
    factors[bit] = rest.reduce((sum, value) => sum + Math.abs(value), 0) / rest.length;
    const own = Int8Array.from(rest, Math.sign);
    for (let i = 0; i < rest.length; i++) rest[i] -= own[i] * factors[bit];
    return own;
  });
  const normal = { matrix: new Float64Array(bits * bits), side: new Float64Array(bits) };
  signs.forEach((own, bit) => {
    for (let i = 0; i < values.length; i++) normal.side[bit] += own[i] * values[i];
    signs.forEach((other, place) => {
      let common = 0;
      for (let i = 0; i < values.length; i++) common += own[i] * other[i];
      normal.matrix[bit * bits + place] = common;
    });
  });
  return { factors, normal };
}

/** The equations for the nearest signs. */
function equationsOf(
  sorted: Float64Array,
  sums: Float64Array,
  { borders, codes }: BinaryTable,
  bits: number,
): NormalEquations {
  const normal = { matrix: new Float64Array(bits * bits), side: new Float64Array(bits) };
  let first = 0;
  for (let place = 0; place < codes.length; place++) {
    const end = place < borders.length ? countBelow(sorted, borders[place], first) : sorted.length;
    const [count, sum] = [end - first, sums[end] - sums[first]];
    first = end;
    if (count === 0) continue;
    for (let bit = 0; bit < bits; bit++) {
      const sign = codes[place] >> bit & 1 ? 1 : -1;
      normal.side[bit] += sign * sum;
      for (let other = 0; other < bits; other++) {
        const same = (codes[place] >> bit & 1) === (codes[place] >> other & 1);
        normal.matrix[bit * bits + other] += same ? count : -count;
      }
    }
  }
  return normal;
}

/** Where the values that are less than a limit end. */
function countBelow(sorted: Float64Array, limit: number, first: number): number {
  let [low, high] = [first, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Added to denominators. */
const epsilon = 1e-6;

/** As many steps of conjugate gradients as there are factors, from those that are. */
function conjugateGradients({ matrix, side }: NormalEquations, start: Float64Array): Float64Array {
  const bits = start.length;
  const times = (vector: Float64Array) =>
    vector.map((_, row) =>
      vector.reduce((sum, each, column) => sum + matrix[row * bits + column] * each, 0)
    );
  const dot = (one: Float64Array, other: Float64Array) =>
    one.reduce((sum, each, i) => sum + each * other[i], 0);
  const found = start.slice();
  const product = times(start);
  let rest = side.map((each, i) => each - product[i]);
  let direction = rest;
  let power = dot(rest, rest);
  for (let step = 0; step < bits; step++) {
    const moved = times(direction);
    const length = power / (dot(direction, moved) + epsilon);
    found.forEach((each, i) => found[i] = each + length * direction[i]);
    rest = rest.map((each, i) => each - length * moved[i]);
    const next = dot(rest, rest);
    const keep = next / (power + epsilon);
    direction = rest.map((each, i) => each + keep * direction[i]);
    power = next;
  }
  return found;
}
