import type { Random } from "../core/mod.ts";

/** Values on a line with what each weighs, in ascending order. */
export interface WeighedValues {
  /** Ascending. */
  values: Float64Array;
  /** Of each, at least 0; not all 0. */
  masses: Float64Array;
  /** Where each stood before. */
  order: Uint32Array;
}

/** Clusters of values on a line. */
export interface Clusters {
  /** Ascending. */
  centroids: Float64Array;
  /** The cluster of each value, in the order in which values were given. */
  codes: Uint8Array;
}

/** Indices of this many bits, behind the 32 of a float, leave a float64 exact. */
const indexBits = 20;

/**
 * Values in ascending order.
 *
 * @param values Float32 numbers, at most 2^20 of them.
 * @param masses What each weighs; all weigh the same where none weighs anything.
 */
export function weighValues(values: Float32Array, masses: Float32Array): WeighedValues {
  const patterns = new Int32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Float64Array(values.length); // which sort by themselves
  for (let i = 0; i < keys.length; i++) {
    const pattern = patterns[i];
    const rank = (pattern < 0 ? ~pattern : pattern | 0x80000000) >>> 0;
    keys[i] = rank * 2 ** indexBits + i;
  }
  keys.sort();
  const order = Uint32Array.from(keys, (key) => key % 2 ** indexBits);
  const isEqual = masses.every((mass) => mass === 0);
  return {
    order,
    values: Float64Array.from(order, (place) => values[place]),
    masses: Float64Array.from(order, (place) => isEqual ? 1 : masses[place]),
  };
}

/**
 * Where clusters may begin: greedy k-means++ (Arthur and Vassilvitskii 2007), as scikit-learn draws. Each further
 * centroid is the best of some values drawn by mass and squared distance.
 */
export function drawCentroids(
  { values, masses }: WeighedValues,
  count: number,
  random: Random,
): Float64Array {
  const trials = 2 + Math.floor(Math.log(count));
  const nearest = new Float64Array(values.length).fill(1);
  let [best, candidate] = [new Float64Array(values.length), new Float64Array(values.length)];
  let potential = masses.reduce((sum, mass) => sum + mass, 0);
  const draw = () => {
    let rest = random.uniform() * potential;
    for (let i = 0; i < values.length; i++) {
      rest -= masses[i] * nearest[i];
      if (rest < 0) return i;
    }
    return values.length - 1;
  };
  const centroids = Float64Array.of(values[draw()]);
  nearest.fill(Infinity);
  const all = new Float64Array(count);
  all[0] = centroids[0];
  potential = lower(nearest, values, masses, all[0], nearest);
  for (let found = 1; found < count; found++) {
    let least = Infinity;
    for (let trial = 0; trial < trials; trial++) {
      const value = values[draw()];
      const reached = lower(nearest, values, masses, value, candidate);
      if (reached >= least) continue;
      least = reached;
      all[found] = value;
      [best, candidate] = [candidate, best];
    }
    nearest.set(best);
    potential = least;
  }
  return all.sort();
}

/**
 * The squared distances to the nearest centroid once there is another.
 *
 * @param into Where they go.
 * @returns Their sum by mass.
 */
function lower(
  nearest: Float64Array,
  values: Float64Array,
  masses: Float64Array,
  centroid: number,
  into: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const distance = (values[i] - centroid) ** 2;
    const least = distance < nearest[i] ? distance : nearest[i];
    into[i] = least;
    sum += masses[i] * least;
  }
  return sum;
}

/** Centroids that move less than this share of the values' variance, in all and squared, are where they belong. */
const tolerance = 1e-4;

/**
 * Lloyd's algorithm on a line, as scikit-learn stops it: once no value changes its cluster, centroids hardly move,
 * or after so many rounds. A cluster without mass stays where it is.
 *
 * Values are in order, so that clusters are stretches of them and sums over stretches are differences.
 *
 * @param start Ascending.
 */
export function clusterValues(
  { values, masses, order }: WeighedValues,
  start: Float64Array,
  rounds = 50,
): Clusters {
  const count = values.length;
  const mass = new Float64Array(count + 1);
  const moment = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    mass[i + 1] = mass[i] + masses[i];
    moment[i + 1] = moment[i] + masses[i] * values[i];
  }
  const least = tolerance * variance(values);
  const centroids = start.slice();
  const ends = new Uint32Array(centroids.length);
  for (let round = 0; round < rounds; round++) {
    if (!assign(values, centroids, ends) && round > 0) break;
    let moved = 0;
    for (let cluster = 0; cluster < centroids.length; cluster++) {
      const [first, end] = [cluster === 0 ? 0 : ends[cluster - 1], ends[cluster]];
      const own = mass[end] - mass[first];
      if (!(own > 0)) continue;
      const centroid = (moment[end] - moment[first]) / own;
      moved += (centroid - centroids[cluster]) ** 2;
      centroids[cluster] = centroid;
    }
    if (moved <= least) break;
  }
  assign(values, centroids, ends);
  const codes = new Uint8Array(count);
  for (let i = 0, cluster = 0; i < count; i++) {
    while (i >= ends[cluster]) cluster++;
    codes[order[i]] = cluster;
  }
  return { centroids, codes };
}

/**
 * Finds where the values nearest to each centroid end; one in the middle goes to the lower.
 *
 * @returns Whether an end changed.
 */
function assign(values: Float64Array, centroids: Float64Array, ends: Uint32Array): boolean {
  let changed = false;
  for (let cluster = 0; cluster < centroids.length; cluster++) {
    const border = cluster + 1 < centroids.length
      ? (centroids[cluster] + centroids[cluster + 1]) / 2
      : Infinity;
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= border) low = middle + 1;
      else high = middle;
    }
    changed ||= ends[cluster] !== low;
    ends[cluster] = low;
  }
  return changed;
}

function variance(values: Float64Array): number {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length;
}
